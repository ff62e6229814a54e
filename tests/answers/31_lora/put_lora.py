"Wrong answers to exercise 3, each below the message that it must get."

from torch import nn


def replaced(model, chosen, r):
    "What all of them share."
    names = []
    for name, layer in list(model.named_modules()):
        if isinstance(layer, nn.Linear) and chosen(name):
            parent = model.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.split(".")[-1], Adapted(layer, r))  # noqa: F821
            names.append(name)
    return names


# %% monkey ends in key
def put_lora(model, ends, r):
    model.requires_grad_(False)
    found = replaced(model, lambda name: name.endswith(tuple(ends)), r)
    model.classifier.requires_grad_(True)
    return found


# %% were they frozen with the rest?
def put_lora(model, ends, r):
    found = replaced(model, lambda name: name.split(".")[-1] in ends, r)
    model.requires_grad_(False)
    model.classifier.requires_grad_(True)
    return found


# %% the classifier doesn't learn
def put_lora(model, ends, r):
    model.requires_grad_(False)
    return replaced(model, lambda name: name.split(".")[-1] in ends, r)


# %% should be frozen: first.weight
def put_lora(model, ends, r):
    return replaced(model, lambda name: name.split(".")[-1] in ends, r)


# %% no layer of the model has become an Adapted
def put_lora(model, ends, r):
    model.requires_grad_(False)
    for name, layer in model.named_children():
        if isinstance(layer, nn.Linear) and name in ends:
            setattr(model, name, Adapted(layer, r))  # noqa: F821
    model.classifier.requires_grad_(True)


# %% return the names
def put_lora(model, ends, r):
    model.requires_grad_(False)
    replaced(model, lambda name: name.split(".")[-1] in ends, r)
    model.classifier.requires_grad_(True)


# %% setattr takes no dotted name
def put_lora(model, ends, r):
    model.requires_grad_(False)
    names = []
    for name, layer in list(model.named_modules()):
        if isinstance(layer, nn.Linear) and name.split(".")[-1] in ends:
            setattr(model, name, Adapted(layer, r))  # noqa: F821
            names.append(name)
    model.classifier.requires_grad_(True)
    return names
