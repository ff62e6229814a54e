"Wrong answers to exercise 4, each below the message that it must get."

from collections import Counter


def shares(answer, reference, make=Counter, lengths=range(1, 7)):
    found = []
    for n in lengths:
        ours = make(answer[i : i + n] for i in range(len(answer) - n + 1))
        theirs = make(reference[i : i + n] for i in range(len(reference) - n + 1))
        if ours and theirs:
            count = len if make is set else Counter.total
            common = count(ours & theirs)
            found.append((common / count(ours), common / count(theirs)))
    return found


def joined(text):
    return "".join(text.split())


def combined(found, beta=2):
    if not found:
        return 0.0
    P = sum(p for p, _ in found) / len(found)
    R = sum(r for _, r in found) / len(found)
    if P + R == 0:
        return 0.0
    return 100 * (1 + beta**2) * P * R / (beta**2 * P + R)


# %% spaces are left out
def chrf_of(answer, reference):
    return combined(shares(answer, reference))


# %% recall counts twice as much
def chrf_of(answer, reference):
    return combined(shares(joined(answer), joined(reference)), beta=0.5)


# %% use counts, not sets
def chrf_of(answer, reference):
    return combined(shares(joined(answer), joined(reference), set))


# %% and are P and R averaged first
def chrf_of(answer, reference):
    each = [combined([one]) for one in shares(joined(answer), joined(reference))]
    return sum(each) / max(1, len(each))


# %% does a length count only if both texts have it
def chrf_of(answer, reference):
    found = shares(joined(answer), joined(reference))
    both_short = max(len(joined(answer)), len(joined(reference)))
    found += [(0.0, 0.0)] * (min(6, both_short) - len(found))
    return combined(found)


# %% an empty answer has 0, and not a division by zero
def chrf_of(answer, reference):
    found = shares(joined(answer), joined(reference))
    P = sum(p for p, _ in found) / len(found)
    R = sum(r for _, r in found) / len(found)
    return 0.0 if P + R == 0 else 100 * 5 * P * R / (4 * P + R)


# %% nothing in common: 0, and not a division by zero
def chrf_of(answer, reference):
    found = shares(joined(answer), joined(reference))
    P = sum(p for p, _ in found) / len(found)
    R = sum(r for _, r in found) / len(found)
    return 100 * 5 * P * R / (4 * P + R)
