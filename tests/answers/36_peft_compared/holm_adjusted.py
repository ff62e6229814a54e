"Wrong answers to exercise 2, each below the message that it must get."


def order(p):
    return sorted(range(len(p)), key=p.__getitem__)


# %% that is Bonferroni
def holm_adjusted(p):
    return [min(1.0, each * len(p)) for each in p]


# %% the answers are sorted
def holm_adjusted(p):
    answers = []
    largest = 0.0
    for rank, each in enumerate(sorted(p)):
        largest = max(largest, each * (len(p) - rank))
        answers.append(min(1.0, largest))
    return [answers[0], answers[1], answers[2], answers[3]]


# %% it may not be smaller
def holm_adjusted(p):
    answers = [0.0] * len(p)
    for rank, place in enumerate(order(p)):
        answers[place] = min(1.0, p[place] * (len(p) - rank))
    return answers


# %% the factors go by the size of p
def holm_adjusted(p):
    return [min(1.0, each * (len(p) - place)) for place, each in enumerate(p)]


# %% the smallest gets the largest factor
def holm_adjusted(p):
    return [each * factor for each, factor in zip(p, (4, 1, 2, 4), strict=False)]


# %% never above 1
def holm_adjusted(p):
    answers = [0.0] * len(p)
    largest = 0.0
    for rank, place in enumerate(order(p)):
        largest = max(largest, p[place] * (len(p) - rank))
        answers[place] = largest
    return answers


# %% p-values came in
def holm_adjusted(p):
    return [min(p) * len(p)]


# %% leave the list that came in as it is
def holm_adjusted(p):
    answers = [0.0] * len(p)
    largest = 0.0
    for rank, place in enumerate(order(p)):
        largest = max(largest, p[place] * (len(p) - rank))
        answers[place] = min(1.0, largest)
    p.sort()
    return answers


# %% none is smaller than the largest
def holm_adjusted(p):
    answers = [0.0] * len(p)
    before = 0.0
    for rank, place in enumerate(order(p)):
        product = p[place] * (len(p) - rank)
        answers[place] = min(1.0, max(product, before))
        before = product
    return answers
