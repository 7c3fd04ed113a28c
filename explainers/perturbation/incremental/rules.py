"""Operations on parts that move nothing between places: value by value, norms, joins and shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from explainers.dispatch.torch_private import OpOverload, tree_map
from explainers.perturbation.incremental.changed import Changed, NotLocal, cut, in_common
from explainers.perturbation.incremental.registry import at_reference, changed_in, rule
from explainers.perturbation.incremental.steps import Steps

aten = torch.ops.aten


@rule(aten.hardswish.default, aten._to_copy.default, aten.detach.default, aten.alias.default)
@rule(aten._prelu_kernel.default)
def pointwise(steps: Steps, operation: OpOverload, *args: Any, **kwargs: Any) -> Changed:
    """Each value by itself, or with those at the same place of other activations and weights.

    Raises
    ------
    NotLocal
        Where others differ from row to row, or activations have several shapes.
    """
    activations = changed_in(args, kwargs)
    starts, sizes = in_common(activations, len(activations[0].starts))
    shape, count = activations[0].shape, len(activations[0].part)
    if any(each.shape != shape for each in activations):
        raise NotLocal

    def at_boxes(leaf: Any) -> Any:
        if isinstance(leaf, Changed):
            return leaf.grown(starts, sizes).part
        if not isinstance(leaf, Tensor) or not leaf.ndim:
            return leaf
        missing = len(shape) - leaf.ndim
        if missing < 0 or (missing == 0 and len(leaf) != 1):
            raise NotLocal
        wide = leaf[(None,) * missing] if missing else leaf
        own = [
            None if side == 1 else start for start, side in zip(starts, wide.shape[1:], strict=True)
        ]
        if all(start is None for start in own):
            return leaf
        sides = [min(a, b) for a, b in zip(sizes, wide.shape[1:], strict=True)]
        return cut(wide, tuple(own), sides, count)

    parts = tree_map(at_boxes, (args, kwargs))
    whole = at_reference(steps, operation, *args, **kwargs)
    if whole.shape[1:] != shape[1:]:
        raise NotLocal
    return Changed(whole, operation(*parts[0], **parts[1]), starts)


@rule(aten.native_batch_norm.default, aten._native_batch_norm_legit_no_training.default)
@rule(aten._native_batch_norm_legit.default)
def _batch_norm(
    steps: Steps, operation: OpOverload, changed: Any, *statistics: Any
) -> tuple[Any, ...]:
    trains = len(statistics) > 4 and isinstance(statistics[4], bool) and statistics[4]
    running = statistics[2:4]
    if trains or changed_in(statistics) or not all(isinstance(t, Tensor) for t in running):
        raise NotLocal
    if not changed.spans[0]:
        raise NotLocal
    whole, *others = at_reference(steps, operation, changed, *statistics)
    return Changed(whole, operation(changed.part, *statistics)[0], changed.starts), *others


@rule(aten.cat.default)
def _cat(steps: Steps, operation: OpOverload, tensors: Sequence[Any], dim: int = 0) -> Changed:
    activations = changed_in(tensors)
    if len(activations) != len(tensors):
        raise NotLocal
    place = dim % len(activations[0].shape) - 1
    if place < 0 or not all(each.spans[place] for each in activations):
        raise NotLocal
    starts, sizes = in_common(activations, len(activations[0].starts))
    parts = []
    for each in activations:
        own = list(sizes)
        own[place] = each.sizes[place]
        parts.append(each.grown(starts, own).part)
    whole = at_reference(steps, operation, tensors, dim)
    return Changed(whole, operation(parts, dim), starts)


@rule(aten.constant_pad_nd.default)
def _pad(
    steps: Steps, operation: OpOverload, changed: Changed, edges: Sequence[int], value: float = 0
) -> Changed:
    starts, within = list(changed.starts), list(edges)
    for index in range(len(edges) // 2):
        place = len(starts) - 1 - index
        start = starts[place] if place >= 0 else None
        if start is None:
            continue
        starts[place] = start + edges[2 * index]
        within[2 * index : 2 * index + 2] = [0, 0]
    whole = at_reference(steps, operation, changed, edges, value)
    begins = [0 if start is None else int(start.min()) for start in starts]
    if len(edges) // 2 > len(starts) or min(begins) < 0:
        raise NotLocal
    part = operation(changed.part, within, value)
    fits = all(
        start is None or int(start.max()) + size <= side
        for start, size, side in zip(starts, part.shape[1:], whole.shape[1:], strict=True)
    )
    if not fits:
        raise NotLocal
    return Changed(whole, part, tuple(starts))


@rule(aten.permute.default)
def _permute(
    steps: Steps, operation: OpOverload, changed: Changed, order: Sequence[int]
) -> Changed:
    places = [place % len(order) for place in order]
    if places[0]:
        raise NotLocal
    whole = at_reference(steps, operation, changed, order)
    starts = tuple(changed.starts[place - 1] for place in places[1:])
    return Changed(whole, changed.part.permute(places), starts)


@rule(aten.transpose.int)
def _transpose(steps: Steps, operation: OpOverload, changed: Changed, a: int, b: int) -> Changed:
    order = list(range(len(changed.shape)))
    a, b = a % len(order), b % len(order)
    order[a], order[b] = b, a
    return _permute(steps, aten.permute.default, changed, order)


@rule(aten.unsqueeze.default)
def _unsqueeze(steps: Steps, operation: OpOverload, changed: Changed, dim: int) -> Changed:
    place = dim % (len(changed.shape) + 1)
    if not place:
        raise NotLocal
    whole = at_reference(steps, operation, changed, place)
    starts = [*changed.starts[: place - 1], None, *changed.starts[place - 1 :]]
    return Changed(whole, changed.part.unsqueeze(place), tuple(starts))


@rule(aten.squeeze.dim, aten.squeeze.dims)
def _squeeze(
    steps: Steps, operation: OpOverload, changed: Changed, dim: int | Sequence[int]
) -> Changed:
    count = len(changed.shape)
    dims = {place % count for place in ([dim] if isinstance(dim, int) else dim)}
    if 0 in dims:
        raise NotLocal
    gone = [place for place in dims if changed.shape[place] == 1]
    whole = at_reference(steps, aten.squeeze.dims, changed, gone)
    kept = [start for place, start in enumerate(changed.starts, 1) if place not in gone]
    return Changed(whole, changed.part.squeeze(gone), tuple(kept))


@rule(aten.view.default, aten._unsafe_view.default)
def _view(steps: Steps, operation: OpOverload, changed: Changed, size: Sequence[int]) -> Changed:
    """The dimensions before the first that is in parts take another form."""
    shape = torch.empty(changed.shape, device="meta").view(size).shape
    last = len(changed.starts) - next(i for i, whole in enumerate(changed.spans) if not whole)
    if len(shape) <= last or shape[0] != changed.shape[0] or shape[-last:] != changed.shape[-last:]:
        raise NotLocal
    first = shape[1:-last]
    whole = steps.of(torch.reshape, changed.reference, (1, *shape[1:]))
    starts = (*[None] * len(first), *changed.starts[-last:])
    part = changed.part.reshape(len(changed.part), *first, *changed.sizes[-last:])
    return Changed(whole, part, starts)


@rule(aten.slice.Tensor, aten.select.int, aten.split.Tensor, aten.split_with_sizes.default)
def _slice(steps: Steps, operation: OpOverload, changed: Changed, *args: Any, **kwargs: Any) -> Any:
    takes_dim_first = operation in (aten.slice.Tensor, aten.select.int)
    dim = args[0] if takes_dim_first and args else (args[1] if len(args) > 1 else 0)
    place = dim % len(changed.shape) - 1
    if kwargs or place < 0 or not changed.spans[place]:
        raise NotLocal
    whole = at_reference(steps, operation, changed, *args)
    parts = operation(changed.part, *args)
    if isinstance(whole, Tensor):
        gone = operation is aten.select.int
        starts = [s for index, s in enumerate(changed.starts) if not (gone and index == place)]
        return Changed(whole, parts, tuple(starts))
    return [Changed(w, p, changed.starts) for w, p in zip(whole, parts, strict=True)]


@rule(aten._softmax.default, aten._log_softmax.default)
def _softmax(
    steps: Steps, operation: OpOverload, changed: Changed, dim: int, to_float: bool
) -> Changed:
    place = dim % len(changed.shape) - 1
    if place < 0 or not changed.spans[place]:
        raise NotLocal
    whole = at_reference(steps, operation, changed, dim, to_float)
    return Changed(whole, operation(changed.part, dim, to_float), changed.starts)


def is_pointwise(operation: OpOverload) -> bool:
    """Whether PyTorch says that it works value by value, without drawing random numbers."""
    tags = operation.tags
    return torch.Tag.pointwise in tags and torch.Tag.nondeterministic_seeded not in tags
