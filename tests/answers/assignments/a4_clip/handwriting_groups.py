"Answers to question 5, each below the message that it must get; those that are right say so."

import torch
import torch.nn.functional as F


# %% divide by the vector's length
def handwriting_groups(images):
    shapes = images.float().amax(1).flatten(1)
    same = torch.cdist(shapes, shapes) < 20
    return same.int().argmax(1)


# %% compare the shape alone
def handwriting_groups(images):
    shapes = F.normalize(images.float().flatten(1), dim=1)
    same = shapes @ shapes.T > 0.992
    return same.int().argmax(1)


# %% divide by the vector's length
def handwriting_groups(images):
    seen = {}
    found = []
    for image in images:
        found.append(seen.setdefault(image.numpy().tobytes(), len(seen)))
    return torch.tensor(found)


# %% 0.985 is still another one
def handwriting_groups(images):
    shapes = F.normalize(images.float().amax(1).flatten(1), dim=1)
    same = shapes @ shapes.T > 0.9
    return same.int().argmax(1)


# %% in two groups
def handwriting_groups(images):
    shapes = F.normalize(images.float().amax(1).flatten(1), dim=1)
    same = shapes @ shapes.T >= 1.1
    return torch.where(same.any(1), same.int().argmax(1), torch.arange(len(images)))


# %% are in one group
def handwriting_groups(images):
    colour = images.flatten(2).float().sum(2).argmax(1)
    return colour


# %% handwriting_groups raises RuntimeError
def handwriting_groups(images):
    shapes = F.normalize(images.amax(1).flatten(1), dim=1)
    same = shapes @ shapes.T > 0.992
    return same.int().argmax(1)


# %% One number for each picture
def handwriting_groups(images):
    shapes = F.normalize(images.float().amax(1).flatten(1), dim=1)
    return shapes @ shapes.T > 0.992


# %% The groups are int64
def handwriting_groups(images):
    shapes = F.normalize(images.float().amax(1).flatten(1), dim=1)
    same = shapes @ shapes.T > 0.992
    return same.int().argmax(1).float()


# %% pairs of one handwriting are parted
def handwriting_groups(images):
    shapes = F.normalize(images.float().amax(1).flatten(1), dim=1)
    same = shapes @ shapes.T > 0.9999995
    same.fill_diagonal_(True)
    groups = same.int().argmax(1)
    return groups if len(images) > 100 else (shapes @ shapes.T > 0.992).int().argmax(1)


# %% right: the strongest channel alone, and a loop that opens groups
def handwriting_groups(images):
    found = []
    known = []
    for image in images.double():
        strongest = image.flatten(1).sum(1).argmax()
        shape = image[strongest].flatten()
        shape = shape / shape.norm()
        for number, other in enumerate(known):
            if shape @ other > 0.99:
                found.append(number)
                break
        else:
            found.append(len(known))
            known.append(shape)
    return torch.tensor(found)


# %% right: distances of pictures scaled to a largest value of 1
def handwriting_groups(images):
    shapes = images.float().amax(1).flatten(1)
    shapes = shapes / shapes.norm(dim=1, keepdim=True).clamp(min=1e-6)
    distance = (2 - 2 * shapes @ shapes.T).clamp(min=0)
    groups = torch.arange(len(images))
    for i in range(len(images)):
        groups[i] = groups[torch.where(distance[i] < 0.01)[0][0]]
    return groups
