"Wrong answers to exercise 3, each below the message that it must get."

import ast


# %% a comment, a blank line and brackets mean nothing
def what_changed(before, now):
    names = before | now
    return sorted(name for name in names if before.get(name) != now.get(name))


# %% k is new
def what_changed(before, now):
    def meaning(source):
        return ast.dump(ast.parse(source))

    both = sorted(set(before) & set(now))
    return [name for name in both if meaning(before[name]) != meaning(now[name])]


# %% g is gone
def what_changed(before, now):
    def meaning(source):
        return ast.dump(ast.parse(source)) if source else None

    return [name for name in sorted(now) if meaning(before.get(name)) != meaning(now[name])]


# %% g and h have changed places
def what_changed(before, now):
    def meaning(source):
        return ast.dump(ast.parse(source))

    known = set(map(meaning, before.values()))
    new = [name for name in now if name not in before or meaning(now[name]) not in known]
    return sorted([*new, *(name for name in before if name not in now)])


# %% the names are wanted in order
def what_changed(before, now):
    def meanings(sources):
        return {name: ast.dump(ast.parse(source)) for name, source in sources.items()}

    then = meanings(before)
    today = meanings(now)
    return [name for name in (now | before) if then.get(name) != today.get(name)]
