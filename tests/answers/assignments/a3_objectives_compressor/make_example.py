"Answers to question 2, each below the message that it must get; those that are right say so."

from ftkit.pretraining.denoising import corrupt_spans


# %% The labels are the inputs
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    return dict(input_ids=list(ids), labels=list(ids), prefix=0)


# %% Nothing follows the last token
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    return dict(input_ids=list(ids), labels=[*ids[1:], -100], prefix=0)


# %% There is one label for each input
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    return dict(input_ids=list(ids), labels=list(ids[1:]), prefix=0)


# %% one label too many
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        return make_example(read + write, "prefix", prefix=len(read))
    if kind == "masked":
        inputs = [mask_id if gap else token for token, gap in zip(ids, hidden)]
        labels = [token if gap else -100 for token, gap in zip(ids, hidden)]
        return dict(input_ids=inputs, labels=labels, prefix=len(ids))
    prefix = 0 if kind == "causal" else prefix
    labels = [-100] * prefix + ids[prefix + 1 :]
    return dict(input_ids=ids[:-1], labels=labels, prefix=prefix)


# %% The 7 is part of the prefix
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        return make_example(read + write, "prefix", prefix=len(read))
    if kind == "masked":
        inputs = [mask_id if gap else token for token, gap in zip(ids, hidden)]
        labels = [token if gap else -100 for token, gap in zip(ids, hidden)]
        return dict(input_ids=inputs, labels=labels, prefix=len(ids))
    return dict(input_ids=ids[:-1], labels=ids[1:], prefix=prefix)


# %% Only the gaps are asked
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        return make_example(read + write, "prefix", prefix=len(read))
    if kind == "masked":
        inputs = [mask_id if gap else token for token, gap in zip(ids, hidden)]
        return dict(input_ids=inputs, labels=list(ids), prefix=len(ids))
    given = max(prefix - 1, 0)
    labels = [-100] * given + ids[given + 1 :]
    return dict(input_ids=ids[:-1], labels=labels, prefix=prefix)


# %% here nothing is shifted
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        return make_example(read + write, "prefix", prefix=len(read))
    if kind == "masked":
        inputs = [mask_id if gap else token for token, gap in zip(ids, hidden)]
        labels = [token if gap else -100 for token, gap in zip(ids, hidden)]
        return dict(input_ids=inputs, labels=[*labels[1:], -100], prefix=len(ids))
    given = max(prefix - 1, 0)
    labels = [-100] * given + ids[given + 1 :]
    return dict(input_ids=ids[:-1], labels=labels, prefix=prefix)


# %% the answer can be read
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        return make_example(read + write, "prefix", prefix=len(read))
    if kind == "masked":
        labels = [token if gap else -100 for token, gap in zip(ids, hidden)]
        return dict(input_ids=list(ids), labels=labels, prefix=len(ids))
    given = max(prefix - 1, 0)
    labels = [-100] * given + ids[given + 1 :]
    return dict(input_ids=ids[:-1], labels=labels, prefix=prefix)


# %% its labels are -100
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        whole = read + write
        return dict(input_ids=whole[:-1], labels=whole[1:], prefix=len(read))
    if kind == "masked":
        inputs = [mask_id if gap else token for token, gap in zip(ids, hidden)]
        labels = [token if gap else -100 for token, gap in zip(ids, hidden)]
        return dict(input_ids=inputs, labels=labels, prefix=len(ids))
    given = max(prefix - 1, 0)
    labels = [-100] * given + ids[given + 1 :]
    return dict(input_ids=ids[:-1], labels=labels, prefix=prefix)


# %% What is read, then what is written
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        return dict(input_ids=read, labels=write, prefix=len(read))
    if kind == "masked":
        inputs = [mask_id if gap else token for token, gap in zip(ids, hidden)]
        labels = [token if gap else -100 for token, gap in zip(ids, hidden)]
        return dict(input_ids=inputs, labels=labels, prefix=len(ids))
    given = max(prefix - 1, 0)
    labels = [-100] * given + ids[given + 1 :]
    return dict(input_ids=ids[:-1], labels=labels, prefix=prefix)


