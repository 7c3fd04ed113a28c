"""Operations that move numbers and do not change them: reshape, transpose, join, cut, pad, tile."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from explainers.models.formats.onnx.operations.registry import (
    Ints,
    NotCovered,
    Surroundings,
    affordable,
    number,
    operation,
)


@operation("Reshape", lists=(1,))
def reshape(
    x: Tensor, shape: Sequence[int] | None = None, *, allowzero: int = 0, consumed_inputs: Ints = ()
) -> Tensor:
    """0 keeps the input's side (unless allowzero), −1 is what remains."""
    shape = shape or ()
    if not allowzero:
        shape = [x.shape[i] if side == 0 else side for i, side in enumerate(shape)]
    return x.reshape(list(shape))


@operation("Flatten")
def flatten(x: Tensor, *, axis: int = 1) -> Tensor:
    """(the sides before `axis` multiplied, the others multiplied)."""
    axis = axis + x.ndim if axis < 0 else axis
    return x.reshape(math.prod(x.shape[:axis]), -1) if axis else x.reshape(1, -1)


@operation("Squeeze", lists=(1,))
def squeeze(x: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    """Without the axes of side 1, all or those given."""
    axes = [i for i, side in enumerate(x.shape) if side == 1] if axes is None else axes
    for axis in sorted((axis % x.ndim for axis in axes), reverse=True):
        if x.shape[axis] != 1:
            raise ValueError(f"axis {axis} of {tuple(x.shape)} cannot be left out")
        x = x.squeeze(axis)
    return x


@operation("Unsqueeze", lists=(1,))
def unsqueeze(x: Tensor, axes: Sequence[int]) -> Tensor:
    """With axes of side 1 where the answer shall have them."""
    rank = x.ndim + len(axes)
    for axis in sorted(axis % rank for axis in axes):
        x = x.unsqueeze(axis)
    return x


@operation("Transpose")
def transpose(x: Tensor, *, perm: Ints | None = None) -> Tensor:
    """Axes in another order; reversed where none is given."""
    return x.permute(tuple(reversed(range(x.ndim))) if perm is None else perm)


@operation("Concat")
def concat(*values: Tensor, axis: int = 1) -> Tensor:
    """Joined along one axis."""
    return torch.cat(values, axis)


@operation("Split", lists=(1,))
def split(
    x: Tensor,
    split: Sequence[int] | None = None,
    *,
    axis: int = 0,
    num_outputs: int | None = None,
    surroundings: Surroundings,
) -> tuple[Tensor, ...]:
    """Cut along one axis, in the sides given or in equal ones, of which the last may be shorter."""
    if split is not None:
        return tuple(torch.split(x, list(split), axis))
    parts = num_outputs or surroundings.outputs
    return tuple(torch.split(x, -(-x.shape[axis] // parts), axis))


@operation("Slice", lists=(1, 2, 3, 4))
def cut(
    x: Tensor,
    starts: Sequence[int],
    ends: Sequence[int],
    axes: Sequence[int] | None = None,
    steps: Sequence[int] | None = None,
) -> Tensor:
    """numpy's slices on the axes given."""
    axes = range(len(starts)) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        start, end, step = slice(start, end, step).indices(x.shape[axis])
        if step > 0:
            x = x[(slice(None),) * (axis % x.ndim) + (slice(start, max(start, end), step),)]
        else:
            places = torch.tensor(range(start, end, step), dtype=torch.long, device=x.device)
            x = x.index_select(axis, places)
    return x


@operation("Expand", lists=(1,))
def expand(x: Tensor, shape: Sequence[int]) -> Tensor:
    """Broadcast with the shape, which may itself broadcast."""
    wanted = torch.broadcast_shapes(x.shape, tuple(shape))
    affordable(math.prod(wanted))
    return x.expand(wanted)


@operation("Tile", lists=(1, 2))
def tile(x: Tensor, repeats: Sequence[int], axis: Sequence[int] | None = None) -> Tensor:
    """Repeated along every axis; before operator set 6, `repeats` times along one."""
    if axis is not None:
        repeats = [repeats[0] if i == axis[0] else 1 for i in range(x.ndim)]
    affordable(x.numel() * math.prod(repeats))
    return x.repeat(list(repeats))


@operation("Pad", lists=(1, 3))
def pad(
    x: Tensor,
    pads: Sequence[int] | None = None,
    value: Tensor | float | None = None,
    axes: Sequence[int] | None = None,
    *,
    mode: str = "constant",
    paddings: Ints = (),
) -> Tensor:
    """Edges added, or taken off where a count is negative."""
    pads = list(pads or paddings)
    filling = number(value) if isinstance(value, Tensor) else value
    if filling is None and value is not None:
        raise NotCovered("a padding value that depends on the input")
    axes = range(x.ndim) if axes is None else [axis % x.ndim for axis in axes]
    count = len(axes)
    sides = dict(zip(axes, zip(pads[:count], pads[count:], strict=True), strict=True))
    affordable(math.prod(x.shape[i] + sum(sides.get(i, (0, 0))) for i in range(x.ndim)))
    if mode == "constant":
        flat = [n for axis in reversed(range(x.ndim)) for n in sides.get(axis, (0, 0))]
        return F.pad(x, flat, value=filling or 0)
    for axis, (before, after) in sides.items():
        if before or after:
            x = x.index_select(axis, _mirrored(x.shape[axis], before, after, mode, x.device))
    return x


def _mirrored(side: int, before: int, after: int, mode: str, device: torch.device) -> Tensor:
    places = torch.arange(-before, side + after, device=device)
    if mode == "edge":
        return places.clamp(0, side - 1)
    if mode == "wrap":
        return places.remainder(side)
    if mode != "reflect":
        raise NotCovered(f"mode {mode!r}")
    period = max(2 * (side - 1), 1)
    places = places.remainder(period)
    return torch.minimum(places, period - places) if side > 1 else places * 0


@operation("DepthToSpace")
def depth_to_space(x: Tensor, *, blocksize: int, mode: str = "DCR") -> Tensor:
    """(N, C·b², H, W) → (N, C, H·b, W·b)."""
    n, c, h, w = x.shape
    b, inner = blocksize, c // blocksize**2
    if mode == "DCR":
        x = x.reshape(n, b, b, inner, h, w).permute(0, 3, 4, 1, 5, 2)
    else:
        x = x.reshape(n, inner, b, b, h, w).permute(0, 1, 4, 2, 5, 3)
    return x.reshape(n, inner, h * b, w * b)


@operation("SpaceToDepth")
def space_to_depth(x: Tensor, *, blocksize: int) -> Tensor:
    """(N, C, H, W) → (N, C·b², H/b, W/b)."""
    n, c, h, w = x.shape
    b = blocksize
    x = x.reshape(n, c, h // b, b, w // b, b).permute(0, 3, 5, 1, 2, 4)
    return x.reshape(n, c * b * b, h // b, w // b)


@operation("Identity")
def identity(x: Tensor) -> Tensor:
    """The same."""
    return x
