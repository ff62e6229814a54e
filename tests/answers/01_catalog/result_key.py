"Wrong answers to exercise 3, each below the message that it must get."

import hashlib


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


# %% gets the key of 'n = 1' with seed 2
def result_key(code, pins, seed):
    text = code + str(seed)
    for name, pin in sorted(pins.items()):
        text += f" {name}={pin}"
    return digest(text)


# %% the order of the pins must not count
def result_key(code, pins, seed):
    return digest(repr((code, pins, seed)))


# %% the seed has changed, and the key is the same
def result_key(code, pins, seed):
    return digest(repr((code, sorted(pins.items()))))


# %% the name of a file has changed
def result_key(code, pins, seed):
    return digest(repr((code, sorted(pins.values()), seed)))


# %% Python's own hash() gives another one in each process
def result_key(code, pins, seed):
    return hash((code, tuple(sorted(pins.items())), seed))


# %% gets the key of file ab with pin c
def result_key(code, pins, seed):
    joined = "".join(name + pin for name, pin in sorted(pins.items()))
    return digest(repr((code, joined, seed)))


# %% Python's own hash() gives another one in each process
def result_key(code, pins, seed):
    return str(hash((code, tuple(sorted(pins.items())), seed)))


# %% gets the key of 'n = 1' with a pin: keep them apart
def result_key(code, pins, seed):
    lines = [code, *(f"{name} {pin}" for name, pin in sorted(pins.items())), str(seed)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


# %% the order of a hundred pins counts
def result_key(code, pins, seed):
    return hashlib.sha256(repr((code, set(pins.items()), seed)).encode()).hexdigest()
