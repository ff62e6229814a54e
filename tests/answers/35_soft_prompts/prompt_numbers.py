"Wrong answers to exercise 3, each below the message that it must get."


def whole_count(n, C, L, way):
    row = 2 * L * C
    inside = n * C
    found = dict(prompt=inside, p_tuning=inside + 3 * (C * C + C), prefix=n * row)
    found["prefix_mlp"] = inside + C * C + C + C * row + row
    return found[way]


# %% the vectors that go into the network are learned too
def prompt_numbers(n, C, L, way):
    inside = n * C if way in ("p_tuning", "prefix_mlp") else 0
    return whole_count(n, C, L, way) - inside


# %% the layers have biases
def prompt_numbers(n, C, L, way):
    biases = dict(p_tuning=3 * C, prefix_mlp=C + 2 * L * C)
    return whole_count(n, C, L, way) - biases.get(way, 0)


# %% a prefix has keys and values
def prompt_numbers(n, C, L, way):
    return n * L * C if way == "prefix" else whole_count(n, C, L, way)


# %% another one in each layer
def prompt_numbers(n, C, L, way):
    return 2 * n * C if way == "prefix" else whole_count(n, C, L, way)


# %% that is what is kept
def prompt_numbers(n, C, L, way):
    return n * C if way == "p_tuning" else whole_count(n, C, L, way)


# %% numbers are trained, not
def prompt_numbers(n, C, L, way):
    return 2 * n * C if way == "prompt" else whole_count(n, C, L, way)


# %% the last layer makes a whole row
def prompt_numbers(n, C, L, way):
    if way == "prefix_mlp":
        return n * C + 2 * (C * C + C)
    return whole_count(n, C, L, way)


# %% all tokens share one network
def prompt_numbers(n, C, L, way):
    if way == "p_tuning":
        return n * (C + 3 * (C * C + C))
    return whole_count(n, C, L, way)
