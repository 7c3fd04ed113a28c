"""Pooling: the largest, the mean or the norm in a window that moves, or over everything."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.models.formats.onnx.operations.convolutions import edges, padded
from explainers.models.formats.onnx.operations.registry import (
    Ints,
    NotCovered,
    Surroundings,
    operation,
)

_CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_MAX = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
_MEAN = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


class _Window(NamedTuple):
    """How a window moves: strides, dilations, edges, and edges that make rounding down fit."""

    strides: Ints
    dilations: Ints
    around: list[tuple[int, int]]
    full: list[tuple[int, int]]


def _window(
    x: Tensor,
    kernel: Ints,
    strides: Ints | None,
    dilations: Ints | None,
    pads: Ints | None,
    auto_pad: str,
    ceil_mode: int,
) -> _Window:
    """The window of a pooling; one that would begin behind the padded input is left out."""
    rank = x.ndim - 2
    if rank not in _CONV:
        raise NotCovered(f"{rank} dimensions; 1 to 3 are")
    strides, dilations = strides or (1,) * rank, dilations or (1,) * rank
    around = edges(x.shape[2:], kernel, strides, dilations, pads, auto_pad)
    full = []
    for side, width, stride, dilation, (before, after) in zip(
        x.shape[2:], kernel, strides, dilations, around, strict=True
    ):
        room = side + before + after - (width - 1) * dilation - 1
        steps = room // stride
        if ceil_mode and auto_pad in ("NOTSET", ""):
            steps = -(-room // stride)
            steps -= steps * stride >= side + before
        full.append((before, after + max(steps * stride - room, 0)))
    return _Window(tuple(strides), tuple(dilations), around, full)


@operation("MaxPool")
def max_pool(
    x: Tensor,
    *,
    kernel_shape: Ints,
    strides: Ints | None = None,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    storage_order: int = 0,
    surroundings: Surroundings,
) -> Tensor:
    """The largest in each window; padding never wins."""
    if surroundings.outputs > 1:
        raise NotCovered("the places of the largest (second output)")
    kernel = tuple(kernel_shape)
    strides, dilations, around, full = _window(
        x, kernel, strides, dilations, pads, auto_pad, ceil_mode
    )
    even = tuple(before for before, _ in full)
    native = all(b == a and b <= k // 2 for (b, a), k in zip(full, kernel, strict=True))
    if not native:
        # The lowest number and not −∞, whose differences are no numbers.
        x, even = padded(x, full, torch.finfo(x.dtype).min), (0,) * len(kernel)
    return _MAX[len(kernel)](x, kernel, strides, even, dilations)


@operation("AveragePool")
def average_pool(
    x: Tensor,
    *,
    kernel_shape: Ints,
    strides: Ints | None = None,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
) -> Tensor:
    """The mean of each window, over what lies in the input, or in the padded input."""
    kernel = tuple(kernel_shape)
    strides, dilations, around, full = _window(
        x, kernel, strides, dilations, pads, auto_pad, ceil_mode
    )
    even = tuple(before for before, _ in full)
    native = all(b == a and b <= k // 2 for (b, a), k in zip(full, kernel, strict=True))
    if native and full == around and set(dilations) == {1}:
        pool = _MEAN[len(kernel)]
        return pool(x, kernel, strides, even, count_include_pad=bool(count_include_pad))
    ones = torch.ones_like(x[:1, :1])
    counted = padded(ones, around, 1.0) if count_include_pad else padded(ones, around)
    beyond = [(f[0] - a[0], f[1] - a[1]) for a, f in zip(around, full, strict=True)]
    count = _sums(padded(counted, beyond), kernel, strides, dilations)
    return _sums(padded(x, full), kernel, strides, dilations) / count


@operation("LpPool")
def lp_pool(
    x: Tensor,
    *,
    kernel_shape: Ints,
    strides: Ints | None = None,
    dilations: Ints | None = None,
    pads: Ints | None = None,
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    p: int = 2,
) -> Tensor:
    """(Σ |x|^p)^(1/p) of each window."""
    kernel = tuple(kernel_shape)
    strides, dilations, _, full = _window(x, kernel, strides, dilations, pads, auto_pad, ceil_mode)
    return _sums(padded(x.abs() ** p, full), kernel, strides, dilations) ** (1 / p)


def _sums(x: Tensor, kernel: Ints, strides: Ints, dilations: Ints) -> Tensor:
    """The sum of each window, as a convolution with ones in each channel."""
    ones = torch.ones(x.shape[1], 1, *kernel, dtype=x.dtype, device=x.device)
    return _CONV[len(kernel)](x, ones, None, strides, 0, dilations, x.shape[1])


@operation("GlobalAveragePool")
def global_average_pool(x: Tensor) -> Tensor:
    """The mean over everything behind the channels."""
    return x.mean(tuple(range(2, x.ndim)), keepdim=True)


@operation("GlobalMaxPool")
def global_max_pool(x: Tensor) -> Tensor:
    """The largest of everything behind the channels; the first of equals."""
    made = F.max_pool1d(x.flatten(2), math.prod(x.shape[2:]))
    return made.reshape(*x.shape[:2], *[1] * (x.ndim - 2))


@operation("GlobalLpPool")
def global_lp_pool(x: Tensor, *, p: int = 2) -> Tensor:
    """(Σ |x|^p)^(1/p) over everything behind the channels."""
    return (x.abs() ** p).sum(tuple(range(2, x.ndim)), keepdim=True) ** (1 / p)
