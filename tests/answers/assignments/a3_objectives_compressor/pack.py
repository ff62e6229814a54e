"Answers to question 7, each below the message that it must get; those that are right say so."
# ruff: noqa: F821 (the names of the other questions)

import zlib

import numpy as np


def head_of(data):
    return len(data).to_bytes(4, "big") + zlib.crc32(data).to_bytes(4, "big")


def pack(data, predict):
    history = []
    tables = []
    for byte in data:
        tables.append(frequencies(predict(history)))
        history = [*history, byte]
    coded = encode_symbols(history, np.array(tables, dtype=np.int64).reshape(-1, 256))
    return head_of(data) + coded


def unpack(packed, predict):
    n = int.from_bytes(packed[:4], "big")
    data = bytes(decode_symbols(packed[8:], n, lambda h: frequencies(predict(h))))
    if head_of(data) != packed[:8]:
        raise ValueError("another text")
    return data


# %% Before the first byte the history is []
def pack(data, predict):
    tables = [frequencies(predict(list(data[: i + 1]))) for i in range(len(data))]
    coded = encode_symbols(list(data), np.array(tables, dtype=np.int64).reshape(-1, 256))
    return head_of(data) + coded


def unpack(packed, predict):
    return b""


# %% unpack gives another text
def pack(data, predict):
    tables = [frequencies(predict(list(data[:i]))) for i in range(len(data))]
    coded = encode_symbols(list(data), np.array(tables, dtype=np.int64).reshape(-1, 256))
    return head_of(data) + coded


def unpack(packed, predict):
    n = int.from_bytes(packed[:4], "big")
    data = bytes(decode_symbols(packed[8:], n, lambda h: frequencies(predict(h))))
    return data.strip()


# %% write a checksum
def pack(data, predict):
    tables = [frequencies(predict(list(data[:i]))) for i in range(len(data))]
    coded = encode_symbols(list(data), np.array(tables, dtype=np.int64).reshape(-1, 256))
    return len(data).to_bytes(4, "big") + coded


def unpack(packed, predict):
    n = int.from_bytes(packed[:4], "big")
    return bytes(decode_symbols(packed[4:], n, lambda h: frequencies(predict(h))))


# %% how does unpack know where the text ends
def unpack(packed, predict):
    n = int.from_bytes(packed[:4], "big")
    data = bytes(decode_symbols(packed[8:], n, lambda h: frequencies(predict(h))))
    if head_of(data) != packed[:8]:
        raise ValueError("another text")
    return data.rstrip(b"\x00")


# %% pack raises OverflowError
def pack(data, predict):
    tables = [frequencies(predict(list(data[:i]))) for i in range(len(data))]
    coded = encode_symbols(list(data), np.array(tables, dtype=np.int64).reshape(-1, 256))
    return bytes([*len(data).to_bytes(1, "big"), *zlib.crc32(data).to_bytes(4, "big")]) + coded


def unpack(packed, predict):
    data = bytes(decode_symbols(packed[5:], packed[0], lambda h: frequencies(predict(h))))
    if zlib.crc32(data).to_bytes(4, "big") != packed[1:5]:
        raise ValueError("another text")
    return data


# %% You ask the model from the last byte to the first
def pack(data, predict):
    history = list(data)
    places = reversed(range(len(data)))
    tables = [frequencies(predict(history[:i])) for i in places][::-1]
    coded = encode_symbols(history, np.array(tables, dtype=np.int64).reshape(-1, 256))
    return head_of(data) + coded


# %% at most 16 more
def pack(data, predict):
    tables = [frequencies(predict(list(data[:i]))) for i in range(len(data))]
    coded = encode_symbols(list(data), np.array(tables, dtype=np.int64).reshape(-1, 256))
    return head_of(data) + coded.hex().encode()


def unpack(packed, predict):
    n = int.from_bytes(packed[:4], "big")
    coded = bytes.fromhex(packed[8:].decode())
    data = bytes(decode_symbols(coded, n, lambda h: frequencies(predict(h))))
    if head_of(data) != packed[:8]:
        raise ValueError("another text")
    return data


# %% at most 16 more
def pack(data, predict):
    for i in range(len(data)):
        predict(list(data[:i]))
    return head_of(data) + data


def unpack(packed, predict):
    data = packed[8:]
    for i in range(len(data)):
        predict(list(data[:i]))
    return data


# %% predict gets all bytes before
def pack(data, predict):
    tables = []
    for i in range(len(data)):
        tables.append(frequencies(predict(list(data[max(0, i - 4) : i]))))
    coded = encode_symbols(list(data), np.array(tables, dtype=np.int64).reshape(-1, 256))
    return head_of(data) + coded


def unpack(packed, predict):
    n = int.from_bytes(packed[:4], "big")
    data = bytes(decode_symbols(packed[8:], n, lambda h: frequencies(predict(h[-4:]))))
    if head_of(data) != packed[:8]:
        raise ValueError("another text")
    return data


# %% pack raises
def pack(data, predict):
    text = data.decode()
    tables = [frequencies(predict(list(text[:i].encode()))) for i in range(len(text))]
    return head_of(data) + encode_symbols(list(data), np.array(tables))


# %% An empty text comes back empty
def pack(data, predict):
    if not data:
        return b""
    tables = [frequencies(predict(list(data[:i]))) for i in range(len(data))]
    return head_of(data) + encode_symbols(list(data), np.array(tables))


def unpack(packed, predict):
    if not packed:
        return None
    n = int.from_bytes(packed[:4], "big")
    data = bytes(decode_symbols(packed[8:], n, lambda h: frequencies(predict(h))))
    if head_of(data) != packed[:8]:
        raise ValueError("another text")
    return data


# %% right: a struct, and one history that grows
def pack(data, predict):
    import struct

    history = []
    tables = np.zeros((len(data), 256), dtype=np.int64)
    for i, byte in enumerate(data):
        tables[i] = frequencies(predict(history))
        history.append(byte)
    return struct.pack("<II", len(data), zlib.adler32(data)) + encode_symbols(history, tables)


def unpack(packed, predict):
    import struct

    if len(packed) < 12:
        raise ValueError("too short")
    n, expected = struct.unpack("<II", packed[:8])

    def table_of(history):
        return frequencies(predict(list(history)))

    data = bytes(decode_symbols(packed[8:], n, table_of))
    if zlib.adler32(data) != expected:
        raise ValueError("another text")
    return data


# %% right: a hash at the end
def pack(data, predict):
    import hashlib

    tables = [frequencies(predict(list(data[:i]))) for i in range(len(data))]
    coded = encode_symbols(list(data), np.array(tables, dtype=np.int64).reshape(-1, 256))
    return len(data).to_bytes(4, "little") + coded + hashlib.sha256(data).digest()[:6]


def unpack(packed, predict):
    import hashlib

    n = int.from_bytes(packed[:4], "little")
    data = bytes(decode_symbols(packed[4:-6], n, lambda h: frequencies(predict(h))))
    if hashlib.sha256(data).digest()[:6] != packed[-6:]:
        raise ValueError("another text")
    return data
