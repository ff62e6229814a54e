"Wrong answers to exercise 1, each below the message that it must get."

from ftkit.catalog import file_hash


# %% ask for it before you hash it
def damaged(folder, pins):
    return [name for name, expected in pins.items() if file_hash(folder / name) != expected]


# %% a pinned file that is not there is damaged too
def damaged(folder, pins):
    found = []
    for name, expected in pins.items():
        if (folder / name).exists() and file_hash(folder / name) != expected:
            found.append(name)
    return found


# %% compare the hashes
def damaged(folder, pins):
    return [name for name in pins if not (folder / name).exists()]


# %% nothing says what unpinned.txt should hold
def damaged(folder, pins):
    found = [name for name in pins if not (folder / name).exists()]
    for path in folder.iterdir():
        if file_hash(path) != pins.get(path.name):
            found.append(path.name)
    return found


# %% good.txt has the hash that was pinned
def damaged(folder, pins):
    found = []
    for name, expected in pins.items():
        if not (folder / name).exists() or (folder / name).read_bytes() != expected:
            found.append(name)
    return found


# %% names are asked, as in pins, and yours are paths
def damaged(folder, pins):
    paths = [folder / name for name in pins]
    return [path for path in paths if not path.exists() or file_hash(path) != pins[path.name]]


# %% a list of names is asked, even if there is only one, not True
def damaged(folder, pins):
    found = [name for name in pins if (folder / name).exists()]
    return any(file_hash(folder / name) != pins[name] for name in found)
