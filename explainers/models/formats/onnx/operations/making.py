"""Operations that make numbers: shapes, ranges, constants, and casts between types."""

from __future__ import annotations

import math

import torch

from explainers.models.formats.onnx.operations.registry import NotCovered, affordable, operation


@operation("Shape")
def shape(x, *, start=0, end=None):
    """The sides of x, from `start` to before `end`; whole numbers, kept on the CPU."""
    return torch.tensor(tuple(x.shape)[slice(start, end)], dtype=torch.int64)


@operation("Size")
def size(x):
    """How many numbers x has."""
    return torch.tensor(math.prod(x.shape))


@operation("ConstantOfShape", lists=(0,))
def constant_of_shape(sides, *, value=None, place):
    """One value, zero unless given, everywhere."""
    affordable(math.prod(sides))
    if value is None:
        return torch.zeros(sides, dtype=place.working)
    value = torch.from_numpy(value.reshape(()).copy())
    if value.is_floating_point() and place.cast:
        value = value.to(place.working)
    return torch.full(sides, value.item(), dtype=value.dtype)


@operation("Range")
def steps(start, limit, delta):
    """start, start + delta, … before limit."""
    first, last, step = start.item(), limit.item(), delta.item()
    count = max(math.ceil((last - first) / step), 0)
    affordable(count)
    return first + step * torch.arange(count, dtype=start.dtype)


@operation("EyeLike")
def eye_like(x, *, dtype=None, k=0, place):
    """Ones on a diagonal, in the shape of x."""
    kind = x.dtype if dtype is None else place.dtype(dtype)
    ones = torch.ones(x.shape, dtype=kind, device=x.device)
    return ones.triu(k).tril(k)


@operation("Cast")
def cast(x, *, to, saturate=1, round_mode="up", place):
    """x in another type; booleans are where it is not zero."""
    if not isinstance(to, int):
        raise NotCovered("type names of operator sets before 6")
    return _as(x, place.dtype(to))


@operation("CastLike")
def cast_like(x, other, *, saturate=1, round_mode="up"):
    """x in the type of the other tensor."""
    return _as(x, other.dtype)


def _as(x, dtype):
    return x if x.dtype == dtype else x.to(dtype)
