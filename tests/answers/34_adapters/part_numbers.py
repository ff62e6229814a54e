"Wrong answers to exercise 3, each below the message that it must get."


def numbers(C, L, classes, m):
    "The right ones."
    head = C * classes + classes
    return {
        "head": head,
        "last_layers": 12 * C**2 + 13 * C + C**2 + C + head,
        "bitfit": L * 11 * C + 2 * C + head,
        "ia3": L * 6 * C + head,
        "adapters": 2 * L * (2 * C * m + m + C) + L * 4 * C + head,
    }


# %% the head learns too
def part_numbers(C, L, classes, m):
    right = numbers(C, L, classes, m)
    return right | {"ia3": right["ia3"] - right["head"]}


# %% the head has a bias for each class
def part_numbers(C, L, classes, m):
    return {name: n - classes for name, n in numbers(C, L, classes, m).items()}


# %% the pooler comes after the last block
def part_numbers(C, L, classes, m):
    right = numbers(C, L, classes, m)
    return right | {"last_layers": right["last_layers"] - C**2 - C}


# %% the pooler and the norm of the embeddings
def part_numbers(C, L, classes, m):
    right = numbers(C, L, classes, m)
    return right | {"bitfit": right["bitfit"] - 2 * C}


# %% the norms have biases too
def part_numbers(C, L, classes, m):
    right = numbers(C, L, classes, m)
    return right | {"bitfit": right["bitfit"] - 2 * L * C}


# %% the inside is 4C wide
def part_numbers(C, L, classes, m):
    right = numbers(C, L, classes, m)
    return right | {"ia3": right["ia3"] - 3 * L * C}


# %% the norms of the blocks learn too
def part_numbers(C, L, classes, m):
    right = numbers(C, L, classes, m)
    return right | {"adapters": right["adapters"] - 4 * L * C}


# %% there are two a block
def part_numbers(C, L, classes, m):
    right = numbers(C, L, classes, m)
    return right | {"adapters": right["adapters"] - L * (2 * C * m + m + C)}


# %% both layers have biases
def part_numbers(C, L, classes, m):
    right = numbers(C, L, classes, m)
    return right | {"adapters": right["adapters"] - 2 * L * (m + C)}


# %% return a dictionary with the keys
def part_numbers(C, L, classes, m):
    return list(numbers(C, L, classes, m).values())


# %% one block learns
def part_numbers(C, L, classes, m):
    found = numbers(C, L, classes, m)
    found["last_layers"] += (L - 1) * (12 * C**2 + 13 * C)
    return found


# %% the block has two norms
def part_numbers(C, L, classes, m):
    found = numbers(C, L, classes, m)
    found["last_layers"] -= 4 * C
    return found


# %% peft's default
def part_numbers(C, L, classes, m):
    found = numbers(C, L, classes, m)
    found["ia3"] += L * C
    return found


# %% a norm has weights and biases
def part_numbers(C, L, classes, m):
    found = numbers(C, L, classes, m)
    found["adapters"] -= L * 2 * C
    return found
