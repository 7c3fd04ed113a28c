"""Quantised numbers: to and from whole numbers with a scale. Rounding has no slope."""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import NotCovered, Surroundings, operation


def _along(value: Tensor, x: Tensor, axis: int) -> Tensor:
    """A number for each place along the axis, or one for all, so that it broadcasts with x."""
    if value.ndim == 0 or value.numel() == 1:
        return value.reshape(())
    if value.ndim != 1:
        raise NotCovered("scales in blocks")
    return value.reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])


@operation("QuantizeLinear")
def quantize(
    x: Tensor,
    scale: Tensor,
    zero: Tensor | None = None,
    *,
    axis: int = 1,
    saturate: int = 1,
    block_size: int = 0,
    precision: int = 0,
    output_dtype: int = 0,
    surroundings: Surroundings,
) -> Tensor:
    """round(x / scale) + zero, cut to the range of the type of `zero`."""
    kind = (
        zero.dtype
        if zero is not None
        else (surroundings.dtype(output_dtype) if output_dtype else torch.uint8)
    )
    limits = torch.iinfo(kind)
    made = torch.round(x / _along(scale, x, axis))
    if zero is not None:
        made = made + _along(zero, x, axis).to(made.dtype)
    return made.clamp(limits.min, limits.max).to(kind)


@operation("DequantizeLinear")
def dequantize(
    x: Tensor,
    scale: Tensor,
    zero: Tensor | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
) -> Tensor:
    """(x − zero) · scale."""
    number = x.to(scale.dtype)
    if zero is not None:
        number = number - _along(zero, x, axis).to(scale.dtype)
    return number * _along(scale, x, axis)
