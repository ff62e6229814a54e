"Wrong answers to exercise 1, each below the message that it must get."


# %% one number: a tensor without axes
def answer_log_prob(logits, ids, first):
    rows = logits.log_softmax(-1)[first - 1 : -1]
    return rows.gather(1, ids[first:, None])[:, 0]


# %% the row before it predicts it
def answer_log_prob(logits, ids, first):
    return logits.log_softmax(-1)[first:].gather(1, ids[first:, None]).sum()


# %% the prompt is counted too
def answer_log_prob(logits, ids, first):
    return logits.log_softmax(-1)[:-1].gather(1, ids[1:, None]).sum()


# %% not their mean
def answer_log_prob(logits, ids, first):
    rows = logits.log_softmax(-1)[first - 1 : -1]
    return rows.gather(1, ids[first:, None]).mean()


# %% logits are not log-probabilities
def answer_log_prob(logits, ids, first):
    return logits[first - 1 : -1].gather(1, ids[first:, None]).sum()


# %% the last token of the answer is missing
def answer_log_prob(logits, ids, first):
    return logits.log_softmax(-1)[first - 1 : -2].gather(1, ids[first:-1, None]).sum()


# %% that is the probability: return its logarithm
def answer_log_prob(logits, ids, first):
    rows = logits.softmax(-1)[first - 1 : -1]
    return rows.gather(1, ids[first:, None]).prod()


# %% no minus sign
def answer_log_prob(logits, ids, first):
    rows = logits.log_softmax(-1)[first - 1 : -1]
    return -rows.gather(1, ids[first:, None]).sum()
