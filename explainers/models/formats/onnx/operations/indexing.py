"""Reading and writing by index, and sorting: gather, scatter, top-k, one-hot, triangles."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import NotCovered, affordable, operation


def _wrapped(indices: Tensor, side: int) -> Tensor:
    """Negative indices count from the end."""
    return torch.where(indices < 0, indices + side, indices).long()


@operation("Gather")
def gather(x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    """Slices of x along one axis, at the indices, whose shape takes the axis's place."""
    axis = axis % x.ndim
    places = _wrapped(indices, x.shape[axis])
    made = x.index_select(axis, places.reshape(-1))
    return made.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


@operation("GatherElements")
def gather_elements(x: Tensor, indices: Tensor, *, axis: int = 0) -> Tensor:
    """One element of x along the axis for each index."""
    return torch.gather(x, axis, _wrapped(indices, x.shape[axis]))


def _places(x: Tensor, indices: Tensor, batch_dims: int = 0) -> tuple[Tensor, ...]:
    """The last axis of the indices as one tensor per indexed axis, behind shared batch axes."""
    depth = indices.shape[-1]
    shape = indices.shape[:-1]
    shared = [
        torch.arange(shape[i], device=x.device).reshape(
            [-1 if j == i else 1 for j in range(len(shape))]
        )
        for i in range(batch_dims)
    ]
    own = [_wrapped(indices[..., i], x.shape[batch_dims + i]) for i in range(depth)]
    return (*shared, *own)


@operation("GatherND")
def gather_nd(x: Tensor, indices: Tensor, *, batch_dims: int = 0) -> Tensor:
    """x at the tuples of indices in the last axis."""
    return x[_places(x, indices, batch_dims)]


@operation("ScatterND")
def scatter_nd(x: Tensor, indices: Tensor, updates: Tensor, *, reduction: str = "none") -> Tensor:
    """x with the updates at the tuples of indices."""
    places = _places(x, indices)
    if reduction in ("none", "add"):
        return torch.index_put(x, places, updates, accumulate=reduction == "add")
    raise NotCovered(f"reduction {reduction!r}")


@operation("Scatter", "ScatterElements")
def scatter_elements(
    x: Tensor, indices: Tensor, updates: Tensor, *, axis: int = 0, reduction: str = "none"
) -> Tensor:
    """x with each update at its index along the axis."""
    places = _wrapped(indices, x.shape[axis])
    if reduction == "none":
        return torch.scatter(x, axis, places, updates)
    if reduction == "add":
        return torch.scatter_add(x, axis, places, updates)
    names = {"mul": "prod", "max": "amax", "min": "amin"}
    return torch.scatter_reduce(x, axis, places, updates, names[reduction])


@operation("TopK", lists=(1,))
def top_k(
    x: Tensor, k: Sequence[int] | int, *, axis: int = -1, largest: int = 1, sorted: int = 1
) -> tuple[Tensor, ...]:  # noqa: A002
    """The k largest (or smallest) along the axis, and their places."""
    count = k if isinstance(k, int) else int(k[0])
    return tuple(torch.topk(x, count, axis, bool(largest), bool(sorted)))


@operation("OneHot", lists=(1,))
def one_hot(indices: Tensor, depth: Sequence[int], values: Tensor, *, axis: int = -1) -> Tensor:
    """values[1] where the index is, values[0] elsewhere, along a new axis."""
    count = int(depth[0])
    affordable(indices.numel() * count)
    axis = axis % (indices.ndim + 1)
    places = torch.arange(count, device=indices.device)
    places = places.reshape([-1 if i == axis else 1 for i in range(indices.ndim + 1)])
    hot = _wrapped(indices, count).unsqueeze(axis) == places
    return torch.where(hot, values[1], values[0])


@operation("Trilu", lists=(1,))
def triangle(x: Tensor, k: Sequence[int] | None = None, *, upper: int = 1) -> Tensor:
    """The upper or lower triangle, zero elsewhere."""
    diagonal = int(k[0]) if k else 0
    return torch.triu(x, diagonal) if upper else torch.tril(x, diagonal)


@operation("NonZero")
def non_zero(x: Tensor) -> Tensor:
    """Where x is not zero: (axes, found)."""
    return torch.nonzero(x).T


@operation("Compress")
def compress(x: Tensor, condition: Tensor, *, axis: int | None = None) -> Tensor:
    """The slices along the axis for which the condition holds."""
    if axis is None:
        x, axis = x.reshape(-1), 0
    places = torch.nonzero(condition).reshape(-1)
    return x.index_select(axis, places[places < x.shape[axis]])


@operation("ReverseSequence", lists=(1,))
def reverse_sequence(
    x: Tensor, lengths: Sequence[int], *, batch_axis: int = 1, time_axis: int = 0
) -> Tensor:
    """Each sequence of the batch backwards, up to its length."""
    side = x.shape[time_axis]
    if any(length != side for length in lengths):
        raise NotCovered("sequences of different lengths in one batch")
    return x.flip(time_axis)
