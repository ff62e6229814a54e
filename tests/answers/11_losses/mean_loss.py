"Wrong answers to exercise 2, each below the message that it must get."


# %% that is an average of averages
def mean_loss(batches):
    losses = [loss for loss, _ in batches]
    return sum(losses) / len(losses)


# %% you weight each batch by its rows
def mean_loss(batches):
    total = sum(loss * len(labels) for loss, labels in batches)
    return total / sum(len(labels) for _, labels in batches)


# %% you count the padding too
def mean_loss(batches):
    total = sum(loss * labels.numel() for loss, labels in batches)
    return total / sum(labels.numel() for _, labels in batches)


# %% class 0 is a class like any other
def mean_loss(batches):
    total = sum(loss * (labels > 0).sum().item() for loss, labels in batches)
    return total / sum((labels > 0).sum().item() for _, labels in batches)


# %% nan * 0 is nan
def mean_loss(batches):
    total = sum(loss * (labels != -100).sum().item() for loss, labels in batches)
    return total / sum((labels != -100).sum().item() for _, labels in batches)
