"Wrong answers to exercise 4, each below the message that it must get."

import torch


def filled(rows):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows])
    return ids, mask


# %% the mask is missing, for the model and the mean
def text_vectors(model, rows):
    ids, _ = filled(rows)
    return model(input_ids=ids).last_hidden_state.mean(1)


# %% the mean still counts padding
def text_vectors(model, rows):
    ids, mask = filled(rows)
    return model(input_ids=ids, attention_mask=mask).last_hidden_state.mean(1)


# %% divide by each row's own number of tokens
def text_vectors(model, rows):
    ids, mask = filled(rows)
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    return (hidden * mask.unsqueeze(-1)).mean(1)


# %% the model still attends to padding
def text_vectors(model, rows):
    ids, mask = filled(rows)
    hidden = model(input_ids=ids).last_hidden_state
    return (hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)


# %% is it padded at the end
def text_vectors(model, rows):
    longest = max(len(row) for row in rows)
    ids = torch.tensor([[0] * (longest - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    return (hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)


# %% call the model once
def text_vectors(model, rows):
    found = []
    for row in rows:
        ids = torch.tensor([row])
        hidden = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
        found.append(hidden[0].mean(0))
    return torch.stack(found)


# %% a token 0 of the text is masked
def text_vectors(model, rows):
    ids, _ = filled(rows)
    mask = (ids != 0).long()
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    return (hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)


# %% the first token is left out
def text_vectors(model, rows):
    ids, mask = filled(rows)
    hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
    mask[:, 0] = 0
    return (hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)
