"Answers to question 6, each below the message that it must get; those that are right say so."

import numpy as np


def take(x, table, side="right"):
    edges = np.cumsum(table)
    slot = x % 2**14
    s = int(np.searchsorted(edges, slot, side=side))
    f = int(table[s])
    return s, f * (x >> 14) + slot - int(edges[s] - f)


def end(x, place, data):
    if x != 2**23 or place != len(data):
        raise ValueError("damaged")


# %% use side='right'
def decode_symbols(data, n, table_of):
    x = int.from_bytes(data[:4], "big")
    place = 4
    history = []
    for _ in range(n):
        s, x = take(x, table_of(history), "left")
        while x < 2**23 and place < len(data):
            x = (x << 8) | data[place]
            place += 1
        history.append(s)
    return history


# %% don't turn them round
def decode_symbols(data, n, table_of):
    x = int.from_bytes(data[:4], "big")
    place = 4
    history = []
    for _ in range(n):
        s, x = take(x, table_of(history))
        while x < 2**23:
            if place == len(data):
                raise ValueError("too short")
            x = (x << 8) | data[place]
            place += 1
        history.append(s)
    end(x, place, data)
    return history[::-1]


# %% as many as it needs
def decode_symbols(data, n, table_of):
    x = int.from_bytes(data[:4], "big")
    place = 4
    history = []
    for _ in range(n):
        s, x = take(x, table_of(history))
        if x < 2**23 and place < len(data):
            x = (x << 8) | data[place]
            place += 1
        history.append(s)
    return history


# %% A byte is missing at the end
def decode_symbols(data, n, table_of):
    x = int.from_bytes(data[:4], "big")
    place = 4
    history = []
    for _ in range(n):
        s, x = take(x, table_of(history))
        while x < 2**23 and place < len(data):
            x = (x << 8) | data[place]
            place += 1
        history.append(s)
    return history


# %% A byte is left over
def decode_symbols(data, n, table_of):
    if len(data) < 4:
        raise ValueError("too short")
    x = int.from_bytes(data[:4], "big")
    place = 4
    history = []
    for _ in range(n):
        s, x = take(x, table_of(history))
        while x < 2**23:
            if place == len(data):
                raise ValueError("too short")
            x = (x << 8) | data[place]
            place += 1
        history.append(s)
    return history


# %% decode_symbols raises IndexError
def decode_symbols(data, n, table_of):
    x = int.from_bytes(data[:4], "big")
    place = 4
    history = []
    for _ in range(n):
        s, x = take(x, table_of(history))
        while x < 2**23:
            x = (x << 8) | data[place]
            place += 1
        history.append(s)
    end(x, place, data)
    return history


# %% Before the first symbol the history is []
def decode_symbols(data, n, table_of):
    x = int.from_bytes(data[:4], "big")
    place = 4
    history = [0]
    for _ in range(n):
        s, x = take(x, table_of(history))
        while x < 2**23:
            if place == len(data):
                raise ValueError("too short")
            x = (x << 8) | data[place]
            place += 1
        history.append(s)
    end(x, place, data)
    return history[1:]


# %% the symbols decoded so far, once for each
def decode_symbols(data, n, table_of):
    if len(data) < 4:
        raise ValueError("too short")
    x = int.from_bytes(data[:4], "big")
    place = 4
    history = []
    for _ in range(n):
        s, x = take(x, np.array(table_of(history)))
        table_of(history)
        while x < 2**23:
            if place == len(data):
                raise ValueError("too short")
            x = (x << 8) | data[place]
            place += 1
        history.append(s)
    end(x, place, data)
    return history


# %% 01 00 20 00 is the symbol 1
def decode_symbols(data, n, table_of):
    x = int.from_bytes(data[:4], "little")
    place = 4
    history = []
    for _ in range(n):
        s, x = take(x, table_of(history))
        while x < 2**23 and place < len(data):
            x = (x << 8) | data[place]
            place += 1
        history.append(s + 2)
    return history


# %% symbols are right
def decode_symbols(data, n, table_of):
    x = int.from_bytes(data[:4], "big")
    place = 4
    history = []
    for _ in range(n):
        table = table_of(history)
        edges = np.cumsum(table)
        slot = x % 2**14
        s = int(np.searchsorted(edges, slot, side="right"))
        x = int(table[s]) * (x >> 14) + slot - int(edges[s])
        while 0 <= x < 2**23 and place < len(data):
            x = (x << 8) | data[place]
            place += 1
        history.append(s)
    return history


