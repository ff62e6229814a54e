"Answers to question 3, each below the message that it must get; those that are right say so."

# ruff: noqa: F821
# What is not defined here comes from the notebook.

import re
from collections import Counter

from torch import nn


def fits(name, end):
    return name == end or name.endswith(f".{end}")


# %% monkey and low_key end in key
def fits(name, end):
    return name.endswith(end)


def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% monkey and low_key end in key
def fits(name, end):
    return end in name


def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% Does an end of several parts fit?
def fits(name, end):
    return name.split(".")[-1] == end


def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% has no parent but the model itself
def fits(name, end):
    return name.endswith(f".{end}")


def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% setattr takes no dotted name
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        model._modules[name] = new[id(layer)]
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% was it frozen with the rest?
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    model.requires_grad_(False)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% The head does not learn
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    return list(found)


# %% learns, and
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% classifier.dense lies in the head
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% although its name begins with the same letters
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name.startswith(head)
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% The head top.score does not learn
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.classifier.requires_grad_(True)
    return list(found)


# %% no layer ends in q_proj, though query fits
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    if not found:
        raise ValueError(f"no linear layer of the model ends in {ends}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% the error does not name 'q_proj'
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError("one of the ends fits nothing")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% inject raises AttributeError
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% decoder shares the embedding's weight
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% the model is changed already
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    model.requires_grad_(False)
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% only one place is adapted
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules():
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% the same A and B in both
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, LoRALayer(layer, rank, alpha, dropout))
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% Return the names of the replaced layers
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    if head not in dict(model.named_modules()):
        raise ValueError(f"the model has no module {head!r} as its head")
    found = {}
    for name, module in model.named_modules(remove_duplicate=False):
        in_head = name == head or name.startswith(f"{head}.")
        wanted = any(fits(name, end) for end in ends)
        if isinstance(module, nn.Linear) and wanted and not in_head:
            found[name] = module
    for end in ends:
        if not any(fits(name, end) for name in found):
            raise ValueError(f"no linear layer of the model ends in {end!r}")
    places = Counter()
    for module in model.modules():
        places.update(id(p) for p in module.parameters(recurse=False))
    for name, layer in found.items():
        if places[id(layer.weight)] > 1:
            raise ValueError(f"{name} shares its weight with another module")
    new = {}
    for layer in found.values():
        if id(layer) not in new:
            new[id(layer)] = LoRALayer(layer, rank, alpha, dropout)
    model.requires_grad_(False)
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[id(layer)])
    for layer in new.values():
        layer.A.requires_grad_(True)
        layer.B.requires_grad_(True)
    model.get_submodule(head).requires_grad_(True)
    return None


# %% right: by parents, part by part, with a walk of its own
def walk(module, path):
    for last, child in module._modules.items():
        if child is not None:
            yield module, [*path, last], child
            yield from walk(child, [*path, last])


def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    top = head.split(".")
    places = list(walk(model, []))
    if top not in [path for _, path, _ in places]:
        raise ValueError(head)
    wanted = [end.split(".") for end in ends]
    chosen = []
    used = set()
    for parent, path, child in places:
        if type(child) is not nn.Linear or path[: len(top)] == top:
            continue
        own = [n for n, end in enumerate(wanted) if path[-len(end) :] == end]
        if own:
            chosen.append((parent, path, child))
            used.update(own)
    for n, end in enumerate(ends):
        if n not in used:
            raise ValueError(f"nothing ends in {end}")
    for _, path, child in chosen:
        holders = [m for m in model.modules() if getattr(m, "weight", None) is child.weight]
        if len(holders) > 1:
            raise ValueError(".".join(path))
    for p in model.parameters():
        p.requires_grad = False
    made = {}
    for parent, path, child in chosen:
        made.setdefault(id(child), LoRALayer(child, rank, alpha, dropout))
        setattr(parent, path[-1], made[id(child)])
    for p in model.get_submodule(head).parameters():
        p.requires_grad = True
    return [".".join(path) for _, path, _ in chosen]


