"Wrong answers to exercise 1, each below the message that it must get."


# %% it is not corrected for the start at 0
def running_means(values, beta):
    m = 0
    found = []
    for x in values:
        m = beta * m + (1 - beta) * x
        found.append(m)
    return found


# %% the corrected mean went back into m
def running_means(values, beta):
    m = 0
    found = []
    for t, x in enumerate(values, 1):
        m = beta * m + (1 - beta) * x
        m = m / (1 - beta**t)
        found.append(m)
    return found


# %% Do you count the steps from 1
def running_means(values, beta):
    m = 0
    found = []
    for t, x in enumerate(values, 2):
        m = beta * m + (1 - beta) * x
        found.append(m / (1 - beta**t))
    return found


# %% beta belongs to the old mean
def running_means(values, beta):
    m = 0
    found = []
    for t, x in enumerate(values, 1):
        m = (1 - beta) * m + beta * x
        found.append(m / (1 - (1 - beta) ** t))
    return found


# %% count the steps from 1
def running_means(values, beta):
    m = 0
    found = []
    for t, x in enumerate(values):
        m = beta * m + (1 - beta) * x
        found.append(m / (1 - beta**t))
    return found


# %% m starts at 0 and keeps 0.7 of itself
def running_means(values, beta):
    return [sum(values[:t]) / t for t in range(1, len(values) + 1)]


# %% m starts at 0 and keeps 0.7 of itself
def running_means(values, beta):
    m = values[0]
    found = [m]
    for x in values[1:]:
        m = beta * m + (1 - beta) * x
        found.append(m)
    return found
