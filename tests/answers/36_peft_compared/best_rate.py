"Wrong answers to exercise 4, each below the message that it must get."


# %% begin with the four rates in the middle
def best_rate(score, rates):
    tried = {rate: score(rate) for rate in rates[:4]}
    return max(tried, key=tried.get), tried


# %% the best lies inside the four, so four are enough
def best_rate(score, rates):
    chosen = {rate: score(rate) for rate in rates[2:6]}
    others = {rate: score(rate) for rate in rates if rate not in chosen}
    return max(chosen, key=chosen.get), chosen | others


# %% was at an end
def best_rate(score, rates):
    tried = {rate: score(rate) for rate in rates[2:6]}
    return max(tried, key=tried.get), tried


# %% a rate was scored twice
def best_rate(score, rates):
    tried = {rate: score(rate) for rate in rates[2:6]}
    best = max(rates[2:6], key=score)
    return best, tried


# %% these are tried
def best_rate(score, rates):
    tried = {rate: score(rate) for rate in rates[2:6]}
    best = max(tried, key=tried.get)
    if best == rates[2]:
        tried[rates[1]] = score(rates[1])
    if best == rates[5]:
        tried[rates[6]] = score(rates[6])
    return max(tried, key=tried.get), tried


# %% these are tried
def best_rate(score, rates):
    low, high = 2, 5
    tried = {rate: score(rate) for rate in rates[2:6]}
    while max(tried, key=tried.get) in (rates[low], rates[high]):
        if low > 0:
            low -= 1
            tried[rates[low]] = score(rates[low])
        if high < len(rates) - 1:
            high += 1
            tried[rates[high]] = score(rates[high])
        if low == 0 and high == len(rates) - 1:
            break
    return max(tried, key=tried.get), tried


# %% return a score for each rate that was tried
def best_rate(score, rates):
    low, high = 2, 5
    tried = {rate: score(rate) for rate in rates[2:6]}
    while True:
        best = max(tried, key=tried.get)
        if best == rates[low] and low > 0:
            low -= 1
            tried[rates[low]] = score(rates[low])
        elif best == rates[high] and high < len(rates) - 1:
            high += 1
            tried[rates[high]] = score(rates[high])
        else:
            return best, {best: tried[best]}


# %% your search ends at
def best_rate(score, rates):
    low, high = 2, 5
    tried = {rate: score(rate) for rate in rates[2:6]}
    while len(tried) < 6:
        best = max(tried, key=tried.get)
        if best == rates[low] and low > 0:
            low -= 1
            tried[rates[low]] = score(rates[low])
        elif best == rates[high] and high < len(rates) - 1:
            high += 1
            tried[rates[high]] = score(rates[high])
        else:
            break
    return max(tried, key=tried.get), tried


# %% return (rate, tried)
def best_rate(score, rates):
    tried = {rate: score(rate) for rate in rates[2:6]}
    return max(tried, key=tried.get)


# %% of seven rates the middle four are
def best_rate(score, rates):
    low, high = 2, 5
    tried = {rate: score(rate) for rate in rates[2:6]}
    while True:
        best = max(tried, key=tried.get)
        if best == rates[low] and low > 0:
            low -= 1
            tried[rates[low]] = score(rates[low])
        elif best == rates[high] and high < len(rates) - 1:
            high += 1
            tried[rates[high]] = score(rates[high])
        else:
            return best, tried


# %% with neighbours on both sides
def best_rate(score, rates):
    low = (len(rates) - 4) // 2
    high = low + 3
    tried = {rate: score(rate) for rate in rates[low : high + 1]}
    place = low
    while True:
        # a climb from the left, which a valley stops
        while place < high and tried[rates[place + 1]] > tried[rates[place]]:
            place += 1
        if place == low and low > 0:
            low -= 1
            tried[rates[low]] = score(rates[low])
            if tried[rates[low]] > tried[rates[place]]:
                place = low
                continue
        elif place == high and high < len(rates) - 1:
            high += 1
            tried[rates[high]] = score(rates[high])
            continue
        return rates[place], tried
