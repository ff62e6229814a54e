"Wrong answers to exercise 3, each below the message that it must get."


def longest(word, start, vocabulary):
    "Where the longest piece that fits at `start` ends; `start` itself if none fits."
    mark = "##" if start else ""
    end = len(word)
    while end > start and mark + word[start:end] not in vocabulary:
        end -= 1
    return mark, end


# %% only the character that no piece fits becomes bytes
def with_bytes(word, vocabulary):
    found = []
    start = 0
    while start < len(word):
        mark, end = longest(word, start, vocabulary)
        if end == start:
            return [f"<0x{byte:02X}>" for byte in word.encode()]
        found.append(mark + word[start:end])
        start = end
    return found


# %% that is the character's number; take its bytes in UTF-8
def with_bytes(word, vocabulary):
    found = []
    start = 0
    while start < len(word):
        mark, end = longest(word, start, vocabulary)
        if end == start:
            found.append(f"<0x{ord(word[start]):02X}>")
            end = start + 1
        else:
            found.append(mark + word[start:end])
        start = end
    return found


# %% the character has vanished
def with_bytes(word, vocabulary):
    found = []
    start = 0
    while start < len(word):
        mark, end = longest(word, start, vocabulary)
        if end == start:
            start += 1
            continue
        found.append(mark + word[start:end])
        start = end
    return found


# %% there is no [UNK] any more
def with_bytes(word, vocabulary):
    found = []
    start = 0
    while start < len(word):
        mark, end = longest(word, start, vocabulary)
        if end == start:
            return ["[UNK]"]
        found.append(mark + word[start:end])
        start = end
    return found


# %% after a byte the word still continues
def with_bytes(word, vocabulary):
    found = []
    start = 0
    fresh = True
    while start < len(word):
        mark = "" if fresh else "##"
        bare = {piece.removeprefix("##") for piece in vocabulary}
        end = len(word)
        while end > start and word[start:end] not in bare:
            end -= 1
        if end == start:
            found += [f"<0x{byte:02X}>" for byte in word[start].encode()]
            end = start + 1
            fresh = True
        else:
            found.append(mark + word[start:end])
            fresh = False
        start = end
    return found


# %% a byte has two digits
def with_bytes(word, vocabulary):
    found = []
    start = 0
    while start < len(word):
        mark, end = longest(word, start, vocabulary)
        if end == start:
            found += [f"<0x{byte:X}>" for byte in word[start].encode()]
            end = start + 1
        else:
            found.append(mark + word[start:end])
        start = end
    return found


# %% the longest piece goes first
def with_bytes(word, vocabulary):
    found = []
    start = 0
    while start < len(word):
        mark = "##" if start else ""
        ends = [e for e in range(start + 1, len(word) + 1) if mark + word[start:e] in vocabulary]
        if ends:
            found.append(mark + word[start : ends[0]])
            start = ends[0]
        else:
            found += [f"<0x{byte:02X}>" for byte in word[start].encode()]
            start += 1
    return found