# %% right: a loop finds the symbol, an iterator the bytes
def decode_symbols(data, n, table_of):
    if len(data) < 4:
        raise ValueError("no head")
    x = int.from_bytes(data[:4], "big")
    rest = iter(data[4:])
    found = []
    for _ in range(n):
        table = [int(f) for f in table_of(list(found))]
        slot = x % 16384
        start = 0
        s = 0
        while slot >= start + table[s]:
            start += table[s]
            s += 1
        x = table[s] * (x // 16384) + slot - start
        while x < 2**23:
            byte = next(rest, None)
            if byte is None:
                raise ValueError("too short")
            x = 256 * x + byte
        found.append(s)
    if x != 2**23 or next(rest, None) is not None:
        raise ValueError("damaged")
    return found


# %% right: bytes taken from a list, errors of the index turned into ValueError
def decode_symbols(data, n, table_of):
    x = int.from_bytes(data[:4], "big")
    rest = list(data[4:][::-1])
    found = []
    try:
        for _ in range(n):
            s, x = take(x, np.array(table_of(found)))
            while x < 2**23:
                x = (x << 8) + rest.pop()
            found.append(s)
    except IndexError:
        raise ValueError("too short") from None
    if len(data) < 4 or rest or x != 1 << 23:
        raise ValueError("damaged")
    return found


# %% all bytes are used up, but the state
# unseen: bytes left over are noticed, a wrong last state is not
def decode_symbols(data, n, table_of):
    if len(data) < 4:
        raise ValueError("the file is too short")
    x = int.from_bytes(data[:4], "big")
    rest = list(data[4:])
    history = []
    for _ in range(n):
        table = [int(f) for f in table_of(history)]
        slot = x & 16383
        s, c = 0, 0
        while slot >= c + table[s]:
            c += table[s]
            s += 1
        x = table[s] * (x >> 14) + slot - c
        while x < 2**23:
            if not rest:
                raise ValueError("bytes are missing")
            x = (x << 8) + rest.pop(0)
        history.append(s)
    if rest:
        raise ValueError("bytes are left")
    return history


# %% three bytes hold no state, even if
# unseen: a state of fewer than four bytes is taken as it is
def decode_symbols(data, n, table_of):
    x = int.from_bytes(data[:4], "big")
    stream = iter(data[4:])
    history = []
    for _ in range(n):
        table = np.asarray(table_of(history))
        ends = table.cumsum()
        slot = x % 2**14
        s = int(np.argmax(ends > slot))
        x = int(table[s]) * (x // 2**14) + slot - int(ends[s] - table[s])
        while x < 2**23:
            byte = next(stream, None)
            if byte is None:
                raise ValueError("the bytes end too early")
            x = x * 256 + byte
        history.append(s)
    if x != 2**23 or next(stream, None) is not None:
        raise ValueError("this is not the file of these symbols")
    return history


# %% use int(s)
# unseen: symbols are numpy's int64
def decode_symbols(data, n, table_of):
    if len(data) < 4:
        raise ValueError("too short")
    x = int.from_bytes(data[:4], "big")
    at = 4
    history = []
    for _ in range(n):
        table = np.asarray(table_of(history))
        starts = np.cumsum(table) - table
        slot = x % 2**14
        s = np.searchsorted(starts, slot, side="right") - 1
        x = int(table[s]) * (x // 2**14) + slot - int(starts[s])
        while x < 2**23:
            if at >= len(data):
                raise ValueError("too short")
            x = x * 256 + data[at]
            at += 1
        history.append(s)
    if x != 2**23 or at != len(data):
        raise ValueError("wrong end")
    return history


# %% once for each symbol
# unseen: the table of the next symbol is always fetched, once too often at the end
def decode_symbols(data, n, table_of):
    if len(data) < 4:
        raise ValueError("too short")
    x = int.from_bytes(data[:4], "big")
    at = 4
    history = []
    table = np.asarray(table_of(history))
    while len(history) < n:
        slot = x % 2**14
        s = int(np.searchsorted(np.cumsum(table), slot, side="right"))
        x = int(table[s]) * (x // 2**14) + slot - int(table[:s].sum())
        while x < 2**23:
            if at == len(data):
                raise ValueError("too short")
            x = x * 256 + data[at]
            at += 1
        history.append(s)
        table = np.asarray(table_of(history))
    if x != 2**23 or at != len(data):
        raise ValueError("damaged")
    return history


# %% a byte is left over
# unseen: no symbols, no tests
def decode_symbols(data, n, table_of):
    if n == 0:
        return []
    if len(data) < 4:
        raise ValueError("too short")
    x, at, history = int.from_bytes(data[:4], "big"), 4, []
    for _ in range(n):
        table = [int(f) for f in table_of(history)]
        slot = x % 2**14
        s = 0
        c = 0
        while slot >= c + table[s]:
            c += table[s]
            s += 1
        f = table[s]
        x = f * (x // 2**14) + slot - c
        while x < 2**23:
            if at == len(data):
                raise ValueError("too short")
            x, at = x * 256 + data[at], at + 1
        history.append(s)
    if x != 2**23 or at != len(data):
        raise ValueError("damaged")
    return history


# %% right: a file object and bisect, a fresh history for each call
def decode_symbols(data, n, table_of):
    from bisect import bisect_right
    from io import BytesIO
    from itertools import accumulate

    line = BytesIO(data)

    def take(count):
        got = line.read(count)
        if len(got) < count:
            raise ValueError("the line has lost bytes")
        return int.from_bytes(got, "big")

    x, found = take(4), ()
    while len(found) < n:
        ends = [0, *accumulate(map(int, table_of(list(found))))]
        high, slot = divmod(x, 1 << 14)
        s = bisect_right(ends, slot) - 1
        x = (ends[s + 1] - ends[s]) * high + slot - ends[s]
        while x < 1 << 23:
            x = x << 8 | take(1)
        found += (s,)
    if x - (1 << 23) or line.read():
        raise ValueError("the end does not fit")
    return list(found)
