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
