"Wrong answers to exercise 2, each below the message that it must get."


class Base:
    "What all of them share."

    def __init__(self, beta1, beta2):
        self.beta1 = beta1
        self.beta2 = beta2
        self.mean = 0.0
        self.spread = 0.0

    def take(self, now):
        self.mean = self.beta1 * self.mean + (1 - self.beta1) * now
        distance = (now - self.mean).abs()
        self.spread = self.beta2 * self.spread + (1 - self.beta2) * distance

    def update(self, p, gradient):
        self.take((p * gradient).abs().detach())

    def score(self):
        return self.mean * self.spread


# %% the score holds on to the graph
class Importance(Base):
    def update(self, p, gradient):
        self.take((p * gradient).abs())


# %% a sensitivity is an absolute value
class Importance(Base):
    def update(self, p, gradient):
        self.take((p * gradient).detach())


# %% the spread uses the mean from before this step
class Importance(Base):
    def take(self, now):
        distance = (now - self.mean).abs()
        self.mean = self.beta1 * self.mean + (1 - self.beta1) * now
        self.spread = self.beta2 * self.spread + (1 - self.beta2) * distance


# %% one sensitivity of 3, betas 0.9 and 0.5: 0.405, not 0.300
class Importance(Base):
    def score(self):
        return self.mean


# %% score has the shape of the parameter
class Importance(Base):
    def score(self):
        return (self.mean * self.spread).mean()


# %% after 2 and 4 with betas 0.5: 2.5
class Importance(Base):
    def take(self, now):
        self.mean = (1 - self.beta1) * now
        self.spread = (1 - self.beta2) * (now - self.mean).abs()


# %% the betas are swapped
class Importance(Base):
    def __init__(self, beta1, beta2):
        super().__init__(beta2, beta1)


# %% one sensitivity of 3, betas 0.9 and 0.5: 0.405, not 0.081
class Importance(Base):
    def __init__(self, beta1, beta2):
        super().__init__(beta1, beta1)


# %% the score is the product of mean and spread, not their sum
class Importance(Base):
    def score(self):
        return self.mean + self.spread


# %% a running mean holds on to the graph
class Importance(Base):
    def update(self, p, gradient):
        self.take((p * gradient).abs())

    def score(self):
        return super().score().detach()


# %% each number has its own mean and spread
class Importance(Base):
    def score(self):
        return super().score() * 0 + super().score()[0]


# %% a distance has no sign
class Importance(Base):
    def take(self, now):
        self.mean = self.beta1 * self.mean + (1 - self.beta1) * now
        self.spread = self.beta2 * self.spread + (1 - self.beta2) * (now - self.mean)
