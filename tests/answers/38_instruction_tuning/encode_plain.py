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


# %% has no mark: encode it as `encode` does
def encode_plain(text, encode, special):
    return [i for part in re.split(r"(<)", text) for i in encode(part.strip())]


# %% has no mark: encode it as `encode` does
def encode_plain(text, encode, special):
    return [ord(sign) for sign in text]


# %% has no mark: encode it as `encode` does
def encode_plain(text, encode, special):
    return [i for sign in text for i in encode(sign)]


# %% has no mark: encode it as `encode` does
def encode_plain(text, encode, special):
    return [i for part in re.split("(<)", text) for i in encode(part)]


# %% has no mark: encode it as `encode` does
def encode_plain(text, encode, special):
    ids = []
    for part in re.split(f"({'|'.join(special)})", text):
        if part in special:
            ids += encode(part[0]) + encode(part[1:])
        elif part:
            ids += encode(part)
    return ids
