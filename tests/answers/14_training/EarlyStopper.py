"Wrong answers to exercise 3, each below the message that it must get."

import copy
import math


# %% state_dict() hands out the weights themselves
class EarlyStopper:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss = math.inf
        self.worse = 0

    def update(self, loss, model):
        if loss < self.best_loss:
            self.best = model.state_dict()
            self.best_loss = loss
            self.worse = 0
        else:
            self.worse += 1
        return self.worse >= self.patience


# %% count again from 0 after a new best
class EarlyStopper:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss = math.inf
        self.worse = 0

    def update(self, loss, model):
        if loss < self.best_loss:
            self.best = copy.deepcopy(model.state_dict())
            self.best_loss = loss
        else:
            self.worse += 1
        return self.worse >= self.patience


# %% 2.5 and 2.6 brought no new best
class EarlyStopper:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss = math.inf
        self.worse = 0

    def update(self, loss, model):
        if loss < self.best_loss:
            self.best = copy.deepcopy(model.state_dict())
            self.best_loss = loss
            self.worse = 0
        else:
            self.worse += 1
        return self.worse > self.patience


# %% compare with the best, not the last
class EarlyStopper:
    def __init__(self, patience):
        self.patience = patience
        self.last = math.inf
        self.worse = 0

    def update(self, loss, model):
        if loss < self.last:
            self.best = copy.deepcopy(model.state_dict())
            self.worse = 0
        else:
            self.worse += 1
        self.last = loss
        return self.worse >= self.patience


# %% a loss that equals the best is no new best
class EarlyStopper:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss = math.inf
        self.worse = 0

    def update(self, loss, model):
        if loss <= self.best_loss:
            self.best = copy.deepcopy(model.state_dict())
            self.best_loss = loss
            self.worse = 0
        else:
            self.worse += 1
        return self.worse >= self.patience


# %% `best` should hold the weights by name
class EarlyStopper:
    def __init__(self, patience):
        self.patience = patience
        self.best_loss = math.inf
        self.worse = 0

    def update(self, loss, model):
        if loss < self.best_loss:
            self.best = copy.deepcopy(model)
            self.best_loss = loss
            self.worse = 0
        else:
            self.worse += 1
        return self.worse >= self.patience
