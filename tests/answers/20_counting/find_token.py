"Wrong answers to exercise 5, each below the message that it must get."

import numpy as np


# %% a formula that is turned around
def find_token(value, low, high, edges):
    place = (value - low) * edges[-1] // (high - low + 1)
    return int(np.searchsorted(edges, place, side="right")) - 1


# %% the second part begins with 8 itself
def find_token(value, low, high, edges):
    span = high - low + 1
    for token in range(len(edges) - 1):
        if value <= low + span * edges[token + 1] // edges[-1]:
            return token


# %% count from low
def find_token(value, low, high, edges):
    span = high - low + 1
    for token in range(len(edges) - 2):
        if value < span * edges[token + 1] // edges[-1]:
            return token
    return len(edges) - 2


# %% and there are 16 numbers
def find_token(value, low, high, edges):
    span = high - low
    for token in range(len(edges) - 2):
        if value < low + span * edges[token + 1] / edges[-1] - 1:
            return token
    return len(edges) - 2


# %% floating-point numbers end at 53 digits
def find_token(value, low, high, edges):
    span = high - low + 1
    for token in range(len(edges) - 1):
        if value < low + int(span * edges[token + 1] / edges[-1]):
            return token


# %% tokens are counted from 0
def find_token(value, low, high, edges):
    span = high - low + 1
    firsts = [low + span * edge // edges[-1] for edge in edges]
    return int(np.searchsorted(firsts, value, side="right"))
