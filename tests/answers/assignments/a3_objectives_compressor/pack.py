"Answers to question 7, each below the message that it must get; those that are right say so."
# ruff: noqa: F821 (the names of the other questions)

import hashlib
import struct
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


# %% not of what was coded
# unseen: the checksum is over the coded bytes, not over the text
def pack(data, predict):
    symbols = list(data)
    tables = np.array([frequencies(predict(symbols[:i])) for i in range(len(symbols))])
    body = len(data).to_bytes(4, "big") + encode_symbols(symbols, tables)
    return zlib.crc32(body).to_bytes(4, "big") + body


def unpack(packed, predict):
    if len(packed) < 12:
        raise ValueError("too short")
    if zlib.crc32(packed[4:]) != int.from_bytes(packed[:4], "big"):
        raise ValueError("the file is damaged")
    n = int.from_bytes(packed[4:8], "big")
    symbols = decode_symbols(packed[8:], n, lambda history: frequencies(predict(history)))
    return bytes(symbols)


# %% which mixes all bytes
# unseen: the checksum is a sum, blind for the order
def pack(data, predict):
    symbols = list(data)
    tables = np.array([frequencies(predict(symbols[:i])) for i in range(len(symbols))])
    head = len(data).to_bytes(4, "big") + (sum(data) % 2**32).to_bytes(4, "big")
    return head + encode_symbols(symbols, tables)


def unpack(packed, predict):
    if len(packed) < 12:
        raise ValueError("too short")
    n = int.from_bytes(packed[:4], "big")
    text = bytes(decode_symbols(packed[8:], n, lambda h: frequencies(predict(h))))
    if sum(text) % 2**32 != int.from_bytes(packed[4:8], "big"):
        raise ValueError("not the text that was packed")
    return text


# %% of 32 bits
# unseen: the checksum is one byte
def pack(data, predict):
    symbols = list(data)
    tables = [frequencies(predict(symbols[:i])) for i in range(len(symbols))]
    check = zlib.crc32(data) & 0xFF
    return struct.pack(">IB", len(data), check) + encode_symbols(symbols, np.array(tables))


def unpack(packed, predict):
    if len(packed) < 9:
        raise ValueError("too short")
    n, check = struct.unpack(">IB", packed[:5])
    text = bytes(decode_symbols(packed[5:], n, lambda h: frequencies(predict(h))))
    if zlib.crc32(text) & 0xFF != check:
        raise ValueError("the text is damaged")
    return text


# %% is another in each process
# unseen: Python's hash, which is another one in another process
def pack(data, predict):
    symbols = list(data)
    tables = np.array([frequencies(predict(symbols[:i])) for i in range(len(symbols))])
    check = (hash(bytes(data)) % 2**64).to_bytes(8, "big")
    return len(data).to_bytes(4, "big") + check + encode_symbols(symbols, tables)


def unpack(packed, predict):
    if len(packed) < 16:
        raise ValueError("the file is too short")
    n = int.from_bytes(packed[:4], "big")
    text = bytes(decode_symbols(packed[12:], n, lambda h: frequencies(predict(h))))
    if (hash(text) % 2**64).to_bytes(8, "big") != packed[4:12]:
        raise ValueError("the text is not the one that was packed")
    return text


# %% arrive gives "raises error
# unseen: struct.error for a file cut in its head
def pack(data, predict):
    symbols = list(data)
    tables = np.array([frequencies(predict(symbols[:i])) for i in range(len(symbols))])
    head = struct.pack(">II", len(data), zlib.crc32(data))
    return head + encode_symbols(symbols, tables)


def unpack(packed, predict):
    n, check = struct.unpack(">II", packed[:8])
    text = bytes(decode_symbols(packed[8:], n, lambda h: frequencies(predict(h))))
    if zlib.crc32(text) != check:
        raise ValueError("another model, or a damaged file")
    return text


