"Wrong answers to exercise 2, each below the message that it must get."

import numpy as np
import scipy.optimize


def fits_of(N, D, L, beginnings, loss="huber", delta=0.001, has_floor=1):
    def errors(theta):
        E, A, B = np.exp(theta[:3])
        return np.log(has_floor * E + A * N ** -theta[3] + B * D ** -theta[4]) - np.log(L)

    found = []
    for beginning in beginnings:
        how = dict(loss=loss, f_scale=delta, max_nfev=300)
        found.append(scipy.optimize.least_squares(errors, beginning, **how))
    return found


def values(fit):
    return (*np.exp(fit.x[:3]), *fit.x[3:])


# %% return five numbers
def fit_with_floor(N, D, L, beginnings, delta=0.001):
    return values(fits_of(N, D, L, beginnings)[0])[:3]


# %% still logarithms
def fit_with_floor(N, D, L, beginnings, delta=0.001):
    return min(fits_of(N, D, L, beginnings), key=lambda fit: fit.cost).x


# %% does E take part
def fit_with_floor(N, D, L, beginnings, delta=0.001):
    fit = min(fits_of(N, D, L, beginnings, has_floor=0), key=lambda fit: fit.cost)
    return (0.0, *values(fit)[1:])


# %% keep the lowest loss
def fit_with_floor(N, D, L, beginnings, delta=0.001):
    return values(fits_of(N, D, L, beginnings)[0])


# %% keep the lowest loss
def fit_with_floor(N, D, L, beginnings, delta=0.001):
    return values(fits_of(N, D, L, beginnings)[-1])


# %% squares let it
def fit_with_floor(N, D, L, beginnings, delta=0.001):
    fits = fits_of(N, D, L, beginnings, loss="linear")
    return values(min(fits, key=lambda fit: fit.cost))
