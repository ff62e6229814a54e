"Answers to question 8, each below the message that it must get; those that are right say so."

# ruff: noqa: F841

from collections import defaultdict

import torch


def equal(a, b):
    return a.dtype == b.dtype and torch.equal(a, b)


# %% They are buffers
def file_faults(model, pretrained, saved):
    now = {name: p.detach() for name, p in model.named_parameters(remove_duplicate=False)}
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known and value.data_ptr() not in places:
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in model.state_dict()]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% pooler.weight is new, random and frozen
def file_faults(model, pretrained, saved):
    now = model.state_dict()
    learns = {name for name, p in model.named_parameters() if p.requires_grad}
    learns |= {name for name, _ in model.named_buffers()}
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known and name in learns and value.data_ptr() not in places:
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% pretrained may hold more than the model has
def file_faults(model, pretrained, saved):
    now = model.state_dict()
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known and value.data_ptr() not in places:
            found["lost"].append(name)
    found["unknown"] = [name for name in {**pretrained, **saved} if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% it was trained before: it is lost
def file_faults(model, pretrained, saved):
    now = model.state_dict()
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known and equal(pretrained[name], value):
                found["needless"].append(name)
        elif not known and value.data_ptr() not in places:
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% So b is needless in the file
def file_faults(model, pretrained, saved):
    now = model.state_dict()
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
        elif not known and value.data_ptr() not in places:
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% The model has no c
def file_faults(model, pretrained, saved):
    now = model.state_dict()
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known and value.data_ptr() not in places:
            found["lost"].append(name)
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% That is wrong, a too
def file_faults(model, pretrained, saved):
    now = model.state_dict()
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not known and not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known and value.data_ptr() not in places:
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% a has another shape in the file
def equal(a, b):
    return a.dtype == b.dtype and bool((a == b).all())


def file_faults(model, pretrained, saved):
    now = model.state_dict()
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known and value.data_ptr() not in places:
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% a is bfloat16 in the file
def equal(a, b):
    return a.shape == b.shape and torch.equal(a.float(), b.float())


def file_faults(model, pretrained, saved):
    now = model.state_dict()
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known and value.data_ptr() not in places:
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% a has moved by 1e-6 only
def equal(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and torch.allclose(a, b)


def file_faults(model, pretrained, saved):
    now = model.state_dict()
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known and value.data_ptr() not in places:
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% Embedding and output are one tensor
def file_faults(model, pretrained, saved):
    now = model.state_dict()
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known:
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% it is a tensor of its own
def file_faults(model, pretrained, saved):
    now = model.state_dict()
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known and not any(equal(v, value) for v in saved.values()):
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% This file is sound, and you report
def file_faults(model, pretrained, saved):
    now = model.state_dict()
    places = {now[name].data_ptr() for name in saved if name in now}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known and value.data_ptr() not in places:
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in now]
    return {kind: sorted(names) for kind, names in found.items()}


# %% They are buffers, no gradient
def file_faults(model, pretrained, saved):
    return {}


# %% This file is sound, and you report
def file_faults(model, pretrained, saved):
    return {"lost": sorted(name for name in model.state_dict() if name not in saved)}


# %% key begins where whole begins
def place(tensor):
    return tensor.data_ptr()


def file_faults(model, pretrained, saved):
    now = model.state_dict()
    kept = {place(value) for name, value in now.items() if name in saved}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known and place(value) not in kept:
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% Whoever loads it gets both names
def place(tensor):
    return tensor.data_ptr(), tensor.shape


def file_faults(model, pretrained, saved):
    now = model.state_dict()
    kept = {place(value) for name, value in now.items() if name in saved}
    found = dict(lost=[], wrong=[], needless=[], unknown=[])
    for name, value in now.items():
        known = name in pretrained and equal(pretrained[name], value)
        if name in saved:
            if not equal(saved[name], value):
                found["wrong"].append(name)
            elif known:
                found["needless"].append(name)
        elif not known and place(value) not in kept:
            found["lost"].append(name)
    found["unknown"] = [name for name in saved if name not in now]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% right: sets of names, groups by memory
def alike(left, right, name):
    if name not in left or name not in right:
        return False
    a, b = left[name], right[name]
    return (a.dtype, a.shape) == (b.dtype, b.shape) and bool((a == b).all())


def file_faults(model, pretrained, saved):
    now = model.state_dict(keep_vars=True)
    names = set(now)
    kept = names & set(saved)
    base = {n for n in names if alike(now, pretrained, n)}
    right = {n for n in kept if alike(now, saved, n)}
    tied = {n for n in names if any(now[n] is now[k] for k in kept | base)}
    kinds = {
        "lost": names - kept - base - tied,
        "wrong": kept - right,
        "needless": right & base,
        "unknown": set(saved) - names,
    }
    return {kind: sorted(kinds[kind]) for kind in kinds if kinds[kind]}


# %% right: numpy, and a verdict for each name
def same_array(a, b):
    return (
        a is not None
        and b is not None
        and a.dtype == b.dtype
        and a.shape == b.shape
        and (a.flatten().tolist() == b.flatten().tolist())
    )


def place(tensor):
    return tensor.data_ptr(), tensor.shape, tensor.stride()


def verdict(name, state, pretrained, saved):
    if name not in state:
        return "unknown"
    known = same_array(state[name], pretrained.get(name))
    if name not in saved:
        own = place(state[name])
        for other, tensor in state.items():
            restored = other in saved or same_array(tensor, pretrained.get(other))
            if restored and place(tensor) == own:
                return ""
        return "lost"
    if not same_array(state[name], saved[name]):
        return "wrong"
    return "needless" if known else ""


def file_faults(model, pretrained, saved):
    state = model.state_dict()
    result = {}
    for name in sorted({**state, **saved}):
        kind = verdict(name, state, pretrained, saved)
        if kind:
            result.setdefault(kind, []).append(name)
    return result


# %% norm.running_mean is a buffer
# unseen: only parameters are looked at, so buffers are never lost (and are unknown in saved)
def file_faults(model, pretrained, saved):
    def equal(a, b):
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)

    state = {n: p.detach() for n, p in model.named_parameters(remove_duplicate=False)}
    faults = defaultdict(list)
    for name, tensor in state.items():
        known = name in pretrained and equal(pretrained[name], tensor)
        if name in saved:
            if not equal(saved[name], tensor):
                faults["wrong"].append(name)
            elif known:
                faults["needless"].append(name)
        elif not known:
            ties = [n for n, t in state.items() if t.data_ptr() == tensor.data_ptr()]
            if not any(n in saved for n in ties):
                faults["lost"].append(name)
    faults["unknown"] = [name for name in saved if name not in state]
    return {kind: sorted(names) for kind, names in faults.items() if names}


