"Wrong answers to exercise 3, each below the message that it must get."

import torch
import torch.nn.functional as F


def encode(tokenizer, reviews, labels, i, batch_size, truncation=True):
    some = reviews[i : i + batch_size]
    batch = tokenizer(some, padding=True, truncation=truncation, return_tensors="pt")
    return batch, torch.tensor(labels[i : i + batch_size])


# %% transformers removed AdamW
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    from transformers import AdamW

    return AdamW(model.parameters(), lr=learning_rate)


# %% this name is not defined: never imported, or misspelt
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    losses = []
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        loss = F.cross_entropy(model(**batch).logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return mean(losses), 0.0  # noqa: F821


# %% one label for a review, not one for a token
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    batch, labels = encode(tokenizer, reviews, labels, 0, batch_size)
    y = torch.zeros_like(batch["input_ids"])
    y[:, 0] = labels
    loss = F.cross_entropy(model(**batch).logits, y)
    return loss.item(), 0.0


# %% there is no dimension 2
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    batch, y = encode(tokenizer, reviews, labels, 0, batch_size)
    logits = model(**batch).logits
    right = (logits.argmax(dim=2) == y).float().mean()
    return F.cross_entropy(logits, y).item(), right.item()


# %% sum over reviews, divide once
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    losses = []
    correct = 0
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        logits = model(**batch).logits
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        correct += (logits.argmax(-1) == y).sum().item()
    return sum(losses) / len(losses), correct / len(reviews)


# %% count, then divide once
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    total = 0
    shares = []
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        logits = model(**batch).logits
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        shares.append((logits.argmax(-1) == y).float().mean().item())
    return total / len(reviews), sum(shares) / len(shares)


# %% is the loss ever used
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    total = 0
    correct = 0
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        logits = model(**batch).logits
        total += F.cross_entropy(logits, y, reduction="sum").item()
        optimizer.step()
        correct += (logits.argmax(-1) == y).sum().item()
    return total / len(reviews), correct / len(reviews)


# %% the gradient of one batch is still there
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    total = 0
    correct = 0
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        logits = model(**batch).logits
        loss = F.cross_entropy(logits, y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        correct += (logits.argmax(-1) == y).sum().item()
    return total / len(reviews), correct / len(reviews)


# %% the last batch is smaller
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    total = 0
    correct = 0
    for i in range(0, len(reviews) - batch_size + 1, batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        logits = model(**batch).logits
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        correct += (logits.argmax(-1) == y).sum().item()
    return total / len(reviews), correct / len(reviews)


# %% leave the model's mode as it is
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    model.train()
    total = 0
    correct = 0
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        logits = model(**batch).logits
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        correct += (logits.argmax(-1) == y).sum().item()
    return total / len(reviews), correct / len(reviews)


# %% this name is not defined
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    total = 0
    correct = 0
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        logits = model(**batch).logits
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        correct += (logit.argmax(-1) == y).sum().item()  # noqa: F821
    return total / len(reviews), correct / len(reviews)


# %% return two numbers; it returns (
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    total = 0
    correct = 0
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        logits = model(**batch).logits
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        correct += (logits.argmax(-1) == y).sum().item()
    return total / len(reviews), correct / len(reviews), model


# %% plain numbers, not
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    total = 0
    correct = 0
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        logits = model(**batch).logits
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss * len(y)
        correct += (logits.argmax(-1) == y).sum().item()
    return total / len(reviews), correct / len(reviews)


# %% before its update, not after
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    total = 0
    correct = 0
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        logits = model(**batch).logits
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            loss = F.cross_entropy(model(**batch).logits, y)
        total += loss.item() * len(y)
        correct += (logits.argmax(-1) == y).sum().item()
    return total / len(reviews), correct / len(reviews)


# %% AdamW's first step
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    total = 0
    correct = 0
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        logits = model(**batch).logits
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        correct += (logits.argmax(-1) == y).sum().item()
    return total / len(reviews), correct / len(reviews)


# %% make an update after each batch
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    total = 0
    correct = 0
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size)
        logits = model(**batch).logits
        loss = F.cross_entropy(logits, y)
        loss.backward()
        total += loss.item() * len(y)
        correct += (logits.argmax(-1) == y).sum().item()
    optimizer.step()
    optimizer.zero_grad()
    return total / len(reviews), correct / len(reviews)


# %% 802 tokens
def train_and_score(model, reviews, labels, tokenizer, learning_rate, batch_size=4):
    optimizer = torch.optim.AdamW(model.parameters(), lr=learning_rate)
    total = 0
    correct = 0
    for i in range(0, len(reviews), batch_size):
        batch, y = encode(tokenizer, reviews, labels, i, batch_size, truncation=False)
        logits = model(**batch).logits
        loss = F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        correct += (logits.argmax(-1) == y).sum().item()
    return total / len(reviews), correct / len(reviews)
