"Wrong answers to exercise 2, each below the message that it must get."

import torch.nn.functional as F


# %% view as (B, T, H, D), and then transpose
def several_heads(x, W_q, W_k, W_v, W_o, H):
    B, T, C = x.shape
    q = (x @ W_q).view(B, H, T, C // H)
    k = (x @ W_k).view(B, H, T, C // H)
    v = (x @ W_v).view(B, H, T, C // H)
    answers = F.scaled_dot_product_attention(q, k, v)
    return answers.reshape(B, T, C) @ W_o


# %% the heads look at each other
def several_heads(x, W_q, W_k, W_v, W_o, H):
    B, T, C = x.shape
    q = (x @ W_q).view(B, T, H, C // H)
    k = (x @ W_k).view(B, T, H, C // H)
    v = (x @ W_v).view(B, T, H, C // H)
    answers = F.scaled_dot_product_attention(q, k, v)
    return answers.reshape(B, T, C) @ W_o


# %% before you join
def several_heads(x, W_q, W_k, W_v, W_o, H):
    B, T, C = x.shape
    q = (x @ W_q).view(B, T, H, C // H).transpose(1, 2)
    k = (x @ W_k).view(B, T, H, C // H).transpose(1, 2)
    v = (x @ W_v).view(B, T, H, C // H).transpose(1, 2)
    answers = F.scaled_dot_product_attention(q, k, v)
    return answers.reshape(B, T, C) @ W_o


# %% the heads are mixed
def several_heads(x, W_q, W_k, W_v, W_o, H):
    B, T, C = x.shape
    q = (x @ W_q).view(B, T, C // H, H).permute(0, 3, 1, 2)
    k = (x @ W_k).view(B, T, C // H, H).permute(0, 3, 1, 2)
    v = (x @ W_v).view(B, T, C // H, H).permute(0, 3, 1, 2)
    answers = F.scaled_dot_product_attention(q, k, v)
    return answers.permute(0, 2, 3, 1).reshape(B, T, C) @ W_o


# %% that is one head with all channels
def several_heads(x, W_q, W_k, W_v, W_o, H):
    return F.scaled_dot_product_attention(x @ W_q, x @ W_k, x @ W_v) @ W_o


# %% W_o is missing
def several_heads(x, W_q, W_k, W_v, W_o, H):
    B, T, C = x.shape
    q = (x @ W_q).view(B, T, H, C // H).transpose(1, 2)
    k = (x @ W_k).view(B, T, H, C // H).transpose(1, 2)
    v = (x @ W_v).view(B, T, H, C // H).transpose(1, 2)
    answers = F.scaled_dot_product_attention(q, k, v)
    return answers.transpose(1, 2).reshape(B, T, C)


# %% queries and keys have changed places
def several_heads(x, W_q, W_k, W_v, W_o, H):
    B, T, C = x.shape
    q = (x @ W_q).view(B, T, H, C // H).transpose(1, 2)
    k = (x @ W_k).view(B, T, H, C // H).transpose(1, 2)
    v = (x @ W_v).view(B, T, H, C // H).transpose(1, 2)
    answers = F.scaled_dot_product_attention(k, q, v)
    return answers.transpose(1, 2).reshape(B, T, C) @ W_o


# %% a matrix is transposed
def several_heads(x, W_q, W_k, W_v, W_o, H):
    B, T, C = x.shape
    q = F.linear(x, W_q).view(B, T, H, C // H).transpose(1, 2)
    k = F.linear(x, W_k).view(B, T, H, C // H).transpose(1, 2)
    v = F.linear(x, W_v).view(B, T, H, C // H).transpose(1, 2)
    answers = F.scaled_dot_product_attention(q, k, v)
    return F.linear(answers.transpose(1, 2).reshape(B, T, C), W_o)


# %% the right numbers in wrong channels
def several_heads(x, W_q, W_k, W_v, W_o, H):
    B, T, C = x.shape
    q = (x @ W_q).view(B, T, C // H, H).permute(0, 3, 1, 2)
    k = (x @ W_k).view(B, T, C // H, H).permute(0, 3, 1, 2)
    v = (x @ W_v).view(B, T, C // H, H).permute(0, 3, 1, 2)
    answers = F.scaled_dot_product_attention(q, k, v)
    return answers.transpose(1, 2).reshape(B, T, C) @ W_o
