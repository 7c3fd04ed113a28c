"""Rules for functions that choose, move, join or summarise values: what these are afterwards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from explainers.output_form.calls import UNKNOWN, Call, Plain, State
from explainers.output_form.meaning import Meaning, joined

SAME = {"detach", "data", "requires_grad", "alias", "positive", "nan_to_num", "real", "lift_fresh"}
"""Functions that give the same values."""

_MOVES = """
    getitem index slice select narrow narrow_copy index_select gather take_along_dim squeeze
    unsqueeze
    flatten unflatten reshape view view_as reshape_as ravel permute transpose t T mT
    swapaxes swapdims movedim moveaxis flip fliplr flipud roll rot90 expand expand_as repeat
    tile repeat_interleave broadcast_to diagonal contiguous clone chunk split
    split_with_sizes tensor_split hsplit vsplit unbind unsafe_split unsafe_chunk atleast_2d
    squeeze_copy view_copy to float double half bfloat16 type type_as cpu cuda to_copy
    unsafe_view
"""
MOVES = frozenset(_MOVES.split())
"""Functions that choose, move, repeat or cast the values of their first argument."""

_FRESH = """
    zeros_like ones_like empty_like full_like new_zeros new_ones new_empty new_full
    new_tensor new_empty_strided zero fill
"""
FRESH = frozenset(_FRESH.split())
"""Functions whose results do not depend on the values of their arguments."""

SORTS = {"max": 1, "min": 1, "sort": 1, "topk": 2, "kthvalue": 2, "median": 1}
"""Functions that give values and their places, with the place of their argument `dim`."""

SUMS = {"sum", "nansum"}
_MEANS = """
    mean nanmean amax amin max min median quantile prod cumprod avg_pool1d avg_pool2d
    avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d max_pool1d
    max_pool2d max_pool3d adaptive_max_pool1d adaptive_max_pool2d upsample_bilinear2d
    upsample_nearest2d interpolate
"""
MEANS = frozenset(_MEANS.split())
"""Functions that keep to the bounds of what they summarise (or, for products, to [0, 1])."""

JOINS = {"cat", "concat", "concatenate", "stack", "hstack", "vstack", "dstack", "column_stack"}


def moved(call: Call) -> State:
    """What the result of a function of MOVES is."""
    known = call.states[0]
    if isinstance(known, Plain):
        return known
    if not isinstance(known, Meaning):
        return Plain()  # chosen by places that depend on the input
    if call.name in ("to", "type", "type_as", "to_copy") and _integral(call):
        return known.bounded(math.floor(known.low), math.ceil(known.high))
    return known.through(call.again)


def parts(call: Call, count: int) -> list[State]:
    """What the several results of a function of MOVES are."""
    known = call.states[0]

    def part(index: int) -> State:
        if isinstance(known, Meaning):
            return known.through(lambda values: call.again(values)[index])
        return Plain()

    return [part(index) for index in range(count)]


def _integral(call: Call) -> bool:
    kinds = [*call.args[1:], *call.kwargs.values()]
    return any(isinstance(kind, torch.dtype) and not kind.is_floating_point for kind in kinds)


def sorted_by(call: Call, result: Sequence[Any]) -> list[State]:
    """What values and places of a function of SORTS are."""
    known = call.states[0]
    dim = call.argument(SORTS[call.name], "dim", -1)
    places = result[1]
    if not isinstance(known, Meaning):
        return [Plain(), Plain()]
    if not isinstance(places, Tensor) or not isinstance(dim, int) or known.logit is None:
        return [known.bounded(known.low, known.high), Plain()]
    kept = call.name in ("sort", "topk") or bool(call.kwargs.get("keepdim", False))
    kept = kept or (len(call.args) > SORTS[call.name] + 1 and bool(call.args[-1]))

    def choose(values: Tensor) -> Tensor:
        if kept:
            return values.gather(dim, places)
        return values.gather(dim, places.unsqueeze(dim)).squeeze(dim)

    return [known.through(choose), Plain()]


def summed(call: Call, result: Any) -> State:
    """What the sum of values is."""
    known = call.states[0]
    if not isinstance(known, Meaning):
        return Plain()
    if known.form == "exp" and known.canonical:
        return Plain("sum_exp", known, call.dim(), known.relative)
    count = call.first.numel() / max(result.numel(), 1) if isinstance(result, Tensor) else 1
    return known.bounded(min(known.low * count, known.low), max(known.high * count, known.high))


def averaged(call: Call) -> State:
    """What a mean, an extreme, a product or the like of values is."""
    known = call.states[0]
    if not isinstance(known, Meaning):
        return Plain()
    if call.name in ("max", "min") and len(call.states) > 1 and isinstance(call.args[1], Tensor):
        other = call.states[1]
        return joined([known, other], None) if isinstance(other, Meaning) else UNKNOWN
    if call.name in ("prod", "cumprod"):
        return known.bounded(0.0, 1.0) if known.unit else UNKNOWN
    if "pool" in call.name:
        return known.bounded(min(known.low, 0.0), known.high)
    return known.bounded(known.low, known.high)


def put_together(call: Call) -> State:
    """What the result of a function of JOINS is."""
    pieces = call.states[0]
    if not isinstance(pieces, list):
        return UNKNOWN
    if any(isinstance(piece, Meaning) for piece in pieces):
        if not all(isinstance(piece, Meaning) for piece in pieces):
            return UNKNOWN
        rest, options = call.args[1:], call.kwargs

        def join(parts: Sequence[Tensor]) -> Tensor:
            result: Tensor = call.function(list(parts), *rest, **options)
            return result

        return joined(pieces, join)
    return Plain() if any(isinstance(piece, Plain) for piece in pieces) else None


SCATTERS = {"setitem": 2, "slice_scatter": 1, "select_scatter": 1, "diagonal_scatter": 1}
"""Functions that write values into a tensor, with the place of the argument that is written."""


def written(call: Call) -> State:
    """What a tensor is after some of it was written; entries not yet written count as NaN."""
    place = SCATTERS[call.name]
    if len(call.args) <= place:
        return UNKNOWN
    into, values, before, new = call.first, call.args[place], call.states[0], call.states[place]
    if not isinstance(new, Meaning):
        if isinstance(before, Meaning):
            return UNKNOWN
        return Plain() if isinstance(before, Plain) or isinstance(new, Plain) else None
    if isinstance(before, Plain) or new.before is None or not isinstance(values, Tensor):
        return UNKNOWN
    entering, shape = new.before, into.shape

    def empty() -> Tensor:
        like = entering()
        return torch.full(shape, math.nan, dtype=like.dtype, device=like.device)

    base = before if isinstance(before, Meaning) else replace(new, before=empty, odds=None)
    if base.before is None or (base.form, base.scale, base.shift) != (
        new.form,
        new.scale,
        new.shift,
    ):
        mixed = {base.form, new.form} == {"sigmoid", "softmax"} and base.canonical and new.canonical
        if base.before is None or not mixed:
            return UNKNOWN
    earlier = base.before

    def fill() -> Tensor:
        filled = earlier().clone()
        args = [filled, *call.args[1:]]
        args[place] = entering()
        result = call.function(*args, **call.kwargs)
        return filled if result is None else result

    low, high = min(base.low, new.low), max(base.high, new.high)
    return replace(base, low=low, high=high, before=fill, odds=None, source=object())
