"Wrong answers to the project, each below the message that it must get."

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression


def resampled(labels, predictions):
    rows = np.random.default_rng(0).integers(len(labels), size=(500, len(labels)))
    return np.quantile((labels == predictions)[rows].mean(1), (0.025, 0.975))


def with_words(path, once=True):
    "A sound project with a bag of words, which is faster than an encoder."
    table = pd.read_csv(path).dropna(subset=["text"])
    if once:
        plain = table["text"].str.lower().str.split().str.join(" ")
        table = table[~plain.duplicated()]
    table = table.sample(frac=1, random_state=0)
    test = table[: len(table) // 2]
    train = table[len(table) // 2 :]
    words = TfidfVectorizer().fit(train["text"])
    vectors = words.transform(train["text"])

    def answers(labels):
        return LogisticRegression(C=10).fit(vectors, labels).predict(words.transform(test["text"]))

    predictions = answers(train["label"])
    labels = test["label"].to_numpy()
    return dict(
        parts=dict(train=train["text"].tolist(), test=test["text"].tolist()),
        labels=labels,
        predictions=predictions,
        score=(labels == predictions).mean(),
        interval=resampled,
        control=answers(np.random.default_rng(0).permutation(train["label"])),
    )


# %% A row may lie on one side only
def project(path):
    return with_words(path, once=False)


# %% The results have no control
def project(path):
    results = with_words(path)
    results.pop("control")
    return results


# %% it is the model itself
def project(path):
    results = with_words(path)
    return results | dict(control=results["predictions"])


# %% Does it resample as many rows as it is given?
def project(path):
    def interval(labels, predictions):
        right = labels == predictions
        return right.mean() - 1.96 * right.std(), right.mean() + 1.96 * right.std()

    return with_words(path) | dict(interval=interval)


# %% labels and predictions give
def project(path):
    results = with_words(path)
    return results | dict(score=100 * results["score"])


# %% are both in the same order?
def project(path):
    results = with_words(path)
    turned = dict(train=results["parts"]["train"], test=results["parts"]["test"][::-1])
    return results | dict(parts=turned)
