"Answers to question 2, each below the message that it must get; those that are right say so."

# ruff: noqa: F821
# What is not defined here comes from the notebook.

import heapq
import itertools

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
        way_back = np.argsort([axis % len(axes) for axis in axes])
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
    if isinstance(x, np.ndarray):
        return type(like)(x)
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


# %% The slope of a ** 3 at 1 and -2
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
        if isinstance(x, (Array, np.ndarray)):
            return x if isinstance(x, Array) else Array(x)
        return Array(np.array(x, dtype=self.data.dtype))

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
        other = self.other(other)

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
        axes = [axis % len(axes) for axis in axes]
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


# %% np.argsort(axes) is the way back only for
# unseen: inverse of negative axes is wrong
class Array(Right):
    def transpose(self, *axes):
        inverse = np.argsort(axes)
        return Array(self.data.transpose(*axes), (self,), (lambda g: g.transpose(inverse),))


# %% Two arrays share one grad
# unseen: arrays share one grad and add to it in place
class Array(Right):
    def backward(self):
        flow = {id(self): np.ones_like(self.data)}
        for a in reversed(self.in_order()):
            g = flow[id(a)]
            a.grad = g if a.grad is None else np.add(a.grad, g, out=a.grad)
            for p, f in zip(a.parents, a.backs):
                flow[id(p)] = flow[id(p)] + f(g) if id(p) in flow else f(g)


# %% the last one does not win
# unseen: a * a: the second use of the same parent replaces the first
class Array(Right):
    def backward(self):
        flow = {id(self): np.ones_like(self.data)}
        for a in reversed(self.in_order()):
            g = flow[id(a)]
            a.grad = np.array(g if a.grad is None else a.grad + g)
            pairs = zip(a.parents, a.backs)
            flow.update({id(p): flow.get(id(p), 0) + f(g) for p, f in pairs})


# %% a.grad is still None
# unseen: only the first arrays get a grad, not the ones between and not the result
class Array(Right):
    def backward(self):
        flow = {id(self): np.ones_like(self.data)}
        for a in reversed(self.in_order()):
            g = flow[id(a)]
            if not a.parents:
                a.grad = np.array(g if a.grad is None else a.grad + g)
            for p, f in zip(a.parents, a.backs):
                flow[id(p)] = flow.get(id(p), 0) + f(g)


# %% do all of them arrive before it goes back?
# unseen: breadth first from the result, an array is done before all its uses are
class Array(Right):
    def backward(self):
        order = [self]
        seen = {id(self)}
        for a in order:
            for p in a.parents:
                if id(p) not in seen:
                    seen.add(id(p))
                    order.append(p)
        flow = {id(self): np.ones_like(self.data)}
        for a in order:
            g = flow[id(a)]
            a.grad = np.array(g if a.grad is None else a.grad + g)
            for p, f in zip(a.parents, a.backs):
                flow[id(p)] = flow.get(id(p), 0) + f(g)


# %% the gradient of the left factor has the shape
# unseen: axes before the last two that were broadcast are not summed for the left factor
class Array(Right):
    def __matmul__(self, other):
        b = as_array(other, self)
        backs = (
            lambda g: g @ b.data.swapaxes(-1, -2),
            lambda g: unbroadcast(self.data.swapaxes(-1, -2) @ g, b.shape),
        )
        return Array(self.data @ b.data, (self, b), backs)


# %% sum(axis=1, keepdims=False)
# unseen: sum does not put the axis back, right only if the axis is the first
class Array(Right):
    def sum(self, axis=None, keepdims=False):
        total = self.data.sum(axis=axis, keepdims=keepdims)
        return Array(total, (self,), (lambda g: g + np.zeros_like(self.data),))


# %% or finds no way back
# unseen: history is thrown away after backward, a second call does not reach the parents
class Array(Right):
    def backward(self):
        flow = {id(self): np.ones_like(self.data)}
        for a in reversed(self.in_order()):
            g = flow[id(a)]
            a.grad = np.array(g if a.grad is None else a.grad + g)
            for p, f in zip(a.parents, a.backs):
                flow[id(p)] = flow.get(id(p), 0) + f(g)
            a.parents, a.backs = (), ()


# %% became float64. A real model
# unseen: data always becomes float64
class Array(Right):
    def __init__(self, data, parents=(), backs=()):
        super().__init__(np.array(data, dtype=float), parents, backs)


# %% A number of NumPy is a number too
# unseen: numbers keep their own type, a NumPy number turns float32 into float64
class Array(Right):
    def __add__(self, other):
        return super().__add__(own_type(other, self))

    def __mul__(self, other):
        return super().__mul__(own_type(other, self))


