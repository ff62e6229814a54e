"Wrong answers to exercise 1, each below the message that it must get."

import torch


def read(network, rows, ids, mask, ones=1, behind=False):
    "What all of them share: vectors of prompt and text."
    words = network.get_input_embeddings()(ids)
    prompt = rows.expand(len(ids), -1, -1)
    seen = torch.full((len(ids), len(rows)), ones)
    both = [words, prompt] if behind else [prompt, words]
    longer = [mask, seen] if behind else [seen, mask]
    out = network(inputs_embeds=torch.cat(both, 1), attention_mask=torch.cat(longer, 1))
    return out.last_hidden_state


# %% the virtual tokens are still there
def with_prompt(network, rows, ids, mask):
    return read(network, rows, ids, mask)


# %% the text begins at n
def with_prompt(network, rows, ids, mask):
    return read(network, rows, ids, mask)[:, : ids.shape[1]]


# %% the mask hides the prompt
def with_prompt(network, rows, ids, mask):
    return read(network, rows, ids, mask, ones=0)[:, len(rows) :]


# %% padding is looked at
def with_prompt(network, rows, ids, mask):
    return read(network, rows, ids, torch.ones_like(mask))[:, len(rows) :]


# %% the prompt stands behind the text
def with_prompt(network, rows, ids, mask):
    return read(network, rows, ids, mask, behind=True)[:, : ids.shape[1]]


# %% were they detached?
def with_prompt(network, rows, ids, mask):
    return read(network, rows.detach(), ids, mask)[:, len(rows) :]


# %% these are not the text's vectors
def with_prompt(network, rows, ids, mask):
    return network(input_ids=ids, attention_mask=mask).last_hidden_state


# %% expected (2, 6, 16)
def with_prompt(network, rows, ids, mask):
    return read(network, rows, ids, mask)[:, len(rows)]


# %% its ones belong in front
def with_prompt(network, rows, ids, mask):
    n = len(rows)
    words = network.get_input_embeddings()(ids)
    both = torch.cat([rows.expand(len(ids), -1, -1), words], 1)
    longer = torch.cat([mask, mask.new_ones(len(ids), n)], 1)
    return network(inputs_embeds=both, attention_mask=longer).last_hidden_state[:, n:]


# %% give it the words' vectors alone
def with_prompt(network, rows, ids, mask):
    n = len(rows)
    both = torch.cat([rows.expand(len(ids), -1, -1), network.embeddings(ids)], 1)
    longer = torch.cat([mask.new_ones(len(ids), n), mask], 1)
    return network(inputs_embeds=both, attention_mask=longer).last_hidden_state[:, n:]


# %% under no_grad
def with_prompt(network, rows, ids, mask):
    with torch.no_grad():
        return read(network, rows, ids, mask)[:, len(rows) :]


# %% `.last_hidden_state`
def with_prompt(network, rows, ids, mask):
    both = torch.cat([rows.expand(len(ids), -1, -1), network.get_input_embeddings()(ids)], 1)
    longer = torch.cat([mask.new_ones(len(ids), len(rows)), mask], 1)
    return network(inputs_embeds=both, attention_mask=longer)
