"Wrong answers to exercise 3, each below the message that it must get."

import numpy as np


def drawn(pool, each, rng):
    found = []
    for word in sorted({word for _, word in pool}):
        own = [pair for pair in pool if pair[1] == word]
        if len(own) < each:
            raise ValueError("too few")
        found += [own[i] for i in rng.permutation(len(own))[:each]]
    return found


def written(pairs, query):
    blocks = [f"Review: {text}\nSentiment: {word}" for text, word in pairs]
    return "\n\n".join([*blocks, f"Review: {query}\nSentiment:"])


# %% mix the examples of all words
def balanced_prompt(pool, each, query, seed):
    rng = np.random.default_rng(seed)
    return written(drawn(pool, each, rng), query)


# %% three of each word
def balanced_prompt(pool, each, query, seed):
    rng = np.random.default_rng(seed)
    chosen = [pool[i] for i in rng.permutation(len(pool))[: 2 * each]]
    return written(chosen, query)


# %% leave the pool as it is
def balanced_prompt(pool, each, query, seed):
    rng = np.random.default_rng(seed)
    rng.shuffle(pool)
    chosen = drawn(pool, each, rng)
    return written([chosen[i] for i in rng.permutation(len(chosen))], query)


# %% the prompt ends with
def balanced_prompt(pool, each, query, seed):
    rng = np.random.default_rng(seed)
    chosen = drawn(pool, each, rng)
    return written([chosen[i] for i in rng.permutation(len(chosen))], query) + " "


# %% with an empty line between
def balanced_prompt(pool, each, query, seed):
    rng = np.random.default_rng(seed)
    chosen = drawn(pool, each, rng)
    mixed = written([chosen[i] for i in rng.permutation(len(chosen))], query)
    return mixed.replace("\n\n", "\n")


# %% the same seed, another prompt
def balanced_prompt(pool, each, query, seed):
    rng = np.random.default_rng()
    chosen = drawn(pool, each, rng)
    return written([chosen[i] for i in rng.permutation(len(chosen))], query)


# %% every seed gives the same prompt
def balanced_prompt(pool, each, query, seed):
    rng = np.random.default_rng(0)
    chosen = drawn(pool, each, rng)
    return written([chosen[i] for i in rng.permutation(len(chosen))], query)


# %% asking for 7 of each is a ValueError
def balanced_prompt(pool, each, query, seed):
    rng = np.random.default_rng(seed)
    few = min(each, sum(word == "negative" for _, word in pool))
    chosen = drawn(pool, few, rng)
    return written([chosen[i] for i in rng.permutation(len(chosen))], query)


# %% the examples stand word by word
def balanced_prompt(pool, each, query, seed):
    rng = np.random.default_rng(seed)
    chosen = drawn(pool, each, rng)
    words = sorted({word for _, word in pool})
    turned = [words[i] for i in rng.permutation(len(words))]
    return written(sorted(chosen, key=lambda pair: turned.index(pair[1])), query)


# %% the words alternate with every seed
def balanced_prompt(pool, each, query, seed):
    rng = np.random.default_rng(seed)
    chosen = drawn(pool, each, rng)
    first = chosen[:each]
    second = chosen[each:]
    mixed = [pair for two in zip(first, second, strict=True) for pair in two]
    return written(mixed, query)


# %% every seed takes the same examples
def balanced_prompt(pool, each, query, seed):
    chosen = drawn(pool, each, np.random.default_rng(0))
    rng = np.random.default_rng(seed)
    return written([chosen[i] for i in rng.permutation(len(chosen))], query)


# %% every seed takes the same examples
def balanced_prompt(pool, each, query, seed):
    rng = np.random.default_rng(seed)
    drawn(pool, each, rng)  # raises for too few
    chosen = []
    for word in sorted({word for _, word in pool}):
        chosen += [pair for pair in pool if pair[1] == word][:each]
    return written([chosen[i] for i in rng.permutation(len(chosen))], query)


# %% of every word in the pool
def balanced_prompt(pool, each, query, seed):
    rng = np.random.default_rng(seed)
    known = [pair for pair in pool if pair[1] in ("positive", "negative")]
    chosen = drawn(known, each, rng)
    return written([chosen[i] for i in rng.permutation(len(chosen))], query)
