"Wrong answers to exercise 1, each below the message that it must get."


def parts(a, b, ddof=1):
    "Variances of the means: of the texts, and of the seeds."
    d = a.mean(0) - b.mean(0)
    seeds = sum(right.mean(1).var(ddof=ddof) / len(right) for right in (a, b))
    return d.mean(), d.var(ddof=ddof) / len(d), seeds


# %% the share right of a minus that of b
def lucky_difference(a, b):
    difference, texts, seeds = parts(a, b)
    return -difference, (texts + seeds) ** 0.5


# %% the share right of a minus that of b
def lucky_difference(a, b):
    _, texts, seeds = parts(a, b)
    return a.sum() - b.sum(), (texts + seeds) ** 0.5


# %% the luck of the seeds is missing
def lucky_difference(a, b):
    difference, texts, _ = parts(a, b)
    return difference, texts**0.5


# %% the luck of the texts is missing
def lucky_difference(a, b):
    difference, _, seeds = parts(a, b)
    return difference, seeds**0.5


# %% take its root
def lucky_difference(a, b):
    difference, texts, seeds = parts(a, b)
    return difference, texts + seeds


# %% add variances, not errors
def lucky_difference(a, b):
    difference, texts, seeds = parts(a, b)
    return difference, texts**0.5 + seeds**0.5


# %% subtract first
def lucky_difference(a, b):
    difference, _, seeds = parts(a, b)
    texts = sum(right.mean(0).var(ddof=1) / right.shape[1] for right in (a, b))
    return difference, (texts + seeds) ** 0.5


# %% divide the variances by their number minus one
def lucky_difference(a, b):
    difference, texts, seeds = parts(a, b, ddof=0)
    return difference, (texts + seeds) ** 0.5


# %% not the error of a mean
def lucky_difference(a, b):
    d = a.mean(0) - b.mean(0)
    seeds = sum(right.mean(1).var(ddof=1) for right in (a, b))
    return d.mean(), (d.var(ddof=1) + seeds) ** 0.5


# %% the error should be
def lucky_difference(a, b):
    difference, texts, seeds = parts(a, b)
    return difference, (texts + seeds / 2) ** 0.5
