"""Sums, means and the like over axes, which are an attribute or, later, an input."""

from __future__ import annotations

import torch

from explainers.models.formats.onnx.operations.registry import operation


def _reduction(name: str, function) -> None:
    @operation(name, lists=(1,))
    def compute(x, axes=None, *, keepdims=1, noop_with_empty_axes=0):
        if not axes:
            if noop_with_empty_axes:
                return function(x.unsqueeze(-1), (x.ndim,), False)
            axes = range(x.ndim)
        axes = tuple(sorted(axis % x.ndim for axis in axes)) if x.ndim else ()
        return function(x, axes, bool(keepdims)) if axes else function(x[None], (0,), False)


def _product(x, axes, keep):
    for axis in reversed(axes):
        x = x.prod(axis, keepdim=keep)
    return x


def _in_type(function):
    """Whole numbers stay of their type."""
    return lambda x, axes, keep: function(x, axes, keep).to(x.dtype)


for _name, _function in {
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
}.items():
    _reduction(_name, _function)


def _place_of(name: str, function) -> None:
    @operation(name)
    def compute(x, *, axis=0, keepdims=1, select_last_index=0):
        if not select_last_index:
            return function(x, axis, keepdim=bool(keepdims))
        return x.shape[axis] - 1 - function(x.flip(axis), axis, keepdim=bool(keepdims))


_place_of("ArgMax", torch.argmax)
_place_of("ArgMin", torch.argmin)


@operation("CumSum", lists=(1,))
def cumulative_sum(x, axis, *, exclusive=0, reverse=0):
    """Running sums along an axis, without the element itself where exclusive."""
    axis = int(axis[0])
    x = x.flip(axis) if reverse else x
    made = torch.cumsum(x, axis).to(x.dtype)
    made = made - x if exclusive else made
    return made.flip(axis) if reverse else made
