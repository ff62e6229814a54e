"""A table of six classes with few words each, for several test files."""

import numpy as np
import pandas as pd

classes = ("animals", "food", "music", "space", "sport", "weather")
words = dict(
    animals="dog cat horse bird fish",
    food="bread soup cake rice salt",
    music="song drum flute choir note",
    space="star moon comet orbit sun",
    sport="goal race team ball swim",
    weather="rain snow wind cloud storm",
)


def table(n=12, seed=0):
    "Six classes, the later ones rarer."
    rng = np.random.default_rng(seed)
    labels = [c for k, c in enumerate(classes) for _ in range(n + 6 * (5 - k))]
    rows = []
    for i, label in enumerate(labels):
        text = " ".join(rng.choice(words[label].split(), 6))
        rows.append(dict(id=f"{i:03d}", text=f"{text} {i}", label=label))
    return pd.DataFrame(rows)
