"""Linear functions of every kind of input, and what each declared answer is on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explainers.methods.registry import Answers

SHAPES = {"table": (6,), "series": (5, 3), "picture": (3, 5, 5), "sequence": (4, 6)}
BIAS = 1.7


@dataclass(frozen=True)
class LinearCase:
    """f(x) = c·x + BIAS, two inputs of one kind, and what they are compared with.

    c, baseline : Tensor, shape of one input; inputs : Tensor, shape (2, …). All float64.
    """

    kind: str
    c: Tensor
    inputs: Tensor
    baseline: Tensor

    @classmethod
    def of(cls, kind: str, baseline: str) -> LinearCase:
        """A random one; `baseline` is "zeros" or "random"."""
        shape = SHAPES[kind]
        generator = torch.Generator().manual_seed(len(kind))
        c, base = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
        inputs = torch.randn(2, *shape, generator=generator, dtype=torch.float64)
        if kind == "sequence":
            inputs = torch.nn.functional.one_hot(inputs.argmax(1), 4).movedim(-1, 1).double()
            base = base.softmax(0)
        return cls(kind, c, inputs, base if baseline == "random" else torch.zeros_like(base))

    def model(self, x: Tensor) -> Tensor:
        """The function: (N, …) → (N,)."""
        return (x * self.c).flatten(1).sum(1) + BIAS

    @property
    def contributions(self) -> Tensor:
        """c(x − x′), (2, …)."""
        return self.c * (self.inputs - self.baseline)

    @property
    def seen_at_places(self) -> Tensor:
        """The contributions of all channels of a place, shared equally among them, (2, …)."""
        return self.contributions.mean(1, keepdim=True).expand_as(self.inputs)


def closed_form(
    answers: Answers, case: LinearCase, moved: Tensor | float, visible: float
) -> Tensor:
    """What a method with that declared answer must give for every value, (2, …).

    `moved` is how far a method of magnitudes moves the values; `visible` the share of places that
    a method of visibility leaves visible.
    """
    forms: Mapping[str, Callable[[], Tensor]] = {
        "contribution": lambda: case.contributions,
        "slope": lambda: case.c.expand_as(case.inputs),
        "magnitude": lambda: (case.c.abs() * moved).expand_as(case.inputs),
        "visibility": lambda: (1 - visible) * case.seen_at_places,
    }
    return forms[answers]()


def mutated(case: LinearCase) -> Tensor:
    """c at the letter that is there less the mean c of the three others; elsewhere 0.

    That is Σ_letters c(x − x′) with a third of each other letter for x′.
    """
    others = (1 - case.inputs) / 3
    return (case.c * (case.inputs - others)).sum(1, keepdim=True) * case.inputs


def windows_that_cover(case: LinearCase, sides: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    """Mean over sliding windows that cover a value of the contributions in the window, (2, …)."""
    total, seen = torch.zeros_like(case.inputs), torch.zeros_like(case.inputs)
    starts = [
        range(0, size - side + step, step) if size > side else range(1)
        for size, side, step in zip(SHAPES[case.kind], sides, stride, strict=True)
    ]
    for corner in torch.cartesian_prod(*map(torch.tensor, starts)).view(-1, len(sides)).tolist():
        window = (..., *(slice(at, at + side) for at, side in zip(corner, sides, strict=True)))
        lost = case.contributions[window].flatten(1).sum(1)
        total[window] += lost.view(-1, *[1] * len(sides))
        seen[window] += 1
    return total / seen


def grouped(case: LinearCase, groups: Tensor, combine: Callable[[Tensor], Tensor]) -> Tensor:
    """`combine` of the values (2, k) that each group has, shared equally among them, (2, …).

    groups : the group's number of every value, of the shape of one input.
    """
    result = torch.zeros_like(case.inputs)
    for group in groups.unique():
        inside = groups == group
        result[:, inside] = combine(inside)[:, None] / inside.sum()
    return result


def mask_covariance(size: int, cells: int) -> Tensor:
    """E[Σ_k a_ik a_jk], (size, size): how two places of RISE's mask share cells of its grid.

    The mask is a_i·G with a grid G of independent cells and a_ik the weights of linear
    interpolation between the centres of cells, at an offset that is uniform over one cell; so its
    covariance is p(1 − p) times this, in each dimension.
    """
    side = -(-size // cells)
    total = torch.zeros(size, size, dtype=torch.float64)
    for offset in range(side):
        centre = (torch.arange(offset, offset + size, dtype=torch.float64) + 0.5) / side - 0.5
        centre = centre.clamp(0, cells)
        weights = (1 - (centre[:, None] - torch.arange(cells + 1)).abs()).clamp(min=0)
        total += weights @ weights.T / side
    return total


Options = dict[str, Any]