# %% The text that was given has changed
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        return make_example(read + write, "prefix", prefix=len(read))
    if kind == "masked":
        labels = [-100] * len(ids)
        for place, gap in enumerate(hidden):
            if gap:
                labels[place] = ids[place]
                ids[place] = mask_id
        return dict(input_ids=ids, labels=labels, prefix=len(ids))
    given = max(prefix - 1, 0)
    labels = [-100] * given + ids[given + 1 :]
    return dict(input_ids=ids[:-1], labels=labels, prefix=prefix)


# %% right: one label after the other
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "masked":
        inputs = list(ids)
        labels = [-100] * len(ids)
        for place in range(len(ids)):
            if hidden[place]:
                inputs[place] = mask_id
                labels[place] = ids[place]
        return {"input_ids": inputs, "labels": labels, "prefix": len(ids)}
    text = list(ids)
    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        text = read + write
        prefix = len(read)
    elif kind == "causal":
        prefix = 0
    labels = []
    for place in range(1, len(text)):
        labels.append(text[place] if place >= prefix else -100)
    return {"input_ids": text[:-1], "labels": labels, "prefix": prefix}


# %% right: with tensors
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    import torch

    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        ids, prefix = read + write, len(read)
    elif kind == "causal":
        prefix = 0
    text = torch.tensor(ids)
    if kind == "masked":
        gaps = torch.tensor(hidden)
        inputs = torch.where(gaps, mask_id, text)
        labels = torch.where(gaps, text, -100)
        prefix = len(ids)
    else:
        inputs = text[:-1]
        labels = text[1:].clone()
        labels[: max(0, prefix - 1)] = -100
    return dict(input_ids=inputs.tolist(), labels=labels.tolist(), prefix=prefix)


# %% given by their place
# unseen: "none of the first tokens" taken by value, not by place
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "masked":
        return dict(
            input_ids=[mask_id if h else token for token, h in zip(ids, hidden)],
            labels=[token if h else -100 for token, h in zip(ids, hidden)],
            prefix=len(ids),
        )
    if kind == "causal":
        prefix = 0
    if kind == "span":
        read, written = corrupt_spans(ids, hidden, sentinels)
        ids = read + written
        prefix = len(read)
    given = set(ids[:prefix])
    labels = [-100 if token in given else token for token in ids[1:]]
    return dict(input_ids=ids[:-1], labels=labels, prefix=prefix)


# %% Ask where `hidden` is true
# unseen: asks wherever the input is mask_id, also where the text itself has it
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "masked":
        inputs = list(ids)
        for t, gap in enumerate(hidden):
            if gap:
                inputs[t] = mask_id
        labels = [true if seen == mask_id else -100 for seen, true in zip(inputs, ids)]
        return dict(input_ids=inputs, labels=labels, prefix=len(ids))
    if kind == "span":
        inputs, targets = corrupt_spans(ids, hidden, sentinels)
        ids, prefix = inputs + targets, len(inputs)
    elif kind == "causal":
        prefix = 0
    labels = [true if t >= prefix else -100 for t, true in enumerate(ids)]
    return dict(input_ids=list(ids[:-1]), labels=labels[1:], prefix=prefix)


# %% though mask_id looks like its token
# unseen: asks only where the mask changed the token
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "masked":
        inputs = [mask_id if gap else token for gap, token in zip(hidden, ids)]
        labels = [y if x != y else -100 for x, y in zip(inputs, ids)]
        return {"input_ids": inputs, "labels": labels, "prefix": len(inputs)}
    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        return make_example([*read, *write], "prefix", prefix=len(read))
    start = prefix if kind == "prefix" else 0
    skipped = max(start - 1, 0)
    labels = [-100] * skipped + ids[1 + skipped :]
    return {"input_ids": ids[:-1], "labels": labels, "prefix": start}


