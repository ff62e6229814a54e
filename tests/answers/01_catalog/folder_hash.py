"Wrong answers to exercise 2, each below the message that it must get."

import hashlib
import zlib


# %% the order in which files are given must not count
def folder_hash(files):
    listing = ""
    for name, content in files.items():
        listing += f"{hashlib.sha256(content).hexdigest()}  {name}\n"
    return hashlib.sha256(listing.encode()).hexdigest()


# %% a file has another name, and the hash is still the same
def folder_hash(files):
    digests = [hashlib.sha256(content).hexdigest() for _, content in sorted(files.items())]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


# %% a letter has moved from the name into the content
def folder_hash(files):
    everything = b""
    for name, content in sorted(files.items()):
        everything += name.encode() + content
    return hashlib.sha256(everything).hexdigest()


# %% a.txt and b.txt have changed their contents
def folder_hash(files):
    names = "".join(sorted(files))
    digests = "".join(sorted(hashlib.sha256(content).hexdigest() for content in files.values()))
    return hashlib.sha256((names + digests).encode()).hexdigest()


# %% Python's own hash() gives another one in each process
def folder_hash(files):
    return hash(tuple(sorted(files.items())))


# %% hash the list once more
def folder_hash(files):
    listing = ""
    for name, content in sorted(files.items()):
        listing += f"{hashlib.sha256(content).hexdigest()}  {name}\n"
    return listing


# %% Python's own hash() gives another one in each process
def folder_hash(files):
    return f"{hash(tuple(sorted(files.items()))):x}"


# %% at least 32 hexadecimal digits are asked
def folder_hash(files):
    return f"{zlib.crc32(repr(sorted(files.items())).encode()):08x}"


# %% gets the hash of two files: hash each content before it goes into the list
def folder_hash(files):
    listing = b""
    for name, content in sorted(files.items()):
        listing += name.encode() + b"\n" + content + b"\n"
    return hashlib.sha256(listing).hexdigest()


# %% gets the hash of two files
def folder_hash(files):
    listing = b""
    for name, content in sorted(files.items()):
        listing += content + b" " + name.encode() + b"\n"
    return hashlib.sha256(listing).hexdigest()


# %% a file may hold any bytes, and need not be a text
def folder_hash(files):
    texts = {name: content.decode() for name, content in sorted(files.items())}
    return hashlib.sha256(repr(texts).encode()).hexdigest()
