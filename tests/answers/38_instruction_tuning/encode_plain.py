"Wrong answers to exercise 2, each below the message that it must get."

import re


# %% a special token is left
def encode_plain(text, encode, special):
    return encode(text)


# %% the marks are gone
def encode_plain(text, encode, special):
    return [i for i in encode(text) if i not in special.values()]


# %% the marks are gone
def encode_plain(text, encode, special):
    for mark in special:
        text = text.replace(mark, "")
    return encode(text)


# %% the text must stay as it is
def encode_plain(text, encode, special):
    for mark in special:
        text = text.replace(mark, mark[0] + " " + mark[1:])
    return encode(text)


# %% a special token is left
def encode_plain(text, encode, special):
    for mark in special:
        if mark in text:
            before, after = text.split(mark, 1)
            return encode(before) + encode(mark[0]) + encode(mark[1:]) + encode(after)
    return encode(text)


# %% a text without marks is encoded as usual
def encode_plain(text, encode, special):
    return [i for part in re.split(r"(<)", text) for i in encode(part.strip())]
