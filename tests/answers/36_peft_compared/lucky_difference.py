"Wrong answers to exercise 1, each below the message that it must get."


def parts(a, b, same_seeds, ddof=1):
    "Variances of the means: of the texts, and of the seeds."
    d = a.mean(0) - b.mean(0)
    if same_seeds:
        seeds = (a.mean(1) - b.mean(1)).var(ddof=ddof) / len(a)
    else:
        seeds = sum(right.mean(1).var(ddof=ddof) / len(right) for right in (a, b))
    return d.mean(), d.var(ddof=ddof) / len(d), seeds


# %% the share right of a minus that of b
def lucky_difference(a, b, same_seeds):
    difference, texts, seeds = parts(a, b, same_seeds)
    return -difference, (texts + seeds) ** 0.5


# %% the share right of a minus that of b
def lucky_difference(a, b, same_seeds):
    _, texts, seeds = parts(a, b, same_seeds)
    return a.sum() - b.sum(), (texts + seeds) ** 0.5


# %% the luck of the seeds is missing
def lucky_difference(a, b, same_seeds):
    difference, texts, _ = parts(a, b, same_seeds)
    return difference, texts**0.5


# %% the luck of the texts is missing
def lucky_difference(a, b, same_seeds):
    difference, _, seeds = parts(a, b, same_seeds)
    return difference, seeds**0.5


# %% take its root
def lucky_difference(a, b, same_seeds):
    difference, texts, seeds = parts(a, b, same_seeds)
    return difference, texts + seeds


# %% add variances, not errors
def lucky_difference(a, b, same_seeds):
    difference, texts, seeds = parts(a, b, same_seeds)
    return difference, texts**0.5 + seeds**0.5


# %% subtract first
def lucky_difference(a, b, same_seeds):
    difference, _, seeds = parts(a, b, same_seeds)
    texts = sum(right.mean(0).var(ddof=1) / right.shape[1] for right in (a, b))
    return difference, (texts + seeds) ** 0.5


# %% divide the variances by their number minus one
def lucky_difference(a, b, same_seeds):
    difference, texts, seeds = parts(a, b, same_seeds, ddof=0)
    return difference, (texts + seeds) ** 0.5


# %% not the error of a mean
def lucky_difference(a, b, same_seeds):
    d = a.mean(0) - b.mean(0)
    seeds = sum(right.mean(1).var(ddof=1) for right in (a, b))
    return d.mean(), (d.var(ddof=1) + seeds) ** 0.5


# %% the error should be
def lucky_difference(a, b, same_seeds):
    difference, texts, seeds = parts(a, b, same_seeds)
    return difference, (texts + seeds / 2) ** 0.5


# %% by its own number of seeds
def lucky_difference(a, b, same_seeds):
    difference, texts, _ = parts(a, b, False)
    seeds = (a.mean(1).var(ddof=1) + b.mean(1).var(ddof=1)) / len(b)
    return difference, (texts + seeds) ** 0.5


# %% by its own number of seeds
def lucky_difference(a, b, same_seeds):
    difference, texts, _ = parts(a, b, False)
    seeds = (a.mean(1).var(ddof=1) + b.mean(1).var(ddof=1)) / len(a)
    return difference, (texts + seeds) ** 0.5


# %% same_seeds is true: subtract
def lucky_difference(a, b, same_seeds):
    difference, texts, seeds = parts(a, b, False)
    return difference, (texts + seeds) ** 0.5


# %% same_seeds is false, though both have four
def lucky_difference(a, b, same_seeds):
    difference, texts, seeds = parts(a, b, len(a) == len(b))
    return difference, (texts + seeds) ** 0.5
