"""Occlusion: hide one window after the other and see how the answer changes.

Zeiler & Fergus 2014 (arXiv:1311.2901).
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from explainers.errors import Problem
from explainers.methods.registry import MethodResult, method, option


@dataclass(frozen=True)
class Options:
    """Options of `occlusion`: numbers in input cells, or one per dimension after the first."""

    window: int | tuple[int, ...] | None = option(
        None,
        "Window",
        "Side of what is hidden; empty: an eighth of the input, or one value of a row.",
        low=1,
        high=4096,
        kind=int,
    )
    stride: int | tuple[int, ...] | None = option(
        None,
        "Stride",
        "Distance from one window to the next; empty: half a window.",
        low=1,
        high=4096,
        kind=int,
    )


@method(
    key="occlusion",
    name="Occlusion",
    order=30,
    says="Hides one window after the other with the baseline and notes how much the answer drops.",
    cost="one forward pass a window",
    misleads="Evidence that exists twice looks unimportant, since hiding one copy changes nothing.",
    source="Zeiler & Fergus 2014, arXiv:1311.2901",
    estimate=lambda options, shape: math.prod(map(len, _grid(options, shape)[1])),
    unit="change of the answer where hidden",
    options=Options,
    trial=lambda shape: {"window": max(shape), "stride": max(shape)},
    needs_gradient=False,
)
def attribute(run, inputs, baseline, options: Options) -> MethodResult:
    """Mean over the windows that cover a value of f(x) − f(x with the window replaced)."""
    import torch

    shape = tuple(inputs.shape[1:])
    window, starts = _grid(options, shape)
    boxes = [
        tuple(slice(at, at + side) for at, side in zip(corner, window, strict=True))
        for corner in itertools.product(*starts)
    ]
    count = len(inputs)
    run.expect(count * (len(boxes) + 1))
    rows = torch.arange(count, device=inputs.device)
    full = run.values(inputs, rows)
    total = torch.zeros_like(inputs, dtype=torch.promote_types(inputs.dtype, torch.float32))
    covered = torch.zeros(shape, dtype=total.dtype, device=inputs.device)
    run.show(lambda: total / covered.clamp(min=1))
    for part in run.batches(len(boxes) * count):
        pairs = range(part.start, part.stop)
        row = torch.tensor([pair % count for pair in pairs], device=inputs.device)
        points = inputs[row]
        for index, pair in enumerate(pairs):
            box = boxes[pair // count]
            points[index][box] = baseline[row[index]][box]
        drops = (full[row] - run.values(points, row)).to(total.dtype)
        for index, pair in enumerate(pairs):
            box = boxes[pair // count]
            total[pair % count][box] += drops[index]
            if pair % count == 0:
                covered[box] += 1
    return MethodResult(total / covered)


def _grid(options: Options, shape) -> tuple[tuple[int, ...], list[list[int]]]:
    """The window's sides, and where windows start along each dimension of one input."""
    usual = 1 if len(shape) == 1 else max(1, max(shape[-2:]) // 8)
    window = _per_dimension(options.window or usual, shape)
    stride = _per_dimension(options.stride or tuple(max(1, side // 2) for side in window), shape)
    return window, [_starts(*side) for side in zip(shape, window, stride, strict=True)]


def _per_dimension(given, shape) -> tuple[int, ...]:
    """One number per dimension; a single number spans all channels of pictures and series."""
    channels = shape[:1] if len(shape) > 1 else ()
    if isinstance(given, int):
        return (*channels, *(min(given, size) for size in shape[len(channels) :]))
    if len(given) != len(shape):
        raise Problem(
            f"Occlusion needs one number, or {len(shape)}, one for each dimension of {shape}; "
            f"{len(given)} were given."
        )
    return tuple(min(part, size) for part, size in zip(given, shape, strict=True))


def _starts(size: int, window: int, stride: int) -> list[int]:
    """Where windows start: every stride, the last one cut off by the edge, none beyond it."""
    return [index * stride for index in range(1 + math.ceil(max(size - window, 0) / stride))]
