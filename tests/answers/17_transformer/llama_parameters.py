"Wrong answers to exercise 4, each below the message that it must get."


# %% the head is missing
def llama_parameters(V, C, layers, heads, kv_heads, hidden):
    attention = 2 * C * C + 2 * C * kv_heads * (C // heads)
    return V * C + layers * (attention + 3 * C * hidden + 2 * C) + C


# %% an MLP that has a gate has three matrices
def llama_parameters(V, C, layers, heads, kv_heads, hidden):
    attention = 2 * C * C + 2 * C * kv_heads * (C // heads)
    return 2 * V * C + layers * (attention + 2 * C * hidden + 2 * C) + C


# %% keys and values have only kv_heads heads
def llama_parameters(V, C, layers, heads, kv_heads, hidden):
    return 2 * V * C + layers * (4 * C * C + 3 * C * hidden + 2 * C) + C


# %% an RMS norm has C gains and no shift
def llama_parameters(V, C, layers, heads, kv_heads, hidden):
    attention = 2 * C * C + 2 * C * kv_heads * (C // heads)
    return 2 * V * C + layers * (attention + 3 * C * hidden + 4 * C) + 2 * C


# %% the last norm is missing
def llama_parameters(V, C, layers, heads, kv_heads, hidden):
    attention = 2 * C * C + 2 * C * kv_heads * (C // heads)
    return 2 * V * C + layers * (attention + 3 * C * hidden + 2 * C)


# %% keys and values need a matrix each
def llama_parameters(V, C, layers, heads, kv_heads, hidden):
    attention = 2 * C * C + C * kv_heads * (C // heads)
    return 2 * V * C + layers * (attention + 3 * C * hidden + 2 * C) + C


# %% the matrix after the heads is missing
def llama_parameters(V, C, layers, heads, kv_heads, hidden):
    attention = C * C + 2 * C * kv_heads * (C // heads)
    return 2 * V * C + layers * (attention + 3 * C * hidden + 2 * C) + C


# %% each block has two norms
def llama_parameters(V, C, layers, heads, kv_heads, hidden):
    attention = 2 * C * C + 2 * C * kv_heads * (C // heads)
    return 2 * V * C + layers * (attention + 3 * C * hidden + C) + C
