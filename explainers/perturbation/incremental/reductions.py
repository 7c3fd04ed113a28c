"""Sums, means and maxima over places: those of the input, with what the part changes of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from explainers.dispatch.torch_private import OpOverload
from explainers.perturbation.incremental.changed import Changed, NotLocal, Unknown, cut
from explainers.perturbation.incremental.registry import at_reference, rule
from explainers.perturbation.incremental.steps import Steps
from explainers.running.failures import all_finite

aten = torch.ops.aten


@rule(aten.sum.dim_IntList, aten.mean.dim)
def _sum(
    steps: Steps,
    operation: OpOverload,
    changed: Changed,
    dim: Sequence[int] | None,
    keepdim: bool = False,
    **kwargs: Any,
) -> Changed | Tensor:
    """Σ over the input's own, and over the part what differs from it."""
    places = _reduced(changed, dim)
    whole = at_reference(steps, operation, changed, dim, keepdim, **kwargs)
    if not _over_boxes(changed, places):
        part = operation(changed.part, places, keepdim, **kwargs)
        return Changed(whole, part, _left(changed, places, keepdim))
    if kwargs or not steps.of(all_finite, changed.reference):
        raise NotLocal
    before = cut(changed.reference, changed.starts, changed.sizes, len(changed.part))
    rise: Tensor = (changed.part - before).sum(places, keepdim)
    if operation is aten.mean.dim:
        rise = rise / math.prod(changed.shape[place] for place in places)
    return whole + rise


@rule(aten.amax.default)
def _amax(
    steps: Steps,
    operation: OpOverload,
    changed: Changed,
    dim: Sequence[int] = (),
    keepdim: bool = False,
) -> Changed | Tensor:
    """The largest in the part, or before or after it along any dimension."""
    places = _reduced(changed, dim)
    if not _over_boxes(changed, places):
        whole = at_reference(steps, operation, changed, dim, keepdim)
        return Changed(whole, changed.part.amax(places, keepdim), _left(changed, places, keepdim))
    largest = changed.part.amax(places, keepdim)
    for place, start in enumerate(changed.starts, 1):
        if start is None:
            continue
        before, after = steps.of(_strips, changed.reference, place, places)
        begin = torch.from_numpy(start).to(largest.device)
        for strip, edge in ((before, begin), (after, begin + changed.sizes[place - 1])):
            outside = strip[edge]  # (n, …), the reduced dimensions kept
            outside = outside if keepdim else outside.squeeze(places)
            largest = torch.maximum(largest, outside)
    return largest


@rule(aten.max.dim)
def _max(
    steps: Steps, operation: OpOverload, changed: Changed, dim: int, keepdim: bool = False
) -> tuple[Any, ...]:
    _, indices = at_reference(steps, operation, changed, dim, keepdim)
    return _amax(steps, aten.amax.default, changed, [dim], keepdim), Unknown(indices)


@rule(aten.adaptive_max_pool2d.default)
def _adaptive_max_pool(
    steps: Steps, operation: OpOverload, changed: Changed, size: Sequence[int]
) -> tuple[Any, ...]:
    if math.prod(size) != 1:
        raise NotLocal
    _, indices = at_reference(steps, operation, changed, size)
    return _amax(steps, aten.amax.default, changed, [-2, -1], True), Unknown(indices)


def _reduced(changed: Changed, dim: Sequence[int] | None) -> list[int]:
    """The dimensions that are reduced; NotLocal where the rows are among them."""
    count = len(changed.shape)
    places = sorted({place % count for place in dim or range(count)})
    if places[0] == 0:
        raise NotLocal
    return places


def _over_boxes(changed: Changed, places: Sequence[int]) -> bool:
    """Whether all dimensions that are in parts are reduced; NotLocal where only some are."""
    boxed = {place for place, start in enumerate(changed.starts, 1) if start is not None}
    if boxed & {*places} and not boxed <= {*places}:
        raise NotLocal
    return boxed <= {*places}


def _left(changed: Changed, places: Sequence[int], keepdim: bool) -> tuple[Any, ...]:
    """The starts along the dimensions that are left."""
    starts = enumerate(changed.starts, 1)
    return tuple(start for place, start in starts if keepdim or place not in places)


def _strips(reference: Tensor, place: int, places: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The largest before, and from, each place 0 … side along a dimension: (side + 1, …) each."""
    others = [other for other in places if other != place]
    along = (reference.amax(others, keepdim=True) if others else reference).movedim(place, 0)
    nothing = torch.full_like(along[:1], -torch.inf)
    before = torch.cat([nothing, along.cummax(0)[0]])
    after = torch.cat([along.flip(0).cummax(0)[0].flip(0), nothing])
    # The reduced dimension, now of one place, where it was: (side + 1, …) of one row each.
    return tuple(  # type: ignore[return-value]
        strip.squeeze(1).unsqueeze(place) for strip in (before, after)
    )