def own_type(x, like):
    if isinstance(x, Array):
        return x
    dtype = like.data.dtype if type(x) in (int, float) else None
    return Array(np.asarray(x, dtype))


# %% Array raises ValueError
# unseen: starts with a gradient of 1 without axes, right only for a result without axes
class Array(Right):
    def backward(self):
        flow = {id(self): np.array(1.0, self.data.dtype)}
        for a in reversed(self.in_order()):
            g = flow[id(a)]
            a.grad = np.array(g if a.grad is None else a.grad + g)
            for p, f in zip(a.parents, a.backs):
                flow[id(p)] = flow.get(id(p), 0) + f(g)


# %% the factor 3 is missing
# unseen: power: the factor n is missing
class Array(Right):
    def __pow__(self, n):
        return Array(self.data**n, (self,), (lambda g: g * self.data ** (n - 1),))


# %% sum(axis=-2, keepdims=False)
# unseen: negative axis of sum is counted after the axis is gone
class Array(Right):
    def sum(self, axis=None, keepdims=False):
        def back(g):
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis if axis >= 0 else axis + g.ndim)
            return g + np.zeros_like(self.data)

        return Array(self.data.sum(axis=axis, keepdims=keepdims), (self,), (back,))


# %% right: arrays are numbered when they are made, and a heap takes the youngest first
class Array(Signs):
    born = itertools.count()

    def __init__(self, data, parents=(), backs=()):
        self.data, self.grad, self.number = np.asarray(data), None, next(Array.born)
        self.came = list(zip(parents, backs))

    def of(self, b):
        return (
            b
            if isinstance(b, Array)
            else Array(b if type(b) is np.ndarray else self.data.dtype.type(b))
        )

    def two(self, b, f, left, right):
        b = self.of(b)
        backs = [
            lambda g: unbroadcast(left(g, self.data, b.data), self.shape),
            lambda g: unbroadcast(right(g, self.data, b.data), b.shape),
        ]
        return Array(f(self.data, b.data), [self, b], backs)

    def __add__(self, b):
        return self.two(b, np.add, lambda g, x, y: g, lambda g, x, y: g)

    def __mul__(self, b):
        return self.two(b, np.multiply, lambda g, x, y: g * y, lambda g, x, y: g * x)

    def __matmul__(self, b):
        return self.two(
            b,
            np.matmul,
            lambda g, x, y: g @ y.swapaxes(-1, -2),
            lambda g, x, y: x.swapaxes(-1, -2) @ g,
        )

    def __pow__(self, n):
        return Array(
            self.data**n, [self], [lambda g: g * (self.data ** (n - 1) * n if n else self.data * 0)]
        )

    def exp(self):
        new = Array(np.exp(self.data), [self], [lambda g: g * new.data])
        return new

    def places(self, f):
        where = f(np.arange(self.data.size).reshape(self.shape))

        def back(g):
            full = np.zeros(self.data.size, self.data.dtype)
            np.add.at(full, where, g)
            return full.reshape(self.shape)

        return Array(f(self.data), [self], [back])

    def reshape(self, *shape):
        return self.places(lambda a: a.reshape(*shape))

    def transpose(self, *axes):
        return self.places(lambda a: a.transpose(*axes))

    def __getitem__(self, index):
        return self.places(lambda a: a[index])

    def sum(self, axis=None, keepdims=False):
        kept = self.data.sum(axis=axis, keepdims=True).shape
        return Array(
            self.data.sum(axis=axis, keepdims=keepdims),
            [self],
            [lambda g: np.broadcast_to(g.reshape(kept), self.shape)],
        )

    def backward(self):
        flow, heap = {self.number: [self, np.ones_like(self.data)]}, [-self.number]
        while heap:
            a, g = flow[-heapq.heappop(heap)]
            a.grad = np.array(g) if a.grad is None else a.grad + g
            for p, back in a.came:
                if p.number not in flow:
                    flow[p.number] = [p, 0]
                    heapq.heappush(heap, -p.number)
                flow[p.number][1] = flow[p.number][1] + back(g)


# %% the way back of a power forgets
# unseen: a power does not pass on what arrives
class Array(Right):
    def __pow__(self, n):
        return Array(self.data**n, (self,), (lambda g: n * self.data ** (n - 1),))


# %% keepdims is False
class Array(Right):
    def sum(self, axis=None, keepdims=True):
        return Right.sum(self, axis, keepdims)


# %% If the right factor of @ is a NumPy array
# unseen: a product with a plain array has no way back
class Array(Right):
    def __matmul__(self, other):
        if isinstance(other, np.ndarray):
            return Array(self.data @ other)
        return Right.__matmul__(self, other)