# %% right: a regular expression, and every module asked for its children
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    try:
        top = model.get_submodule(head)
    except AttributeError:
        raise ValueError(f"{head} is no module of this model") from None
    inside = {id(module) for module in top.modules()}
    hits = []
    for end in ends:
        pattern = re.compile(rf"(^|.*\.){re.escape(end)}")
        before = len(hits)
        for name, layer in model.named_modules(remove_duplicate=False):
            linear = isinstance(layer, nn.Linear) and id(layer) not in inside
            if linear and pattern.fullmatch(name):
                hits.append((name, layer))
        if len(hits) == before:
            raise ValueError(f"{end}: no such linear layer")
    hits = dict(hits)
    for name, layer in hits.items():
        for other in model.modules():
            if other is not layer and getattr(other, "weight", None) is layer.weight:
                raise ValueError(f"{name} is tied")
    model.requires_grad_(False)
    top.requires_grad_(True)
    replacement = {layer: LoRALayer(layer, rank, alpha, dropout) for layer in hits.values()}
    for module in list(model.modules()):
        for last, child in list(module._modules.items()):
            if child in replacement:
                module._modules[last] = replacement[child]
    return list(hits)


# %% monkey and low_key end in key
# unseen: an end fits in the middle of a part (monkey)
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    places = dict(model.named_modules(remove_duplicate=False))
    if head not in places:
        raise ValueError(f"the model has no module {head}")
    found = {}
    for end in ends:
        fits = {}
        for name, module in places.items():
            in_head = name == head or name.startswith(head + ".")
            if isinstance(module, nn.Linear) and not in_head and name.endswith(end):
                fits[name] = module
        if not fits:
            raise ValueError(f"no linear layer ends with {end}")
        found.update(fits)
    for name, layer in found.items():
        for other in model.modules():
            if other is not layer and getattr(other, "weight", None) is layer.weight:
                raise ValueError(f"{name} shares its weight")
    model.requires_grad_(False)
    new = {}
    for name, layer in found.items():
        if layer not in new:
            new[layer] = LoRALayer(layer, rank, alpha, dropout)
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[layer])
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% although its name begins with the same letters
# unseen: layers whose name only begins like the head (classifier_norm) count as the head
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    places = dict(model.named_modules(remove_duplicate=False))
    if head not in places:
        raise ValueError(f"the model has no module {head!r}")
    linears = {
        name: module
        for name, module in places.items()
        if isinstance(module, nn.Linear) and not name.startswith(head)
    }
    found = {}
    for end in ends:
        fits = [n for n in linears if n == end or n.endswith("." + end)]
        if not fits:
            raise ValueError(f"no linear layer outside the head fits {end!r}")
        found.update((n, linears[n]) for n in fits)
    for name, layer in found.items():
        for other in places.values():
            if other is not layer and any(p is layer.weight for p in other.parameters(False)):
                raise ValueError(f"{name} shares its weight with another module")
    model.requires_grad_(False)
    made = {}
    for name, layer in found.items():
        if layer not in made:
            made[layer] = LoRALayer(layer, rank, alpha, dropout)
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, made[layer])
    places[head].requires_grad_(True)
    return list(found)


# %% In a regular expression a dot fits every character
# unseen: the end is used as a regular expression, so its dot fits any character
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    places = dict(model.named_modules(remove_duplicate=False))
    if head not in places:
        raise ValueError(f"no module is called {head}")
    body = {
        n: m
        for n, m in places.items()
        if isinstance(m, nn.Linear) and not f"{n}.".startswith(f"{head}.")
    }
    found = {}
    for end in ends:
        whole_parts = re.compile(rf"(^|.*\.){end}$")
        fits = {n: m for n, m in body.items() if whole_parts.match(n)}
        if not fits:
            raise ValueError(f"no layer fits {end}")
        found |= fits
    for name, layer in found.items():
        for other in model.modules():
            if other is not layer and any(p is layer.weight for p in other._parameters.values()):
                raise ValueError(f"the weight of {name} is shared")
    model.requires_grad_(False)
    new = {layer: LoRALayer(layer, rank, alpha, dropout) for layer in set(found.values())}
    for name, layer in found.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[layer])
    model.get_submodule(head).requires_grad_(True)
    return sorted(found)


