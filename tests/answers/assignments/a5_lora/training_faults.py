"Answers to question 7, each below the message that it must get; those that are right say so."

import re
from collections import defaultdict

import torch


# %% The optimizer has two groups
def training_faults(model, optimizer, head):
    held = set()
    held.update(id(p) for p in optimizer.param_groups[0]["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in parts and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif id(p) not in held:
                found["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% training_faults raises RuntimeError
def training_faults(model, optimizer, head):
    held = []
    for group in optimizer.param_groups:
        held += group["params"]
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in parts and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif p not in held:
                found["forgotten"].append(name)
        elif p.requires_grad and p in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% equal numbers, other objects
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        for q in group["params"]:
            for p in model.parameters():
                if p.shape == q.shape and torch.equal(p, q):
                    held.add(id(p))
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in parts and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif id(p) not in held:
                found["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% Only B is zero at first
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        held.update(id(p) for p in group["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in parts and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif id(p) not in held:
                found["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() or not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% original_module is frozen: both are right
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        held.update(id(p) for p in group["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif id(p) not in held:
                found["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% The base requires gradients, but the optimizer does not hold it
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        held.update(id(p) for p in group["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in parts and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif id(p) not in held:
                found["forgotten"].append(name)
        elif p.requires_grad:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% The optimizer holds frozen parameters too
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        held.update(id(p) for p in group["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in parts and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif id(p) not in held:
                found["forgotten"].append(name)
        elif id(p) in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% The optimizer was made before LoRA was put in
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        held.update(id(p) for p in group["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in parts and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
        elif p.requires_grad and id(p) in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% The head is frozen
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        held.update(id(p) for p in group["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in parts and "original_module" not in parts
        if of_lora or of_head:
            if of_lora and not p.requires_grad:
                found["frozen"].append(name)
            elif p.requires_grad and id(p) not in held:
                found["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% The pooler belongs to the base, learns
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        held.update(id(p) for p in group["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in parts and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif id(p) not in held:
                found["forgotten"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% A and B of one layer are both zero
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        held.update(id(p) for p in group["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in parts and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif id(p) not in held:
                found["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"].append(name)
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% compare whole parts
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        held.update(id(p) for p in group["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in name or "lora_B" in name
        of_head = head in parts and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif id(p) not in held:
                found["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% compare whole parts
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        held.update(id(p) for p in group["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in name and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif id(p) not in held:
                found["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% The head is called score here
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        held.update(id(p) for p in group["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = "classifier" in parts and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif id(p) not in held:
                found["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return {kind: sorted(names) for kind, names in found.items() if names}


# %% The optimizer was made before LoRA
def training_faults(model, optimizer, head):
    return {}


# %% The set-up is sound, and you report
def training_faults(model, optimizer, head):
    names = sorted(name for name, _ in model.named_parameters() if "lora_" in name)
    return {"forgotten": names}


# %% The set-up is sound, and you report
def training_faults(model, optimizer, head):
    held = set()
    for group in optimizer.param_groups:
        held.update(id(p) for p in group["params"])
    found = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    parameters = dict(model.named_parameters())
    for name, p in parameters.items():
        parts = name.split(".")
        of_lora = "lora_A" in parts or "lora_B" in parts
        of_head = head in parts and "original_module" not in parts
        if of_lora or of_head:
            if not p.requires_grad:
                found["frozen"].append(name)
            elif id(p) not in held:
                found["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            found["base learns"].append(name)
        if "lora_A" in parts:
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if not p.any() and not parameters[partner].any():
                found["dead"] += [name, partner]
    return found


# %% right: sets of names, and one line for each kind
def training_faults(model, optimizer, head):
    all_p = dict(model.named_parameters())
    ids = {id(p) for g in optimizer.param_groups for p in g["params"]}
    held = {n for n, p in all_p.items() if id(p) in ids}
    grad = {n for n, p in all_p.items() if p.requires_grad}
    cut = {n: set(n.split(".")) for n in all_p}
    lora = {n for n in all_p if cut[n] & {"lora_A", "lora_B"}}
    own = lora | {n for n in all_p if head in cut[n] and "original_module" not in cut[n]}
    zero = {n for n in lora if torch.count_nonzero(all_p[n]) == 0}
    turned = {n: n.replace(".lora_A.", ".lora_?.").replace(".lora_B.", ".lora_A.") for n in lora}
    turned = {n: t.replace(".lora_?.", ".lora_B.") for n, t in turned.items()}
    kinds = {
        "frozen": own - grad,
        "forgotten": (own & grad) - held,
        "base learns": (grad & held) - own,
        "dead": {n for n in zero if turned[n] in zero},
    }
    return {kind: sorted(names) for kind, names in kinds.items() if names}


# %% right: identity by `is`, a defaultdict, pairs by their place
def kind_of(name, head):
    parts = name.split(".")
    for matrix in ("lora_A", "lora_B"):
        if matrix in parts:
            place = parts.index(matrix)
            return matrix, (*parts[:place], *parts[place + 1 :])
    if head in parts and "original_module" not in parts:
        return "head", None
    return "base", None


def training_faults(model, optimizer, head):
    faults = defaultdict(list)
    pairs = defaultdict(list)
    for name, p in model.named_parameters():
        kind, place = kind_of(name, head)
        held = any(p is q for group in optimizer.param_groups for q in group["params"])
        if kind == "base":
            if held and p.requires_grad:
                faults["base learns"].append(name)
            continue
        if not p.requires_grad:
            faults["frozen"].append(name)
        if p.requires_grad and not held:
            faults["forgotten"].append(name)
        if place:
            pairs[place].append((name, bool((p == 0).all())))
    for members in pairs.values():
        if len(members) == 2 and all(zero for _, zero in members):
            faults["dead"].extend(name for name, _ in members)
    for names in faults.values():
        names.sort()
    return dict(faults)


# %% compare whole parts
# unseen: looks for the words anywhere in the name, not for whole parts
def training_faults(model, optimizer, head):
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    parameters = dict(model.named_parameters())
    faults = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    for name, p in parameters.items():
        is_lora = "lora_A" in name or "lora_B" in name
        is_head = head in name and "original_module" not in name
        if is_lora or is_head:
            if not p.requires_grad:
                faults["frozen"].append(name)
            elif id(p) not in held:
                faults["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            faults["base learns"].append(name)
        if "lora_A" in name:
            twin = name.replace("lora_A", "lora_B")
            if twin in parameters and not p.any() and not parameters[twin].any():
                faults["dead"] += [name, twin]
    return {kind: sorted(names) for kind, names in faults.items() if names}


# %% The optimizer has two groups
# unseen: only the first group of the optimizer is looked at
def training_faults(model, optimizer, head):
    held = {id(p) for p in optimizer.param_groups[0]["params"]}
    faults = defaultdict(list)
    pairs = defaultdict(list)
    for name, p in model.named_parameters():
        parts = name.split(".")
        lora = "lora_A" in parts or "lora_B" in parts
        if lora:
            key = tuple("lora" if part in ("lora_A", "lora_B") else part for part in parts)
            pairs[key].append((name, p))
        if lora or (head in parts and "original_module" not in parts):
            if not p.requires_grad:
                faults["frozen"].append(name)
            elif id(p) not in held:
                faults["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            faults["base learns"].append(name)
    for pair in pairs.values():
        if len(pair) == 2 and all((p == 0).all() for _, p in pair):
            faults["dead"] += [name for name, _ in pair]
    return {kind: sorted(names) for kind, names in faults.items()}


# %% the same memory, but another object
# unseen: held is decided by the memory address, so another tensor on the same memory counts
def training_faults(model, optimizer, head):
    held = {p.data_ptr() for group in optimizer.param_groups for p in group["params"]}
    named = dict(model.named_parameters())
    result = {"frozen": set(), "forgotten": set(), "base learns": set(), "dead": set()}
    for name, p in named.items():
        parts = name.split(".")
        lora = "lora_A" in parts or "lora_B" in parts
        top = head in parts and "original_module" not in parts
        in_optimizer = p.data_ptr() in held
        if (lora or top) and not p.requires_grad:
            result["frozen"].add(name)
        if (lora or top) and p.requires_grad and not in_optimizer:
            result["forgotten"].add(name)
        if not (lora or top) and p.requires_grad and in_optimizer:
            result["base learns"].add(name)
        if "lora_A" in parts:
            twin = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if twin in named and p.count_nonzero() == 0 and named[twin].count_nonzero() == 0:
                result["dead"] |= {name, twin}
    return {kind: sorted(names) for kind, names in result.items() if names}


# %% that is two faults, and dead lists both names
# unseen: one fault for each parameter, so what is frozen or forgotten is never dead
def training_faults(model, optimizer, head):
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    named = dict(model.named_parameters())

    def dead(name):
        swap = {"lora_A": "lora_B", "lora_B": "lora_A"}
        twin = ".".join(swap.get(part, part) for part in name.split("."))
        return twin in named and not named[name].any() and not named[twin].any()

    faults = defaultdict(list)
    for name, p in sorted(named.items(), key=lambda item: item[0]):
        parts = set(name.split("."))
        lora = bool(parts & {"lora_A", "lora_B"})
        if lora or (head in parts and "original_module" not in parts):
            if not p.requires_grad:
                faults["frozen"].append(name)
            elif id(p) not in held:
                faults["forgotten"].append(name)
            elif lora and dead(name):
                faults["dead"].append(name)
        elif p.requires_grad and id(p) in held:
            faults["base learns"].append(name)
    return dict(faults)


# %% One layer has two adapters
# unseen: pairs by what stands before lora_A, so a second adapter replaces the first
def training_faults(model, optimizer, head):
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    faults, pairs = defaultdict(list), defaultdict(dict)
    for name, p in model.named_parameters():
        parts = name.split(".")
        mine = head in parts and "original_module" not in parts
        for matrix in ("lora_A", "lora_B"):
            if matrix in parts:
                mine = True
                layer = ".".join(parts[: parts.index(matrix)])
                pairs[layer][matrix] = name, p
        if mine and not p.requires_grad:
            faults["frozen"].append(name)
        elif mine and id(p) not in held:
            faults["forgotten"].append(name)
        elif not mine and p.requires_grad and id(p) in held:
            faults["base learns"].append(name)
    for pair in pairs.values():
        if len(pair) == 2 and not any(p.detach().any() for _, p in pair.values()):
            faults["dead"].extend(name for name, _ in pair.values())
    return {kind: sorted(names) for kind, names in faults.items()}


# %% Its square is zero in float32
# unseen: all zero is decided by the norm, whose squares underflow for small numbers
def training_faults(model, optimizer, head):
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    named = dict(model.named_parameters())
    faults = {"frozen": [], "forgotten": [], "base learns": [], "dead": []}
    for name, p in named.items():
        parts = name.split(".")
        lora = "lora_A" in parts or "lora_B" in parts
        if lora or (head in parts and "original_module" not in parts):
            if not p.requires_grad:
                faults["frozen"].append(name)
            elif id(p) not in held:
                faults["forgotten"].append(name)
        elif p.requires_grad and id(p) in held:
            faults["base learns"].append(name)
        if "lora_A" in parts:
            other = list(parts)
            other[other.index("lora_A")] = "lora_B"
            other = ".".join(other)
            if other in named and p.pow(2).sum() == 0 and named[other].pow(2).sum() == 0:
                faults["dead"] += [name, other]
    return {kind: sorted(names) for kind, names in faults.items() if names}


# %% right: regular expressions, sets of names, and a defaultdict as the result
def training_faults(model, optimizer, head):
    named = dict(model.named_parameters())

    def part(word, name):
        return re.search(rf"(?:^|\.){word}(?:\.|$)", name) is not None

    lora = {n for n in named if part("lora_[AB]", n)}
    crown = {n for n in named if part(re.escape(head), n) and not part("original_module", n)}
    learns = {n for n, p in named.items() if p.requires_grad}
    held = {
        n
        for n, p in named.items()
        if any(p is q for g in optimizer.param_groups for q in g["params"])
    }
    zero = {n for n in lora if named[n].numel() == named[n].eq(0).sum()}
    swap = {"lora_A": "lora_B", "lora_B": "lora_A"}
    twin = {n: ".".join(swap.get(word, word) for word in n.split(".")) for n in lora}
    mine = lora | crown
    found = defaultdict(list)
    for kind, names in {
        "dead": {n for n in zero if twin[n] in zero},
        "base learns": (learns & held) - mine,
        "forgotten": (mine & learns) - held,
        "frozen": mine - learns,
    }.items():
        if names:
            found[kind].extend(sorted(names))
    return found


# %% A is zero and B is not
def training_faults(model, optimizer, head):
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    parameters = dict(model.named_parameters())
    found = {}

    def note(kind, name):
        found.setdefault(kind, set()).add(name)

    for name, p in parameters.items():
        parts = name.split(".")
        lora = "lora_A" in parts or "lora_B" in parts
        if lora or (head in parts and "original_module" not in parts):
            if not p.requires_grad:
                note("frozen", name)
            elif id(p) not in held:
                note("forgotten", name)
        elif p.requires_grad and id(p) in held:
            note("base learns", name)
        if "lora_A" in parts and not p.any():
            partner = ".".join("lora_B" if part == "lora_A" else part for part in parts)
            if partner in parameters:
                note("dead", name)
                note("dead", partner)
    return {kind: sorted(names) for kind, names in found.items()}
