"""Convolutions and their transposes in one to three dimensions, with all of ONNX's paddings."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import (
    Ints,
    NotCovered,
    affordable,
    operation,
)

_CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def edges(
    sides: Sequence[int],
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: Sequence[int] | None,
    auto_pad: str,
) -> list[tuple[int, int]]:
    """What to add to the sides of an input before a window moves over it.

    SAME: output = ⌈side / stride⌉, the odd one after (UPPER) or before (LOWER).

    Parameters
    ----------
    sides, kernel, strides, dilations : sequence of int
        For each dimension.
    pads : sequence of int or None
        As ONNX has them: all that come before, then all that come after.
    auto_pad : str
        "NOTSET", "VALID", "SAME_UPPER" or "SAME_LOWER".

    Returns
    -------
    list of (before, after)
        For each dimension.

    Examples
    --------
    >>> edges([5], [2], [2], [1], None, "SAME_UPPER")
    [(0, 1)]
    >>> edges([5, 5], [3, 3], [1, 1], [1, 1], [1, 0, 1, 2], "NOTSET")
    [(1, 1), (0, 2)]
    """
    if auto_pad in ("NOTSET", ""):
        pads = list(pads or [0] * 2 * len(sides))
        affordable(math.prod(side + max(pads) for side in sides))
        return list(zip(pads[: len(sides)], pads[len(sides) :], strict=True))
    if auto_pad == "VALID":
        return [(0, 0)] * len(sides)
    around = []
    for side, width, stride, dilation in zip(sides, kernel, strides, dilations, strict=True):
        needed = max((-(-side // stride) - 1) * stride + (width - 1) * dilation + 1 - side, 0)
        less, more = needed // 2, needed - needed // 2
        around.append((less, more) if auto_pad == "SAME_UPPER" else (more, less))
    return around


def padded(x: Tensor, around: list[tuple[int, int]], value: float = 0.0) -> Tensor:
    """x with edges of `value` around its last dimensions."""
    flat = [n for pair in reversed(around) for n in pair]
    sides = x.shape[x.ndim - len(around) :]
    affordable(math.prod(side + sum(pair) for side, pair in zip(sides, around, strict=True)))
    return F.pad(x, flat, value=value) if any(flat) else x


@operation("Conv")
def conv(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    kernel_shape: Ints | None = None,
    strides: Ints | None = None,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    auto_pad: str = "NOTSET",
    group: int = 1,
) -> Tensor:
    """x (N, C, …) with weight (M, C / group, …) → (N, M, …)."""
    rank = x.ndim - 2
    if rank not in _CONV:
        raise NotCovered(f"{rank} dimensions; 1 to 3 are")
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    around = edges(x.shape[2:], weight.shape[2:], strides, dilations, pads, auto_pad)
    even = tuple(before for before, _ in around)
    if any(before != after or before < 0 for before, after in around):
        x, even = padded(x, around), (0,) * rank
    return _CONV[rank](x, weight, bias, strides, even, dilations, group)


@operation("ConvTranspose")
def conv_transpose(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    kernel_shape: Ints | None = None,
    strides: Ints | None = None,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    auto_pad: str = "NOTSET",
    group: int = 1,
    output_padding: Ints | None = None,
    output_shape: Ints | None = None,
) -> Tensor:
    """x (N, C, …) with weight (C, M / group, …) → (N, M, …)."""
    rank = x.ndim - 2
    if rank not in _TRANSPOSE:
        raise NotCovered(f"{rank} dimensions; 1 to 3 are")
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    extra = output_padding or (0,) * rank
    whole = [
        stride * (side - 1) + more + (width - 1) * dilation + 1
        for side, stride, more, width, dilation in zip(
            x.shape[2:], strides, extra, weight.shape[2:], dilations, strict=True
        )
    ]
    if output_shape is None and auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        output_shape = tuple(
            side * stride for side, stride in zip(x.shape[2:], strides, strict=True)
        )
    if output_shape is not None:
        around = []
        for full, wanted in zip(whole, output_shape[-rank:], strict=True):
            less, more = (full - wanted) // 2, full - wanted - (full - wanted) // 2
            around.append((less, more) if auto_pad == "SAME_UPPER" else (more, less))
    else:
        around = edges(x.shape[2:], weight.shape[2:], strides, dilations, pads, auto_pad)
    even = tuple(before for before, _ in around)
    if all(before == after >= 0 for before, after in around):
        return _TRANSPOSE[rank](x, weight, bias, strides, even, extra, group, dilations)
    made = _TRANSPOSE[rank](x, weight, bias, strides, (0,) * rank, extra, group, dilations)
    return padded(made, [(-before, -after) for before, after in around])
