"Wrong answers to exercise 2, each below the message that it must get."


def places(spans, answer, first):
    inside = [k for k, (a, b) in enumerate(spans) if a < answer[1] and b > answer[0]]
    return [first + inside[0], first + inside[-1]] if inside else [0, 0]


def is_whole(spans, answer):
    return spans[0][0] <= answer[0] and answer[1] <= spans[-1][1]


# %% return a list
def window_labels(spans, answer, first):
    return tuple(places(spans, answer, first))


# %% add `first`
def window_labels(spans, answer, first):
    return places(spans, answer, 0) if is_whole(spans, answer) else [0, 0]


# %% begins where the answer ends
def window_labels(spans, answer, first):
    inside = [k for k, (a, b) in enumerate(spans) if a <= answer[1] and b > answer[0]]
    return [first + inside[0], first + inside[-1]]


# %% half an answer is none
def window_labels(spans, answer, first):
    return places(spans, answer, first)


# %% the answer begins before the window
def window_labels(spans, answer, first):
    return places(spans, answer, first) if answer[1] <= spans[-1][1] else [0, 0]


# %% an answer may begin inside a token
def window_labels(spans, answer, first):
    inside = [k for k, (a, b) in enumerate(spans) if answer[0] <= a and b <= answer[1]]
    return [first + inside[0], first + inside[-1]] if inside and is_whole(spans, answer) else [0, 0]


# %% ends where the answer begins
def window_labels(spans, answer, first):
    if not is_whole(spans, answer):
        return [0, 0]
    inside = [k for k, (a, b) in enumerate(spans) if a < answer[1] and b >= answer[0]]
    return [first + inside[0], first + inside[-1]]


# %% an answer may end inside a token too
def window_labels(spans, answer, first):
    if not is_whole(spans, answer):
        return [0, 0]
    i = max(k for k, (a, _) in enumerate(spans) if a <= answer[0])
    j = max(k for k, (_, b) in enumerate(spans) if b <= answer[1])
    return [first + i, first + j]