# %% only one place is adapted
# unseen: a module in two places is replaced in the first one only
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    try:
        top = model.get_submodule(head)
    except AttributeError:
        raise ValueError(f"the model has no module {head}") from None
    fits, unused = {}, set(ends)
    for name, module in model.named_modules():
        if not isinstance(module, nn.Linear) or f"{name}.".startswith(f"{head}."):
            continue
        for end in ends:
            if f".{name}".endswith(f".{end}"):
                fits[name] = module
                unused.discard(end)
    if unused:
        raise ValueError(f"no linear layer has the end {sorted(unused)}")
    for name, layer in fits.items():
        for other in model.modules():
            if other is not layer and getattr(other, "weight", None) is layer.weight:
                raise ValueError(f"{name} shares its weight with another module")
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    for name, layer in fits.items():
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, LoRALayer(layer, rank, alpha, dropout))
    for parameter in top.parameters():
        parameter.requires_grad_(True)
    return list(fits)


# %% now the head stays frozen
# unseen: a head that was frozen before stays frozen
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    def in_head(name):
        return name == head or name.startswith(head + ".")

    places = dict(model.named_modules(remove_duplicate=False))
    if head not in places:
        raise ValueError(f"the model has no module {head}")
    body = {n: m for n, m in places.items() if isinstance(m, nn.Linear) and not in_head(n)}
    found = {}
    for end in ends:
        fits = {n: m for n, m in body.items() if ("." + n).endswith("." + end)}
        if not fits:
            raise ValueError(f"{end} fits no linear layer")
        found.update(fits)
    for name, layer in found.items():
        owners = [m for m in model.modules() if getattr(m, "weight", None) is layer.weight]
        if len(owners) > 1:
            raise ValueError(f"{name} shares its weight")
    for name, parameter in model.named_parameters():
        if not in_head(name):
            parameter.requires_grad = False
    new = {}
    for name, layer in found.items():
        if layer not in new:
            new[layer] = LoRALayer(layer, rank, alpha, dropout)
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, new[layer])
    return list(found)


# %% key and value of the first block are two layers of one weight
# unseen: shared weights are looked for in embeddings only
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    places = dict(model.named_modules(remove_duplicate=False))
    if head not in places:
        raise ValueError(f"the model has no module {head}")
    tied = [m.weight for m in places.values() if isinstance(m, nn.Embedding)]
    found = {}
    for end in ends:
        wanted, count = end.split("."), 0
        for name, module in places.items():
            parts = name.split(".")
            if not isinstance(module, nn.Linear) or (name + ".").startswith(head + "."):
                continue
            if parts[-len(wanted) :] == wanted:
                if any(weight is module.weight for weight in tied):
                    raise ValueError(f"{name} shares its weight with an embedding")
                found[name] = module
                count += 1
        if count == 0:
            raise ValueError(f"no linear layer outside the head has the end {end}")
    model.requires_grad_(False)
    layers = {}
    for name, module in found.items():
        if module not in layers:
            layers[module] = LoRALayer(module, rank, alpha, dropout)
        path, _, last = name.rpartition(".")
        setattr(model.get_submodule(path), last, layers[module])
    model.get_submodule(head).requires_grad_(True)
    return list(found)


# %% right: a walk over parents and children, and the names come back as a set
def inject(model, ends, rank, alpha, dropout=0.0, head="classifier"):
    crown, suffixes = tuple(head.split(".")), [tuple(end.split(".")) for end in ends]
    fits, owners, seen_head = {}, {}, []
    unused = dict.fromkeys(suffixes)

    def walk(parent, path):
        for key, child in parent._modules.items():
            here = (*path, key)
            if child is None:
                continue
            if here == crown:
                seen_head.append(child)
                continue
            if isinstance(child, nn.Linear):
                ends_here = [s for s in suffixes if here[-len(s) :] == s]
                for s in ends_here:
                    unused.pop(s, None)
                if ends_here:
                    fits[here] = (parent, key, child)
            walk(child, here)

    walk(model, ())
    for module in model.modules():
        for p in module._parameters.values():
            owners.setdefault(p, set()).add(module)
    if not seen_head:
        raise ValueError(head)
    if unused:
        raise ValueError(", ".join(".".join(s) for s in unused))
    for path, (_, _, layer) in fits.items():
        if owners[layer.weight] != {layer}:
            raise ValueError(".".join(path))
    for p in model.parameters():
        p.requires_grad = False
    new = {}
    for parent, key, layer in fits.values():
        if layer not in new:
            new[layer] = LoRALayer(layer, rank, alpha, dropout)
        parent._modules[key] = new[layer]
    seen_head[0].requires_grad_()
    return {".".join(path) for path in fits}
