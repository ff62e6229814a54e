"Wrong answers to exercise 2, each below the message that it must get."


# %% the decay is in the gradient (L2)
def adamw_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    root = (v / (1 - beta2**t)).sqrt()
    return p - lr * m / (1 - beta1**t) / (root + eps), m, v


# %% the decay is missing
def adamw_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    root = (v / (1 - beta2**t)).sqrt()
    return p - lr * m / (1 - beta1**t) / (root + eps), m, v


# %% Are both means corrected, with t from 1
def adamw_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return p - lr * weight_decay * p - lr * m / (v.sqrt() + eps), m, v


# %% return them uncorrected
def adamw_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)
    v = (beta2 * v + (1 - beta2) * g**2) / (1 - beta2**t)
    return p - lr * weight_decay * p - lr * m / (v.sqrt() + eps), m, v


# %% Is eps outside the root
def adamw_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    root = (v / (1 - beta2**t) + eps).sqrt()
    return p - lr * weight_decay * p - lr * m / (1 - beta1**t) / root, m, v


# %% yours forgets lr
def adamw_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    root = (v / (1 - beta2**t)).sqrt()
    return p - weight_decay * p - lr * m / (1 - beta1**t) / (root + eps), m, v


# %% beta1 belongs to m
def adamw_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta2 * m + (1 - beta2) * g
    v = beta1 * v + (1 - beta1) * g**2
    root = (v / (1 - beta1**t)).sqrt()
    return p - lr * weight_decay * p - lr * m / (1 - beta2**t) / (root + eps), m, v


# %% it changes a tensor it was given
def adamw_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = m.mul_(beta1).add_((1 - beta1) * g)
    v = v.mul_(beta2).add_((1 - beta2) * g**2)
    root = (v / (1 - beta2**t)).sqrt()
    return p - lr * weight_decay * p - lr * m / (1 - beta1**t) / (root + eps), m, v


# %% does the decay take its share of the old weight
def adamw_step(p, g, m, v, t, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    root = (v / (1 - beta2**t)).sqrt()
    p = p - lr * m / (1 - beta1**t) / (root + eps)
    return p - lr * weight_decay * p, m, v
