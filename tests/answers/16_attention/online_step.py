"Wrong answers to exercise 3, each below the message that it must get."

import torch


# %% rescale it before you add
def online_step(m, s, o, scores, v):
    new_m = torch.maximum(m, scores.amax(-1, keepdim=True))
    terms = (scores - new_m).exp()
    return new_m, s + terms.sum(-1, keepdim=True), o + terms @ v


# %% the old o needs the same factor
def online_step(m, s, o, scores, v):
    new_m = torch.maximum(m, scores.amax(-1, keepdim=True))
    terms = (scores - new_m).exp()
    s = (m - new_m).exp() * s + terms.sum(-1, keepdim=True)
    return new_m, s, o + terms @ v


# %% the factor is upside down
def online_step(m, s, o, scores, v):
    new_m = torch.maximum(m, scores.amax(-1, keepdim=True))
    grow = (new_m - m).exp().nan_to_num(posinf=0)
    terms = (scores - new_m).exp()
    return new_m, grow * s + terms.sum(-1, keepdim=True), grow * o + terms @ v


# %% the largest score of *all* tiles so far
def online_step(m, s, o, scores, v):
    new_m = scores.amax(-1, keepdim=True)
    shrink = (m - new_m).exp()
    terms = (scores - new_m).exp()
    return new_m, shrink * s + terms.sum(-1, keepdim=True), shrink * o + terms @ v


# %% divide once, after the last tile
def online_step(m, s, o, scores, v):
    new_m = torch.maximum(m, scores.amax(-1, keepdim=True))
    shrink = (m - new_m).exp()
    terms = (scores - new_m).exp()
    s = shrink * s + terms.sum(-1, keepdim=True)
    return new_m, s, (shrink * o + terms @ v) / s


# %% not one for all
def online_step(m, s, o, scores, v):
    new_m = torch.maximum(m.max(), scores.max()).view(1, 1)
    shrink = (m - new_m).exp()
    terms = (scores - new_m).exp()
    return new_m, shrink * s + terms.sum(-1, keepdim=True), shrink * o + terms @ v


# %% s is NaN after tile 1
def online_step(m, s, o, scores, v):
    new_m = torch.maximum(m, scores.amax(-1, keepdim=True))
    grow = (new_m - m).exp()
    terms = (scores - new_m).exp()
    return new_m, grow * s + terms.sum(-1, keepdim=True), grow * o + terms @ v


# %% subtract the new m, not the old one
def online_step(m, s, o, scores, v):
    new_m = torch.maximum(m, scores.amax(-1, keepdim=True))
    shrink = (m - new_m).exp()
    terms = (scores - m).exp()
    return new_m, shrink * s + terms.sum(-1, keepdim=True), shrink * o + terms @ v


# %% you subtract the tile's own largest score
def online_step(m, s, o, scores, v):
    of_tile = scores.amax(-1, keepdim=True)
    new_m = torch.maximum(m, of_tile)
    shrink = (m - new_m).exp()
    terms = (scores - of_tile).exp()
    return new_m, shrink * s + terms.sum(-1, keepdim=True), shrink * o + terms @ v


# %% the largest of its own scores so far
def online_step(m, s, o, scores, v):
    new_m = torch.maximum(m, scores.max())
    shrink = (m - new_m).exp()
    terms = (scores - new_m).exp()
    return new_m, shrink * s + terms.sum(-1, keepdim=True), shrink * o + terms @ v
