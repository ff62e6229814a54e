"Wrong answers to exercise 3, each below the message that it must get."


# %% log-probabilities are asked for
def tilt(log_reference, reward, beta):
    return (log_reference + reward / beta).softmax(-1)


# %% normalise
def tilt(log_reference, reward, beta):
    return log_reference - 1 + reward / beta - reward.max() / beta


# %% divide the score by beta
def tilt(log_reference, reward, beta):
    return (log_reference + reward * beta).log_softmax(-1)


# %% the reference is lost
def tilt(log_reference, reward, beta):
    return (reward / beta).log_softmax(-1)


# %% scores of 1,000 overflow
def tilt(log_reference, reward, beta):
    weights = log_reference.exp() * (reward / beta).exp()
    return (weights / weights.sum()).log()


# %% answer 2 is 10,000 nats below answer 0, not 20.7
def tilt(log_reference, reward, beta):
    return ((log_reference + reward / beta).softmax(-1) + 1e-9).log()
