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


# %% even the first token is off
# unseen: heads are cut by a reshape alone, channels and tokens get mixed
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, n, T, D)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    h = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(h, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return x + linear(gate / ((-gate).exp() + 1) * up, "mlp.down_proj")


# %% even the first token is off
# unseen: heads are not turned back before they are joined
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, D).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    h = causal_attention(q, k, v).reshape(B, T, C)
    x = x + linear(h, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return x + linear(gate / ((-gate).exp() + 1) * up, "mlp.down_proj")


# %% even the first token is off
# unseen: silu on up, not on gate
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, D).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    h = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(h, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return x + linear(up / ((-up).exp() + 1) * gate, "mlp.down_proj")


# %% even the first token is off
# unseen: sigmoid in place of silu
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, D).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    h = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(h, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return x + linear(up / ((-gate).exp() + 1), "mlp.down_proj")


# %% Something that depends on position is wrong
# unseen: rotates before the heads are apart, so pairs lie in different heads
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, D).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = split(rotate(linear(h, "self_attn.q_proj"), base), heads)
    k = split(rotate(linear(h, "self_attn.k_proj"), base), kv_heads)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    h = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(h, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return x + linear(gate / ((-gate).exp() + 1) * up, "mlp.down_proj")


# %% Something that depends on position is wrong
# unseen: rotates (B, T, heads, D), the head counts as the position
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, D)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    q, k, v = (part.transpose(0, 2, 1, 3) for part in (q, k, v))
    h = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(h, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return x + linear(gate / ((-gate).exp() + 1) * up, "mlp.down_proj")


# %% even the first token is off
# unseen: o_proj is square, and the transpose is forgotten
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, D).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    h = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + h @ weights["self_attn.o_proj.weight"]
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return x + linear(gate / ((-gate).exp() + 1) * up, "mlp.down_proj")


# %% even the first token is off
# unseen: both norms use the first gain
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, D).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    h = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(h, "self_attn.o_proj")
    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return x + linear(gate / ((-gate).exp() + 1) * up, "mlp.down_proj")


# %% even the first token is off
# unseen: adds the normed h to the stream, not x
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, D).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    h = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(h, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return h + linear(gate / ((-gate).exp() + 1) * up, "mlp.down_proj")


# %% even the first token is off
# unseen: MLP reads the stream from before the attention
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, D).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    h = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    attended = linear(h, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return x + attended + linear(gate / ((-gate).exp() + 1) * up, "mlp.down_proj")


# %% Does all that is added to the stream stay in the engine?
# unseen: the stream passes the second time as a copy without history, its gradient is lost
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, D).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    h = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(h, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return Array(x.data) + linear(gate / ((-gate).exp() + 1) * up, "mlp.down_proj")


# %% Something that depends on position is wrong
# unseen: the base is 10000 whatever the caller says
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, D).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), 10000.0)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), 10000.0)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    h = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(h, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return x + linear(gate / ((-gate).exp() + 1) * up, "mlp.down_proj")


# %% decoder_block raises ValueError
# unseen: D comes from the key heads, fits only if there are as many as query heads
def decoder_block(x, weights, heads, kv_heads, base, eps):
    B, T, C = x.shape
    D = C // kv_heads

    def linear(x, name):
        return x @ weights[name + ".weight"].transpose(1, 0)

    def split(x, n):
        return x.reshape(B, T, n, D).transpose(0, 2, 1, 3)

    h = rms_norm(x, weights["input_layernorm.weight"], eps)
    q = rotate(split(linear(h, "self_attn.q_proj"), heads), base)
    k = rotate(split(linear(h, "self_attn.k_proj"), kv_heads), base)
    v = split(linear(h, "self_attn.v_proj"), kv_heads)
    h = causal_attention(q, k, v).transpose(0, 2, 1, 3).reshape(B, T, C)
    x = x + linear(h, "self_attn.o_proj")
    h = rms_norm(x, weights["post_attention_layernorm.weight"], eps)
    gate, up = linear(h, "mlp.gate_proj"), linear(h, "mlp.up_proj")
    return x + linear(gate / ((-gate).exp() + 1) * up, "mlp.down_proj")


# %% right: a weight for each head, matrix products over all heads at once
def decoder_block(x, weights, heads, kv_heads, base, eps):
    def w(name):
        return weights[name + ".weight"]

    (B, T, C), D = x.shape, x.shape[-1] // heads

    def for_heads(h, name, n):
        each = w("self_attn." + name).reshape(n, D, C).transpose(0, 2, 1)
        return h.reshape(B, 1, T, C) @ each

    h = rms_norm(x, w("input_layernorm"), eps)
    q, k, v = (for_heads(h, s + "_proj", n) for s, n in zip("qkv", (heads, kv_heads, kv_heads)))
    seen = causal_attention(rotate(q, base), rotate(k, base), v)
    back = w("self_attn.o_proj").reshape(C, heads, D).transpose(1, 2, 0)
    x = (seen @ back).sum(1) + x
    h = rms_norm(x, w("post_attention_layernorm"), eps)
    gate = h @ w("mlp.gate_proj").transpose(1, 0)
    sigmoid = (1 + (gate * -1).exp()) ** -1
    return (sigmoid * gate * (h @ w("mlp.up_proj").transpose(1, 0))) @ w("mlp.down_proj").transpose(
        1, 0
    ) + x
