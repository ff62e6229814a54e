"Wrong answers to exercise 4, each below the message that it must get."

import torch


def embedded(encode, parts):
    "What the first pass finds: vectors, and the state before each part."
    states = []
    found = []
    with torch.no_grad():
        for part in parts:
            states.append(torch.get_rng_state())
            found.append(encode(part))
    return torch.cat(found).requires_grad_(), states


# %% the loss sees 3 of 8 rows
def two_passes(encode, parts, loss):
    total = 0
    for part in parts:
        value = loss(encode(part)) / len(parts)
        value.backward()
        total += value.detach()
    return total


# %% 3 graphs are kept when the loss is asked
def two_passes(encode, parts, loss):
    total = loss(torch.cat([encode(part) for part in parts]))
    total.backward()
    return total.detach()


# %% part 0 (counted from 0) has other vectors
def two_passes(encode, parts, loss):
    vectors, _ = embedded(encode, parts)
    total = loss(vectors)
    total.backward()
    for part, slope in zip(parts, vectors.grad.split([len(part) for part in parts])):
        encode(part).backward(slope)
    return total.detach()


# %% part 1 (counted from 0) has other vectors
def two_passes(encode, parts, loss):
    vectors, states = embedded(encode, parts)
    total = loss(vectors)
    total.backward()
    for part, slope in zip(parts, vectors.grad.split([len(part) for part in parts])):
        torch.set_rng_state(states[0])
        encode(part).backward(slope)
    return total.detach()


# %% a second pass is missing
def two_passes(encode, parts, loss):
    vectors, _ = embedded(encode, parts)
    total = loss(vectors)
    total.backward()
    return total.detach()


# %% the gradient points elsewhere
def two_passes(encode, parts, loss):
    vectors, states = embedded(encode, parts)
    total = loss(vectors)
    total.backward()
    for part, state in zip(parts, states):
        torch.set_rng_state(state)
        encode(part).sum().backward()
    return total.detach()


# %% times as long as it should be
def two_passes(encode, parts, loss):
    vectors, states = embedded(encode, parts)
    total = loss(vectors)
    total.backward()
    slopes = vectors.grad.split([len(part) for part in parts])
    for part, state, slope in zip(parts, states, slopes):
        torch.set_rng_state(state)
        encode(part).backward(slope / len(parts))
    return total.detach()


# %% return the loss
def two_passes(encode, parts, loss):
    vectors, states = embedded(encode, parts)
    loss(vectors).backward()
    slopes = vectors.grad.split([len(part) for part in parts])
    for part, state, slope in zip(parts, states, slopes):
        torch.set_rng_state(state)
        encode(part).backward(slope)
