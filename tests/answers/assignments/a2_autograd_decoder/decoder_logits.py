"Answers to question 7, each below the message that it must get; those that are right say so."

# ruff: noqa: F821, B007
# What is not defined here comes from the notebook.

import functools
import re

import numpy as np


# %% The last block is missing
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = settings["rms_norm_eps"]
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = settings["rope_parameters"]["rope_theta"]
    x = embedding[ids]
    for i in range(settings["num_hidden_layers"] - 1):
        prefix = f"model.layers.{i}."
        weights = {}
        for name, array in tensors.items():
            if name.startswith(prefix):
                weights[name.removeprefix(prefix)] = Array(array)
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors.get("lm_head.weight", embedding.data))
    return x @ head.transpose(1, 0)


# %% has a head of its own
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = settings["rms_norm_eps"]
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = settings["rope_parameters"]["rope_theta"]
    x = embedding[ids]
    for i in range(settings["num_hidden_layers"]):
        prefix = f"model.layers.{i}."
        weights = {}
        for name, array in tensors.items():
            if name.startswith(prefix):
                weights[name.removeprefix(prefix)] = Array(array)
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = embedding
    return x @ head.transpose(1, 0)


# %% not those of transformers
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = settings["rms_norm_eps"]
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = settings["rope_parameters"]["rope_theta"]
    x = embedding[ids]
    for i in range(settings["num_hidden_layers"]):
        prefix = f"model.layers.{i}."
        weights = {}
        for name, array in tensors.items():
            if name.startswith(prefix):
                weights[name.removeprefix(prefix)] = Array(array)
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    head = Array(tensors.get("lm_head.weight", embedding.data))
    return x @ head.transpose(1, 0)


# %% not those of transformers
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = settings["rms_norm_eps"]
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = 10000.0
    x = embedding[ids]
    for i in range(settings["num_hidden_layers"]):
        prefix = f"model.layers.{i}."
        weights = {}
        for name, array in tensors.items():
            if name.startswith(prefix):
                weights[name.removeprefix(prefix)] = Array(array)
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors.get("lm_head.weight", embedding.data))
    return x @ head.transpose(1, 0)


# %% not those of transformers
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = 1e-6
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = settings["rope_parameters"]["rope_theta"]
    x = embedding[ids]
    for i in range(settings["num_hidden_layers"]):
        prefix = f"model.layers.{i}."
        weights = {}
        for name, array in tensors.items():
            if name.startswith(prefix):
                weights[name.removeprefix(prefix)] = Array(array)
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors.get("lm_head.weight", embedding.data))
    return x @ head.transpose(1, 0)


# %% not those of transformers
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = settings["rms_norm_eps"]
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = settings["rope_parameters"]["rope_theta"]
    x = embedding[ids]
    for i in range(settings["num_hidden_layers"]):
        prefix = "model.layers.0."
        weights = {}
        for name, array in tensors.items():
            if name.startswith(prefix):
                weights[name.removeprefix(prefix)] = Array(array)
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors.get("lm_head.weight", embedding.data))
    return x @ head.transpose(1, 0)


# %% decoder_logits raises KeyError
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = settings["rms_norm_eps"]
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = settings["rope_parameters"]["rope_theta"]
    x = embedding[ids]
    for i in range(settings["num_hidden_layers"]):
        prefix = f"model.layers.{i}."
        weights = {}
        for name, array in tensors.items():
            if name.startswith(prefix):
                weights[name.removeprefix(prefix)] = Array(array)
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors["lm_head.weight"])
    return x @ head.transpose(1, 0)


# %% does the prefix model.layers.1
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = settings["rms_norm_eps"]
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = settings["rope_parameters"]["rope_theta"]
    x = embedding[ids]
    for i in range(settings["num_hidden_layers"]):
        prefix = f"model.layers.{i}"
        weights = {}
        for name, array in tensors.items():
            if name.startswith(prefix):
                weights[name[len(prefix) :].split(".", 1)[1]] = Array(array)
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors.get("lm_head.weight", embedding.data))
    return x @ head.transpose(1, 0)


