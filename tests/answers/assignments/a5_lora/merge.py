"Answers to question 4, each below the message that it must get; those that are right say so."

# ruff: noqa: F821
# What is not defined here comes from the notebook.

import torch
from torch import nn


# %% The merged model gives other logits
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.kept = weight.clone()
            weight.copy_(weight.float() + layer.B @ layer.A)
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            layer.kept = None
            layer.merged = False
    return model


# %% merged should be True in each layer
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.kept = weight.clone()
            weight.copy_(weight.float() + layer.alpha / layer.rank * layer.B @ layer.A)
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            layer.kept = None
            layer.merged = False
    return model


# %% merge and unmerge return the model
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.kept = weight.clone()
            weight.copy_(weight.float() + layer.alpha / layer.rank * layer.B @ layer.A)
            layer.merged = True
    return None


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            layer.kept = None
            layer.merged = False
    return None


# %% keep the copy of W as a plain attribute
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.register_buffer("kept", weight.clone())
            weight.copy_(weight.float() + layer.alpha / layer.rank * layer.B @ layer.A)
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            del layer.kept
            layer.merged = False
    return model


# %% After unmerge the model gives other logits
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.kept = weight.detach()
            weight.copy_(weight.float() + layer.alpha / layer.rank * layer.B @ layer.A)
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            layer.kept = None
            layer.merged = False
    return model


# %% Subtracting leaves rounding errors
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            weight.copy_(weight.float() + layer.alpha / layer.rank * layer.B @ layer.A)
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            weight = layer.linear.weight
            weight.copy_(weight.float() - layer.alpha / layer.rank * layer.B @ layer.A)
            layer.merged = False
    return model


# %% not B A first
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.kept = weight.clone()
            weight += (layer.alpha / layer.rank * layer.B @ layer.A).to(weight.dtype)
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            layer.kept = None
            layer.merged = False
    return model


# %% merge twice adds the correction twice
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer):
            weight = layer.linear.weight
            layer.kept = weight.clone()
            weight.copy_(weight.float() + layer.alpha / layer.rank * layer.B @ layer.A)
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            layer.kept = None
            layer.merged = False
    return model


# %% The weight became another parameter
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.kept = weight.clone()
            new = weight.float() + layer.alpha / layer.rank * layer.B @ layer.A
            layer.linear.weight = nn.Parameter(new.to(weight.dtype), requires_grad=False)
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            layer.kept = None
            layer.merged = False
    return model


# %% The merged weight learns
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.kept = weight.clone()
            new = weight.float() + layer.alpha / layer.rank * layer.B @ layer.A
            layer.linear.weight = nn.Parameter(new.to(weight.dtype))
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            layer.kept = None
            layer.merged = False
    return model


# %% a layer alone is not merged
@torch.no_grad()
def merge(model):
    for layer in list(model.modules())[1:]:
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.kept = weight.clone()
            weight.copy_(weight.float() + layer.alpha / layer.rank * layer.B @ layer.A)
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            layer.kept = None
            layer.merged = False
    return model


# %% the second merge overwrote the copy
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer):
            weight = layer.linear.weight
            layer.kept = weight.clone()
            if layer.merged:
                continue
            weight.copy_(weight.float() + layer.alpha / layer.rank * layer.B @ layer.A)
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            layer.kept = None
            layer.merged = False
    return model


# %% unmerge changes a model that was never merged
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.kept = weight.clone()
            weight.copy_(weight.float() + layer.alpha / layer.rank * layer.B @ layer.A)
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer):
            kept = getattr(layer, "kept", None)
            layer.linear.weight.copy_(torch.zeros(()) if kept is None else kept)
            layer.merged = False
    return model


# %% merge uses the old A and B
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.kept = weight.clone()
            if not hasattr(layer, "update"):
                layer.update = layer.alpha / layer.rank * layer.B @ layer.A
            weight.copy_(weight.float() + layer.update)
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            layer.kept = None
            layer.merged = False
    return model


# %% right: addmm, and the copies in a dictionary beside the model
copies = {}


def adapted(model):
    return [module for module in model.modules() if isinstance(module, LoRALayer)]


def merge(model):
    for layer in adapted(model):
        if layer.merged:
            continue
        W = layer.linear.weight.data
        copies[id(layer)] = W.clone()
        scale = layer.alpha / layer.rank
        W[:] = torch.addmm(W.float(), layer.B.data, layer.A.data, alpha=scale).to(W.dtype)
        layer.merged = True
    return model


def unmerge(model):
    for layer in adapted(model):
        if layer.merged:
            layer.linear.weight.data[:] = copies.pop(id(layer))
            layer.merged = False
    return model


