"""Linear operations without weights: they rearrange, select, add up, average or interpolate.

y = Lx with every entry of L at least 0 (bicubic interpolation and its like excepted), so that the
parts go through apart: Δy^± = L Δx^± and m_x = Lᵀ m_y. Complete because ⟨m, LΔ⟩ = ⟨Lᵀm, Δ⟩. The
Linear rule, section 3.5.1 of arXiv:1704.02685.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from explainers.methods.deeplift.rule_kinds.combination import combine
from explainers.methods.deeplift.rule_kinds.linear import linear_map
from explainers.methods.deeplift.rule_registry import (
    RULES,
    Arguments,
    Keywords,
    Operation,
    Rule,
    at_both,
    decomposition,
    rule,
    values_in,
)
from explainers.methods.deeplift.secants import ratio
from explainers.methods.deeplift.tape import Parts, Tape, Value

aten = torch.ops.aten

rule(
    # the same numbers in another place
    aten.alias.default,
    aten.cat.default,
    aten.clone.default,
    aten.contiguous.default,
    aten.diagonal.default,
    aten.expand.default,
    aten.flip.default,
    aten.im2col.default,
    aten.permute.default,
    aten.pixel_shuffle.default,
    aten.pixel_unshuffle.default,
    aten.channel_shuffle.default,
    aten.reflection_pad1d.default,
    aten.reflection_pad2d.default,
    aten.reflection_pad3d.default,
    aten.repeat.default,
    aten.rot90.default,
    aten.replication_pad1d.default,
    aten.replication_pad2d.default,
    aten.replication_pad3d.default,
    aten.roll.default,
    aten.slice.Tensor,
    aten.split.Tensor,
    aten.split_with_sizes.default,
    aten.squeeze.default,
    aten.squeeze.dim,
    aten.squeeze.dims,
    aten.stack.default,
    aten.t.default,
    aten.transpose.int,
    aten.tril.default,
    aten.triu.default,
    aten.unbind.int,
    aten.unfold.default,
    aten.unfold_backward.default,
    aten.unsafe_split.Tensor,
    aten.unsafe_split_with_sizes.default,
    aten.unsqueeze.default,
    aten.select.int,
    aten.diag_embed.default,
    aten.slice_scatter.default,
    aten.select_scatter.default,
    aten.view_copy.default,
    aten.unsafe_chunk.default,
    # sums and averages
    aten._adaptive_avg_pool2d.default,
    aten._adaptive_avg_pool3d.default,
    aten.adaptive_avg_pool1d.default,
    aten.avg_pool1d.default,
    aten.avg_pool2d.default,
    aten.avg_pool3d.default,
    aten.col2im.default,
    aten.cumsum.default,
    aten.mean.default,
    aten.mean.dim,
    aten.sum.default,
    aten.sum.dim_IntList,
    aten.trace.default,
    # interpolation
    aten._upsample_bicubic2d_aa.default,
    aten._upsample_bilinear2d_aa.default,
    aten.upsample_bicubic2d.default,
    aten.upsample_bicubic2d.vec,
    aten.upsample_bilinear2d.default,
    aten.upsample_bilinear2d.vec,
    aten.upsample_linear1d.default,
    aten.upsample_linear1d.vec,
    aten.upsample_nearest1d.default,
    aten.upsample_nearest1d.vec,
    aten.upsample_nearest2d.default,
    aten.upsample_nearest2d.vec,
    aten.upsample_nearest3d.default,
    aten.upsample_nearest3d.vec,
    aten._upsample_nearest_exact1d.default,
    aten._upsample_nearest_exact2d.default,
    aten._upsample_nearest_exact3d.default,
    aten.upsample_trilinear3d.default,
    aten.upsample_trilinear3d.vec,
)(linear_map)


@rule(aten.view.default, aten._unsafe_view.default, aten._reshape_alias.default)
def view(tape: Tape, _: Operation, args: Arguments, kwargs: Keywords) -> Any:
    """As reshape, Lᵀ the reshape back; reference and parts may lie in memory in another order."""
    return linear_map(tape, torch.reshape, args[:2], {})


@rule(aten.as_strided.default)
def as_strided(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
    """By places in memory: the reference and the parts are laid out as the input is first."""
    value, *rest = args

    def laid_out(tensor: Tensor) -> Tensor:
        if tensor.stride() == value.actual.stride():
            return tensor
        return torch.empty_like(value.actual).copy_(tensor)

    value.reference = laid_out(value.reference)
    if value.parts is not None:
        value.parts = Parts(laid_out(value.plus), laid_out(value.minus))
    return linear_map(tape, operation, (value, *rest), kwargs)


@rule(aten.constant_pad_nd.default)
def pad(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
    """Linear but for the constant, which contributes nothing."""
    output = linear_map(tape, operation, args, kwargs)
    if tape.keeps_parts and len(args) > 2 and args[2]:
        value, widths = args[0], args[1]
        output.parts = Parts(operation(value.plus, widths), operation(value.minus, widths))
    return output


@rule(
    aten.gather.default,
    aten.index_select.default,
    aten.index.Tensor,
    aten.take.default,
    aten.scatter.src,
    aten.index_put.default,
    aten.index_copy.default,
    aten.index_add.default,
    aten.scatter_add.default,
)
def selection(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
    """Linear in what is selected or written, at fixed places."""
    place = 1 if operation in (aten.index.Tensor, aten.take.default, aten.index_put.default) else 2
    if values_in(args[place : place + 1]):
        raise NotImplementedError
    return linear_map(tape, operation, args, kwargs)


@rule(aten.detach.default, aten.lift_fresh.default)
def same(tape: Tape, _: Operation, args: Arguments, kwargs: Keywords) -> Any:
    """Δy = Δx: what autograd would cut off still contributes."""
    return linear_map(tape, aten.alias.default, args, {})


@rule(aten._to_copy.default)
def cast(tape: Tape, operation: Operation, args: Arguments, kwargs: Keywords) -> Any:
    """Δy = Δx in another type or on another device; a truth value becomes 0 or 1.

    A number becomes a truth value by the rule of x ≠ 0, and a whole number by that of rounding.
    """
    dtype = kwargs.get("dtype")
    (value,) = values_in(args)
    if dtype == torch.bool and value.actual.dtype != torch.bool:
        return RULES[aten.ne.Scalar](tape, aten.ne.Scalar, (value, 0), {})
    whole = dtype is not None and not (dtype.is_floating_point or dtype.is_complex)
    if whole:
        actual, reference = at_both(operation, args, kwargs)
        rise = Value(actual, reference).delta.to(value.delta.dtype)
        share = ratio(rise, value.delta, 0.0 if value.actual.is_floating_point() else 1.0)
        return combine(tape, actual, reference, ((value, share),))
    return linear_map(tape, operation, args, kwargs)


@decomposition(aten.copy.default)
def copy(old: Tensor, new: Tensor, non_blocking: bool = False) -> Tensor:
    """What `old` holds after `new` was written on it."""
    return new.to(old.dtype).expand(old.shape).clone()


@decomposition(aten.fill.Tensor)
def fill(old: Tensor, new: Tensor) -> Tensor:
    """One number everywhere."""
    return new.to(old.dtype).expand(old.shape).clone()


@decomposition(aten.fill.Scalar)
def fill_with(old: Tensor, new: float) -> Tensor:
    """One number everywhere."""
    return torch.full_like(old, new)


@decomposition(aten.zero.default)
def zero(old: Tensor) -> Tensor:
    """Zero everywhere."""
    return torch.zeros_like(old)


@decomposition(aten.masked_fill.Scalar)
def masked_fill(x: Tensor, mask: Tensor, value: float) -> Tensor:
    """A number where the mask says so."""
    return torch.where(mask, torch.full((), value, dtype=x.dtype, device=x.device), x)


@decomposition(aten.masked_fill.Tensor)
def masked_fill_tensor(x: Tensor, mask: Tensor, value: Tensor) -> Tensor:
    """A number where the mask says so."""
    return torch.where(mask, value.to(x.dtype), x)


def overwrite(base: Tensor, places: Tensor, new: Tensor) -> Tensor:
    """Return `base` with the entries at the flat `places` replaced: linear in `base` and `new`.

    Parameters
    ----------
    base : Tensor, shape (…)
    places : Tensor of int64
        Where, counted in base.reshape(-1).
    new : Tensor, as many entries as `places`

    Returns
    -------
    Tensor, shape (…)

    Examples
    --------
    >>> overwrite(torch.zeros(2, 2), torch.tensor([0, 3]), torch.tensor([1.0, 2.0]))
    tensor([[1., 0.],
            [0., 2.]])
    """
    if base.is_complex():  # as two numbers for each
        numbers = torch.view_as_real(base.resolve_conj())
        new = torch.view_as_real(new.resolve_conj()) if new.is_complex() else new
        return torch.view_as_complex(overwrite(numbers, places, new))
    flat = base.reshape(-1).scatter(0, places.reshape(-1), new.reshape(-1).to(base.dtype))
    return flat.view(base.shape)


rule(overwrite)(linear_map)
# They may also be followed by an index that depends on the input: nothing is computed with it.
MOVES_PLACES: tuple[Rule, ...] = (linear_map, view)
