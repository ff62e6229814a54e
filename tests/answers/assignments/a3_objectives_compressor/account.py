"Answers to question 8, each below the message that it must get; those that are right say so."

import bz2
import lzma
import math
import zlib


def sizes_of(data, packed_size, model_bytes):
    return dict(
        plain=len(data),
        zlib=len(zlib.compress(data, 9)),
        bz2=len(bz2.compress(data, 9)),
        lzma=len(lzma.compress(data, preset=9)),
        ours=packed_size,
        ours_with_model=packed_size + model_bytes,
    )


def best_of(sizes):
    return min(sizes[name] for name in ("plain", "zlib", "bz2", "lzma"))


# %% beside the *best*
def account(data, packed_size, model_bytes):
    sizes = sizes_of(data, packed_size, model_bytes)
    saved = len(data) - packed_size
    return sizes | dict(pays_after=model_bytes // saved + 1 if saved > 0 else None)


# %% round up
def account(data, packed_size, model_bytes):
    sizes = sizes_of(data, packed_size, model_bytes)
    saved = best_of(sizes) - packed_size
    return sizes | dict(pays_after=model_bytes // saved if saved > 0 else None)


# %% smaller is asked
def account(data, packed_size, model_bytes):
    sizes = sizes_of(data, packed_size, model_bytes)
    saved = best_of(sizes) - packed_size
    return sizes | dict(pays_after=math.ceil(model_bytes / saved) if saved > 0 else None)


# %% ours_with_model has
def account(data, packed_size, model_bytes):
    sizes = sizes_of(data, packed_size, model_bytes) | dict(ours_with_model=model_bytes)
    saved = best_of(sizes) - packed_size
    return sizes | dict(pays_after=model_bytes // saved + 1 if saved > 0 else None)


# %% account raises ZeroDivisionError
def account(data, packed_size, model_bytes):
    sizes = sizes_of(data, packed_size, model_bytes)
    return sizes | dict(pays_after=model_bytes // (best_of(sizes) - packed_size) + 1)


# %% never pays: None
def account(data, packed_size, model_bytes):
    sizes = sizes_of(data, packed_size, model_bytes)
    saved = max(best_of(sizes) - packed_size, 1)
    return sizes | dict(pays_after=model_bytes // saved + 1)


# %% entries are missing
def account(data, packed_size, model_bytes):
    sizes = sizes_of(data, packed_size, model_bytes)
    del sizes["ours_with_model"]
    saved = best_of(sizes) - packed_size
    return sizes | dict(pays_after=model_bytes // saved + 1 if saved > 0 else None)


# %% A whole number of texts
def account(data, packed_size, model_bytes):
    sizes = sizes_of(data, packed_size, model_bytes)
    saved = best_of(sizes) - packed_size
    return sizes | dict(pays_after=model_bytes / saved // 1 + 1 if saved > 0 else None)


# %% zlib has
def account(data, packed_size, model_bytes):
    sizes = sizes_of(data, packed_size, model_bytes) | dict(zlib=len(zlib.compress(data, 0)))
    saved = best_of(sizes) - packed_size
    return sizes | dict(pays_after=model_bytes // saved + 1 if saved > 0 else None)


# %% For noise, plain is the best
def account(data, packed_size, model_bytes):
    sizes = sizes_of(data, packed_size, model_bytes)
    saved = min(sizes["zlib"], sizes["bz2"], sizes["lzma"]) - packed_size
    return sizes | dict(pays_after=model_bytes // saved + 1 if saved > 0 else None)


# %% right: counting up
def account(data, packed_size, model_bytes):
    sizes = sizes_of(data, packed_size, model_bytes)
    best = best_of(sizes)
    sizes["pays_after"] = None
    if packed_size < best:
        n = 1
        while model_bytes + n * packed_size >= n * best:
            n += 1
        sizes["pays_after"] = n
    return sizes


# %% right: one dict after the other
def account(data, packed_size, model_bytes):
    found = {"plain": len(data)}
    for name, codec in (("zlib", zlib), ("bz2", bz2)):
        found[name] = len(codec.compress(data, 9))
    found["lzma"] = len(lzma.compress(data, preset=9))
    gain = min(found.values()) - packed_size
    found["ours"] = packed_size
    found["ours_with_model"] = model_bytes + packed_size
    found["pays_after"] = None if gain <= 0 else math.floor(model_bytes / gain) + 1
    return found