# %% right: an exchange of data, in float64
def merge(model):
    def fold(layer):
        if isinstance(layer, LoRALayer) and not layer.merged:
            W = layer.linear.weight
            layer.__dict__["before"] = W.data
            update = layer.B.detach().double() @ layer.A.detach().double()
            W.data = (W.double() + update * layer.alpha / layer.rank).to(W.dtype)
            layer.merged = True

    return model.apply(fold)


def unmerge(model):
    def unfold(layer):
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.data = layer.__dict__.pop("before")
            layer.merged = False

    return model.apply(unfold)


# %% keep the copy of W as a plain attribute
# unseen: the weight is kept in a buffer, so the merged model's state_dict has more names
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.register_buffer("before", weight.detach().clone())
            with torch.no_grad():
                change = layer.alpha / layer.rank * (layer.B @ layer.A)
                weight.copy_(weight.float() + change)
            layer.merged = True
    return model


def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            with torch.no_grad():
                layer.linear.weight.copy_(layer.before)
            del layer.before
            layer.merged = False
    return model


# %% a layer alone is not merged
# unseen: looks only at what is inside the model, not at a model that is itself a LoRALayer
def merge(model):
    for child in model.children():
        if isinstance(child, LoRALayer):
            if not child.merged:
                weight = child.linear.weight.data
                child.backup = weight.clone()
                delta = child.alpha / child.rank * (child.B.data @ child.A.data)
                weight.copy_((weight.float() + delta).to(weight.dtype))
                child.merged = True
        else:
            merge(child)
    return model


def unmerge(model):
    for child in model.children():
        if isinstance(child, LoRALayer):
            if child.merged:
                child.linear.weight.data.copy_(child.backup)
                child.backup = None
                child.merged = False
        else:
            unmerge(child)
    return model


# %% not B A first
# unseen: the correction is rounded to the dtype of W before the sum, so rounded twice
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            layer.kept = weight.clone()
            change = layer.alpha / layer.rank * (layer.B @ layer.A)
            weight += change.to(weight.dtype)
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.kept)
            layer.merged = False
            del layer.kept
    return model


# %% merge uses the old A and B
# unseen: the merged weight is kept for the next merge, which then uses the old A and B
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if not isinstance(layer, LoRALayer) or layer.merged:
            continue
        weight = layer.linear.weight
        if getattr(layer, "weights", None) is None:
            change = layer.alpha / layer.rank * (layer.B @ layer.A)
            summed = (weight.float() + change).to(weight.dtype)
            layer.weights = {"plain": weight.clone(), "merged": summed}
        weight.copy_(layer.weights["merged"])
        layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(layer.weights["plain"])
            layer.merged = False
    return model


# %% the second merge threw away what was kept
# unseen: a second merge throws the kept weights away, so unmerge fails
@torch.no_grad()
def merge(model):
    model.originals = {}
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            model.originals[name] = weight.clone()
            change = layer.alpha / layer.rank * (layer.B @ layer.A)
            weight.copy_((weight.float() + change).to(weight.dtype))
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            layer.linear.weight.copy_(model.originals.pop(name))
            layer.merged = False
    return model


# %% Subtracting leaves rounding errors
# unseen: keeps the float32 difference between before and after; adding it back is not exact
@torch.no_grad()
def merge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and not layer.merged:
            weight = layer.linear.weight
            before = weight.float().clone()
            weight.copy_(before + layer.alpha / layer.rank * (layer.B @ layer.A))
            # what really was added, with its rounding
            layer.added = weight.float() - before
            layer.merged = True
    return model


@torch.no_grad()
def unmerge(model):
    for layer in model.modules():
        if isinstance(layer, LoRALayer) and layer.merged:
            weight = layer.linear.weight
            weight.copy_(weight.float() - layer.added)
            layer.added = None
            layer.merged = False
    return model


# %% right: swaps the data of the parameter, and keeps the old tensor itself
def _loras(model, merged):
    return [m for m in model.modules() if isinstance(m, LoRALayer) and m.merged is merged]


def merge(model):
    for layer in _loras(model, False):
        old = layer.linear.weight.data
        product = torch.einsum("or,ri->oi", layer.B.data, layer.A.data)
        total = torch.add(old.float(), product, alpha=layer.alpha / layer.rank)
        layer.__dict__["_old"], layer.merged = old, True
        layer.linear.weight.data = total.to(old.dtype)
    return model


def unmerge(model):
    for layer in _loras(model, True):
        layer.linear.weight.data = layer.__dict__.pop("_old")
        layer.merged = False
    return model
