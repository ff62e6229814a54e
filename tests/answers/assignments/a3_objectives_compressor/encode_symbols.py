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


# %% 01 00 20 00 was expected
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


# %% A decoder finds
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
