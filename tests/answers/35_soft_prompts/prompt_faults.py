"Wrong answers to exercise 4, each below the message that it must get."

import torch


def named(moved, equal, virtual):
    names = ("nothing moved", "one vector", "virtual head")
    return [name for name, wrong in zip(names, (not moved, equal, virtual)) if wrong]


def all_equal(rows):
    apart = (rows - rows[0]).abs().max()
    return len(rows) > 1 and bool(apart <= 1e-6 * rows.abs().max())


# %% position 4 is the first of the text
def prompt_faults(before, after, reads):
    return named(not torch.equal(before, after), all_equal(after), reads <= len(after))


# %% the head pools the last of them
def prompt_faults(before, after, reads):
    return named(not torch.equal(before, after), all_equal(after), reads == 0)


# %% compare to the bit
def prompt_faults(before, after, reads):
    moved = not torch.allclose(before, after, atol=1e-4)
    return named(moved, all_equal(after), reads < len(after))


# %% all rows are equal, up to rounding
def prompt_faults(before, after, reads):
    equal = len(after) > 1 and bool((after == after[0]).all())
    return named(not torch.equal(before, after), equal, reads < len(after))


# %% the last row differs
def prompt_faults(before, after, reads):
    return named(not torch.equal(before, after), all_equal(after[:2]), reads < len(after))


# %% measure by their size
def prompt_faults(before, after, reads):
    equal = len(after) > 1 and bool(((after - after[0]).abs() < 1e-6).all())
    return named(not torch.equal(before, after), equal, reads < len(after))


# %% a prompt of one token
def prompt_faults(before, after, reads):
    equal = bool((after - after[0]).abs().max() <= 1e-6 * after.abs().max())
    return named(not torch.equal(before, after), equal, reads < len(after))


# %% report each
def prompt_faults(before, after, reads):
    return named(not torch.equal(before, after), all_equal(after), reads < len(after))[:1]


# %% rows of zeros are equal too
def prompt_faults(before, after, reads):
    apart = (after - after[0]).abs().max()
    equal = len(after) > 1 and bool(apart < 1e-6 * after.abs().max())
    return named(not torch.equal(before, after), equal, reads < len(after))
