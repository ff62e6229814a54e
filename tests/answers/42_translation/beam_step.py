"Wrong answers to exercise 3, each below the message that it must get."


def candidates(total, n):
    V = total.shape[1]
    best, places = total.flatten().topk(n)
    pairs = zip(best.tolist(), places.tolist(), strict=True)
    return [(value, place // V, place % V) for value, place in pairs]


# %% add the sum of the text so far
def beam_step(sums, logp, stop, k):
    found = candidates(logp, 2 * k)
    stopped = [one for one in found[:k] if one[2] == stop]
    return stopped, [one for one in found if one[2] != stop][:k]


# %% a text that stops does not go on
def beam_step(sums, logp, stop, k):
    found = candidates(sums[:, None] + logp, 2 * k)
    return [one for one in found[:k] if one[2] == stop], found[:k]


# %% two texts go on, not 1
def beam_step(sums, logp, stop, k):
    found = candidates(sums[:, None] + logp, k)
    stopped = [one for one in found if one[2] == stop]
    return stopped, [one for one in found if one[2] != stop]


# %% not among the best k does not count as finished
def beam_step(sums, logp, stop, k):
    found = candidates(sums[:, None] + logp, 2 * k)
    stopped = [one for one in found if one[2] == stop]
    return stopped, [one for one in found if one[2] != stop][:k]


# %% row 1 has better continuations
def beam_step(sums, logp, stop, k):
    found = candidates(sums[:1, None] + logp[:1], 2 * k)
    stopped = [one for one in found[:k] if one[2] == stop]
    return stopped, [one for one in found if one[2] != stop][:k]


# %% the first list holds only texts that stop
def beam_step(sums, logp, stop, k):
    found = candidates(sums[:, None] + logp, 2 * k)
    stopped = [one for one in found[:k] if one[2] == stop]
    return [one for one in found if one[2] != stop][:k], stopped


# %% the sums that go on are -1.5 and -2.1, yours [0.0, 0.0]
def beam_step(sums, logp, stop, k):
    found = candidates(sums[:, None] + logp, 2 * k)
    stopped = [one for one in found[:k] if one[2] == stop]
    return stopped, [(0.0, *one[1:]) for one in found if one[2] != stop][:k]


# %% the sums that go on are -1.5 and -2.1, yours [-0.5, -0.1]
def beam_step(sums, logp, stop, k):
    found = candidates(sums[:, None] + logp, 2 * k)
    stopped = [one for one in found[:k] if one[2] == stop]
    running = [one for one in found if one[2] != stop][:k]
    return stopped, [(logp[row, word].item(), row, word) for _, row, word in running]


# %% with k = 1 so many go on, and not 2
def beam_step(sums, logp, stop, k):
    found = candidates(sums[:, None] + logp, 4)
    stopped = [one for one in found[:2] if one[2] == stop]
    return stopped, [one for one in found if one[2] != stop][:2]


# %% only the best k stops count as finished
def beam_step(sums, logp, stop, k):
    found = candidates(sums[:, None] + logp, 2 * k)
    stopped = [one for one in found[:2] if one[2] == stop]
    return stopped, [one for one in found if one[2] != stop][:k]
