"""Finite differences: move each value a little up and down and see how the answer follows.

Needs no gradient. Central differences; Nocedal & Wright 2006, Numerical Optimization, section 8.1.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from explainers.errors import ModelProblem, Problem
from explainers.methods.registry import MethodResult, method, option

# Inputs of so many values or fewer are moved value by value, larger ones in about BLOCKS blocks.
FEW, BLOCKS = 512, 256
# Up and down by the step, and by half of it.
MOVES = (1.0, -1.0, 0.5, -0.5)
# A change of this share when the step is halved is worth a warning.
TOO_MUCH = 0.1


@dataclass(frozen=True)
class Options:
    """Options of `finite_differences`; `block` may have one number per dimension."""

    step: float = option(
        1e-3, "Step", "Size of the move, as a share of the feature's spread.", low=1e-6, high=1.0
    )
    block: int | tuple[int, ...] | None = option(
        None,
        "Block",
        "Side of the block of cells moved together; empty: chosen by the size.",
        low=1,
        high=4096,
        kind=int,
    )


@method(
    key="finite_differences",
    name="Finite differences",
    order=55,
    says="Moves each value a little up and down and measures how the answer follows.",
    cost="four forward passes a value, or a block of them",
    misleads="Trees and rounding have no slope: there it shows nothing, or jumps.",
    source="Nocedal & Wright 2006, Numerical Optimization, section 8.1",
    estimate=lambda options, shape: 4 * math.prod(map(len, _starts(options, shape)[1])),
    unit="slope",
    options=Options,
    trial=lambda shape: {"block": max(shape)},
    uses_baseline=False,
    needs_gradient=False,
)
def attribute(run, inputs, baseline, options: Options) -> MethodResult:
    """(f(x + hd) − f(x − hd)) / Σ 2hd for each block, d being 1 in it and 0 elsewhere.

    Scores like the inputs: the mean ∂f/∂x over the value's block, but for O(h²). h is `step` times
    the spread, which the baseline serves to measure, see `spread`. The difference is divided by the
    step that was really made, in float64, in which the model is asked too where it can be. Notes
    say how much the result changes when h is halved.
    """
    import torch

    shape, count = tuple(inputs.shape[1:]), len(inputs)
    side, starts = _starts(options, shape)
    boxes = [
        tuple(slice(at, at + length) for at, length in zip(corner, side, strict=True))
        for corner in itertools.product(*starts)
    ]
    run.expect(4 * count * len(boxes))
    step, asked, wide = _step(inputs, baseline, options.step), _asked_in(run, inputs), _wide(inputs)
    found = torch.zeros(2, *inputs.shape, dtype=wide, device=inputs.device)
    run.show(lambda: found[0].to(inputs.dtype))
    for part in run.batches(len(boxes) * count):
        pairs = [(boxes[pair // count], pair % count) for pair in range(part.start, part.stop)]
        row = torch.tensor([of for _, of in pairs], device=inputs.device)
        points = inputs[row].repeat(len(MOVES), *[1] * len(shape))
        moved = torch.zeros(len(MOVES), len(pairs), dtype=wide, device=inputs.device)
        for k, move in enumerate(MOVES):
            for at, (box, of) in enumerate(pairs):
                cells = points[k * len(pairs) + at][box]
                before = cells.to(wide, copy=True)
                cells += move * step[of][box].mean()
                moved[k, at] = (cells.to(wide) - before).sum()
        answers = run.values(points.to(asked), row.repeat(len(MOVES))).to(wide).view_as(moved)
        up, down = (slice(None, None, 2), slice(1, None, 2))
        slopes = (answers[up] - answers[down]) / (moved[up] - moved[down])
        for at, (box, of) in enumerate(pairs):
            for which in (0, 1):
                found[which, of][box] = slopes[which, at]
    return MethodResult(found[0].to(inputs.dtype), notes=(_said(*found),))


def spread(inputs, baseline):
    """The usual size (N, …) of a change: how far an input is from its baseline.

    Of tables (N, F) each feature's own; of (N, steps, variables) the largest of each variable; else
    the largest of the whole input, whose cells are of one unit. Where that is 0, the size of the
    value itself, or 1.
    """
    import torch

    def largest(values):
        if values.ndim == 2:
            return values
        across = (1,) if values.ndim == 3 else tuple(range(1, values.ndim))
        return values.amax(across, keepdim=True).expand_as(values)

    far, size = largest((inputs - baseline).abs()), largest(inputs.abs())
    return torch.where(far > 0, far, torch.where(size > 0, size, torch.ones_like(size)))


def _step(inputs, baseline, share: float):
    """`share` of the spread, but never so small that rounding would swallow it."""
    import torch

    least = torch.finfo(inputs.dtype).eps ** 0.5 * inputs.abs()
    return (share * spread(inputs, baseline)).maximum(least)


def _wide(inputs):
    import torch

    return torch.float32 if inputs.device.type == "mps" else torch.float64


def _asked_in(run, inputs):
    """The type of numbers to ask the model in: float64 where it takes them."""
    import torch

    if inputs.dtype == _wide(inputs):
        return inputs.dtype
    try:
        run.values(inputs[:1].to(_wide(inputs)), torch.zeros(1, dtype=int, device=inputs.device))
    except ModelProblem:
        return inputs.dtype
    return _wide(inputs)


def _said(whole, half) -> str:
    """How much the slopes (N, …) change when the step is halved, at worst of the N."""
    size = whole.abs().flatten(1).sum(1)
    change = (whole - half).abs().flatten(1).sum(1)
    if not bool(size.max() + change.max()):
        return (
            "The answer did not move at all: between the jumps of trees or of rounding there is no "
            "slope. Use a larger step, or occlusion."
        )
    share = float((change / size.maximum(change).clamp(min=1e-300)).max())
    percent = f"{100 * share:.2g}" if share < TOO_MUCH else f"{100 * share:.0f}"
    said = f"Halving the step changes the slopes by {percent} %."
    if share <= TOO_MUCH:
        return said
    return f"{said} They depend on the step: try another one, or occlusion."


def _starts(options: Options, shape) -> tuple[tuple[int, ...], list[range]]:
    """The sides of a block, and where blocks start along each dimension of one input."""
    side = _sides(options.block, shape)
    return side, [range(0, size, length) for size, length in zip(shape, side, strict=True)]


def _sides(given, shape) -> tuple[int, ...]:
    """One number per dimension; the channels (C, H, W) of a cell, and those only, go together.

    Of two dimensions, the shorter holds letters or variables, which are moved one by one.
    """
    if isinstance(given, tuple):
        if len(given) != len(shape):
            raise Problem(
                f"Finite differences need one number, or {len(shape)}, one for each dimension of "
                f"{shape}; {len(given)} were given."
            )
        return tuple(min(part, size) for part, size in zip(given, shape, strict=True))
    if given is None and (math.prod(shape) <= FEW or len(shape) == 1):
        return (1,) * len(shape)
    if len(shape) == 2:
        longer = int(shape[1] > shape[0])
        side = given or -(-math.prod(shape) // BLOCKS)
        return tuple(min(side, size) if d == longer else 1 for d, size in enumerate(shape))
    channels, space = shape[: len(shape) > 1], shape[len(shape) > 1 :]
    side = given or next(
        side
        for side in itertools.count(1)
        if math.prod(-(-size // side) for size in space) <= BLOCKS
    )
    return (*channels, *(min(side, size) for size in space))