# %% The first sentinel is asked for
# unseen: sentinels in the target are not asked
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "masked":
        inputs = [mask_id if h else i for h, i in zip(hidden, ids)]
        labels = [i if h else -100 for h, i in zip(hidden, ids)]
        return dict(input_ids=inputs, labels=labels, prefix=len(ids))
    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        example = make_example(read + write, "prefix", len(read))
        example["labels"] = [-100 if i in sentinels else i for i in example["labels"]]
        return example
    if kind == "causal":
        prefix = 0
    labels = [ids[t] if t >= prefix else -100 for t in range(1, len(ids))]
    return dict(input_ids=ids[:-1], labels=labels, prefix=prefix)


# %% ignores `prefix`
# unseen: causal listens to the prefix argument
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "masked":
        inputs = [mask_id if h else i for i, h in zip(ids, hidden)]
        labels = [i if h else -100 for i, h in zip(ids, hidden)]
        return dict(input_ids=inputs, labels=labels, prefix=len(ids))
    if kind == "span":
        inputs, targets = corrupt_spans(ids, hidden, sentinels)
        ids = inputs + targets
        prefix = len(inputs)
    # causal is a prefix of 0
    labels = [ids[t] if t >= prefix else -100 for t in range(1, len(ids))]
    return dict(input_ids=ids[:-1], labels=labels, prefix=prefix)


# %% Each span leaves a sentinel
# unseen: prefix of a span is right for one span only
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "causal":
        return dict(input_ids=ids[:-1], labels=ids[1:], prefix=0)
    if kind == "masked":
        inputs = [mask_id if h else i for i, h in zip(ids, hidden)]
        labels = [i if h else -100 for i, h in zip(ids, hidden)]
        return dict(input_ids=inputs, labels=labels, prefix=len(ids))
    if kind == "span":
        inputs, targets = corrupt_spans(ids, hidden, sentinels)
        prefix = len(ids) - sum(hidden) + 1  # what is left, and a sentinel
        ids = inputs + targets
    labels = [-100] * (prefix - 1) + ids[prefix:]
    return dict(input_ids=ids[:-1], labels=labels, prefix=prefix)


# %% The text that was given has changed
# unseen: the label of the last token is lost from the caller's list (pop)
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    if kind == "masked":
        inputs = [mask_id if h else i for i, h in zip(ids, hidden)]
        labels = [i if h else -100 for i, h in zip(ids, hidden)]
        return dict(input_ids=inputs, labels=labels, prefix=len(ids))
    if kind == "span":
        read, write = corrupt_spans(ids, hidden, sentinels)
        return make_example(read + write, "prefix", len(read))
    prefix = prefix if kind == "prefix" else 0
    labels = ids[1:]
    for t in range(prefix - 1):
        labels[t] = -100
    inputs = ids
    inputs.pop()
    return dict(input_ids=inputs, labels=labels, prefix=prefix)


# %% right: one shift at the end for three kinds, iterators
def make_example(ids, kind, prefix=0, hidden=None, mask_id=None, sentinels=None):
    match kind:
        case "masked":
            pairs = [(mask_id, i) if h else (i, -100) for i, h in zip(ids, hidden, strict=True)]
            inputs, labels = map(list, zip(*pairs))
            return {"prefix": len(pairs), "labels": labels, "input_ids": inputs}
        case "span":
            parts = corrupt_spans(ids, hidden, sentinels)
            return make_example([*parts[0], *parts[1]], "prefix", len(parts[0]))
        case "causal":
            prefix = 0
    asked = ([-100] * prefix + list(ids[prefix:]))[1:]
    return {"prefix": prefix, "labels": asked, "input_ids": list(ids)[:-1]}
