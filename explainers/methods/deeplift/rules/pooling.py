"""The largest of many: max-pools, amax and max along a dimension.

With y = x_i the input's winner, y⁰ = x⁰_j the reference's, and cross = max(y, y⁰): cross − y⁰ is
contributed by i and y − cross by j. Complete because they add up to y − y⁰; windows that overlap
add up. One of the two is always 0, and the other's multiplier lies in [0, 1], since Δx_i ≥ y − y⁰
when y rises and Δx_j ≤ y − y⁰ when it falls. Where the winner neither moves nor changes, its
multiplier is the derivative, 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from explainers.methods.deeplift.rule_registry import (
    RULES,
    Arguments,
    Keywords,
    Operation,
    Rule,
    decomposition,
    rule,
)
from explainers.methods.deeplift.secants import ratio
from explainers.methods.deeplift.tape import Multiplier, Parts, Tape, Value

aten = torch.ops.aten

_Size: TypeAlias = int | list[int] | tuple[int, ...]


def largest(
    tape: Tape,
    x: Value,
    actual: Sequence[Tensor],
    reference: Sequence[Tensor],
    group_size: int,
) -> Value:
    """Remember the largest of windows of x, by the rule above.

    Parameters
    ----------
    tape : Tape
    x : Value of shape (…)
    actual, reference : (values, places), Tensors of shape (…′)
        The maxima, and where they stand along the last dimension of x.reshape(−1, group_size).
    group_size : int
        How many entries of x the windows of one channel, or one row, share.

    Returns
    -------
    Value of shape (…′)
    """
    shape, output_shape = x.actual.shape, actual[0].shape
    delta = x.delta.reshape(-1, group_size)
    groups = len(delta)
    (y1, i), (y0, j) = ((t.reshape(groups, -1) for t in pair) for pair in (actual, reference))
    rise = y1 - y0
    winner = torch.where(rise >= 0, i, j)
    moved = delta.gather(1, winner)
    share = ratio(rise, moved, 1.0)
    output = Value(actual[0], reference[0], source=x.source)

    def send(m: Tensor) -> Tensor:
        sent = torch.zeros(groups, group_size, dtype=m.dtype, device=m.device)
        return sent.scatter_add_(1, winner, share * m.reshape(groups, -1)).reshape(shape)

    def passed(part: Tensor) -> Tensor:
        return (share * part.reshape(groups, group_size).gather(1, winner)).reshape(output_shape)

    def backward(m: Multiplier) -> tuple[Multiplier]:
        return (Parts(send(m.plus), send(m.minus)) if isinstance(m, Parts) else send(m),)

    if tape.keeps_parts:
        output.parts = Parts(passed(x.plus), passed(x.minus))
    tape.add([x], [output], backward)
    return output


def _pool(dimensions: int) -> Rule:
    def run(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
        x, *rest = args
        actual, reference = (operation(t, *rest, **kwargs) for t in (x.actual, x.reference))
        group_size = x.actual.shape[-dimensions:].numel()
        places = Value(actual[1], reference[1], is_index=True)
        return largest(tape, x, actual, reference, group_size), places

    return run


for _dimensions, _operations in {
    2: (aten.max_pool2d_with_indices.default, aten.adaptive_max_pool2d.default),
    3: (aten.max_pool3d_with_indices.default, aten.adaptive_max_pool3d.default),
}.items():
    rule(*_operations)(_pool(_dimensions))


@decomposition(aten.max_pool1d_with_indices.default)
def max_pool1d(
    x: Tensor, kernel: _Size, *others: _Size | bool, **kwargs: Any
) -> tuple[Tensor, Tensor]:
    """A max-pool over one row (…, L), as one of pictures (…, 1, L): (values, places)."""
    rest = [(1, *_one(kernel)), *(_row(index, other) for index, other in enumerate(others))]
    values, places = aten.max_pool2d_with_indices(x.unsqueeze(-2), *rest, **kwargs)
    return values.squeeze(-2), places.squeeze(-2)


def _one(number: _Size) -> tuple[int, ...]:
    return tuple(number) if isinstance(number, (list, tuple)) else (number,)


def _row(index: int, other: _Size | bool) -> Sequence[int] | bool:
    """Stride, padding, dilation of a row in two dimensions; the ceiling flag as it is."""
    if isinstance(other, bool):
        return other
    return ((1, 0, 1)[index], *_one(other)) if _one(other) else ()


@decomposition(aten.adaptive_max_pool1d.default)
def adaptive_max_pool1d(x: Tensor, size: _Size) -> tuple[Tensor, Tensor]:
    """An adaptive max-pool over one row (…, L): (values, places)."""
    values, places = aten.adaptive_max_pool2d(x.unsqueeze(-2), (1, *_one(size)))
    return values.squeeze(-2), places.squeeze(-2)


@rule(aten.max.dim)
def max_along(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
    """The largest along a dimension, which is brought to the end first: (values, places)."""
    x, dim, *keep = args
    keepdim = bool(keep and keep[0]) or kwargs.get("keepdim", False)
    ends = RULES[aten.transpose.int](tape, aten.transpose.int, (x, dim, -1), {})
    actual, reference = (t.max(-1, keepdim=True) for t in (ends.actual, ends.reference))
    output = largest(tape, ends, actual, reference, ends.actual.shape[-1])
    output = RULES[aten.transpose.int](tape, aten.transpose.int, (output, dim, -1), {})
    if not keepdim:
        output = RULES[aten.squeeze.dim](tape, aten.squeeze.dim, (output, dim), {})
    actual, reference = (t.max(dim, keepdim).indices for t in (x.actual, x.reference))
    return output, Value(actual, reference, is_index=True)


@decomposition(aten.min.dim)
def min_along(x: Tensor, dim: int, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    """−max(−x) along a dimension: (values, places)."""
    values, places = (-x).max(dim, keepdim)
    return -values, places


@decomposition(aten.amax.default)
def amax(x: Tensor, dim: _Size = (), keepdim: bool = False) -> Tensor:
    """The largest along several dimensions, one after the other."""
    dims = [d % x.ndim for d in _one(dim)] or list(range(x.ndim))
    for d in sorted(dims, reverse=True):
        x = x.max(d, keepdim=keepdim).values
    return x


@decomposition(aten.amin.default)
def amin(x: Tensor, dim: _Size = (), keepdim: bool = False) -> Tensor:
    """−amax(−x)."""
    return -amax(-x, dim, keepdim)


@decomposition(aten.max.default)
def max_of_all(x: Tensor) -> Tensor:
    """The largest of all."""
    return amax(x)


@decomposition(aten.min.default)
def min_of_all(x: Tensor) -> Tensor:
    """The smallest of all."""
    return -amax(-x)
