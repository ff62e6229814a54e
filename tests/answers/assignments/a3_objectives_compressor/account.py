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


# %% zlib at level 9 makes
# unseen: zlib at its usual level
def account(data, packed_size, model_bytes):
    sizes = {
        "plain": len(data),
        "zlib": len(zlib.compress(data)),
        "bz2": len(bz2.compress(data)),
        "lzma": len(lzma.compress(data, preset=9)),
    }
    saved = min(sizes.values()) - packed_size
    sizes["ours"] = packed_size
    sizes["ours_with_model"] = packed_size + model_bytes
    sizes["pays_after"] = model_bytes // saved + 1 if saved > 0 else None
    return sizes


# %% preset 9 looks further back
# unseen: lzma at its usual preset
def account(data, packed_size, model_bytes):
    sizes = {
        "plain": len(data),
        "zlib": len(zlib.compress(data, 9)),
        "bz2": len(bz2.compress(data, 9)),
        "lzma": len(lzma.compress(data)),
    }
    saved = min(sizes.values()) - packed_size
    sizes["ours"] = packed_size
    sizes["ours_with_model"] = packed_size + model_bytes
    sizes["pays_after"] = model_bytes // saved + 1 if saved > 0 else None
    return sizes


# %% no search has to end
# unseen: searches up to a fixed number of texts
def account(data, packed_size, model_bytes):
    result = dict(
        plain=len(data),
        zlib=len(zlib.compress(data, 9)),
        bz2=len(bz2.compress(data, 9)),
        lzma=len(lzma.compress(data, preset=9)),
    )
    best = min(result.values())
    result |= dict(ours=packed_size, ours_with_model=packed_size + model_bytes, pays_after=None)
    for n in range(1, 100_000):
        if model_bytes + n * packed_size < n * best:
            result["pays_after"] = n
            break
    return result


# %% saved after 10 texts
# unseen: the model is sent with every text
def account(data, packed_size, model_bytes):
    result = {"plain": len(data)}
    result["zlib"] = len(zlib.compress(data, 9))
    result["bz2"] = len(bz2.compress(data, 9))
    result["lzma"] = len(lzma.compress(data, preset=9))
    best = min(result.values())
    result["ours"] = packed_size
    result["ours_with_model"] = packed_size + model_bytes
    result["pays_after"] = 1 if result["ours_with_model"] < best else None
    return result


# %% saved after 10 texts
# unseen: the model is not paid for the first text (n - 1 files)
def account(data, packed_size, model_bytes):
    sizes = {"plain": len(data), "zlib": len(zlib.compress(data, 9))}
    sizes["bz2"] = len(bz2.compress(data, 9))
    sizes["lzma"] = len(lzma.compress(data, preset=9))
    saved = min(sizes.values()) - packed_size
    sizes["ours"] = packed_size
    sizes["ours_with_model"] = packed_size + model_bytes
    # ours_with_model already holds one file, so count the others
    sizes["pays_after"] = sizes["ours_with_model"] // saved + 1 if saved > 0 else None
    return sizes


# %% right: bisection over n
def account(data, packed_size, model_bytes):
    jobs = dict(
        plain=bytes,
        zlib=lambda d: zlib.compress(d, level=zlib.Z_BEST_COMPRESSION),
        bz2=bz2.compress,
        lzma=lambda d: lzma.compress(d, preset=9),
    )
    sizes = {name: len(job(data)) for name, job in jobs.items()}
    best = sorted(sizes.values())[0]
    pays = None
    if packed_size < best:
        low, high = 0, model_bytes + 1  # one byte is saved each time at least
        while high - low > 1:
            middle = (low + high) // 2
            if model_bytes + middle * packed_size < middle * best:
                high = middle
            else:
                low = middle
        pays = high
    return sizes | dict(
        ours=packed_size, ours_with_model=model_bytes + packed_size, pays_after=pays
    )
