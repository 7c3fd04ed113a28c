"""Quantised numbers: to and from whole numbers with a scale. Rounding has no slope."""

from __future__ import annotations

import torch
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import NotCovered, operation


def _along(value: Tensor | None, x: Tensor, axis: int) -> Tensor | None:
    if value is None or value.ndim == 0 or value.numel() == 1:
        return None if value is None else value.reshape(())
    if value.ndim != 1:
        raise NotCovered("scales in blocks")
    return value.reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])


@operation("QuantizeLinear")
def quantize(
    x, scale, zero=None, *, axis=1, saturate=1, block_size=0, precision=0, output_dtype=0, place
):
    """round(x / scale) + zero, cut to the range of the type of `zero`."""
    kind = (
        zero.dtype
        if zero is not None
        else (place.dtype(output_dtype) if output_dtype else torch.uint8)
    )
    limits = torch.iinfo(kind)
    made = torch.round(x / _along(scale, x, axis))
    if zero is not None:
        made = made + _along(zero, x, axis).to(made.dtype)
    return made.clamp(limits.min, limits.max).to(kind)


@operation("DequantizeLinear")
def dequantize(x, scale, zero=None, *, axis=1, block_size=0, output_dtype=0):
    """(x − zero) · scale."""
    number = x.to(scale.dtype)
    if zero is not None:
        number = number - _along(zero, x, axis).to(scale.dtype)
    return number * _along(scale, x, axis)
