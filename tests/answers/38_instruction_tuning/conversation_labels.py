"Wrong answers to exercise 1, each below the message that it must get."


def row_and_counts(turns, marks, counted):
    row = []
    counts = []
    for place, (role, ids) in enumerate(turns):
        row += [marks[role], *ids, marks["end"]]
        counts += counted(place, role, len(ids))
    return row, counts


def shifted(row, counts):
    labels = [t if counted else -100 for t, counted in zip(row[1:], counts[1:], strict=True)]
    return row, [*labels, -100]


# %% the user's tokens are learned
def conversation_labels(turns, marks):
    return shifted(*row_and_counts(turns, marks, lambda i, role, n: [True] * (n + 2)))


# %% the end mark is not learned
def conversation_labels(turns, marks):
    def counted(place, role, n):
        return [False] + [role == "assistant"] * n + [False]

    return shifted(*row_and_counts(turns, marks, counted))


# %% the end mark behind a question
def conversation_labels(turns, marks):
    def counted(place, role, n):
        return [False] + [role == "assistant"] * n + [True]

    return shifted(*row_and_counts(turns, marks, counted))


# %% the assistant's mark is given in the prompt
def conversation_labels(turns, marks):
    def counted(place, role, n):
        return [role == "assistant"] * (n + 2)

    return shifted(*row_and_counts(turns, marks, counted))


# %% every answer is learned, not only the last one
def conversation_labels(turns, marks):
    def counted(place, role, n):
        return [False] + [place == len(turns) - 1] * (n + 1)

    return shifted(*row_and_counts(turns, marks, counted))


# %% shift: the label of a place is the token that follows
def conversation_labels(turns, marks):
    def counted(place, role, n):
        return [False] + [role == "assistant"] * (n + 1)

    row, counts = row_and_counts(turns, marks, counted)
    return row, [t if c else -100 for t, c in zip(row, counts, strict=True)]


# %% go by who speaks, not by the token
def conversation_labels(turns, marks):
    answered = {marks["end"]}
    for role, ids in turns:
        if role == "assistant":
            answered |= set(ids)

    row = []
    counts = []
    for role, ids in turns:
        row += [marks[role], *ids, marks["end"]]
        counts += [False] + [i in answered for i in ids] + [role == "assistant"]
    return shifted(row, counts)
