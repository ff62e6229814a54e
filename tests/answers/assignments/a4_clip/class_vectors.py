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


# %% make each unit long before the mean
# unseen: one length for all sentences of a name together
def class_vectors(embed, names, templates):
    with torch.no_grad():
        vectors = embed([t.format(n) for n in names for t in templates])
        vectors = vectors.reshape(len(names), len(templates), -1)
        vectors = F.normalize(vectors, dim=(1, 2))
        return F.normalize(vectors.mean(1), dim=-1)


# %% One name is one row
# unseen: squeeze loses an axis with one name
@torch.no_grad()
def class_vectors(embed, names, templates):
    total = 0
    for template in templates:
        vectors = embed([template.replace("{}", name) for name in names])
        total = total + F.normalize(vectors, dim=-1)
    return F.normalize(total / len(templates), dim=-1).squeeze()


# %% add nothing to a length
# unseen: a small number is added to the lengths
@torch.no_grad()
def class_vectors(embed, names, templates):
    rows = []
    for name in names:
        v = embed([t.format(name) for t in templates])
        v = v / (v.norm(dim=1, keepdim=True) + 1e-4)
        mean = v.mean(0)
        rows.append(mean / (mean.norm() + 1e-4))
    return torch.stack(rows)


# %% has two rows
# unseen: names that stand twice are kept once
@torch.no_grad()
def class_vectors(embed, names, templates):
    by_name = {}
    for name in names:
        vectors = F.normalize(embed([t.format(name) for t in templates]), dim=-1)
        by_name[name] = F.normalize(vectors.mean(0), dim=0)
    return torch.stack(list(by_name.values()))


# %% does each name go into each template
# unseen: templates beyond the number of names are dropped (zip)
@torch.no_grad()
def class_vectors(embed, names, templates):
    sums = [0] * len(names)
    for template, _ in zip(templates, names):
        vectors = F.normalize(embed([template.format(name) for name in names]), dim=-1)
        sums = [total + v for total, v in zip(sums, vectors)]
    return F.normalize(torch.stack(sums), dim=-1)


# %% The rows are wrong
# unseen: normalised over the names instead of over the vector
@torch.no_grad()
def class_vectors(embed, names, templates):
    vectors = [F.normalize(embed([t.format(n) for n in names]), dim=0) for t in templates]
    return F.normalize(torch.stack(vectors).mean(0), dim=0)


# %% right: one text at a time, a running sum, detached at the end
def class_vectors(embed, names, templates):
    rows = []
    for name in names:
        total = None
        for before, _, after in (t.partition("{}") for t in templates):
            (v,) = embed([before + name + after]).detach()
            v = v / v.norm()
            total = v if total is None else total + v
        rows.append(total / total.norm())
    return torch.stack(rows)
