"Answers to question 4, each below the message that it must get; those that are right say so."

import torch
import torch.nn.functional as F


# %% once more
@torch.no_grad()
def class_vectors(embed, names, templates):
    found = [F.normalize(embed([t.format(name) for name in names]), dim=1) for t in templates]
    return torch.stack(found).mean(0)


# %% make each unit long before the mean
@torch.no_grad()
def class_vectors(embed, names, templates):
    found = [embed([t.format(name) for name in names]) for t in templates]
    return F.normalize(torch.stack(found).mean(0), dim=1)


# %% A gradient is kept
def class_vectors(embed, names, templates):
    found = [F.normalize(embed([t.format(name) for name in names]), dim=1) for t in templates]
    return F.normalize(torch.stack(found).mean(0), dim=1)


# %% Each name goes into each template
@torch.no_grad()
def class_vectors(embed, names, templates):
    return F.normalize(embed([templates[0].format(name) for name in names]), dim=1)


# %% in order
@torch.no_grad()
def class_vectors(embed, names, templates):
    texts = [t.format(name) for t in templates for name in names]
    vectors = F.normalize(embed(texts), dim=1).view(len(names), len(templates), -1)
    return F.normalize(vectors.mean(1), dim=1)


# %% One row for each name
@torch.no_grad()
def class_vectors(embed, names, templates):
    found = [F.normalize(embed([t.format(name) for name in names]), dim=1) for t in templates]
    return F.normalize(torch.cat(found), dim=1)


# %% The rows are wrong
@torch.no_grad()
def class_vectors(embed, names, templates):
    found = [F.normalize(embed([t.format(name) for name in names]), dim=0) for t in templates]
    return F.normalize(torch.stack(found).mean(0), dim=1)


# %% class_vectors raises KeyError
@torch.no_grad()
def class_vectors(embed, names, templates):
    found = [F.normalize(embed([t + name for name in names]), dim=1) for t in templates]
    return F.normalize(torch.stack(found).mean(0), dim=1)


# %% right: a sum, since only the direction counts
def class_vectors(embed, names, templates):
    with torch.no_grad():
        total = 0
        for template in templates:
            vectors = embed([template.format(name) for name in names])
            total = total + vectors / vectors.norm(dim=1, keepdim=True)
        return total / total.norm(dim=1, keepdim=True)


# %% right: name by name
def class_vectors(embed, names, templates):
    rows = []
    for name in names:
        sentences = [template.format(name) for template in templates]
        unit = F.normalize(embed(sentences).detach(), dim=-1)
        rows.append(F.normalize(unit.mean(0), dim=0))
    return torch.stack(rows)
