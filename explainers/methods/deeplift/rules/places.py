"""Reading and writing at places: given ones, linear; and places that the input itself decides.

An index is a choice: it is followed where it is fixed, and refused where it depends on the input.
A grid of places between the pixels (spatial transformers) is a number, and has a rule of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import factorial

import torch
from torch import Tensor

from explainers.methods.deeplift.rule_kinds.closed import ClosedForm, closed_form
from explainers.methods.deeplift.rule_kinds.linear import linear_map, multilinear
from explainers.methods.deeplift.rule_registry import (
    RULES,
    Arguments,
    Keywords,
    Number,
    Operation,
    decomposition,
    rule,
)
from explainers.methods.deeplift.secants import ratio
from explainers.methods.deeplift.tape import Tape, Value

aten = torch.ops.aten


@rule(aten.grid_sampler_2d.default, aten.grid_sampler_3d.default)
def grid_sample(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Value:
    """At fixed places linear in the picture; else by `_at_moving_places`."""
    if isinstance(args[1], Value):
        return RULES[_at_moving_places](tape, operation, args, kwargs)
    return linear_map(tape, operation, args, kwargs)


@decomposition(aten.cudnn_grid_sampler.default)
def cudnn_grid_sampler(x: Tensor, grid: Tensor) -> Tensor:
    """Bilinear, zeros outside, corners aligned."""
    return aten.grid_sampler_2d(x, grid, 0, 0, True)


def _at_moving_places(
    x: Value | Tensor, grid: Value, mode: int, padding: int, align: bool
) -> ClosedForm:
    """y = S(x, g), a picture x (N, C, …) read at the places of a grid g (N, …, d): linear in x.

    The mid-point: Δy = S(Δx, g)/2 + S(Δx, g⁰)/2 + [S(x̄, g) − S(x̄, g⁰)], exact, the picture's
    Shapley value against the grid's. The bracket is shared among the d coordinates of each place
    by their Shapley values, over all orders of moving them; a coordinate that does not move has
    the derivative. Complete, for every way to interpolate, also the nearest pixel, which jumps.
    """
    sample = aten.grid_sampler_2d if grid.actual.shape[-1] == 2 else aten.grid_sampler_3d

    def at(picture: Tensor, places: Tensor) -> Tensor:
        return sample(picture, places, mode, padding, align)

    moving = x if isinstance(x, Value) else Value(x, x)
    actual, reference = at(moving.actual, grid.actual), at(moving.reference, grid.reference)

    def backward(m: Tensor) -> Sequence[Tensor]:
        def for_picture() -> Tensor:
            with torch.enable_grad():
                leaf = torch.zeros_like(moving.actual).requires_grad_()
                y = (at(leaf, grid.actual) + at(leaf, grid.reference)) / 2
            return torch.autograd.grad(y, leaf, m)[0]

        share = _shares(lambda places: (m * at(moving.middle, places)).sum(1), grid)
        with torch.enable_grad():
            leaf = grid.middle.requires_grad_()
            y = at(moving.middle, leaf)
        slope = torch.autograd.grad(y, leaf, m)[0]
        for_grid = ratio(share, grid.delta, slope)
        return (for_picture(), for_grid) if isinstance(x, Value) else (for_grid,)

    return actual, reference, backward


closed_form(_at_moving_places, serves=2)(_at_moving_places)


def _shares(worth: Callable[[Tensor], Tensor], grid: Value) -> Tensor:
    """Each coordinate's Shapley value of worth(places), (N, …) from (N, …, d); result (N, …, d)."""
    d = grid.actual.shape[-1]
    at: dict[tuple[int, ...], Tensor] = {}
    for moved in product((0, 1), repeat=d):
        chosen = torch.tensor(moved, dtype=torch.bool, device=grid.actual.device)
        at[moved] = worth(torch.where(chosen, grid.actual, grid.reference))
    shares = []
    for one in range(d):
        total = torch.zeros_like(at[(0,) * d])
        for moved in at:
            if moved[one]:
                before, count = (*moved[:one], 0, *moved[one + 1 :]), sum(moved) - 1
                weight = factorial(count) * factorial(d - 1 - count) / factorial(d)
                total = total + weight * (at[moved] - at[before])
        shares.append(total)
    return torch.stack(shares, -1)


# The places of an affine grid: linear in its matrix, whose weights may be negative
rule(aten.affine_grid_generator.default)(multilinear)


@decomposition(aten.embedding.default)
def embedding(weight: Tensor, places: Tensor, *_: object) -> Tensor:
    """Rows of a table that depends on the input."""
    return weight.index_select(0, places.reshape(-1)).reshape(*places.shape, weight.shape[1])


@decomposition(aten.scatter.value)
def scatter_value(x: Tensor, dim: int, places: Tensor, value: Number) -> Tensor:
    """One number written at places."""
    return x.scatter(dim, places, torch.full(places.shape, value, dtype=x.dtype, device=x.device))


@decomposition(aten.index_fill.int_Scalar)
def index_fill(x: Tensor, dim: int, places: Tensor, value: Number) -> Tensor:
    """One number written at places along a dimension."""
    mask = torch.zeros(x.shape[dim], dtype=torch.bool, device=x.device)
    mask[places] = True
    return torch.where(_along(mask, dim, x), torch.full((), value).to(x), x)


@decomposition(aten.index_fill.int_Tensor)
def index_fill_tensor(x: Tensor, dim: int, places: Tensor, value: Tensor) -> Tensor:
    """As `index_fill`."""
    mask = torch.zeros(x.shape[dim], dtype=torch.bool, device=x.device)
    mask[places] = True
    return torch.where(_along(mask, dim, x), value.to(x.dtype), x)


def _along(mask: Tensor, dim: int, x: Tensor) -> Tensor:
    """A mask (k,) shaped to meet dimension `dim` of x."""
    return mask.reshape([-1 if d == dim % x.ndim else 1 for d in range(x.ndim)])


@decomposition(aten.index_put.default)
def masked_put(
    x: Tensor, masks: Sequence[Tensor], value: Tensor, accumulate: bool = False
) -> Tensor:
    """x[mask] = one number, where the mask depends on the input."""
    mask = masks[0].reshape(*masks[0].shape, *[1] * (x.ndim - masks[0].ndim))
    return torch.where(mask, value.reshape(()).to(x.dtype), x)


@decomposition(aten.masked_scatter.default)
def masked_scatter(x: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The first numbers of the source written where a fixed mask says so, in order."""
    mask = mask.expand(x.shape).reshape(-1)
    places = (mask.long().cumsum(0) - 1).clamp(min=0)
    return torch.where(mask, source.reshape(-1)[places], x.reshape(-1)).reshape(x.shape)


@rule(aten._pack_padded_sequence.default)
def pack(
    tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords
) -> tuple[Value, Tensor]:
    """Series of fixed lengths laid end to end: the same numbers in another place."""
    data, sizes = linear_map(tape, operation, args, kwargs)
    return data, sizes.actual
