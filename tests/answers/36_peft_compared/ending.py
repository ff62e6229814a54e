"Wrong answers to exercise 3, each below the message that it must get."


def half(error):
    return 1.645 * error


# %% a large p does not say 'the same'
def ending(difference, error, p, near):
    if p < 0.05:
        return "better" if difference > 0 else "worse"
    return "the same"


# %% a large p does not say 'the same'
def ending(difference, error, p, near):
    if p < 0.05:
        return "better" if difference > 0 else "worse"
    return "the same" if abs(difference) < near else "undecided"


# %% one end of the interval is beyond the margin
def ending(difference, error, p, near):
    if p < 0.05:
        return "better" if difference > 0 else "worse"
    inside = -near < difference - half(error) and difference - half(error) < near
    return "the same" if inside and abs(difference) < near and error < 2 else "undecided"


# %% the 90% interval ends at 1.92, inside 2
def ending(difference, error, p, near):
    if p < 0.05:
        return "better" if difference > 0 else "worse"
    return "the same" if abs(difference) + 1.96 * error < near else "undecided"


# %% is none of
def ending(difference, error, p, near):
    if p < 0.05:
        return "different"
    return "the same" if abs(difference) + half(error) < near else "undecided"


# %% was expected, not
def ending(difference, error, p, near):
    if p < 0.05:
        return "worse" if difference > 0 else "better"
    return "the same" if abs(difference) + half(error) < near else "undecided"


# %% was expected, not
def ending(difference, error, p, near):
    if p < 0.05:
        return "better" if difference > 0 else "worse"
    return "the same" if abs(difference) + half(error) < 2 else "undecided"


# %% p comes first
def ending(difference, error, p, near):
    if abs(difference) + half(error) < near:
        return "the same"
    if p < 0.05:
        return "better" if difference > 0 else "worse"
    return "undecided"


# %% no smaller p is asked for
def ending(difference, error, p, near):
    if p < 0.01:
        return "better" if difference > 0 else "worse"
    return "the same" if abs(difference) + half(error) < near else "undecided"


# %% p decides
def ending(difference, error, p, near):
    if abs(difference) > 1.96 * error and abs(difference) + half(error) >= near:
        return "better" if difference > 0 else "worse"
    if p < 0.05:
        return "better" if difference > 0 else "worse"
    return "the same" if abs(difference) + half(error) < near else "undecided"
