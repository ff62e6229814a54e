"Wrong answers to exercise 1, each below the message that it must get."


def plain(text):
    return " ".join(text.lower().split())


# %% you compare the texts as they are written
def leak(train, test):
    seen = set(train)
    return sum(text in seen for text in test) / len(test)


# %% one of case and spacing is handled
def leak(train, test):
    seen = {text.lower() for text in train}
    return sum(text.lower() in seen for text in test) / len(test)


# %% that is a share of the training texts
def leak(train, test):
    seen = {plain(text) for text in train}
    return sum(plain(text) in seen for text in test) / len(train)


# %% each row of the test counts
def leak(train, test):
    seen = {plain(text) for text in train}
    asked = {plain(text) for text in test}
    return len(seen & asked) / len(asked)


# %% 2 is a number of texts
def leak(train, test):
    seen = {plain(text) for text in train}
    return sum(plain(text) in seen for text in test)


# %% one of case and spacing is handled
def leak(train, test):
    seen = {" ".join(text.split()) for text in train}
    return sum(" ".join(text.split()) in seen for text in test) / len(test)


# %% compare whole texts
def leak(train, test):
    everything = " | ".join(plain(text) for text in train)
    return sum(plain(text) in everything for text in test) / len(test)


# %% the order of the words counts
def leak(train, test):
    def words(text):
        return " ".join(sorted(plain(text).replace(",", "").split()))

    seen = {words(text) for text in train}
    return sum(words(text) in seen for text in test) / len(test)
