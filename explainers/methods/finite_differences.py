"""Finite differences: move each value a little up and down and see how the answer follows.

Needs no gradient. Central differences; Nocedal & Wright 2006, Numerical Optimization, section 8.1.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.errors import ModelProblem, Problem
from explainers.methods.registry import MethodResult, method, option
from explainers.perturbation.evaluation import Replacements, evaluate
from explainers.perturbation.windows import Windows, tiling

# Inputs of so many values or fewer are moved value by value, larger ones in about BLOCKS blocks.
FEW, BLOCKS = 512, 256
# Up and down by the step, and by half of it.
MOVES = (1.0, -1.0, 0.5, -0.5)
# A change of this share when the step is halved is worth a warning.
TOO_MUCH = 0.1

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from explainers.context import Context


@dataclass(frozen=True)
class Options:
    """Options of `finite_differences`; `block` may have one number per dimension."""

    step: float = option(0.001, low=1e-06, high=1.0)
    block: int | tuple[int, ...] | None = option(None, low=1, kind=int)


@method(
    key="finite_differences",
    order=55,
    source="Nocedal & Wright 2006, Numerical Optimization, section 8.1",
    answers="slope",
    estimate=lambda options, layout: 4 * len(_blocks(options, layout.shape)),
    unit="slope",
    options=Options,
    trial=lambda layout: {"block": max(layout.shape)},
    uses_baseline=False,
    needs_gradient=False,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """(f(x + hd) − f(x − hd)) / Σ 2hd for each block, d being 1 in it and 0 elsewhere.

    h is `step` times the spread, which the baseline serves to measure, see `spread`. The difference
    is divided by the step that was really made, in float64, in which the model runs too where it
    can. Notes say how much the result changes when h is halved.

    Parameters
    ----------
    context : Context
        Inputs (N, …); no gradients are needed.
    options : Options

    Returns
    -------
    MethodResult
        Scores (N, …): the mean ∂f/∂x over the value's block, but for O(h²). On a linear function
        c·x: cᵢ of single values, and of blocks the mean of that over the block.

    References
    ----------
    Nocedal & Wright 2006, Numerical Optimization, section 8.1.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> explain(lambda x: 3 * x[:, 0] + x[:, 1], x, "finite_differences").scores
    tensor([[3., 1.]])
    """
    import torch

    inputs, wide = context.inputs, _wide(context.inputs)
    blocks = _blocks(options, tuple(inputs.shape[1:]))
    context.expect(len(MOVES) * len(inputs) * len(blocks))
    moves = torch.tensor(MOVES, device=inputs.device).view(-1, *[1] * inputs.ndim)
    size = blocks.gathered(torch.ones_like(inputs[:1], dtype=wide))
    step = _step(inputs, context.baseline, options.step)
    h = blocks.spread_out(blocks.gathered(step.to(wide)) / size)
    moved = (inputs + moves.to(inputs) * h.to(inputs)).flatten(0, 1)
    before = inputs.repeat(len(MOVES), *[1] * (inputs.ndim - 1))
    length = blocks.gathered(moved.to(wide) - before.to(wide)).view(len(MOVES), len(inputs), -1)
    answers = torch.full((len(blocks), len(moved)), torch.nan, dtype=wide, device=inputs.device)

    def slopes(half: int) -> Tensor:
        up, down = answers.T.view_as(length)[2 * half : 2 * half + 2]
        made = length[2 * half] - length[2 * half + 1]
        return blocks.spread_out((up - down).nan_to_num() / made)  # 0 where not yet asked

    context.show(lambda: slopes(0).to(inputs.dtype))
    points = Replacements(before, moved, blocks.masks, len(blocks))
    evaluate(context, points, answers, _precision(context))
    whole, half = slopes(0), slopes(1)
    return MethodResult(whole.to(inputs.dtype), notes=(_change_sentence(whole, half),))


def spread(inputs: Tensor, baseline: Tensor) -> Tensor:
    """The usual size of a change: how far an input is from its baseline.

    Of tables (N, F) each feature's own; of (N, steps, variables) the largest of each variable; else
    the largest of the whole input, whose cells are of one unit. Where that is 0, the size of the
    value itself, or 1.

    Parameters
    ----------
    inputs, baseline : Tensor, shape (N, …)

    Returns
    -------
    Tensor, shape (N, …)
        In the units of the inputs.

    Examples
    --------
    >>> import torch
    >>> spread(torch.tensor([[5.0, 2.0, 0.0]]), torch.tensor([[4.0, 2.0, 0.0]]))
    tensor([[1., 2., 1.]])
    """
    import torch

    def largest(values: Tensor) -> Tensor:
        if values.ndim == 2:
            return values
        across = (1,) if values.ndim == 3 else tuple(range(1, values.ndim))
        return values.amax(across, keepdim=True).expand_as(values)

    far, size = largest((inputs - baseline).abs()), largest(inputs.abs())
    return torch.where(far > 0, far, torch.where(size > 0, size, torch.ones_like(size)))


def _step(inputs: Tensor, baseline: Tensor, share: float) -> Tensor:
    """`share` of the spread, but never so small that rounding would swallow it."""
    import torch

    least = torch.finfo(inputs.dtype).eps ** 0.5 * inputs.abs()
    return (share * spread(inputs, baseline)).maximum(least)


def _wide(inputs: Tensor) -> torch.dtype:
    import torch

    return torch.float32 if inputs.device.type == "mps" else torch.float64


def _precision(context: Context) -> torch.dtype:
    """The type of numbers to ask the model in: float64 where it takes them."""
    inputs, wide = context.inputs, _wide(context.inputs)
    if inputs.dtype == wide:
        return inputs.dtype
    try:
        context.values(inputs[:1].to(wide), context.rows[:1])
    except ModelProblem:
        return inputs.dtype
    return wide


def _change_sentence(whole: Tensor, half: Tensor) -> str:
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
    sentence = f"Halving the step changes the slopes by {percent} %."
    if share <= TOO_MUCH:
        return sentence
    return f"{sentence} They depend on the step: try another one, or occlusion."


def _blocks(options: Options, shape: tuple[int, ...]) -> Windows:
    """The blocks of one input."""
    return tiling(shape, _sides(options.block, shape))


def _sides(given: int | tuple[int, ...] | None, shape: tuple[int, ...]) -> tuple[int, ...]:
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