# %% not those of transformers
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = settings["rms_norm_eps"]
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = settings["rope_parameters"]["rope_theta"]
    x = embedding[ids]
    for i in reversed(range(settings["num_hidden_layers"])):
        prefix = f"model.layers.{i}."
        weights = {}
        for name, array in tensors.items():
            if name.startswith(prefix):
                weights[name.removeprefix(prefix)] = Array(array)
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors.get("lm_head.weight", embedding.data))
    return x @ head.transpose(1, 0)


# %% somewhere float32 is lost
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = settings["rms_norm_eps"]
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = settings["rope_parameters"]["rope_theta"]
    x = Array(embedding.data[ids].astype(float))
    for i in range(settings["num_hidden_layers"]):
        prefix = f"model.layers.{i}."
        weights = {}
        for name, array in tensors.items():
            if name.startswith(prefix):
                weights[name.removeprefix(prefix)] = Array(array)
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors.get("lm_head.weight", embedding.data))
    return x @ head.transpose(1, 0)


# %% The shape is (B, T, V)
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = settings["rms_norm_eps"]
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = settings["rope_parameters"]["rope_theta"]
    x = embedding[ids]
    for i in range(settings["num_hidden_layers"]):
        prefix = f"model.layers.{i}."
        weights = {}
        for name, array in tensors.items():
            if name.startswith(prefix):
                weights[name.removeprefix(prefix)] = Array(array)
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors.get("lm_head.weight", embedding.data))
    return x[:, -1] @ head.transpose(1, 0)


# %% right: names put together, embedding by a plain index
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = settings["rms_norm_eps"]
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = settings["rope_parameters"]["rope_theta"]
    x = Array(np.take(embedding.data, ids, axis=0))
    for i in range(settings["num_hidden_layers"]):
        prefix = f"model.layers.{i}."
        inside = [name.split(prefix)[1] for name in tensors if prefix in name]
        weights = {name: Array(tensors[prefix + name]) for name in inside}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors.get("lm_head.weight", embedding.data))
    return x @ head.transpose(1, 0)


# %% right: weights sorted into layers first
def decoder_logits(ids, tensors, settings):
    embedding = Array(tensors["model.embed_tokens.weight"])
    eps = settings["rms_norm_eps"]
    heads = settings["num_attention_heads"]
    kv_heads = settings["num_key_value_heads"]
    base = settings["rope_parameters"]["rope_theta"]
    layers = {}
    for name, array in tensors.items():
        parts = name.split(".", 3)
        if parts[1] == "layers":
            layers.setdefault(int(parts[2]), {})[parts[3]] = Array(array)
    x = embedding[np.asarray(ids)]
    for i in range(settings["num_hidden_layers"]):
        x = decoder_block(x, layers[i], heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors.get("lm_head.weight", embedding.data))
    return x @ head.transpose(1, 0)


# %% not those of transformers
# unseen: one layer too few
def decoder_logits(ids, tensors, settings):
    embed = Array(tensors["model.embed_tokens.weight"])
    heads, kv_heads = settings["num_attention_heads"], settings["num_key_value_heads"]
    base, eps = settings["rope_parameters"]["rope_theta"], settings["rms_norm_eps"]
    x = embed[ids]
    for i in range(1, settings["num_hidden_layers"]):
        start = f"model.layers.{i}."
        weights = {n[len(start) :]: Array(a) for n, a in tensors.items() if n.startswith(start)}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors["lm_head.weight"]) if "lm_head.weight" in tensors else embed
    return x @ head.transpose(1, 0)


# %% has a head of its own
# unseen: asks the settings, not the tensors, whether there is a head
def decoder_logits(ids, tensors, settings):
    embed = Array(tensors["model.embed_tokens.weight"])
    heads, kv_heads = settings["num_attention_heads"], settings["num_key_value_heads"]
    base, eps = settings["rope_parameters"]["rope_theta"], settings["rms_norm_eps"]
    x = embed[ids]
    for i in range(settings["num_hidden_layers"]):
        start = f"model.layers.{i}."
        weights = {n[len(start) :]: Array(a) for n, a in tensors.items() if n.startswith(start)}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    tied = settings.get("tie_word_embeddings", True)
    head = embed if tied else Array(tensors["lm_head.weight"])
    return x @ head.transpose(1, 0)


