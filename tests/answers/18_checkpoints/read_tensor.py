"Wrong answers to exercise 1, each below the message that it must get."

import json

import torch


def numbers_from(raw, place, entry):
    begin, end = entry["data_offsets"]
    part = bytearray(raw[place + begin : place + end])
    return torch.frombuffer(part, dtype=torch.float32)


# %% you count from the beginning of the file
def read_tensor(path, name):
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    entry = json.loads(raw[8 : 8 + length])[name]
    return numbers_from(raw, 0, entry).reshape(entry["shape"])


# %% you skip the header, but not the 8 bytes before it
def read_tensor(path, name):
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    entry = json.loads(raw[8 : 8 + length])[name]
    return numbers_from(raw, length, entry).reshape(entry["shape"])


# %% should have the shape (384, 1536)
def read_tensor(path, name):
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    entry = json.loads(raw[8 : 8 + length])[name]
    return numbers_from(raw, 8 + length, entry)


# %% F32 has 4 bytes each
def read_tensor(path, name):
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    begin, end = json.loads(raw[8 : 8 + length])[name]["data_offsets"]
    return torch.tensor(list(raw[8 + length + begin : 8 + length + end]))


# %% little end first
def read_tensor(path, name):
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "big")
    entry = json.loads(raw[8 : 8 + length])[name]
    return numbers_from(raw, 8 + length, entry).reshape(entry["shape"])


# %% it begins after 8 bytes
def read_tensor(path, name):
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    entry = json.loads(raw[:length])[name]
    return numbers_from(raw, 8 + length, entry).reshape(entry["shape"])
