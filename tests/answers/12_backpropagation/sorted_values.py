"Wrong answers to exercise 2, each below the message that it must get."


# %% append a value after its parents, not before
def sorted_values(value):
    found = []

    def visit(one):
        if one in found:
            return
        found.append(one)
        for parent in one.parents:
            visit(parent)

    visit(value)
    return found


# %% a value is in the list twice
def sorted_values(value):
    found = []
    for parent in value.parents:
        found += sorted_values(parent)
    return [*found, value]


# %% append a value after *all* its parents
def sorted_values(value):
    found = [value]
    for one in found:  # the list grows while we walk through it: level by level
        for parent in one.parents:
            if parent not in found:
                found.append(parent)
    return found[::-1]


# %% visit the parents of parents
def sorted_values(value):
    return [*value.parents, value]


# %% Does it keep something from the call before?
def sorted_values(value, found=[]):  # noqa: B006
    if value not in found:
        for parent in value.parents:
            sorted_values(parent, found)
        found.append(value)
    return found
