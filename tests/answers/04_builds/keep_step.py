"Wrong answers to exercise 1, each below the message that it must get."

import json
import os
import random


# %% and make() was called all the same
def keep_step(folder, name, make):
    file = folder / f"{name}.json"
    random.seed(name)
    part = folder / f"{name}.json.part"
    part.write_text(json.dumps(make()))
    os.replace(part, file)
    return json.loads(file.read_text())


# %% there is no file a.json
def keep_step(folder, name, make):
    file = folder / name
    if not file.exists():
        random.seed(name)
        part = folder / f"{name}.part"
        part.write_text(json.dumps(make()))
        os.replace(part, file)
    return json.loads(file.read_text())


# %% and later ones [
def keep_step(folder, name, make):
    file = folder / f"{name}.json"
    if file.exists():
        return json.loads(file.read_text())
    random.seed(name)
    result = make()
    part = folder / f"{name}.json.part"
    part.write_text(json.dumps(result))
    os.replace(part, file)
    return result


# %% depends on what was drawn before
def keep_step(folder, name, make):
    file = folder / f"{name}.json"
    if not file.exists():
        part = folder / f"{name}.json.part"
        part.write_text(json.dumps(make()))
        os.replace(part, file)
    return json.loads(file.read_text())


# %% steps a and b draw the same numbers
def keep_step(folder, name, make):
    file = folder / f"{name}.json"
    if not file.exists():
        random.seed(0)
        part = folder / f"{name}.json.part"
        part.write_text(json.dumps(make()))
        os.replace(part, file)
    return json.loads(file.read_text())


# %% a power cut would leave half of it
def keep_step(folder, name, make):
    file = folder / f"{name}.json"
    if not file.exists():
        random.seed(name)
        file.write_text(json.dumps(make()))
    return json.loads(file.read_text())
