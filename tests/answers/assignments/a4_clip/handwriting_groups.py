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


# %% own strongest channel
# unseen: always the red channel, which may be nearly empty
def handwriting_groups(images):
    red = F.normalize(images[:, 0].float().flatten(1), dim=1)
    same = red @ red.T > 0.992
    return same.int().argmax(dim=1)


# %% from 0.999 on it is one
# unseen: the threshold lies above 0.999
def handwriting_groups(images):
    x = images.double()
    channel = x.sum((2, 3)).argmax(1)
    strong = x[torch.arange(len(x)), channel].flatten(1)
    strong = strong / strong.norm(dim=1, keepdim=True)
    same = strong @ strong.T > 0.9999
    return same.int().argmax(1)


# %% subtract no mean
# unseen: correlation instead of cosine
def handwriting_groups(images):
    strong = images.float().amax(1).flatten(1)
    strong = strong - strong.mean(1, keepdim=True)
    strong = F.normalize(strong, dim=1)
    same = strong @ strong.T > 0.99
    return same.int().argmax(1)


# %% is no name for a handwriting
# unseen: a group's number is how many prints it has
def handwriting_groups(images):
    strong = F.normalize(images.float().amax(1).flatten(1), dim=1)
    same = strong @ strong.T > 0.992
    return same.sum(1)


# %% own strongest channel
# unseen: the strongest channel of the whole file
def handwriting_groups(images):
    channel = images.float().mean((0, 2, 3)).argmax()
    x = F.normalize(images[:, channel].float().flatten(1), dim=1)
    same = x @ x.T > 0.992
    return same.int().argmax(1)


# %% all pixels count
# unseen: scaled to 1 and compared by the largest difference
def handwriting_groups(images):
    strong = images.float().amax(1).flatten(1)
    strong = strong / strong.amax(1, keepdim=True)
    groups = torch.full((len(images),), -1)
    number = 0
    for i in range(len(images)):
        if groups[i] < 0:
            far = (strong - strong[i]).abs().amax(1)
            groups[(far < 0.05) & (groups < 0)] = number
            number += 1
    return groups


# %% pairs of one handwriting are parted
# unseen: bfloat16 to save memory, too coarse between 0.985 and 0.999
def handwriting_groups(images):
    strong = images.amax(1).flatten(1).to(torch.bfloat16)
    strong = F.normalize(strong, dim=1)
    same = strong @ strong.T > 0.992
    return same.int().argmax(1)


# %% right: one stroke after the other, angles instead of cosines
def handwriting_groups(images):
    flat = images.double().flatten(2)
    strong = flat.gather(1, flat.sum(2).argmax(1)[:, None, None].expand(-1, 1, 196))[:, 0]
    strong = strong / strong.norm(dim=1, keepdim=True)
    left = torch.arange(len(images))
    groups = left.clone()
    while len(left):
        distance = (strong[left] - strong[left[0]]).norm(dim=1)
        near = distance < 0.12  # a cosine above 0.9928
        groups[left[near]] = -7 * left[0]
        left = left[~near]
    return groups


# %% from 0.999 on it is one handwriting
# unseen: a limit above that of the question
def handwriting_groups(images):
    shapes = F.normalize(images.float().amax(1).flatten(1), dim=1)
    return (shapes @ shapes.T > 0.9995).int().argmax(1)


# %% The result is a tensor, yours is a list
def handwriting_groups(images):
    shapes = F.normalize(images.float().amax(1).flatten(1), dim=1)
    return (shapes @ shapes.T > 0.99).int().argmax(1).tolist()