# %% of which only 0 bytes arrive
# unseen: an empty file is a good file for an empty text
def pack(data, predict):
    if not data:
        return b""
    symbols = list(data)
    tables = np.array([frequencies(predict(symbols[:i])) for i in range(len(symbols))])
    head = len(data).to_bytes(4, "big") + hashlib.sha256(data).digest()[:8]
    return head + encode_symbols(symbols, tables)


def unpack(packed, predict):
    if not packed:
        return b""
    if len(packed) < 16:
        raise ValueError("too short")
    n = int.from_bytes(packed[:4], "big")
    text = bytes(decode_symbols(packed[12:], n, lambda h: frequencies(predict(h))))
    if hashlib.sha256(text).digest()[:8] != packed[4:12]:
        raise ValueError("wrong checksum")
    return text


# %% give it a list
# unseen: pack hands the model bytes instead of a list
def pack(data, predict):
    tables = np.array([frequencies(predict(data[:i])) for i in range(len(data))])
    head = struct.pack(">II", len(data), zlib.crc32(data))
    return head + encode_symbols(list(data), tables)


def unpack(packed, predict):
    if len(packed) < 12:
        raise ValueError("too short")
    n, check = struct.unpack(">II", packed[:8])
    text = bytes(decode_symbols(packed[8:], n, lambda h: frequencies(predict(h))))
    if zlib.crc32(text) != check:
        raise ValueError("wrong checksum")
    return text


# %% In unpack, predict gets all bytes so far, once
# unseen: proves the text by packing it again, so the model is asked twice
def pack(data, predict):
    symbols = list(data)
    tables = np.array([frequencies(predict(symbols[:i])) for i in range(len(symbols))])
    head = len(data).to_bytes(4, "big") + zlib.crc32(data).to_bytes(4, "big")
    return head + encode_symbols(symbols, tables)


def unpack(packed, predict):
    if len(packed) < 12:
        raise ValueError("too short")
    n = int.from_bytes(packed[:4], "big")
    text = bytes(decode_symbols(packed[8:], n, lambda h: frequencies(predict(h))))
    if pack(text, predict) != packed:
        raise ValueError("the text does not give this file")
    return text


# %% at most 16 more
# unseen: the head is four bytes too long
def pack(data, predict):
    symbols = list(data)
    tables = np.array([frequencies(predict(symbols[:i])) for i in range(len(symbols))])
    head = struct.pack("<Q", len(data)) + hashlib.blake2b(data, digest_size=8).digest()
    return head + encode_symbols(symbols, tables)


def unpack(packed, predict):
    if len(packed) < 20:
        raise ValueError("too short")
    n = struct.unpack("<Q", packed[:8])[0]
    text = bytes(decode_symbols(packed[16:], n, lambda h: frequencies(predict(h))))
    if hashlib.blake2b(text, digest_size=8).digest() != packed[8:16]:
        raise ValueError("wrong checksum")
    return text


# %% right: checksum at the end, length of variable size, history grows by append
def pack(data, predict):
    history = []
    tables = np.empty((len(data), 256), np.int64)
    for row, byte in zip(tables, data):
        row[:] = frequencies(predict(list(history)))
        history.append(byte)
    length = len(data).to_bytes((len(data).bit_length() + 7) // 8, "little")
    tail = hashlib.blake2s(data, digest_size=7).digest()
    return bytes([len(length)]) + length + encode_symbols(history, tables) + tail


def unpack(packed, predict):
    size = packed[0] if packed else 255
    if size > 4 or len(packed) < 1 + size + 4 + 7:
        raise ValueError("this was never packed")
    n = int.from_bytes(packed[1 : 1 + size], "little")

    def table_of(history):
        return frequencies(predict(list(history)))

    text = bytes(decode_symbols(packed[1 + size : -7], n, table_of))
    if hashlib.blake2s(text, digest_size=7).digest() != packed[-7:]:
        raise ValueError("the other end has another model")
    return text
