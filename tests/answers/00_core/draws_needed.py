"Wrong answers to exercise 1, each below the message that it must get."


# %% you need four times as many draws
def draws_needed(spread):
    return round(1 / spread)


# %% a number of draws is a whole number
def draws_needed(spread):
    return 1 / spread**2 + 0.5


# %% more draws give a smaller spread
def draws_needed(spread):
    return round(spread**2)


# %% spreads by
def draws_needed(spread):
    return round(2 / spread**2)


# %% int() cuts: round it
def draws_needed(spread):
    return int(1 / spread**2)


# %% for a spread of 0.1 it takes 100 draws, not 400
def draws_needed(spread):
    return 400


# %% so 11 or 12 draws, not 9: round last
def draws_needed(spread):
    return round(1 / spread) ** 2
