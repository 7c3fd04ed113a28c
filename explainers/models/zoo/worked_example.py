"""What a worked example is: a tiny network, and its exact answers, worked out without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from torch import Tensor, nn

Point: TypeAlias = Sequence[float]
"""One number for each input."""


@dataclass(frozen=True)
class WorkedExample:
    """A function of one or two inputs, the network that computes it, and its exact answers.

    Parameters
    ----------
    key, title, formula : str
    names : tuple of str
        Of the inputs.
    low, high : float
        The range in which inputs are set.
    start : tuple of float
        The first input that is shown.
    value, slopes : callable
        The function and its gradient at a point, as plain arithmetic; on a kink the slopes are
        those that torch's relu takes, whose slope at 0 is 0.
    bends : callable
        (x, baseline) → where, from 0 to 1, the way from the baseline to x crosses a kink; between
        two bends the slopes are at most linear.
    build : callable
        Makes the torch module, from (N, inputs) to (N, 1), float64, in evaluation mode.
    caption : str
        One sentence: what it shows.
    """

    key: str
    title: str
    formula: str
    names: tuple[str, ...]
    low: float
    high: float
    start: tuple[float, ...]
    value: Callable[[Point], float]
    slopes: Callable[[Point], tuple[float, ...]]
    bends: Callable[[Point, Point], list[float]]
    build: Callable[[], nn.Module]
    caption: str

    @property
    def baseline(self) -> tuple[float, ...]:
        """Zeros: what every network here is compared with unless asked otherwise."""
        return (0.0,) * len(self.names)

    def shapley(self, x: Point, baseline: Point | None = None) -> tuple[float, ...]:
        """Exact Shapley values, from all coalitions: inputs outside of one keep the baseline.

        Examples
        --------
        >>> from explainers.models.zoo.worked_examples import WORKED_EXAMPLES
        >>> WORKED_EXAMPLES["product"].shapley((2.0, 3.0))
        (3.0, 3.0)
        """
        baseline = baseline or self.baseline
        count, values = len(x), []
        for player in range(count):
            others = [k for k in range(count) if k != player]
            total = 0.0
            for size in range(count):
                weight = factorial(size) * factorial(count - size - 1) / factorial(count)
                for team in combinations(others, size):
                    after, before = (self._mixed(x, baseline, t) for t in ((*team, player), team))
                    total += weight * (after - before)
            values.append(total)
        return tuple(values)

    def integrated(self, x: Point, baseline: Point | None = None) -> tuple[float, ...]:
        """Exact Integrated Gradients: between two bends the slope's mean is that at the middle.

        References
        ----------
        Sundararajan, Taly & Yan 2017, arXiv:1703.01365.

        Examples
        --------
        >>> from explainers.models.zoo.worked_examples import WORKED_EXAMPLES
        >>> WORKED_EXAMPLES["minimum"].integrated((2.0, 1.0))
        (0.0, 1.0)
        """
        baseline = baseline or self.baseline
        inner = sorted(a for a in self.bends(x, baseline) if 0 < a < 1)
        mean = [0.0] * len(x)
        for left, right in zip([0.0, *inner], [*inner, 1.0], strict=True):
            middle = (left + right) / 2
            at = [b + middle * (v - b) for v, b in zip(x, baseline, strict=True)]
            for k, slope in enumerate(self.slopes(at)):
                mean[k] += (right - left) * slope
        return tuple((v - b) * m for v, b, m in zip(x, baseline, mean, strict=True))

    def gradient_x_input(self, x: Point, baseline: Point | None = None) -> tuple[float, ...]:
        """Slope at x times the way from the baseline.

        Examples
        --------
        >>> from explainers.models.zoo.worked_examples import WORKED_EXAMPLES
        >>> WORKED_EXAMPLES["threshold"].gradient_x_input((20.0,))
        (20.0,)
        """
        baseline = baseline or self.baseline
        return tuple((v - b) * s for v, b, s in zip(x, baseline, self.slopes(x), strict=True))

    def _mixed(self, x: Point, baseline: Point, present: Sequence[int]) -> float:
        return self.value([x[k] if k in present else baseline[k] for k in range(len(x))])


@dataclass(frozen=True)
class Pair:
    """Two networks, keys of WORKED_EXAMPLES, that compute one function; `caption`: what to see."""

    key: str
    title: str
    one: str
    other: str
    caption: str


def crossing(*planes: Callable[[Point], float]) -> Callable[[Point, Point], list[float]]:
    """`bends` of a function whose kinks lie where one of the affine functions `planes` is zero.

    Examples
    --------
    >>> crossing(lambda p: p[0] - 10)((20,), (0,))
    [0.5]
    """

    def bends(x: Point, baseline: Point) -> list[float]:
        ends = [(plane(baseline), plane(x)) for plane in planes]
        return [before / (before - after) for before, after in ends if before * after < 0]

    return bends


def network(formula: Callable[[Tensor], Tensor]) -> Callable[[], nn.Module]:
    """A `build` of a module without weights that computes a formula.

    Parameters
    ----------
    formula : callable
        From (N, inputs) to (N,).
    """

    def build() -> nn.Module:
        from torch import nn

        class Formula(nn.Module):
            """A network written as a formula, from (N, inputs) to (N, 1)."""

            def forward(self, x: Tensor) -> Tensor:
                return formula(x).unsqueeze(1)

        return Formula().eval()

    return build
