"Wrong answers to exercise 3, each below the message that it must get."


def split(A, B, alpha, beta, C):
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    N = G * C ** (beta / (alpha + beta))
    return N, C / N


# %% divide C by 6
def best_split(E, A, B, alpha, beta, C):
    return split(A, B, alpha, beta, C)


# %% 6ND must be C
def best_split(E, A, B, alpha, beta, C):
    N, _ = split(A, B, alpha, beta, C / 6)
    return N, 20 * N


# %% a million each
def best_split(E, A, B, alpha, beta, C):
    return 1e5, C / 6 / 1e5


# %% are exchanged
def best_split(E, A, B, alpha, beta, C):
    N, D = split(A, B, alpha, beta, C / 6)
    return D, N


# %% the exponents weigh
def best_split(E, A, B, alpha, beta, C):
    N = (A / B) ** (1 / (alpha + beta)) * (C / 6) ** (beta / (alpha + beta))
    return N, C / 6 / N


# %% here, not
def best_split(E, A, B, alpha, beta, C):
    N = (C / 6) ** 0.5
    return N, C / 6 / N
