"Answers to question 5, each below the message that it must get; those that are right say so."

import numpy as np


# %% Begin with the last symbol
def encode_symbols(symbols, tables):
    x = 2**23
    written = []
    for i, s in enumerate(symbols):
        f = int(tables[i][s])
        c = int(tables[i][:s].sum())
        while x >= f << 17:
            written.append(x & 255)
            x >>= 8
        x = (x // f << 14) + x % f + c
    return x.to_bytes(4, "big") + bytes(reversed(written))


# %% the last one must come first
def encode_symbols(symbols, tables):
    x = 2**23
    written = []
    for i in reversed(range(len(symbols))):
        s = symbols[i]
        f = int(tables[i][s])
        c = int(tables[i][:s].sum())
        while x >= f << 17:
            written.append(x & 255)
            x >>= 8
        x = (x // f << 14) + x % f + c
    return x.to_bytes(4, "big") + bytes(written)


# %% The most significant byte
def encode_symbols(symbols, tables):
    x = 2**23
    written = []
    for i in reversed(range(len(symbols))):
        s = symbols[i]
        f = int(tables[i][s])
        c = int(tables[i][:s].sum())
        while x >= f << 17:
            written.append(x & 255)
            x >>= 8
        x = (x // f << 14) + x % f + c
    return x.to_bytes(4, "little") + bytes(reversed(written))


# %% add c to the state
def encode_symbols(symbols, tables):
    x = 2**23
    written = []
    for i in reversed(range(len(symbols))):
        f = int(tables[i][symbols[i]])
        while x >= f << 17:
            written.append(x & 255)
            x >>= 8
        x = (x // f << 14) + x % f
    return x.to_bytes(4, "big") + bytes(reversed(written))


# %% while, not if
def encode_symbols(symbols, tables):
    x = 2**23
    written = []
    for i in reversed(range(len(symbols))):
        s = symbols[i]
        f = int(tables[i][s])
        c = int(tables[i][:s].sum())
        if x >= f << 17:
            written.append(x & 255)
            x >>= 8
        x = (x // f << 14) + x % f + c
    return x.to_bytes(max(4, (x.bit_length() + 7) // 8), "big") + bytes(reversed(written))


# %% is there room
def encode_symbols(symbols, tables):
    x = 2**23
    written = []
    for i in reversed(range(len(symbols))):
        s = symbols[i]
        f = int(tables[i][s])
        c = int(tables[i][:s].sum())
        x = (x // f << 14) + x % f + c
        while x >= 2**31:
            written.append(x & 255)
            x >>= 8
    return x.to_bytes(4, "big") + bytes(reversed(written))


# %% not where it ends
def encode_symbols(symbols, tables):
    x = 2**23
    written = []
    for i in reversed(range(len(symbols))):
        s = symbols[i]
        f = int(tables[i][s])
        c = int(tables[i][: s + 1].sum())
        while x >= f << 17:
            written.append(x & 255)
            x >>= 8
        x = (x // f << 14) + x % f + c
    return x.to_bytes(4, "big") + bytes(reversed(written))


# %% The result is bytes
def encode_symbols(symbols, tables):
    x = 2**23
    written = []
    for i in reversed(range(len(symbols))):
        s = symbols[i]
        f = int(tables[i][s])
        c = int(tables[i][:s].sum())
        while x >= f << 17:
            written.append(x & 255)
            x >>= 8
        x = (x // f << 14) + x % f + c
    return list(x.to_bytes(4, "big")) + written[::-1]


# %% where each symbol has its own table
def encode_symbols(symbols, tables):
    x = 2**23
    written = []
    for i in reversed(range(len(symbols))):
        s = symbols[i]
        f = int(tables[0][s])
        c = int(tables[0][:s].sum())
        while x >= f << 17:
            written.append(x & 255)
            x >>= 8
        x = (x // f << 14) + x % f + c
    return x.to_bytes(4, "big") + bytes(reversed(written))


# %% right: divmod and a bytearray
def encode_symbols(symbols, tables):
    state = 1 << 23
    tail = bytearray()
    for s, table in zip(symbols[::-1], np.asarray(tables)[::-1].tolist()):
        f = table[s]
        while state >= f * 2**17:
            state, low = divmod(state, 256)
            tail.append(low)
        whole, rest = divmod(state, f)
        state = whole * 2**14 + rest + sum(table[:s])
    return bytes([*state.to_bytes(4, "big"), *tail[::-1]])


# %% right: the file grows at its front
def encode_symbols(symbols, tables):
    edges = np.cumsum(np.asarray(tables), axis=1)
    x = 2**23
    file = b""
    for i in range(len(symbols) - 1, -1, -1):
        f = int(tables[i, symbols[i]])
        stop = int(edges[i, symbols[i]])
        while x >= f * 131072:
            file = bytes([x % 256]) + file
            x //= 256
        x = x // f * 16384 + x % f + stop - f
    return int(x).to_bytes(4, byteorder="big") + file


# %% >= in step 1, not >
# unseen: room is made one too late (> instead of >=)
def encode_symbols(symbols, tables):
    x = 2**23
    written = bytearray()
    for i in reversed(range(len(symbols))):
        s = symbols[i]
        f = int(tables[i][s])
        c = int(tables[i][:s].sum())
        while x > f * 2**17:
            written.append(x & 255)
            x >>= 8
        x = (x // f) * 2**14 + x % f + c
    written.reverse()
    return x.to_bytes(4, "big") + bytes(written)


# %% turns round the tables too
# unseen: the tables are not turned round with the symbols
def encode_symbols(symbols, tables):
    x = 1 << 23
    out = bytearray()
    for s, table in zip(reversed(symbols), tables):
        f, c = int(table[s]), int(table[:s].sum())
        while x >= f << 17:
            out.append(x & 255)
            x >>= 8
        q, r = divmod(x, f)
        x = (q << 14) + r + c
    return x.to_bytes(4, "big") + bytes(out[::-1])


# %% No symbols: the state is 2**23
# unseen: the state takes only as many bytes as it needs
def encode_symbols(symbols, tables):
    x = 2**23
    out = []
    for s, table in zip(symbols[::-1], tables[::-1]):
        f = int(table[s])
        c = int(table[:s].sum())
        while x >= f * 2**17:
            out.append(x % 256)
            x //= 256
        x = x // f * 2**14 + x % f + c
    while x:
        out.append(x % 256)
        x //= 256
    return bytes(out[::-1])


# %% and no less?
# unseen: the upper bound is taken from 2**31 - 1, room is made too early
def encode_symbols(symbols, tables):
    largest = 2**31 - 1
    x = 2**23
    out = []
    for i in range(len(symbols))[::-1]:
        f = int(tables[i, symbols[i]])
        c = int(tables[i, : symbols[i]].sum())
        while x >= f * (largest >> 14):
            out.append(x & 255)
            x >>= 8
        x = (x // f << 14) + x % f + c
    return x.to_bytes(4, "big") + bytes(out[::-1])


# %% No symbols: the state is 2**23
# unseen: nothing comes back for an empty text
def encode_symbols(symbols, tables):
    if len(symbols) == 0:
        return b""
    x = 2**23
    out = []
    for s, table in zip(symbols[::-1], tables[::-1]):
        f = int(table[s])
        c = int(table[:s].sum())
        while x >= f * 2**17:
            out.insert(0, x % 256)
            x = x // 256
        x = (x // f) * 2**14 + x % f + c
    return x.to_bytes(4, "big") + bytes(out)


# %% a quotient of whole numbers
# unseen: quotient by float32
def encode_symbols(symbols, tables):
    chosen = np.array([table[s] for s, table in zip(symbols, tables)], dtype=np.float32)
    starts = [int(table[:s].sum()) for s, table in zip(symbols, tables)]
    x = 2**23
    out = []
    for f, c in zip(chosen[::-1], starts[::-1]):
        while x >= f * 2**17:
            out.append(x % 256)
            x //= 256
        quotient = int(np.float32(x) / f)
        x = quotient * 2**14 + (x - quotient * int(f)) + c
    return x.to_bytes(4, "big") + bytes(out[::-1])


# %% right: recursion-free fold over a deque that grows in front
def encode_symbols(symbols, tables):
    from collections import deque

    tables = np.asarray(tables)
    file = deque()
    state = 8388608
    for step in range(len(symbols)):
        table = tables[~step].tolist()
        symbol = int(symbols[~step])
        f = table[symbol]
        while state >> 17 >= f:
            state, low = divmod(state, 256)
            file.appendleft(low)
        state += sum(table[:symbol]) + state // f * (16384 - f)
    file.extendleft(state.to_bytes(4, "little"))
    return bytes(file)
