"Answers to question 9, each below the message that it must get; those that are right say so."

# ruff: noqa: F841

import torch


# %% W + 1 B A with s = 2.5 is 'no scale'
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    eps = torch.finfo(shipped.dtype).eps
    factors = {
        "sound": scaling,
        "not merged": 0,
        "twice": 2 * scaling,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    for verdict, c in factors.items():
        off = (shipped.double() - W - c * update).abs()
        if (off <= 4 * eps * (W.abs() + abs(c) * size)).all():
            return verdict
    return "other"


# %% W + 0 B A with s = 2.5 is 'not merged'
def merge_verdict(weight, A, B, scaling, shipped):
    return "sound"


# %% W + 2.5 B A with s = 2.5 is 'sound'
def merge_verdict(weight, A, B, scaling, shipped):
    if torch.equal(shipped, weight + B @ A):
        return "no scale"
    return "other"


# %% W + 0.4 B A with s = 2.5 is 'upside down'
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    eps = torch.finfo(shipped.dtype).eps
    factors = {
        "sound": scaling,
        "not merged": 0,
        "no scale": 1,
        "twice": 2 * scaling,
        "subtracted": -scaling,
    }
    for verdict, c in factors.items():
        off = (shipped.double() - W - c * update).abs()
        if (off <= 4 * eps * (W.abs() + abs(c) * size)).all():
            return verdict
    return "other"


# %% W + 1.7 B A with s = 2.5 is 'other'
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    factors = {
        "sound": scaling,
        "not merged": 0,
        "no scale": 1,
        "twice": 2 * scaling,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    change = shipped.double() - W
    return min(factors, key=lambda name: (change - factors[name] * update).norm())


# %% Another adapter was merged
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    factors = {
        "sound": scaling,
        "not merged": 0,
        "no scale": 1,
        "twice": 2 * scaling,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    change = shipped.double() - W
    c = ((change * update).sum() / update.square().sum()).item()
    for verdict, factor in factors.items():
        if abs(c - factor) < 0.05:
            return verdict
    return "other"


# %% look at all of them
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    eps = torch.finfo(shipped.dtype).eps
    factors = {
        "sound": scaling,
        "not merged": 0,
        "no scale": 1,
        "twice": 2 * scaling,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    for verdict, c in factors.items():
        off = (shipped.double() - W - c * update).abs()
        if (off <= 4 * eps * (W.abs() + abs(c) * size)).double().mean() > 0.9:
            return verdict
    return "other"


# %% look at all of them
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    eps = torch.finfo(shipped.dtype).eps
    factors = {
        "sound": scaling,
        "not merged": 0,
        "no scale": 1,
        "twice": 2 * scaling,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    for verdict, c in factors.items():
        off = (shipped.double() - W - c * update).abs()
        if off.mean() <= 0.01:
            return verdict
    return "other"


# %% If s is 1, a merge without scale is sound
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    eps = torch.finfo(shipped.dtype).eps
    factors = {
        "no scale": 1,
        "sound": scaling,
        "not merged": 0,
        "twice": 2 * scaling,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    for verdict, c in factors.items():
        off = (shipped.double() - W - c * update).abs()
        if (off <= 4 * eps * (W.abs() + abs(c) * size)).all():
            return verdict
    return "other"


# %% 'no scale' comes first
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    eps = torch.finfo(shipped.dtype).eps
    factors = {
        "sound": scaling,
        "not merged": 0,
        "twice": 2 * scaling,
        "no scale": 1,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    for verdict, c in factors.items():
        off = (shipped.double() - W - c * update).abs()
        if (off <= 4 * eps * (W.abs() + abs(c) * size)).all():
            return verdict
    return "other"


# %% there was nothing to add
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    eps = torch.finfo(shipped.dtype).eps
    factors = {
        "not merged": 0,
        "sound": scaling,
        "no scale": 1,
        "twice": 2 * scaling,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    for verdict, c in factors.items():
        off = (shipped.double() - W - c * update).abs()
        if (off <= 4 * eps * (W.abs() + abs(c) * size)).all():
            return verdict
    return "other"


# %% is the tolerance that of the dtype?
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    eps = torch.finfo(torch.float32).eps
    factors = {
        "sound": scaling,
        "not merged": 0,
        "no scale": 1,
        "twice": 2 * scaling,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    for verdict, c in factors.items():
        off = (shipped.double() - W - c * update).abs()
        if (off <= 4 * eps * (W.abs() + abs(c) * size)).all():
            return verdict
    return "other"


# %% is the tolerance that of the dtype?
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    eps = torch.finfo(shipped.dtype).eps
    factors = {
        "sound": scaling,
        "not merged": 0,
        "no scale": 1,
        "twice": 2 * scaling,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    for verdict, c in factors.items():
        off = (shipped.double() - W - c * update).abs()
        if torch.allclose(off, torch.zeros_like(off), atol=1e-5):
            return verdict
    return "other"


# %% 'not merged', and you say 'sound'
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    eps = torch.finfo(torch.bfloat16).eps
    factors = {
        "sound": scaling,
        "not merged": 0,
        "no scale": 1,
        "twice": 2 * scaling,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    for verdict, c in factors.items():
        off = (shipped.double() - W - c * update).abs()
        if (off <= 4 * eps * (W.abs() + abs(c) * size)).all():
            return verdict
    return "other"


# %% a fixed tolerance hides the fault
def merge_verdict(weight, A, B, scaling, shipped):
    W = weight.double()
    update = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    eps = torch.finfo(shipped.dtype).eps
    factors = {
        "sound": scaling,
        "not merged": 0,
        "no scale": 1,
        "twice": 2 * scaling,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    for verdict, c in factors.items():
        off = (shipped.double() - W - c * update).abs()
        if (off <= 0.02).all():
            return verdict
    return "other"


# %% right: the nearest factor first, then the bound
def merge_verdict(weight, A, B, scaling, shipped):
    table = [("sound", scaling), ("not merged", 0.0), ("no scale", 1.0)]
    table += [("twice", 2 * scaling), ("subtracted", -scaling), ("upside down", 1 / scaling)]
    A, B, W, S = (t.to(torch.float64) for t in (A, B, weight, shipped))
    steps = 4 * torch.finfo(shipped.dtype).eps

    def fits(c):
        bound = steps * (torch.abs(W) + abs(c) * torch.mm(torch.abs(B), torch.abs(A)))
        residual = torch.addmm(W, B, A, alpha=c).sub(S).abs()
        return not (residual > bound).any() and not residual.isnan().any()

    return next((name for name, c in table if fits(c)), "other")


# %% right: numpy, all factors at once
def merge_verdict(weight, A, B, scaling, shipped):
    import numpy as np

    names = ["sound", "not merged", "no scale", "twice", "subtracted", "upside down"]
    c = np.array([scaling, 0, 1, 2 * scaling, -scaling, 1 / scaling])[:, None, None]
    eps = torch.finfo(shipped.dtype).eps
    w = weight.double().numpy()
    a = A.double().numpy()
    b = B.double().numpy()
    s = shipped.double().numpy()
    bound = 4 * eps * (abs(w) + abs(c) * (abs(b) @ abs(a)))
    good = (abs(s - w - c * (b @ a)) <= bound).all(axis=(1, 2))
    if not good.any():
        return "other"
    return names[int(good.argmax())]


# %% is the tolerance that of the dtype?
# unseen: allclose with its own tolerances
def merge_verdict(weight, A, B, scaling, shipped):
    s = scaling
    verdicts = {"sound": s, "not merged": 0, "no scale": 1}
    verdicts |= {"twice": 2 * s, "subtracted": -s, "upside down": 1 / s}
    for verdict, c in verdicts.items():
        expected = weight.float() + c * (B @ A)
        if torch.allclose(shipped.float(), expected):
            return verdict
    return "other"


# %% is the tolerance that of the dtype?
# unseen: eps of the dtype of A, not of shipped
def merge_verdict(weight, A, B, scaling, shipped):
    W, found, A, B = weight.double(), shipped.double(), A, B
    eps = torch.finfo(A.dtype).eps
    product = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    names = ["sound", "not merged", "no scale", "twice", "subtracted", "upside down"]
    factors = [scaling, 0, 1, 2 * scaling, -scaling, 1 / scaling]
    for name, c in zip(names, factors):
        allowed = 4 * eps * (W.abs() + abs(c) * size)
        if ((found - (W + c * product)).abs() <= allowed).all():
            return name
    return "other"


# %% One number is nan
# unseen: nan is never too far away, so it fits
def merge_verdict(weight, A, B, scaling, shipped):
    eps = torch.finfo(shipped.dtype).eps
    W, A, B, got = (t.detach().double() for t in (weight, A, B, shipped))
    table = [
        ("sound", scaling),
        ("not merged", 0),
        ("no scale", 1),
        ("twice", 2 * scaling),
        ("subtracted", -scaling),
        ("upside down", 1 / scaling),
    ]
    for verdict, c in table:
        limit = 4 * eps * (W.abs() + abs(c) * (B.abs() @ A.abs()))
        error = (got - W - c * (B @ A)).abs()
        if (error > limit).any():
            continue
        return verdict
    return "other"


# %% That is sound, by the first
# unseen: the best fit, not the first
def merge_verdict(weight, A, B, scaling, shipped):
    eps = torch.finfo(shipped.dtype).eps
    W, A, B, S = weight.double(), A.double(), B.double(), shipped.double()
    factors = {
        "sound": scaling,
        "not merged": 0.0,
        "no scale": 1.0,
        "twice": 2 * scaling,
        "subtracted": -scaling,
        "upside down": 1 / scaling,
    }
    best, verdict = float("inf"), "other"
    for name, c in factors.items():
        error = (S - (W + c * (B @ A))).abs()
        bound = 4 * eps * (W.abs() + abs(c) * (B.abs() @ A.abs()))
        if (error <= bound).all() and error.max() < best:
            best, verdict = error.max(), name
    return verdict


# %% W + -2.5 B A with s = 2.5 is 'subtracted'
# unseen: c without its absolute value in the tolerance
def merge_verdict(weight, A, B, scaling, shipped):
    eps = torch.finfo(shipped.dtype).eps
    W, A, B, result = weight.double(), A.double(), B.double(), shipped.double()
    BA, size = B @ A, B.abs() @ A.abs()

    def fits(c):
        off = (result - (W + c * BA)).abs()
        return bool((off <= 4 * eps * (W.abs() + c * size)).all())

    if fits(scaling):
        return "sound"
    if fits(0):
        return "not merged"
    if fits(1):
        return "no scale"
    if fits(2 * scaling):
        return "twice"
    if fits(-scaling):
        return "subtracted"
    if fits(1 / scaling):
        return "upside down"
    return "other"


# %% Each number has its own bound
# unseen: one tolerance for the whole matrix, the largest
def merge_verdict(weight, A, B, scaling, shipped):
    eps = torch.finfo(shipped.dtype).eps
    W, A, B, M = (t.to(torch.float64) for t in (weight, A, B, shipped))
    factors = dict(
        zip(
            ("sound", "not merged", "no scale", "twice", "subtracted", "upside down"),
            (scaling, 0, 1, 2 * scaling, -scaling, 1 / scaling),
        )
    )
    for verdict, c in factors.items():
        tolerance = 4 * eps * (W.abs() + abs(c) * (B.abs() @ A.abs())).max()
        if (M - (W + c * (B @ A))).abs().max() <= tolerance:
            return verdict
    return "other"


# %% right: all candidates at once, and the text is looked up at the end
def merge_verdict(weight, A, B, scaling, shipped):
    words = ["sound", "not merged", "no scale", "twice", "subtracted", "upside down", "other"]
    W, A, B, M = (t.detach().double() for t in (weight, A, B, shipped))
    c = torch.tensor([scaling, 0, 1, 2 * scaling, -scaling, 1 / scaling], dtype=W.dtype)
    c = c.to(W.device)[:, None, None]
    error = (M - W - c * (B @ A)).abs()
    limit = 4 * torch.finfo(shipped.dtype).eps * (W.abs() + c.abs() * (B.abs() @ A.abs()))
    fits = [*error.le(limit).flatten(1).all(dim=1).tolist(), True]
    return words[fits.index(True)]


# %% compare its size
def merge_verdict(weight, A, B, scaling, shipped):
    W, S = weight.double(), shipped.double()
    update = B.double() @ A.double()
    size = B.double().abs() @ A.double().abs()
    eps = torch.finfo(shipped.dtype).eps
    factors = {"sound": scaling, "not merged": 0, "no scale": 1, "twice": 2 * scaling}
    factors |= {"subtracted": -scaling, "upside down": 1 / scaling}
    for word, c in factors.items():
        if (S - W - c * update <= 4 * eps * (W.abs() + abs(c) * size)).all():
            return word
    return "other"
