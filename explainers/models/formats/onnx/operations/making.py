"""Operations that make numbers: shapes, ranges, constants, and casts between types."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import (
    NotCovered,
    Surroundings,
    affordable,
    operation,
)


@operation("Shape")
def shape(x: Tensor, *, start: int = 0, end: int | None = None) -> Tensor:
    """The sides of x, from `start` to before `end`; whole numbers, kept on the CPU."""
    return torch.tensor(tuple(x.shape)[slice(start, end)], dtype=torch.int64)


@operation("Size")
def size(x: Tensor) -> Tensor:
    """How many numbers x has."""
    return torch.tensor(math.prod(x.shape))


@operation("ConstantOfShape", lists=(0,))
def constant_of_shape(
    sides: Sequence[int], *, value: np.ndarray | None = None, surroundings: Surroundings
) -> Tensor:
    """One value, zero unless given, everywhere."""
    affordable(math.prod(sides))
    if value is None:
        return torch.zeros(sides, dtype=surroundings.working)
    one = torch.from_numpy(value.reshape(()).copy())
    if one.is_floating_point() and surroundings.cast:
        one = one.to(surroundings.working)
    return torch.full(sides, one.item(), dtype=one.dtype)


@operation("Range")
def steps(start: Tensor, limit: Tensor, delta: Tensor) -> Tensor:
    """start, start + delta, … before limit."""
    first, last, step = start.item(), limit.item(), delta.item()
    count = max(math.ceil((last - first) / step), 0)
    affordable(count)
    return first + step * torch.arange(count, dtype=start.dtype)


@operation("EyeLike")
def eye_like(
    x: Tensor, *, dtype: int | None = None, k: int = 0, surroundings: Surroundings
) -> Tensor:
    """Ones on a diagonal, in the shape of x."""
    kind = x.dtype if dtype is None else surroundings.dtype(dtype)
    ones = torch.ones(x.shape, dtype=kind, device=x.device)
    return ones.triu(k).tril(k)


@operation("Cast")
def cast(
    x: Tensor, *, to: int, saturate: int = 1, round_mode: str = "up", surroundings: Surroundings
) -> Tensor:
    """x in another type; booleans are where it is not zero."""
    if not isinstance(to, int):
        raise NotCovered("type names of operator sets before 6")
    return _as(x, surroundings.dtype(to))


@operation("CastLike")
def cast_like(x: Tensor, other: Tensor, *, saturate: int = 1, round_mode: str = "up") -> Tensor:
    """x in the type of the other tensor."""
    return _as(x, other.dtype)


def _as(x: Tensor, dtype: torch.dtype) -> Tensor:
    return x if x.dtype == dtype else x.to(dtype)
