"Wrong answers to exercise 3, each below the message that it must get."

import torch


# %% crop the text
def greedy(model, ids, new):
    for _ in range(new):
        chosen = model(ids)[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, chosen], 1)
    return ids


# %% you crop the wrong end
def greedy(model, ids, new):
    for _ in range(new):
        chosen = model(ids[:, : model.context])[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, chosen], 1)
    return ids


# %% you return the new tokens alone
def greedy(model, ids, new):
    T = ids.shape[1]
    for _ in range(new):
        chosen = model(ids[:, -model.context :])[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, chosen], 1)
    return ids[:, T:]


# %% yours (2, 26)
def greedy(model, ids, new):
    for _ in range(new):
        chosen = model(ids[:, -model.context :]).argmax(-1)
        ids = torch.cat([ids, chosen], 1)
    return ids


# %% the first row is right and the second is not
def greedy(model, ids, new):
    for _ in range(new):
        chosen = model(ids[:, -model.context :])[0, -1].argmax()
        ids = torch.cat([ids, chosen.expand(len(ids), 1)], 1)
    return ids


# %% you look at the first place
def greedy(model, ids, new):
    for _ in range(new):
        chosen = model(ids[:, -model.context :])[:, 0].argmax(-1, keepdim=True)
        ids = torch.cat([ids, chosen], 1)
    return ids


# %% you never read what you wrote
def greedy(model, ids, new):
    chosen = model(ids[:, -model.context :])[:, -1].argmax(-1, keepdim=True)
    return torch.cat([ids, chosen.expand(len(ids), new)], 1)


# %% you draw
def greedy(model, ids, new):
    for _ in range(new):
        p = model(ids[:, -model.context :])[:, -1].softmax(-1)
        ids = torch.cat([ids, torch.multinomial(p, 1)], 1)
    return ids
