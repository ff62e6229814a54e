"Wrong answers to exercise 3, each below the message that it must get."

import torch


# %% the decoder reads without a cache
def write_with_cache(decoder, ids, new):
    for _ in range(new):
        logits = decoder(ids)
        ids = torch.cat([ids, logits[:, -1].argmax(-1, keepdim=True)], 1)
    return ids


# %% the cache holds tokens that are read again
def write_with_cache(decoder, ids, new):
    cache = decoder.new_cache()
    for _ in range(new):
        logits = decoder(ids, cache=cache)
        ids = torch.cat([ids, logits[:, -1].argmax(-1, keepdim=True)], 1)
    return ids


# %% each pass has a new cache
def write_with_cache(decoder, ids, new):
    for _ in range(new):
        logits = decoder(ids, cache=decoder.new_cache())
        ids = torch.cat([ids, logits[:, -1].argmax(-1, keepdim=True)], 1)
    return ids


# %% you return the new tokens alone
def write_with_cache(decoder, ids, new):
    cache = decoder.new_cache()
    read = ids
    found = []
    for _ in range(new):
        read = decoder(read, cache=cache)[:, -1].argmax(-1, keepdim=True)
        found.append(read)
    return torch.cat(found, 1)


# %% you read the last new token too
def write_with_cache(decoder, ids, new):
    cache = decoder.new_cache()
    logits = decoder(ids, cache=cache)
    for _ in range(new):
        read = logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, read], 1)
        logits = decoder(read, cache=cache)
    return ids


# %% what comes next stands at the last place
def write_with_cache(decoder, ids, new):
    cache = decoder.new_cache()
    read = ids
    for _ in range(new):
        read = decoder(read, cache=cache)[:, 0].argmax(-1, keepdim=True)
        ids = torch.cat([ids, read], 1)
    return ids


# %% keep the axis of the batch
def write_with_cache(decoder, ids, new):
    cache = decoder.new_cache()
    read = ids
    for _ in range(new):
        read = decoder(read, cache=cache)[:, -1].argmax(-1)
        ids = torch.cat([ids, read[:, None]], 1)
    return ids


# %% it reads the token chosen last
def write_with_cache(decoder, ids, new):
    cache = decoder.new_cache()
    read = ids
    for _ in range(new):
        logits = decoder(read, cache=cache)[:, -1]
        read = ids[:, -1:]
        ids = torch.cat([ids, logits.argmax(-1, keepdim=True)], 1)
    return ids
