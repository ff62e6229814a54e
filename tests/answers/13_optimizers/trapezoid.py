"Wrong answers to exercise 3, each below the message that it must get."


# %% the first step has a rate of 0
def trapezoid(step, total, warmup, cooldown):
    if step < warmup:
        return step / warmup
    return min(1.0, (total - step) / (cooldown + 1))


# %% the last step has a rate of 0
def trapezoid(step, total, warmup, cooldown):
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return min(1.0, (total - 1 - step) / cooldown)


# %% only the last three go down
def trapezoid(step, total, warmup, cooldown):
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return (total - step) / (total - warmup)


# %% Four equal parts lead from 1 to 0
def trapezoid(step, total, warmup, cooldown):
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return min(1.0, (total - step) / max(1, cooldown))


# %% one of the three cases returns nothing
def trapezoid(step, total, warmup, cooldown):
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if total - step <= cooldown:
        return (total - step) / (cooldown + 1)


# %% 12 steps, 3 up and 4 down
def trapezoid(step, total, warmup, cooldown):
    if step < warmup:
        return (step + 1) / 3
    if total - step <= cooldown:
        return (total - step) / 4
    return 1.0


# %% one step up and two down of three
def trapezoid(step, total, warmup, cooldown):
    if step <= warmup:
        return (step + 1) / (warmup + 1)
    return min(1.0, (total - step) / (cooldown + 1))
