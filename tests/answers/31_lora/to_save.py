"Wrong answers to exercise 5, each below the message that it must get."


# %% the head is missing
def to_save(model, new):
    return {n: p.detach().clone() for n, p in model.named_parameters() if "lora_" in n}


# %% it is frozen, but random
def to_save(model, new):
    return {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}


# %% the pretrained file has it already
def to_save(model, new):
    return {n: p.detach().clone() for n, p in model.named_parameters()}


# %% did training go on in what you saved?
def to_save(model, new):
    return {n: p.detach() for n, p in model.named_parameters() if p.requires_grad or n in new}


# %% A and B are missing
def to_save(model, new):
    return {n: model.get_parameter(n).detach().clone() for n in new}


# %% the file is empty
def to_save(model, new):
    return {n: p for n, p in model.named_parameters() if n.endswith((".A", ".B"))}


# %% it learns, so the pretrained file has other numbers
def to_save(model, new):
    return {
        name: p.detach().clone()
        for name, p in model.named_parameters()
        if "lora_" in name or name in new
    }
