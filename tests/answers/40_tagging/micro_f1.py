"Wrong answers to exercise 3, each below the message that it must get."

from ftkit.tasks.tagging import spans_of


def counts(wanted, found):
    right = total_a = total_b = 0
    for a, b in zip(wanted, found, strict=True):
        a, b = set(spans_of(a)), set(spans_of(b))
        right += len(a & b)
        total_a += len(a)
        total_b += len(b)
    return right, total_a, total_b


# %% you average the F1 of sentences
def micro_f1(wanted, found):
    scores = []
    for a, b in zip(wanted, found, strict=True):
        right, total_a, total_b = counts([a], [b])
        scores.append(2 * right / max(1, total_a + total_b))
    return sum(scores) / len(scores)


# %% that is a share of words
def micro_f1(wanted, found):
    pairs = [pair for a, b in zip(wanted, found) for pair in zip(a, b)]
    return sum(a == b for a, b in pairs) / len(pairs)


# %% that is precision
def micro_f1(wanted, found):
    right, _, total_b = counts(wanted, found)
    return right / max(1, total_b)


# %% that is recall
def micro_f1(wanted, found):
    right, total_a, _ = counts(wanted, found)
    return right / max(1, total_a)


# %% a name of another kind is wrong
def micro_f1(wanted, found):
    right = total = 0
    for a, b in zip(wanted, found, strict=True):
        a, b = ({span[:2] for span in spans_of(tags)} for tags in (a, b))
        right += len(a & b)
        total += len(a) + len(b)
    return 2 * right / total if total else 0.0


# %% the same place in another sentence is another name
def micro_f1(wanted, found):
    a = {span for tags in wanted for span in spans_of(tags)}
    b = {span for tags in found for span in spans_of(tags)}
    return 2 * len(a & b) / (len(a) + len(b))


# %% without any name F1 is 0
def micro_f1(wanted, found):
    right, total_a, total_b = counts(wanted, found)
    return 2 * right / (total_a + total_b) if total_a + total_b else 1.0
