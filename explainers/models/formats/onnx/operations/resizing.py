"""Resize and Upsample: nearest, linear and cubic, as one small matrix for each axis."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import (
    Ints,
    NotCovered,
    affordable,
    operation,
)


@operation("Resize", since=11, lists=(1, 2, 3))
def resize(
    x: Tensor,
    roi: Sequence[float] | None = None,
    scales: Sequence[float] | None = None,
    sizes: Sequence[int] | None = None,
    *,
    mode: str = "nearest",
    coordinate_transformation_mode: str = "half_pixel",
    nearest_mode: str = "round_prefer_floor",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    antialias: int = 0,
    axes: Ints | None = None,
    keep_aspect_ratio_policy: str = "stretch",
) -> Tensor:
    """x with other sides, given as sizes or as scales."""
    if coordinate_transformation_mode == "tf_crop_and_resize" or antialias or exclude_outside:
        raise NotCovered("cropping, antialiasing or exclude_outside")
    if keep_aspect_ratio_policy != "stretch":
        raise NotCovered(f"keep_aspect_ratio_policy {keep_aspect_ratio_policy!r}")
    given = list(sizes or scales or ())
    for axis, wanted in zip(range(x.ndim) if axes is None else axes, given, strict=True):
        side = x.shape[axis]
        size = int(wanted) if sizes else math.floor(side * wanted)
        scale = size / side if sizes else wanted
        affordable(x.numel() // side * size)
        if size == side and scale == 1:
            continue
        where = _coordinates(side, size, scale, coordinate_transformation_mode)
        if mode == "nearest":
            x = x.index_select(axis, _nearest(where, nearest_mode, side).to(x.device))
        elif mode == "linear":
            x = _mixed(x, axis, _linear(where, side))
        elif mode == "cubic":
            x = _mixed(x, axis, _cubic(where, side, cubic_coeff_a))
        else:
            raise NotCovered(f"mode {mode!r}")
    return x


@operation("Resize", since=10, lists=(1,))
def resize_10(x: Tensor, scales: Sequence[float], *, mode: str = "nearest") -> Tensor:
    """As Upsample."""
    return upsample(x, scales, mode=mode)


@operation("Upsample", lists=(1,))
def upsample(x: Tensor, scales: Sequence[float], *, mode: str = "nearest") -> Tensor:
    """x with sides times scales; a place is read at its number divided by the scale."""
    return resize(
        x,
        None,
        scales,
        mode=mode,
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )


def _coordinates(side: int, size: int, scale: float, mode: str) -> Tensor:
    """Where in the input, 0 … side − 1, each place of the output lies."""
    places = torch.arange(size, dtype=torch.float64)
    if mode == "asymmetric":
        return places / scale
    if mode == "align_corners":
        return places * (side - 1) / (size - 1) if size > 1 else places * 0
    if mode == "pytorch_half_pixel" and size <= 1:
        return places * 0
    if mode == "half_pixel_symmetric":
        adjusted = (1 - size / (side * scale)) * side / 2
        return adjusted + (places + 0.5) / scale - 0.5
    if mode not in ("half_pixel", "pytorch_half_pixel"):
        raise NotCovered(f"coordinate_transformation_mode {mode!r}")
    return (places + 0.5) / scale - 0.5


def _nearest(where: Tensor, mode: str, side: int) -> Tensor:
    rounded = {
        "round_prefer_floor": lambda: torch.ceil(where - 0.5),
        "round_prefer_ceil": lambda: torch.floor(where + 0.5),
        "floor": lambda: torch.floor(where),
        "ceil": lambda: torch.ceil(where),
    }
    if mode not in rounded:
        raise NotCovered(f"nearest_mode {mode!r}")
    return rounded[mode]().long().clamp(0, side - 1)


def _linear(where: Tensor, side: int) -> Tensor:
    where = where.clamp(0, side - 1)
    low = where.floor()
    share = where - low
    return _rows(side, [(low, 1 - share), (low + 1, share)])


def _cubic(where: Tensor, side: int, a: float) -> Tensor:
    low = where.floor()
    parts = []
    for step in (-1, 0, 1, 2):
        t = (where - low - step).abs()
        near = ((a + 2) * t - (a + 3)) * t * t + 1
        far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
        parts.append((low + step, torch.where(t <= 1, near, far)))
    return _rows(side, parts)


def _rows(side: int, parts: list[tuple[Tensor, Tensor]]) -> Tensor:
    """The matrix (size, side) that has each weight at its place, edges repeated."""
    matrix = torch.zeros(len(parts[0][0]), side, dtype=torch.float64)
    for places, weights in parts:
        matrix.scatter_add_(1, places.long().clamp(0, side - 1)[:, None], weights[:, None])
    return matrix


def _mixed(x: Tensor, axis: int, matrix: Tensor) -> Tensor:
    matrix = matrix.to(x)
    return torch.matmul(x.movedim(axis, -1), matrix.T).movedim(-1, axis)
