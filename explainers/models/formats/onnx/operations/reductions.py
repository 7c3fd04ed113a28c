"""Sums, means and the like over axes, which are an attribute or, later, an input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import Ints, operation

Reduction: TypeAlias = Callable[[Tensor, Ints, bool], Tensor]
"""(x, axes, whether they are kept with one element) → the reduced tensor."""


def _reduction(name: str, function: Reduction) -> None:
    @operation(name, lists=(1,))
    def compute(
        x: Tensor,
        axes: Sequence[int] | None = None,
        *,
        keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> Tensor:
        if not axes:
            if noop_with_empty_axes:
                return function(x.unsqueeze(-1), (x.ndim,), False)
            axes = range(x.ndim)
        axes = tuple(sorted(axis % x.ndim for axis in axes)) if x.ndim else ()
        return function(x, axes, bool(keepdims)) if axes else function(x[None], (0,), False)


def _product(x: Tensor, axes: Ints, keep: bool) -> Tensor:
    for axis in reversed(axes):
        x = x.prod(axis, keepdim=keep)
    return x


def _in_type(function: Reduction) -> Reduction:
    """Whole numbers stay of their type."""
    return lambda x, axes, keep: function(x, axes, keep).to(x.dtype)


_REDUCTIONS: dict[str, Reduction] = {
    "ReduceSum": _in_type(torch.sum),
    "ReduceMean": torch.mean,
    "ReduceMax": torch.amax,
    "ReduceMin": torch.amin,
    "ReduceProd": _in_type(_product),
    "ReduceL1": _in_type(lambda x, axes, keep: x.abs().sum(axes, keep)),
    "ReduceL2": _in_type(lambda x, axes, keep: (x * x).sum(axes, keep).sqrt()),
    "ReduceLogSum": lambda x, axes, keep: x.sum(axes, keep).log(),
    "ReduceLogSumExp": torch.logsumexp,
    "ReduceSumSquare": _in_type(lambda x, axes, keep: (x * x).sum(axes, keep)),
}
for _name, _function in _REDUCTIONS.items():
    _reduction(_name, _function)


def _place_of(name: str, function: Callable[..., Tensor]) -> None:
    @operation(name)
    def compute(
        x: Tensor, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0
    ) -> Tensor:
        if not select_last_index:
            return function(x, axis, keepdim=bool(keepdims))
        return x.shape[axis] - 1 - function(x.flip(axis), axis, keepdim=bool(keepdims))


_place_of("ArgMax", torch.argmax)
_place_of("ArgMin", torch.argmin)


@operation("CumSum", lists=(1,))
def cumulative_sum(
    x: Tensor, axis: Sequence[int], *, exclusive: int = 0, reverse: int = 0
) -> Tensor:
    """Running sums along an axis, without the element itself where exclusive."""
    along = int(axis[0])
    x = x.flip(along) if reverse else x
    made = torch.cumsum(x, along).to(x.dtype)
    made = made - x if exclusive else made
    return made.flip(along) if reverse else made
