"Answers to question 7, each below the message that it must get; those that are right say so."

# ruff: noqa: F821, B007
# What is not defined here comes from the notebook.

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
