"Answers to question 2, each below the message that it must get; those that are right say so."

# ruff: noqa: F821
# What is not defined here comes from the notebook.

import numpy as np


class Right(Signs):
    def __init__(self, data, parents=(), backs=()):
        self.data = np.asarray(data)
        self.parents = parents
        self.backs = backs
        self.grad = None

    def __add__(self, other):
        other = as_array(other, self)
        return type(self)(
            self.data + other.data,
            (self, other),
            (lambda g: unbroadcast(g, self.shape), lambda g: unbroadcast(g, other.shape)),
        )

    def __mul__(self, other):
        other = as_array(other, self)
        return type(self)(
            self.data * other.data,
            (self, other),
            (
                lambda g: unbroadcast(g * other.data, self.shape),
                lambda g: unbroadcast(g * self.data, other.shape),
            ),
        )

    def __pow__(self, number):
        slope = number * self.data ** (number - 1)
        return type(self)(self.data**number, (self,), (lambda g: g * slope,))

    def __matmul__(self, other):
        other = as_array(other, self)
        return type(self)(
            self.data @ other.data,
            (self, other),
            (
                lambda g: unbroadcast(g @ other.data.swapaxes(-1, -2), self.shape),
                lambda g: unbroadcast(self.data.swapaxes(-1, -2) @ g, other.shape),
            ),
        )

    def exp(self):
        found = np.exp(self.data)
        return type(self)(found, (self,), (lambda g: g * found,))

    def sum(self, axis=None, keepdims=False):
        def back(g):
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            return np.broadcast_to(g, self.shape)

        return type(self)(self.data.sum(axis=axis, keepdims=keepdims), (self,), (back,))

    def reshape(self, *shape):
        return type(self)(self.data.reshape(shape), (self,), (lambda g: g.reshape(self.shape),))

    def transpose(self, *axes):
        way_back = np.argsort(axes)
        return type(self)(self.data.transpose(axes), (self,), (lambda g: g.transpose(way_back),))

    def __getitem__(self, index):
        def back(g):
            whole = np.zeros_like(self.data)
            np.add.at(whole, index, g)
            return whole

        return type(self)(self.data[index], (self,), (back,))

    def in_order(self):
        found = {}
        waiting = [self]
        while waiting:
            array = waiting[-1]
            missing = [parent for parent in array.parents if id(parent) not in found]
            if missing:
                waiting.extend(missing)
            else:
                found[id(array)] = array
                waiting.pop()
        return list(found.values())

    def backward(self):
        arrays = self.in_order()
        arrived = {id(self): np.ones_like(self.data)}
        for array in reversed(arrays):
            g = arrived[id(array)]
            for parent, back in zip(array.parents, array.backs):
                part = back(g)
                before = arrived.get(id(parent))
                arrived[id(parent)] = part if before is None else before + part
        for array in arrays:
            g = arrived[id(array)]
            array.grad = g if array.grad is None else array.grad + g


def as_array(x, like):
    "A number takes the dtype of what it is combined with."
    if isinstance(x, Right):
        return x
    return type(like)(np.asarray(x, dtype=like.data.dtype))


# %% the last one does not win
class Array(Right):
    def backward(self):
        for array in self.in_order():
            array.grad = None
        self.grad = np.ones_like(self.data)
        for array in reversed(self.in_order()):
            for parent, back in zip(array.parents, array.backs):
                parent.grad = back(array.grad)


# %% Something is passed on twice
class Array(Right):
    def backward(self):
        def pass_on(array, g):
            array.grad = g if array.grad is None else array.grad + g
            for parent, back in zip(array.parents, array.backs):
                pass_on(parent, back(array.grad))

        pass_on(self, np.ones_like(self.data))


# %% overwrites grad
class Array(Right):
    def backward(self):
        arrays = self.in_order()
        for array in arrays:
            array.grad = np.zeros_like(self.data, shape=array.shape)
        super().backward()


# %% Does the first gradient travel a second time?
class Array(Right):
    def backward(self):
        arrays = self.in_order()
        for array in arrays:
            if array.grad is None:
                array.grad = np.zeros_like(array.data)
        self.grad = self.grad + 1
        for array in reversed(arrays):
            for parent, back in zip(array.parents, array.backs):
                parent.grad = parent.grad + back(array.grad)


# %% unbroadcast it
class Array(Right):
    def __mul__(self, other):
        other = as_array(other, self)
        backs = (lambda g: g * other.data, lambda g: g * self.data)
        return Array(self.data * other.data, (self, other), backs)


# %% the gradient of the left factor is transposed
class Array(Right):
    def __matmul__(self, other):
        backs = (
            lambda g: unbroadcast(other.data @ g.swapaxes(-1, -2), self.shape),
            lambda g: unbroadcast(self.data.swapaxes(-1, -2) @ g, other.shape),
        )
        return Array(self.data @ other.data, (self, other), backs)


# %% was broadcast over the axes before the last two
class Array(Right):
    def __matmul__(self, other):
        backs = (
            lambda g: g @ other.data.swapaxes(-1, -2),
            lambda g: self.data.swapaxes(-1, -2) @ g,
        )
        return Array(self.data @ other.data, (self, other), backs)