# %% A second call finds another model
# unseen: takes the head out of the caller's dictionary
def decoder_logits(ids, tensors, settings):
    embed = Array(tensors["model.embed_tokens.weight"])
    heads, kv_heads = settings["num_attention_heads"], settings["num_key_value_heads"]
    base, eps = settings["rope_parameters"]["rope_theta"], settings["rms_norm_eps"]
    x = embed[ids]
    for i in range(settings["num_hidden_layers"]):
        start = f"model.layers.{i}."
        weights = {n[len(start) :]: Array(a) for n, a in tensors.items() if n.startswith(start)}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = tensors.pop("lm_head.weight", None)
    head = embed if head is None else Array(head)
    return x @ head.transpose(1, 0)


# %% the layers in the order of their names, 10 before 2
# unseen: layers in the order of their names, 10 before 2
def decoder_logits(ids, tensors, settings):
    embed = Array(tensors["model.embed_tokens.weight"])
    heads, kv_heads = settings["num_attention_heads"], settings["num_key_value_heads"]
    base, eps = settings["rope_parameters"]["rope_theta"], settings["rms_norm_eps"]
    x = embed[ids]
    starts = {n.split(".")[2] for n in tensors if n.startswith("model.layers.")}
    for i in sorted(starts):
        start = f"model.layers.{i}."
        weights = {n[len(start) :]: Array(a) for n, a in tensors.items() if n.startswith(start)}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors["lm_head.weight"]) if "lm_head.weight" in tensors else embed
    return x @ head.transpose(1, 0)


# %% not those of transformers
# unseen: base is 10000, as in the first Llama
def decoder_logits(ids, tensors, settings):
    embed = Array(tensors["model.embed_tokens.weight"])
    heads, kv_heads = settings["num_attention_heads"], settings["num_key_value_heads"]
    base, eps = settings.get("rope_theta", 10000.0), settings["rms_norm_eps"]
    x = embed[ids]
    for i in range(settings["num_hidden_layers"]):
        start = f"model.layers.{i}."
        weights = {n[len(start) :]: Array(a) for n, a in tensors.items() if n.startswith(start)}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors["lm_head.weight"]) if "lm_head.weight" in tensors else embed
    return x @ head.transpose(1, 0)


# %% The last norm has the eps 1e-5
# unseen: eps of the last norm is a constant
def decoder_logits(ids, tensors, settings):
    embed = Array(tensors["model.embed_tokens.weight"])
    heads, kv_heads = settings["num_attention_heads"], settings["num_key_value_heads"]
    base, eps = settings["rope_parameters"]["rope_theta"], settings["rms_norm_eps"]
    x = embed[ids]
    for i in range(settings["num_hidden_layers"]):
        start = f"model.layers.{i}."
        weights = {n[len(start) :]: Array(a) for n, a in tensors.items() if n.startswith(start)}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), 1e-5)
    head = Array(tensors["lm_head.weight"]) if "lm_head.weight" in tensors else embed
    return x @ head.transpose(1, 0)


# %% The shape is (B, T, V)
# unseen: logits of the last place only
def decoder_logits(ids, tensors, settings):
    embed = Array(tensors["model.embed_tokens.weight"])
    heads, kv_heads = settings["num_attention_heads"], settings["num_key_value_heads"]
    base, eps = settings["rope_parameters"]["rope_theta"], settings["rms_norm_eps"]
    x = embed[ids]
    for i in range(settings["num_hidden_layers"]):
        start = f"model.layers.{i}."
        weights = {n[len(start) :]: Array(a) for n, a in tensors.items() if n.startswith(start)}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors["lm_head.weight"]) if "lm_head.weight" in tensors else embed
    return x[:, -1] @ head.transpose(1, 0)


# %% The shape is (B, T, V)
# unseen: reads only the first text of the batch
def decoder_logits(ids, tensors, settings):
    embed = Array(tensors["model.embed_tokens.weight"])
    heads, kv_heads = settings["num_attention_heads"], settings["num_key_value_heads"]
    base, eps = settings["rope_parameters"]["rope_theta"], settings["rms_norm_eps"]
    x = embed[ids[:1]]
    for i in range(settings["num_hidden_layers"]):
        start = f"model.layers.{i}."
        weights = {n[len(start) :]: Array(a) for n, a in tensors.items() if n.startswith(start)}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors["lm_head.weight"]) if "lm_head.weight" in tensors else embed
    return x @ head.transpose(1, 0)


