"Wrong answers to exercise 3, each below the message that it must get."


# %% you cut equal thirds
def split_qkv(rows, heads, kv_heads):
    return rows.chunk(3)


# %% keys and values are exchanged
def split_qkv(rows, heads, kv_heads):
    D = len(rows) // (heads + 2 * kv_heads)
    q, k, v = rows.split([heads * D, kv_heads * D, kv_heads * D])
    return q, v, k


# %% D is rows / (heads + 2 kv_heads)
def split_qkv(rows, heads, kv_heads):
    D = len(rows) // (3 * heads)
    return rows[: heads * D], rows[heads * D : -kv_heads * D], rows[-kv_heads * D :]


# %% holds other rows than theirs
def split_qkv(rows, heads, kv_heads):
    D = len(rows) // (heads + 2 * kv_heads)
    v, k, q = rows.split([kv_heads * D, kv_heads * D, heads * D])
    return q, k, v
