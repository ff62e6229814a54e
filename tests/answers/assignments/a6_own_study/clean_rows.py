"Answers to question 1, each below the message that it must get; those that are right say so."


def cleaned(value):
    return " ".join((value or "").split())


def words_of(text):
    return [word for word in text.split() if any(map(str.isalpha, word))]


def solve(rows, key_of=str.casefold, lower=False, words_of=words_of, whole=True, swap=False):
    "The right way, with places to go wrong."
    dropped = dict(unlabelled=0, short=0, conflict=0, repeated=0)
    usable = []
    labels_of = {}
    for row in rows:
        text, label = cleaned(row["text"]), cleaned(row["label"])
        short = len(words_of(text)) < 2
        if swap and short:
            dropped["short"] += 1
        elif not label:
            dropped["unlabelled"] += 1
        elif short:
            dropped["short"] += 1
        else:
            text = text.lower() if lower else text
            usable.append(dict(text=text, label=label, group=row["group"]))
            labels_of.setdefault(key_of(text), set()).add(label)
    kept = []
    seen = {}
    for row in usable:
        key = key_of(row["text"])
        if whole and len(labels_of[key]) > 1:
            dropped["conflict"] += 1
        elif key in seen:
            reason = "repeated" if seen[key] == row["label"] else "conflict"
            dropped[reason] += 1
        else:
            seen[key] = row["label"]
            kept.append(row)
    return dict(rows=kept, dropped=dropped)


# %% The kept text has lost its capitals
def clean_rows(rows):
    return solve(rows, lower=True)


# %% 'Good film' and 'good FILM' are the same text
def clean_rows(rows):
    return solve(rows, key_of=str)


# %% Nobody knows which is right, so both rows go
def clean_rows(rows):
    return solve(rows, whole=False)


# %% a word has a letter in it
def clean_rows(rows):
    return solve(rows, words_of=str.split)


# %% 'Ok , fine' has two words
def clean_rows(rows):
    def all_words(text):
        words = text.split()
        return words if all(any(map(str.isalpha, word)) for word in words) else []

    return solve(rows, words_of=all_words)


# %% A missing label contradicts
def clean_rows(rows):
    labels_of = {}
    for row in rows:
        labels_of.setdefault(cleaned(row["text"]).casefold(), set()).add(cleaned(row["label"]))
    found = solve(rows)
    kept = [row for row in found["rows"] if len(labels_of[row["text"].casefold()]) == 1]
    return dict(found, rows=kept)


# %% The result is a dict with the entries rows and dropped
def clean_rows(rows):
    found = solve(rows)
    return found["rows"], found["dropped"]


# %% A row without text and label is unlabelled
def clean_rows(rows):
    return solve(rows, swap=True)


# %% all three rows are conflicts
def clean_rows(rows):
    found = solve(rows)
    seen = set()
    for row in rows:
        key = cleaned(row["text"]).casefold(), cleaned(row["label"])
        if (
            all(key)
            and key in seen
            and not any(r["text"].casefold() == key[0] for r in found["rows"])
        ):
            found["dropped"]["repeated"] += 1
            found["dropped"]["conflict"] -= 1
        seen.add(key)
    return found


# %% White space
def clean_rows(rows):
    dropped = dict(unlabelled=0, short=0, conflict=0, repeated=0)
    kept = []
    for row in rows:
        text, label = row["text"] or "", (row["label"] or "").strip()
        if not label:
            dropped["unlabelled"] += 1
        elif len(words_of(text)) < 2:
            dropped["short"] += 1
        else:
            kept.append(dict(text=text.strip(), label=label, group=row["group"]))
    return dict(rows=kept, dropped=dropped)


# %% right: with pandas
def clean_rows(rows):
    import pandas as pd

    if not rows:
        return dict(rows=[], dropped=dict(unlabelled=0, short=0, conflict=0, repeated=0))
    table = pd.DataFrame(rows).astype(object)
    for name in ("text", "label"):
        table[name] = [cleaned(row[name]) for row in rows]
    dropped = {}
    unlabelled = table["label"] == ""
    dropped["unlabelled"] = int(unlabelled.sum())
    table = table[~unlabelled]
    short = table["text"].map(lambda text: len(words_of(text)) < 2).astype(bool)
    dropped["short"] = int(short.sum())
    table = table[~short]
    key = table["text"].str.casefold()
    conflict = table.groupby(key)["label"].transform("nunique") > 1
    dropped["conflict"] = int(conflict.sum())
    repeated = key.duplicated() & ~conflict
    dropped["repeated"] = int(repeated.sum())
    kept = []
    for i, row in table[~conflict & ~repeated].iterrows():
        kept.append(dict(text=row["text"], label=row["label"], group=rows[i]["group"]))
    return dict(rows=kept, dropped=dropped)


# %% right: one function that names the reason
def clean_rows(rows):
    from collections import Counter

    tidy = []
    for row in rows:
        tidy.append({k: cleaned(v) if k != "group" else v for k, v in row.items()})
    good = [r for r in tidy if r["label"] and len(words_of(r["text"])) > 1]

    def reason(place):
        row = tidy[place]
        if not row["label"]:
            return "unlabelled"
        if len(words_of(row["text"])) < 2:
            return "short"
        key = row["text"].casefold()
        if any(r["text"].casefold() == key and r["label"] != row["label"] for r in good):
            return "conflict"
        for other in tidy[:place]:
            if other["text"].casefold() == key and other["label"]:
                return "repeated"
        return "kept"

    reasons = [reason(place) for place in range(len(tidy))]
    counts = Counter(reasons)
    names = ("unlabelled", "short", "conflict", "repeated")
    kept = [row for row, why in zip(tidy, reasons) if why == "kept"]
    return dict(rows=kept, dropped={name: counts[name] for name in names})


# %% A letter is a letter of any alphabet
# unseen: only the letters from A to Z
def clean_rows(rows):
    import re

    return solve(rows, words_of=lambda text: re.findall(r"\S*[A-Za-z]\S*", text))


# %% is white space too
# unseen: only the white space of ASCII
def clean_rows(rows):
    def kept(text):
        return text and text.replace("\xa0", "_")

    rows = [dict(row, text=kept(row["text"]), label=kept(row["label"])) for row in rows]
    found = solve(rows)
    for row in found["rows"]:
        row["text"] = row["text"].replace("_", "\xa0")
    return found


# %% Labels count as they are written
# unseen: labels without capitals
def clean_rows(rows):
    low = solve([dict(row, label=row["label"] and row["label"].lower()) for row in rows])
    return low


# %% The groups stay as they are
def clean_rows(rows):
    return solve([dict(row, group=cleaned(row["group"]) or None) for row in rows])
