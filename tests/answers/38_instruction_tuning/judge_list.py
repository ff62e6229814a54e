"Wrong answers to exercise 4, each below the message that it must get."

import re


# %% look at ended first
def judge_list(words, text, ended):
    if text == "\n".join(f"- {word}" for word in words):
        return "right"
    if not ended:
        return "endless"
    return "format" if re.findall(r"\w+", text) == list(words) else "wrong"


# %% right words in a wrong order are
def judge_list(words, text, ended):
    if not ended:
        return "endless"
    if text == "\n".join(f"- {word}" for word in words):
        return "right"
    return "format" if sorted(re.findall(r"\w+", text)) == sorted(words) else "wrong"


# %% right words in a wrong order are
def judge_list(words, text, ended):
    if not ended:
        return "endless"
    if all(f"- {word}" in text for word in words):
        return "right"
    return "format" if all(word in text for word in words) else "wrong"


# %% a word too many
def judge_list(words, text, ended):
    if not ended:
        return "endless"
    if text.startswith("\n".join(f"- {word}" for word in words)):
        return "right"
    return "format" if re.findall(r"\w+", text) == list(words) else "wrong"


# %% right words, another format
def judge_list(words, text, ended):
    if not ended:
        return "endless"
    return "right" if text == "\n".join(f"- {word}" for word in words) else "wrong"


# %% each word needs its own line
def judge_list(words, text, ended):
    if not ended:
        return "endless"
    if text.split() == " ".join(f"- {word}" for word in words).split():
        return "right"
    return "format" if re.findall(r"\w+", text) == list(words) else "wrong"


# %% right words in a wrong order are 'wrong', not 'format'
def judge_list(words, text, ended):
    if not ended:
        return "endless"
    if text == "\n".join(f"- {word}" for word in words):
        return "right"
    return "wrong" if re.findall(r"\w+", text) == list(words) else "format"


# %% a dash stands before each word
def judge_list(words, text, ended):
    if not ended:
        return "endless"
    lines = [line.removeprefix("- ") for line in text.split("\n")]
    if lines == list(words):
        return "right"
    return "format" if re.findall(r"\w+", text) == list(words) else "wrong"


# %% not even an empty line
def judge_list(words, text, ended):
    if not ended:
        return "endless"
    if text.splitlines() == [f"- {word}" for word in words]:
        return "right"
    return "format" if re.findall(r"\w+", text) == list(words) else "wrong"


# %% not even an empty line
def judge_list(words, text, ended):
    if not ended:
        return "endless"
    if text.strip() == "\n".join(f"- {word}" for word in words):
        return "right"
    return "format" if re.findall(r"\w+", text) == list(words) else "wrong"


# %% a capital makes another word
def judge_list(words, text, ended):
    if not ended:
        return "endless"
    text = text.lower()
    if text == "\n".join(f"- {word}" for word in words):
        return "right"
    return "format" if re.findall(r"\w+", text) == list(words) else "wrong"