# %% a has moved by 1e-6 only
# unseen: nearly equal counts as equal
def file_faults(model, pretrained, saved):
    state = model.state_dict()

    def same(name, file):
        if name not in file:
            return False
        a, b = state[name], file[name]
        return a.dtype == b.dtype and a.shape == b.shape and torch.allclose(a, b)

    def tied(name):
        return [n for n, t in state.items() if t.is_set_to(state[name])]

    lost, wrong, needless = [], [], []
    for name in state:
        if name not in saved:
            if not same(name, pretrained) and not any(n in saved for n in tied(name)):
                lost.append(name)
        elif not same(name, saved):
            wrong.append(name)
        elif same(name, pretrained):
            needless.append(name)
    unknown = [name for name in saved if name not in state]
    faults = {"lost": lost, "wrong": wrong, "needless": needless, "unknown": unknown}
    return {kind: sorted(names) for kind, names in faults.items() if names}


# %% a is bfloat16 in the file
# unseen: equal numbers in another dtype count as equal
def file_faults(model, pretrained, saved):
    def equal(a, b):
        return a.shape == b.shape and bool((a == b).all())

    state = model.state_dict()
    groups = defaultdict(set)
    for name, tensor in state.items():
        groups[tensor.data_ptr(), tensor.shape, tensor.stride()].add(name)
    faults = defaultdict(set)
    for names in groups.values():
        for name in names:
            tensor = state[name]
            before = name in pretrained and equal(tensor, pretrained[name])
            if name in saved and not equal(tensor, saved[name]):
                faults["wrong"].add(name)
            elif name in saved and before:
                faults["needless"].add(name)
            elif not before and not names & saved.keys():
                faults["lost"].add(name)
    if extra := saved.keys() - state.keys():
        faults["unknown"] = extra
    return {kind: sorted(names) for kind, names in faults.items()}


