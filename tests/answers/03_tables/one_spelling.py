"Wrong answers to exercise 2, each below the message that it must get."

import re

import pandas as pd


# %% None is missing and should become None
def one_spelling(labels):
    return [str(label).strip().removesuffix(".0") for label in labels]


# %% 'NA' should become 'NA'
def one_spelling(labels):
    found = []
    for label in labels:
        if pd.isna(label) or str(label) in ("NA", "nan"):
            found.append(None)
        else:
            found.append(str(label).strip().removesuffix(".0"))
    return found


# %% '10.05' should become '10.05'
def one_spelling(labels):
    found = []
    for label in labels:
        if pd.isna(label):
            found.append(None)
        else:
            found.append(str(label).strip().replace(".0", ""))
    return found


# %% '007' should become '007'
def one_spelling(labels):
    found = []
    for label in labels:
        if pd.isna(label):
            found.append(None)
            continue
        text = str(label).strip()
        if text.replace(".", "").isdigit():
            text = f"{float(text):g}"
        found.append(text)
    return found


# %% '10' should become '10'
def one_spelling(labels):
    return [None if pd.isna(label) else str(label).strip().rstrip(".0") for label in labels]


# %% the list must stay as long as it was
def one_spelling(labels):
    return sorted({str(label).strip().removesuffix(".0") for label in labels if not pd.isna(label)})


# %% 0 should become '0'; yours gives None
def one_spelling(labels):
    found = []
    for label in labels:
        if not label or label != label:
            found.append(None)
            continue
        text = str(label).strip()
        found.append(text[:-2] if re.fullmatch(r"-?[0-9]+[.]0", text) else text)
    return found


# %% 'very  good' should become 'very  good'
def one_spelling(labels):
    found = []
    for label in labels:
        if label is None or label != label:
            found.append(None)
            continue
        text = " ".join(str(label).split())
        found.append(text[:-2] if re.fullmatch(r"-?[0-9]+[.]0", text) else text)
    return found