# %% put it back
class Array(Right):
    def sum(self, axis=None, keepdims=False):
        def back(g):
            return np.broadcast_to(g, self.shape)

        return Array(self.data.sum(axis=axis, keepdims=keepdims), (self,), (back,))


# %% then a power: the gradient is wrong
class Array(Right):
    def __pow__(self, number):
        return Array(self.data**number, (self,), (lambda g: g * number * self.data,))


# %% use np.argsort(axes)
class Array(Right):
    def transpose(self, *axes):
        return Array(self.data.transpose(axes), (self,), (lambda g: g.transpose(axes),))


# %% np.add.at adds all
class Array(Right):
    def __getitem__(self, index):
        def back(g):
            whole = np.zeros_like(self.data)
            whole[index] += g
            return whole

        return Array(self.data[index], (self,), (back,))


# %% Array raises RecursionError
class Array(Right):
    def in_order(self):
        found = {}

        def visit(array):
            if id(array) not in found:
                for parent in array.parents:
                    visit(parent)
                found[id(array)] = array

        visit(self)
        return list(found.values())


# %% give a number the dtype of the array
class Array(Right):
    def __add__(self, other):
        if not isinstance(other, Array):
            other = Array(np.full(self.shape, other, dtype=float))
        return super().__add__(other)


# %% Array raises AttributeError
class Array(Signs):
    def __init__(self, data, parents=(), backs=()):
        self.data = np.asarray(data)
        self.grad = None

    def __add__(self, other):
        return Array(self.data + other.data)

    def __mul__(self, other):
        return Array(self.data * other.data)


# %% right: parents beside their ways back, one list
class Array(Signs):
    def __init__(self, data, edges=()):
        self.data = np.array(data)
        self.edges = edges
        self.grad = None

    def other(self, x):
        return x if isinstance(x, Array) else Array(np.array(x).astype(self.data.dtype))

    def __add__(self, other):
        other = self.other(other)
        edges = [(x, lambda g, x=x: unbroadcast(g, x.shape)) for x in (self, other)]
        return Array(self.data + other.data, edges)

    def __mul__(self, other):
        other = self.other(other)
        edges = [
            (self, lambda g: unbroadcast(g * other.data, self.shape)),
            (other, lambda g: unbroadcast(g * self.data, other.shape)),
        ]
        return Array(self.data * other.data, edges)

    def __pow__(self, n):
        return Array(self.data**n, [(self, lambda g: g * (n * self.data ** (n - 1)))])

    def __matmul__(self, other):
        def left(g):
            return unbroadcast(np.einsum("...ik,...jk->...ij", g, other.data), self.shape)

        def right(g):
            return unbroadcast(np.einsum("...ki,...kj->...ij", self.data, g), other.shape)

        return Array(np.matmul(self.data, other.data), [(self, left), (other, right)])

    def exp(self):
        y = np.exp(self.data)
        return Array(y, [(self, lambda g: g * y)])

    def sum(self, axis=None, keepdims=False):
        whole = self.data.sum(axis, keepdims=True)
        y = whole if keepdims else self.data.sum(axis)
        ones = np.ones_like(self.data)
        return Array(y, [(self, lambda g: g.reshape(whole.shape) * ones)])

    def reshape(self, *shape):
        return Array(self.data.reshape(*shape), [(self, lambda g: g.reshape(self.shape))])

    def transpose(self, *axes):
        back = [axes.index(i) for i in range(len(axes))]
        return Array(np.transpose(self.data, axes), [(self, lambda g: np.transpose(g, back))])

    def __getitem__(self, index):
        def back(g):
            places = np.arange(self.data.size).reshape(self.shape)[index].ravel()
            flat = np.bincount(places, np.ravel(g), self.data.size)
            return flat.reshape(self.shape).astype(self.data.dtype)

        return Array(self.data[index], [(self, back)])

    def backward(self):
        uses = {}
        seen = {id(self): self}
        stack = [self]
        while stack:
            for parent, _ in stack.pop().edges:
                uses[id(parent)] = uses.get(id(parent), 0) + 1
                if id(parent) not in seen:
                    seen[id(parent)] = parent
                    stack.append(parent)
        arrived = {id(self): np.ones_like(self.data)}
        ready = [self]
        while ready:
            array = ready.pop()
            g = arrived[id(array)]
            array.grad = g + (0 if array.grad is None else array.grad)
            for parent, back in array.edges:
                arrived[id(parent)] = arrived.get(id(parent), 0) + back(g)
                uses[id(parent)] -= 1
                if not uses[id(parent)]:
                    ready.append(parent)


# %% right: every array has a number, and the way back goes by number
class Array(Right):
    made = 0

    def __init__(self, data, parents=(), backs=()):
        super().__init__(data, parents, backs)
        Array.made += 1
        self.number = Array.made

    def in_order(self):
        found = {self}
        stack = [self]
        while stack:
            new = set(stack.pop().parents) - found
            found |= new
            stack.extend(new)
        return sorted(found, key=lambda array: array.number)
