"Wrong answers to exercise 1, each below the message that it must get."

import math

from ftkit.foundations.backpropagation import Value


# %% the slope is s * (1 - s) with the result s, not a
def sigmoid(a):
    s = 1 / (1 + math.exp(-a.data))
    return Value(s, (a,), (a.data * (1 - a.data),))


# %% It is s * (1 - s)
def sigmoid(a):
    s = 1 / (1 + math.exp(-a.data))
    return Value(s, (a,), (1 - s**2,))


# %% Is the sign of a right?
def sigmoid(a):
    s = 1 / (1 + math.exp(a.data))
    return Value(s, (a,), (s * (1 - s),))


# %% the result does not know its parent
def sigmoid(a):
    return Value(1 / (1 + math.exp(-a.data)))


# %% sigmoid should return a Value
def sigmoid(a):
    return 1 / (1 + math.exp(-a.data))


# %% make it one operation
def sigmoid(a):
    return 1 / (1 + (-a).exp())