# %% decoder_logits raises ValueError
# unseen: as many key heads as query heads
def decoder_logits(ids, tensors, settings):
    embed = Array(tensors["model.embed_tokens.weight"])
    heads, kv_heads = settings["num_attention_heads"], settings["num_attention_heads"]
    base, eps = settings["rope_parameters"]["rope_theta"], settings["rms_norm_eps"]
    x = embed[ids]
    for i in range(settings["num_hidden_layers"]):
        start = f"model.layers.{i}."
        weights = {n[len(start) :]: Array(a) for n, a in tensors.items() if n.startswith(start)}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors["lm_head.weight"]) if "lm_head.weight" in tensors else embed
    return x @ head.transpose(1, 0)


# %% Those are logarithms
# unseen: result is log probabilities
def decoder_logits(ids, tensors, settings):
    embed = Array(tensors["model.embed_tokens.weight"])
    heads, kv_heads = settings["num_attention_heads"], settings["num_key_value_heads"]
    base, eps = settings["rope_parameters"]["rope_theta"], settings["rms_norm_eps"]
    x = embed[ids]
    for i in range(settings["num_hidden_layers"]):
        start = f"model.layers.{i}."
        weights = {n[len(start) :]: Array(a) for n, a in tensors.items() if n.startswith(start)}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors["lm_head.weight"]) if "lm_head.weight" in tensors else embed
    z = x @ head.transpose(1, 0)
    e = (z - z.data.max(-1, keepdims=True)).exp()
    total = np.log(e.data.sum(-1, keepdims=True)) + z.data.max(-1, keepdims=True)
    return z - total


# %% not those of transformers
# unseen: last norm inside the loop
def decoder_logits(ids, tensors, settings):
    embed = Array(tensors["model.embed_tokens.weight"])
    heads, kv_heads = settings["num_attention_heads"], settings["num_key_value_heads"]
    base, eps = settings["rope_parameters"]["rope_theta"], settings["rms_norm_eps"]
    x = embed[ids]
    for i in range(settings["num_hidden_layers"]):
        start = f"model.layers.{i}."
        weights = {n[len(start) :]: Array(a) for n, a in tensors.items() if n.startswith(start)}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
        x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors["lm_head.weight"]) if "lm_head.weight" in tensors else embed
    return x @ head.transpose(1, 0)


# %% An Array was asked for, not ndarray
# unseen: result is a NumPy array, not an Array
def decoder_logits(ids, tensors, settings):
    embed = Array(tensors["model.embed_tokens.weight"])
    heads, kv_heads = settings["num_attention_heads"], settings["num_key_value_heads"]
    base, eps = settings["rope_parameters"]["rope_theta"], settings["rms_norm_eps"]
    x = embed[ids]
    for i in range(settings["num_hidden_layers"]):
        start = f"model.layers.{i}."
        weights = {n[len(start) :]: Array(a) for n, a in tensors.items() if n.startswith(start)}
        x = decoder_block(x, weights, heads, kv_heads, base, eps)
    x = rms_norm(x, Array(tensors["model.norm.weight"]), eps)
    head = Array(tensors["lm_head.weight"]) if "lm_head.weight" in tensors else embed
    return (x @ head.transpose(1, 0)).data


# %% right: a fold over the layers, the names cut by a regular expression
def decoder_logits(ids, tensors, settings):
    layers, rest = {}, {}
    for name in tensors:
        found = re.fullmatch(r"model\.layers\.(\d+)\.(.+)", name)
        if found:
            layers.setdefault(int(found[1]), {})[found[2]] = Array(tensors[name])
        else:
            rest[name] = Array(tensors[name])
    eps = settings["rms_norm_eps"]
    sizes = [settings[f"num_{kind}_heads"] for kind in ("attention", "key_value")]

    def step(x, i):
        return decoder_block(x, layers[i], *sizes, settings["rope_parameters"]["rope_theta"], eps)

    table = rest["model.embed_tokens.weight"]
    stream = functools.reduce(step, range(settings["num_hidden_layers"]), table[ids])
    head = rest.get("lm_head.weight", table)
    return rms_norm(stream, rest["model.norm.weight"], eps) @ head.transpose(1, 0)
