"Wrong answers to exercise 2, each below the message that it must get."


# %% all tokens of the first text
def head_logits(hidden, dense, head):
    return head(dense(hidden[0]).tanh())


# %% that is the last token
def head_logits(hidden, dense, head):
    return head(dense(hidden[:, -1]).tanh())


# %% that is the mean of all tokens
def head_logits(hidden, dense, head):
    return head(dense(hidden.mean(dim=1)).tanh())


# %% there is no tanh
def head_logits(hidden, dense, head):
    return head(dense(hidden[:, 0]))


# %% those are probabilities
def head_logits(hidden, dense, head):
    return head(dense(hidden[:, 0]).tanh()).softmax(dim=-1)


# %% choose the token before the layers
def head_logits(hidden, dense, head):
    return head(dense(hidden).tanh())


# %% dense is missing
def head_logits(hidden, dense, head):
    return head(hidden[:, 0].tanh())


# %% dense and the tanh are missing
def head_logits(hidden, dense, head):
    return head(hidden[:, 0])


# %% the tanh comes after dense, not before it
def head_logits(hidden, dense, head):
    return head(dense(hidden[:, 0].tanh()))


# %% the tanh comes after the head
def head_logits(hidden, dense, head):
    return head(dense(hidden[:, 0])).tanh()


# %% one tanh is enough
def head_logits(hidden, dense, head):
    return head(dense(hidden[:, 0]).tanh()).tanh()


# %% not a relu
def head_logits(hidden, dense, head):
    return head(dense(hidden[:, 0]).relu())
