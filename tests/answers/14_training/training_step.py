"Wrong answers to exercise 1, each below the message that it must get."

import torch.nn.functional as F


# %% that is the average of the parts' averages
def training_step(model, optimizer, parts):
    mean = 0.0
    for part in parts:
        logits = model(part["input_ids"]).flatten(0, 1)
        loss = F.cross_entropy(logits, part["labels"].flatten()) / len(parts)
        loss.backward()
        mean += loss.item()
    optimizer.step()
    optimizer.zero_grad()
    return mean


# %% that is the gradient of the sum
def training_step(model, optimizer, parts):
    total = 0.0
    count = 0
    for part in parts:
        logits = model(part["input_ids"]).flatten(0, 1)
        loss = F.cross_entropy(logits, part["labels"].flatten(), reduction="sum")
        loss.backward()
        total += loss.item()
        count += (part["labels"] != -100).sum().item()
    optimizer.step()
    optimizer.zero_grad()
    return total / count


# %% you count the places with -100 too
def training_step(model, optimizer, parts):
    count = sum(part["labels"].numel() for part in parts)
    total = 0.0
    for part in parts:
        logits = model(part["input_ids"]).flatten(0, 1)
        loss = F.cross_entropy(logits, part["labels"].flatten(), reduction="sum") / count
        loss.backward()
        total += loss.item()
    optimizer.step()
    optimizer.zero_grad()
    return total


# %% only the last part has moved the weights
def training_step(model, optimizer, parts):
    count = sum((part["labels"] != -100).sum() for part in parts)
    total = 0.0
    for part in parts:
        optimizer.zero_grad()
        logits = model(part["input_ids"]).flatten(0, 1)
        loss = F.cross_entropy(logits, part["labels"].flatten(), reduction="sum") / count
        loss.backward()
        total += loss.item()
    optimizer.step()
    optimizer.zero_grad()
    return total


# %% a gradient is left behind
def training_step(model, optimizer, parts):
    count = sum((part["labels"] != -100).sum() for part in parts)
    total = 0.0
    for part in parts:
        logits = model(part["input_ids"]).flatten(0, 1)
        loss = F.cross_entropy(logits, part["labels"].flatten(), reduction="sum") / count
        loss.backward()
        total += loss.item()
    optimizer.step()
    return total


# %% no weight has moved
def training_step(model, optimizer, parts):
    total = 0.0
    for part in parts:
        logits = model(part["input_ids"]).flatten(0, 1)
        F.cross_entropy(logits, part["labels"].flatten(), reduction="sum").backward()
    return total
