"Wrong answers to exercise 3, each below the message that it must get."


def collect(targets, marks):
    spans = {}
    current = []
    for token in targets:
        if token in marks:
            current = []
            spans[token] = current
        else:
            current.append(token)
    return spans


# %% a sentinel is left in the text
def put_together(inputs, targets, sentinels):
    return list(inputs)


# %% only the first token of each span came back
def put_together(inputs, targets, sentinels):
    spans = collect(targets, set(sentinels))
    rebuilt = []
    for token in inputs:
        rebuilt += spans[token][:1] if token in spans else [token]
    return rebuilt


# %% the targets had the spans in another order
def put_together(inputs, targets, sentinels):
    spans = list(collect(targets, set(sentinels)).values())
    rebuilt = []
    for token in inputs:
        if token in set(sentinels):
            rebuilt += spans.pop(0)
        else:
            rebuilt.append(token)
    return rebuilt


# %% a sentinel that the targets lack is an empty span, no KeyError
def put_together(inputs, targets, sentinels):
    spans = collect(targets, set(sentinels))
    rebuilt = []
    for token in inputs:
        if token in set(sentinels):
            rebuilt += spans[token]
        else:
            rebuilt.append(token)
    return rebuilt


# %% return a list, not str
def put_together(inputs, targets, sentinels):
    spans = collect(targets, set(sentinels))
    return " ".join(str(spans.get(token, token)) for token in inputs)


# %% a sentinel that the targets lack is an empty span, no ValueError
def put_together(inputs, targets, sentinels):
    rebuilt = []
    for token in inputs:
        if token not in set(sentinels):
            rebuilt.append(token)
            continue
        i = targets.index(token) + 1
        while targets[i] not in set(sentinels):
            rebuilt.append(targets[i])
            i += 1
            if i == len(targets):
                break
    return rebuilt
