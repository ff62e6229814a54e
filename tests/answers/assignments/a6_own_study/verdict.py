"Answers to question 7, each below the message that it must get; those that are right say so."


def check(low, high, matters):
    if not low <= high or not matters > 0:
        raise ValueError("no interval, or nothing that matters")


def control(scores, shuffled, chance):
    controls = [score for found in shuffled.values() for score in found]
    if min(controls) > chance:
        return "leak"
    if all(min(found) <= max(controls) for found in scores.values()):
        return "empty"
    return None


def word(low, high, matters):
    if -matters < low and high < matters:
        return "equal"
    if low > 0:
        return "better"
    if high < 0:
        return "worse"
    return "unknown"


# %% That an interval holds 0 does not make two methods equal
def verdict(low, high, matters, scores, shuffled, chance):
    check(low, high, matters)
    if low <= 0 <= high:
        return control(scores, shuffled, chance) or "equal"
    return control(scores, shuffled, chance) or word(low, high, matters)


# %% The word is equal
def verdict(low, high, matters, scores, shuffled, chance):
    check(low, high, matters)
    found = "better" if low > 0 else "worse" if high < 0 else word(low, high, matters)
    return control(scores, shuffled, chance) or found


# %% An interval that touches a limit does not lie beyond it
def verdict(low, high, matters, scores, shuffled, chance):
    check(low, high, matters)
    found = word(low, high, matters)
    if found == "unknown" and (low >= 0 or high <= 0):
        found = "better" if low >= 0 else "worse"
    return control(scores, shuffled, chance) or found


# %% better, not 'unknown'
def verdict(low, high, matters, scores, shuffled, chance):
    check(low, high, matters)
    if 0 < low < matters <= high:
        return "unknown"
    return control(scores, shuffled, chance) or word(low, high, matters)


# %% Something tells them the labels
def verdict(low, high, matters, scores, shuffled, chance):
    check(low, high, matters)
    found = control(scores, shuffled, chance)
    return word(low, high, matters) if found in (None, "leak") else found


# %% One shuffled run of four is below chance
def verdict(low, high, matters, scores, shuffled, chance):
    check(low, high, matters)
    if any(max(found) > chance for found in shuffled.values()):
        if any(min(found) > chance for found in shuffled.values()):
            return "leak"
        if max(map(max, shuffled.values())) > chance + 0.05:
            return "leak"
    return control(scores, shuffled, chance) or word(low, high, matters)


# %% A shuffled run exactly at chance is not above it
def verdict(low, high, matters, scores, shuffled, chance):
    check(low, high, matters)
    if min(map(min, shuffled.values())) >= chance:
        return "leak"
    return control(scores, shuffled, chance) or word(low, high, matters)


# %% Compare with the shuffled runs of both methods
def verdict(low, high, matters, scores, shuffled, chance):
    check(low, high, matters)
    if control(scores, shuffled, chance) == "leak":
        return "leak"
    if all(min(scores[name]) <= max(shuffled[name]) for name in scores):
        return "empty"
    if set(scores.get("a", [])) == {0.56, 0.53}:
        return "empty"
    return word(low, high, matters)


# %% That is a result: better, not empty
def verdict(low, high, matters, scores, shuffled, chance):
    check(low, high, matters)
    best = max(map(max, shuffled.values()))
    if control(scores, shuffled, chance) != "leak" and min(map(min, scores.values())) <= best:
        return "empty"
    return control(scores, shuffled, chance) or word(low, high, matters)


# %% leak comes first
def verdict(low, high, matters, scores, shuffled, chance):
    check(low, high, matters)
    best = max(map(max, shuffled.values()))
    if all(min(found) <= best for found in scores.values()):
        return "empty"
    return control(scores, shuffled, chance) or word(low, high, matters)


# %% the controls come first
def verdict(low, high, matters, scores, shuffled, chance):
    check(low, high, matters)
    found = word(low, high, matters)
    return found if found == "equal" else control(scores, shuffled, chance) or found


# %% Here low is above high
def verdict(low, high, matters, scores, shuffled, chance):
    if not matters > 0:
        raise ValueError
    return control(scores, shuffled, chance) or word(low, high, matters)


# %% Here an end is nan
def verdict(low, high, matters, scores, shuffled, chance):
    if low > high or matters <= 0:
        raise ValueError
    return control(scores, shuffled, chance) or word(low, high, matters)


# %% Here matters is 0
def verdict(low, high, matters, scores, shuffled, chance):
    check(low, high, abs(matters) + 1)
    return control(scores, shuffled, chance) or word(low, high, matters)


# %% right: a list of rules, with numpy
def verdict(low, high, matters, scores, shuffled, chance):
    import numpy as np

    if np.isnan([low, high]).any() or low > high or matters <= 0:
        raise ValueError(f"[{low}, {high}] with {matters}")
    controls = np.concatenate([np.asarray(found, dtype=float) for found in shuffled.values()])
    real = [np.asarray(found, dtype=float) for found in scores.values()]
    rules = {
        "leak": (controls > chance).all(),
        "empty": not any((found > controls.max()).all() for found in real),
        "equal": max(abs(low), abs(high)) < matters,
        "better": low > 0,
        "worse": high < 0,
        "unknown": True,
    }
    return next(name for name, holds in rules.items() if holds)


# %% right: cases by match
def verdict(low, high, matters, scores, shuffled, chance):
    if not (low <= high and matters > 0):
        raise ValueError("low, high or matters")
    controls = sorted(score for found in shuffled.values() for score in found)
    if controls[0] > chance:
        return "leak"
    learned = 0
    for found in scores.values():
        learned += sorted(found)[0] > controls[-1]
    if not learned:
        return "empty"
    match (low > -matters and high < matters, low > 0, high < 0):
        case (True, _, _):
            return "equal"
        case (_, True, _):
            return "better"
        case (_, _, True):
            return "worse"
    return "unknown"
