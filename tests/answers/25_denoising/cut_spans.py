"Wrong answers to exercise 2, each below the message that it must get."


# %% a run of hidden tokens leaves one sentinel, not one for each token
def cut_spans(ids, hidden, sentinels):
    inputs = []
    targets = []
    spans = 0
    for token, is_hidden in zip(ids, hidden):
        if is_hidden:
            inputs.append(sentinels[spans])
            targets += [sentinels[spans], token]
            spans += 1
        else:
            inputs.append(token)
    return inputs, [*targets, sentinels[spans]]


# %% the last sentinel is missing
def cut_spans(ids, hidden, sentinels):
    inputs = []
    targets = []
    spans = 0
    for i, token in enumerate(ids):
        if not hidden[i]:
            inputs.append(token)
            continue
        if i == 0 or not hidden[i - 1]:
            inputs.append(sentinels[spans])
            targets.append(sentinels[spans])
            spans += 1
        targets.append(token)
    return inputs, targets


# %% all spans have the same sentinel
def cut_spans(ids, hidden, sentinels):
    inputs = []
    targets = []
    for i, token in enumerate(ids):
        if not hidden[i]:
            inputs.append(token)
            continue
        if i == 0 or not hidden[i - 1]:
            inputs.append(sentinels[0])
            targets.append(sentinels[0])
        targets.append(token)
    return inputs, [*targets, sentinels[0]]


# %% the targets lack the sentinels
def cut_spans(ids, hidden, sentinels):
    inputs = []
    targets = []
    spans = 0
    for i, token in enumerate(ids):
        if not hidden[i]:
            inputs.append(token)
            continue
        if i == 0 or not hidden[i - 1]:
            inputs.append(sentinels[spans])
            spans += 1
        targets.append(token)
    return inputs, [*targets, sentinels[spans]]


# %% a span may begin at the first token
def cut_spans(ids, hidden, sentinels):
    inputs = []
    targets = []
    spans = 0
    for i, token in enumerate(ids):
        if not hidden[i]:
            inputs.append(token)
            continue
        if i > 0 and not hidden[i - 1]:
            inputs.append(sentinels[spans])
            targets.append(sentinels[spans])
            spans += 1
        targets.append(token)
    return inputs, [*targets, sentinels[spans]]


# %% inputs and targets have changed places
def cut_spans(ids, hidden, sentinels):
    inputs = []
    targets = []
    spans = 0
    for i, token in enumerate(ids):
        if not hidden[i]:
            inputs.append(token)
            continue
        if i == 0 or not hidden[i - 1]:
            inputs.append(sentinels[spans])
            targets.append(sentinels[spans])
            spans += 1
        targets.append(token)
    return [*targets, sentinels[spans]], inputs
