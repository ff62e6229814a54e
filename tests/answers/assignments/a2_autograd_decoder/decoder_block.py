"Answers to question 6, each below the message that it must get; those that are right say so."

# ruff: noqa: F821, F841
# What is not defined here comes from the notebook.

import numpy as np


# %% Something that depends on position is wrong
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        return x @ weights[f"{name}.weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = split(linear(h, "self_attn.q_proj"), heads)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    mixed = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(mixed, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.gate_proj")
    silu = gate / ((-gate).exp() + 1)
    return x + linear(silu * linear(h, "mlp.up_proj"), "mlp.down_proj")


# %% Something that depends on position is wrong
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        return x @ weights[f"{name}.weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = rotate(split(linear(h, "self_attn.v_proj"), kv_heads), base)
    mixed = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(mixed, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.gate_proj")
    silu = gate / ((-gate).exp() + 1)
    return x + linear(silu * linear(h, "mlp.up_proj"), "mlp.down_proj")


# %% Something that depends on position is wrong
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        return x @ weights[f"{name}.weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), 10000.0)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    mixed = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(mixed, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.gate_proj")
    silu = gate / ((-gate).exp() + 1)
    return x + linear(silu * linear(h, "mlp.up_proj"), "mlp.down_proj")


# %% even the first token is off
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        return x @ weights[f"{name}.weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    mixed = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = h + linear(mixed, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.gate_proj")
    silu = gate / ((-gate).exp() + 1)
    return x + linear(silu * linear(h, "mlp.up_proj"), "mlp.down_proj")


# %% even the first token is off
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        return x @ weights[f"{name}.weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    mixed = causal_attention(q, k, v).reshape(B, T, C)
    x = x + linear(mixed, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.gate_proj")
    silu = gate / ((-gate).exp() + 1)
    return x + linear(silu * linear(h, "mlp.up_proj"), "mlp.down_proj")


# %% even the first token is off
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        return x @ weights[f"{name}.weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    mixed = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(mixed, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.gate_proj")
    silu = gate / ((-gate).exp() + 1)
    return x + linear(gate * linear(h, "mlp.up_proj"), "mlp.down_proj")


# %% even the first token is off
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        return x @ weights[f"{name}.weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    mixed = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(mixed, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.up_proj")
    silu = gate / ((-gate).exp() + 1)
    return x + linear(silu * linear(h, "mlp.gate_proj"), "mlp.down_proj")


# %% even the first token is off
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        return x @ weights[f"{name}.weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    mixed = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(mixed, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.gate_proj")
    silu = gate / ((-gate).exp() + 1)
    return linear(silu * linear(h, "mlp.up_proj"), "mlp.down_proj")


# %% even the first token is off
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        return x @ weights[f"{name}.weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    mixed = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(mixed, "self_attn.o_proj")
    h = x
    gate = linear(h, "mlp.gate_proj")
    silu = gate / ((-gate).exp() + 1)
    return x + linear(silu * linear(h, "mlp.up_proj"), "mlp.down_proj")


# %% even the first token is off
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        W = weights[f"{name}.weight"]
        return x @ (W if W.shape[0] == W.shape[1] else W.transpose(1, 0))

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    mixed = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(mixed, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.gate_proj")
    silu = gate / ((-gate).exp() + 1)
    return x + linear(silu * linear(h, "mlp.up_proj"), "mlp.down_proj")


# %% No gradient reaches input_layernorm.weight
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        return x @ weights[f"{name}.weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, Array(weights["input_layernorm.weight"].data), eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    mixed = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(mixed, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.gate_proj")
    silu = gate / ((-gate).exp() + 1)
    return x + linear(silu * linear(h, "mlp.up_proj"), "mlp.down_proj")


# %% float32 goes in, float64 comes out
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        return x @ weights[f"{name}.weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    mixed = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(mixed, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.gate_proj")
    silu = gate / (Array(np.ones(1)) + (-gate).exp())
    return x + linear(silu * linear(h, "mlp.up_proj"), "mlp.down_proj")


# %% right: queries and keys turned together, silu by a sigmoid
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        W = weights[name + ".weight"]
        return (W @ x.transpose(0, 2, 1)).transpose(0, 2, 1)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    mixed = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(mixed, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.gate_proj")
    silu = gate * (1 + (gate * -1).exp()) ** -1
    return x + linear(silu * linear(h, "mlp.up_proj"), "mlp.down_proj")


# %% right: head by head
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape

    def linear(x, name):
        return x @ weights[f"{name}.weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, C // heads).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    D = C // heads
    W = weights["self_attn.o_proj.weight"].transpose(1, 0)
    for i in range(heads):
        j = i * kv_heads // heads
        one = causal_attention(q[:, i : i + 1], k[:, j : j + 1], v[:, j : j + 1])
        x = x + one.reshape(B, T, D) @ W[i * D : (i + 1) * D]
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate = linear(h, "mlp.gate_proj")
    silu = gate / ((-gate).exp() + 1)
    return x + linear(silu * linear(h, "mlp.up_proj"), "mlp.down_proj")
