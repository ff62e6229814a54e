"Wrong answers to exercise 2, each below the message that it must get."

import torch


# %% you drop the token that reaches the mass
def nucleus_probabilities(logits, temperature, mass):
    p = (logits / temperature).softmax(-1)
    values, places = p.sort(dim=-1, descending=True)
    values = values.masked_fill(values.cumsum(-1) > mass, 0)
    kept = torch.zeros_like(p).scatter(-1, places, values)
    return kept / kept.sum(-1, keepdim=True)


# %% divide by what is left
def nucleus_probabilities(logits, temperature, mass):
    p = (logits / temperature).softmax(-1)
    values, places = p.sort(dim=-1, descending=True)
    values = values.masked_fill(values.cumsum(-1) - values >= mass, 0)
    return torch.zeros_like(p).scatter(-1, places, values)


# %% those are sorted
def nucleus_probabilities(logits, temperature, mass):
    p = (logits / temperature).softmax(-1)
    values, _ = p.sort(dim=-1, descending=True)
    values = values.masked_fill(values.cumsum(-1) - values >= mass, 0)
    return values / values.sum(-1, keepdim=True)


# %% you cut before the temperature
def nucleus_probabilities(logits, temperature, mass):
    p = logits.softmax(-1)
    values, places = p.sort(dim=-1, descending=True)
    values = values.masked_fill(values.cumsum(-1) - values >= mass, 0)
    kept = torch.zeros_like(p).scatter(-1, places, values)
    return (kept.log() / temperature).softmax(-1)


# %% divide by T, not multiply
def nucleus_probabilities(logits, temperature, mass):
    p = (logits * temperature).softmax(-1)
    values, places = p.sort(dim=-1, descending=True)
    values = values.masked_fill(values.cumsum(-1) - values >= mass, 0)
    kept = torch.zeros_like(p).scatter(-1, places, values)
    return kept / kept.sum(-1, keepdim=True)


# %% each has its own nucleus
def nucleus_probabilities(logits, temperature, mass):
    p = (logits / temperature).softmax(-1)
    values, _ = p[0].sort(descending=True)
    last = values[values.cumsum(-1) - values < mass].min()
    kept = p.masked_fill(p < last, 0)
    return kept / kept.sum(-1, keepdim=True)


# %% one token too many
def nucleus_probabilities(logits, temperature, mass):
    p = (logits / temperature).softmax(-1)
    values, places = p.sort(dim=-1, descending=True)
    stay = int((values[0].cumsum(-1) < mass).sum()) + 2
    values[:, stay:] = 0
    kept = torch.zeros_like(p).scatter(-1, places, values)
    return kept / kept.sum(-1, keepdim=True)


# %% sort each row
def nucleus_probabilities(logits, temperature, mass):
    p = (logits / temperature).softmax(-1)
    p = p.masked_fill(p.cumsum(-1) - p >= mass, 0)
    return p / p.sum(-1, keepdim=True)


# %% no token is left
def nucleus_probabilities(logits, temperature, mass):
    p = (logits / temperature).softmax(-1)
    p = p.masked_fill(p < mass, 0)
    return p / p.sum(-1, keepdim=True)
