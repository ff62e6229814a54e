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
