"Wrong answers to exercise 4, each below the message that it must get."


# %% you count only each logit's own probability
def softmax_backward(p, dp):
    return p * (1 - p) * dp


# %% p belongs to both terms
def softmax_backward(p, dp):
    return p * dp - (p * dp).sum(-1, keepdim=True)


# %% the sum goes over the classes
def softmax_backward(p, dp):
    return p * (dp - (p * dp).sum(0))


# %% should add up to 0
def softmax_backward(p, dp):
    return p * (dp - dp.mean(-1, keepdim=True))


# %% a mean in place of the sum
def softmax_backward(p, dp):
    return p * (dp - (p * dp).mean(-1, keepdim=True))