# %% it is a tensor of its own
# unseen: tensors with equal numbers count as tied, though they lie in different memory
def file_faults(model, pretrained, saved):
    def equal(a, b):
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)

    state = model.state_dict()
    faults = {"lost": [], "wrong": [], "needless": [], "unknown": []}
    for name, tensor in state.items():
        from_body = name in pretrained and equal(tensor, pretrained[name])
        if name in saved:
            if not equal(tensor, saved[name]):
                faults["wrong"].append(name)
            elif from_body:
                faults["needless"].append(name)
        elif not from_body:
            twins = [n for n, other in state.items() if n != name and equal(tensor, other)]
            if not any(twin in saved for twin in twins):
                faults["lost"].append(name)
    faults["unknown"] = [name for name in saved if name not in state]
    return {kind: sorted(names) for kind, names in faults.items() if names}


# %% two parts of one storage
# unseen: two parts of one storage count as one tensor
def file_faults(model, pretrained, saved):
    def equal(a, b):
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)

    state = model.state_dict()
    stored = set()  # the memory that the saved file covers
    for name in saved.keys() & state.keys():
        stored.add(state[name].untyped_storage().data_ptr())
    faults = defaultdict(list)
    for name, tensor in sorted(state.items()):
        in_body = name in pretrained and equal(tensor, pretrained[name])
        if name not in saved:
            if not in_body and tensor.untyped_storage().data_ptr() not in stored:
                faults["lost"].append(name)
        elif not equal(tensor, saved[name]):
            faults["wrong"].append(name)
        elif in_body:
            faults["needless"].append(name)
    for name in sorted(saved.keys() - state.keys()):
        faults["unknown"].append(name)
    return dict(faults)


# %% leave them as they are
# unseen: takes the names out of the caller's saved while it works
def file_faults(model, pretrained, saved):
    def equal(a, b):
        return a.dtype == b.dtype and a.shape == b.shape and torch.equal(a, b)

    state = model.state_dict()
    in_file = {t.data_ptr() for n, t in state.items() if n in saved and t.numel()}
    faults = {"lost": [], "wrong": [], "needless": []}
    for name, tensor in state.items():
        old = pretrained.get(name)
        same_as_old = old is not None and equal(tensor, old)
        new = saved.pop(name, None)
        if new is None:
            if not same_as_old and tensor.data_ptr() not in in_file:
                faults["lost"].append(name)
        elif not equal(tensor, new):
            faults["wrong"].append(name)
        elif same_as_old:
            faults["needless"].append(name)
    faults["unknown"] = list(saved)  # what is left
    return {kind: sorted(names) for kind, names in faults.items() if names}


# %% right: sets of names and is_set_to
def file_faults(model, pretrained, saved):
    state = model.state_dict()

    def agree(file):
        both = [(n, state[n], file[n]) for n in state.keys() & file.keys()]
        both = [(n, a, b) for n, a, b in both if (a.dtype, a.shape) == (b.dtype, b.shape)]
        return {n for n, a, b in both if not (a != b).any()}

    ours, theirs = agree(saved), agree(pretrained)
    here = state.keys() & saved.keys()
    tied = {n for n in state for m in here | theirs if state[n].is_set_to(state[m])}
    kinds = ["unknown", "needless", "wrong", "lost"]
    names = [saved.keys() - here, ours & theirs, here - ours, state.keys() - here - theirs - tied]
    return {kind: sorted(group) for kind, group in zip(kinds, names) if group}
