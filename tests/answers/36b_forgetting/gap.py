"Wrong answers to exercise 2, each below the message that it must get."

import numpy as np

from ftkit.finetuning.forgetting import forgotten_at


def best_of(curves):
    return max(point[0] for curve in curves for point in curve)


def losses_at(curves, score):
    found = [forgotten_at(curve, score) for curve in curves]
    return [loss for loss in found if loss is not None]


# %% take the lower one
def gap(ours, theirs):
    score = max(best_of(ours), best_of(theirs))
    losses = [min(losses_at(curves, score), default=np.nan) for curves in (ours, theirs)]
    return losses[0] - losses[1]


# %% the sign: ours minus theirs
def gap(ours, theirs):
    score = min(best_of(ours), best_of(theirs))
    return min(losses_at(theirs, score)) - min(losses_at(ours, score))


# %% the last points have other scores
def gap(ours, theirs):
    return ours[0][-1][1] - theirs[0][-1][1]


# %% our second curve gets there
def gap(ours, theirs):
    score = min(best_of(ours), best_of(theirs))
    return losses_at(ours, score)[0] - losses_at(theirs, score)[0]


# %% not the mean
def gap(ours, theirs):
    score = min(best_of(ours), best_of(theirs))
    return np.mean(losses_at(ours, score)) - np.mean(losses_at(theirs, score))


# %% before the end of their curve
def gap(ours, theirs):
    score = min(max(curve[-1][0] for curve in curves) for curves in (ours, theirs))
    return min(losses_at(ours, score)) - min(losses_at(theirs, score))


# %% 0.6 lies between two points
def gap(ours, theirs):
    score = min(best_of(ours), best_of(theirs))
    ends = []
    for curves in (ours, theirs):
        ends.append(min(loss for curve in curves for s, loss in curve if s >= score))
    return ends[0] - ends[1]


# %% where a curve *first* reaches the score
def gap(ours, theirs):
    score = min(best_of(ours), best_of(theirs))
    ends = []
    for curves in (ours, theirs):
        able = [sorted(curve) for curve in curves if max(curve)[0] >= score]
        ends.append(min(np.interp(score, *zip(*curve, strict=True)) for curve in able))
    return ends[0] - ends[1]
