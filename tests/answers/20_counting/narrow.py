"Wrong answers to exercise 4, each below the message that it must get."


# %% it ends one before the next token begins
def narrow(low, high, start, stop, total):
    span = high - low + 1
    return low + span * start // total, low + span * stop // total


# %% from 0 to 15 there are 16 numbers
def narrow(low, high, start, stop, total):
    span = high - low - 1
    return low + span * start // total, low + span * stop // total - 1


# %% take both edges from the old interval
def narrow(low, high, start, stop, total):
    span = high - low + 1
    low += span * start // total
    high = low + span * stop // total - 1
    return low, high


# %% add low
def narrow(low, high, start, stop, total):
    span = high - low + 1
    return span * start // total, span * stop // total - 1


# %% multiply first, then divide
def narrow(low, high, start, stop, total):
    step = (high - low + 1) // total
    return low + step * start, low + step * stop - 1


# %% floating-point numbers end at 53 digits
def narrow(low, high, start, stop, total):
    span = high - low + 1
    return low + int(span * start / total), low + int(span * stop / total) - 1


# %% round it down, to 10
def narrow(low, high, start, stop, total):
    span = high - low + 1
    return low + round(span * start / total), low + round(span * stop / total) - 1


# %% whole numbers, rounded down
def narrow(low, high, start, stop, total):
    span = high - low + 1
    return low + span * start / total, low + span * stop / total - 1


# %% from 0 to 15 there are 16 numbers (high - low + 1)
def narrow(low, high, start, stop, total):
    span = high - low
    return low + span * start // total, low + span * stop // total - 1
