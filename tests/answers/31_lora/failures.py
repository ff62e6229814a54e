"Wrong answers to exercise 6, each below the message that it must get."

import torch


def reached(p):
    return p.grad is not None and bool(p.grad.any())


def layers_of(model):
    return lora_layers(model).values()  # noqa: F821


def file_lacks(model, saved):
    learned = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    return any(name not in saved or not torch.equal(saved[name], p) for name, p in learned)


def random_head(model):
    return not all(p.requires_grad for p in model.classifier.parameters())


def named(nothing, head, file):
    pairs = dict(zip(("nothing learns", "random head", "empty file"), (nothing, head, file)))
    return [name for name, wrong in pairs.items() if wrong]


# %% A has no gradient while B is 0
def failures(model, batch, saved):
    model(**batch).loss.backward()
    nothing = not all(reached(layer.lora_A) for layer in layers_of(model))
    return named(nothing, random_head(model), file_lacks(model, saved))


# %% a gradient is left behind
def failures(model, batch, saved):
    model(**batch).loss.backward()
    nothing = not all(reached(layer.lora_B) for layer in layers_of(model))
    return named(nothing, random_head(model), file_lacks(model, saved))


# %% one layer learns, the pooler
def failures(model, batch, saved):
    model(**batch).loss.backward()
    nothing = not any(reached(layer.lora_B) for layer in layers_of(model))
    model.zero_grad()
    return named(nothing, random_head(model), file_lacks(model, saved))


# %% the head learns, and the file lacks it
def failures(model, batch, saved):
    model(**batch).loss.backward()
    nothing = not all(reached(layer.lora_B) for layer in layers_of(model))
    model.zero_grad()
    lacks = not any("lora_" in name for name in saved)
    return named(nothing, random_head(model), lacks)


# %% other numbers than the model
def failures(model, batch, saved):
    model(**batch).loss.backward()
    nothing = not all(reached(layer.lora_B) for layer in layers_of(model))
    model.zero_grad()
    learned = {name for name, p in model.named_parameters() if p.requires_grad}
    return named(nothing, random_head(model), not learned <= set(saved))


# %% here all three are wrong at once
def failures(model, batch, saved):
    model(**batch).loss.backward()
    nothing = not all(reached(layer.lora_B) for layer in layers_of(model))
    model.zero_grad()
    return named(nothing, random_head(model), file_lacks(model, saved))[:1]


# %% one LoRA layer, not the first
def failures(model, batch, saved):
    model(**batch).loss.backward()
    first = next(iter(layers_of(model)))
    nothing = not reached(first.lora_B)
    model.zero_grad()
    return named(nothing, random_head(model), file_lacks(model, saved))
