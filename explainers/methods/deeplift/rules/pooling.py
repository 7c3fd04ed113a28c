"""The largest of many: max-pools, amax and max along a dimension.

With y = x_i the input's winner, y⁰ = x⁰_j the reference's, and cross = max(y, y⁰): cross − y⁰ is
contributed by i and y − cross by j. Complete because they add up to y − y⁰; windows that overlap
add up. One of the two is always 0, and the other's multiplier lies in [0, 1], since Δx_i ≥ y − y⁰
when y rises and Δx_j ≤ y − y⁰ when it falls. Where the winner neither moves nor changes, its
multiplier is the derivative, 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.methods.deeplift.rulebook import RULES, composed, rule
from explainers.methods.deeplift.secants import ratio
from explainers.methods.deeplift.tape import Parts, Tape, Value

aten = torch.ops.aten


def largest(tape: Tape, x: Value, now, before, rows: int):
    """Remember a maximum: `now` and `before` are (values, places), places in rows of x.

    x is seen as (*, rows): places count along the last dimension of x.reshape(…, rows).
    """
    shape, made_shape = x.now.shape, now[0].shape
    delta = x.delta.reshape(-1, rows)
    groups = len(delta)
    (y1, i), (y0, j) = ((t.reshape(groups, -1) for t in pair) for pair in (now, before))
    rise = y1 - y0
    winner = torch.where(rise >= 0, i, j)
    moved = delta.gather(1, winner)
    share = ratio(rise, moved, 1.0)
    made = Value(now[0], before[0], source=x.source)

    def send(m: Tensor) -> Tensor:
        sent = torch.zeros(groups, rows, dtype=m.dtype, device=m.device)
        return sent.scatter_add_(1, winner, share * m.reshape(groups, -1)).reshape(shape)

    if tape.parts:
        for part in ("plus", "minus"):
            taken = getattr(x, part).reshape(groups, rows).gather(1, winner)
            setattr(made, part, (share * taken).reshape(made_shape))

        def back(m):
            return (Parts(send(m.plus), send(m.minus)),)

    else:

        def back(m):
            return (send(m),)

    tape.add([x], [made], back)
    return made


def _pool(dimensions: int):
    def run(tape, function, args, kwargs):
        x, *rest = args
        now, before = (function(t, *rest, **kwargs) for t in (x.now, x.before))
        rows = x.now.shape[-dimensions:].numel()
        return largest(tape, x, now, before, rows), now[1]

    return run


for _dimensions, _operations in {
    2: (aten.max_pool2d_with_indices.default, aten.adaptive_max_pool2d.default),
    3: (aten.max_pool3d_with_indices.default, aten.adaptive_max_pool3d.default),
}.items():
    rule(*_operations)(_pool(_dimensions))


@composed(aten.max_pool1d_with_indices.default)
def max_pool1d(x, *rest, **kwargs):
    """A max-pool over one row."""
    kernel, *others = rest
    rest = [(1, *_one(kernel)), *(_row(index, other) for index, other in enumerate(others))]
    values, places = aten.max_pool2d_with_indices(x.unsqueeze(-2), *rest, **kwargs)
    return values.squeeze(-2), places.squeeze(-2)


def _one(number) -> tuple:
    return tuple(number) if isinstance(number, (list, tuple)) else (number,)


def _row(index: int, other):
    """Stride, padding, dilation of a row in two dimensions; the ceiling flag as it is."""
    if isinstance(other, bool):
        return other
    return ((1, 0, 1)[index], *_one(other)) if _one(other) else ()


@composed(aten.adaptive_max_pool1d.default)
def adaptive_max_pool1d(x, size):
    """An adaptive max-pool over one row."""
    values, places = aten.adaptive_max_pool2d(x.unsqueeze(-2), (1, *_one(size)))
    return values.squeeze(-2), places.squeeze(-2)


@rule(aten.max.dim)
def max_along(tape, function, args, kwargs):
    """The largest along a dimension, which is brought to the end first."""
    x, dim, *keep = args
    keepdim = bool(keep and keep[0]) or kwargs.get("keepdim", False)
    ends = RULES[aten.transpose.int](tape, aten.transpose.int, (x, dim, -1), {})
    now, before = (t.max(-1, keepdim=True) for t in (ends.now, ends.before))
    made = largest(tape, ends, now, before, ends.now.shape[-1])
    made = RULES[aten.transpose.int](tape, aten.transpose.int, (made, dim, -1), {})
    if not keepdim:
        made = RULES[aten.squeeze.dim](tape, aten.squeeze.dim, (made, dim), {})
    places = [t.max(dim, keepdim).indices for t in (x.now, x.before)]
    return made, Value(*places)


@composed(aten.min.dim)
def min_along(x, dim, keepdim=False):
    """−max(−x)."""
    values, places = (-x).max(dim, keepdim)
    return -values, places


@composed(aten.amax.default)
def amax(x, dim=(), keepdim=False):
    """The largest along several dimensions, one after the other."""
    dims = [d % x.ndim for d in _one(dim)] or list(range(x.ndim))
    for d in sorted(dims, reverse=True):
        x = x.max(d, keepdim=keepdim).values
    return x


@composed(aten.amin.default)
def amin(x, dim=(), keepdim=False):
    """−amax(−x)."""
    return -amax(-x, dim, keepdim)


@composed(aten.max.default)
def max_of_all(x):
    """The largest of all."""
    return amax(x)


@composed(aten.min.default)
def min_of_all(x):
    """The smallest of all."""
    return -amax(-x)
