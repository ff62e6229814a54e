"Wrong answers to exercise 1, each below the message that it must get."


def log_p_of(logits_of, prompt, word):
    return logits_of(prompt + word).log_softmax(-1)


# %% a log-probability is never above 0
def word_score(logits_of, prompt, word):
    logits = logits_of(prompt + word)
    places = range(len(prompt) - 1, len(prompt) - 1 + len(word))
    return logits.softmax(-1)[places, word].sum().item()


# %% you look one place too late
def word_score(logits_of, prompt, word):
    log_p = log_p_of(logits_of, prompt, word)
    places = range(len(prompt), len(prompt) + len(word))
    return log_p[[min(i, len(log_p) - 1) for i in places], word].sum().item()


# %% only the first token of the word is scored
def word_score(logits_of, prompt, word):
    return log_p_of(logits_of, prompt, word)[len(prompt) - 1, word[0]].item()


# %% that is the mean for each token
def word_score(logits_of, prompt, word):
    log_p = log_p_of(logits_of, prompt, word)
    places = range(len(prompt) - 1, len(prompt) - 1 + len(word))
    return log_p[places, word].mean().item()


# %% each token of the word is predicted at the place before it
def word_score(logits_of, prompt, word):
    log_p = log_p_of(logits_of, prompt, word)[len(prompt) - 1]
    return log_p[word].sum().item()


# %% the word [5] has
def word_score(logits_of, prompt, word):
    log_p = log_p_of(logits_of, prompt, word)
    everything = prompt + word
    return log_p[range(len(everything) - 1), everything[1:]].sum().item()


# %% gives None
def word_score(logits_of, prompt, word):
    log_p_of(logits_of, prompt, word)


# %% these are logits, not logarithms of probabilities
def word_score(logits_of, prompt, word):
    logits = logits_of(prompt + word)
    places = range(len(prompt) - 1, len(prompt) - 1 + len(word))
    return logits[places, word].sum().item()


# %% the word is read without its prompt
def word_score(logits_of, prompt, word):
    log_p = logits_of(word).log_softmax(-1)
    return log_p[range(len(word)), word].sum().item()


# %% leave prompt as it is
def word_score(logits_of, prompt, word):
    total = 0.0
    for token in word:
        total += logits_of(prompt).log_softmax(-1)[-1, token].item()
        prompt.append(token)
    return total
