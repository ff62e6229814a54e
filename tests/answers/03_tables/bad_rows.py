"Wrong answers to exercise 3, each below the message that it must get."

import csv
import io


# %% a comma between quotation marks is no separator
def bad_rows(text):
    lines = text.splitlines()
    fields = len(lines[0].split(","))
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip() and len(line.split(",")) != fields:
            found.append(number)
    return found


# %% the lines are counted from 1
def bad_rows(text):
    rows = list(csv.reader(io.StringIO(text)))
    return [i for i, row in enumerate(rows) if row and len(row) != len(rows[0])]


# %% an empty line is no row
def bad_rows(text):
    rows = list(csv.reader(io.StringIO(text)))
    return [i for i, row in enumerate(rows, 1) if len(row) != len(rows[0])]


# %% empty lines count as lines
def bad_rows(text):
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    return [i for i, row in enumerate(rows, 1) if len(row) != len(rows[0])]


# %% a row with too few fields is bad too
def bad_rows(text):
    rows = list(csv.reader(io.StringIO(text)))
    return [i for i, row in enumerate(rows, 1) if len(row) > len(rows[0])]


# %% ask the header how many fields there are
def bad_rows(text):
    rows = list(csv.reader(io.StringIO(text)))
    return [i for i, row in enumerate(rows, 1) if row and len(row) != 2]


# %% split at the line break alone
def bad_rows(text):
    found = []
    fields = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        row = next(csv.reader([line]))
        fields = fields or len(row)
        if len(row) != fields:
            found.append(number)
    return found
