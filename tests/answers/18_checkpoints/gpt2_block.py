"Wrong answers to exercise 2, each below the message that it must get."

names = {
    "norm1": "ln_1",
    "norm2": "ln_2",
    "attention.qkv": "attn.c_attn",
    "attention.out": "attn.c_proj",
    "mlp.up": "mlp.c_fc",
    "mlp.down": "mlp.c_proj",
}


def block_of(tensors, i, turn, names=names):
    found = {}
    for our, there in names.items():
        for kind in ("weight", "bias"):
            t = tensors[f"h.{i}.{there}.{kind}"]
            found[f"{our}.{kind}"] = t.T if turn(t) else t
    return found


# %% is it turned?
def gpt2_block(tensors, i):
    return block_of(tensors, i, turn=lambda t: False)


# %% a square matrix must be turned too
def gpt2_block(tensors, i):
    return block_of(tensors, i, turn=lambda t: t.ndim == 2 and t.shape[0] != t.shape[1])


# %% that is block 0
def gpt2_block(tensors, i):
    return block_of(tensors, 0, turn=lambda t: t.ndim == 2)


# %% norm1 and norm2 are exchanged
def gpt2_block(tensors, i):
    exchanged = names | {"norm1": "ln_2", "norm2": "ln_1"}
    return block_of(tensors, i, turn=lambda t: t.ndim == 2, names=exchanged)


# %% there is no attention.out.bias
def gpt2_block(tensors, i):
    found = block_of(tensors, i, turn=lambda t: t.ndim == 2)
    return {name: t for name, t in found.items() if "bias" not in name}
