"""What a network set by hand is, and its exact answers, worked out without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

Point = Sequence[float]


@dataclass(frozen=True)
class WorkedExample:
    """A function of one or two inputs, the network that computes it, and its exact answers.

    names, low, high, start, baseline   the inputs' names, range, first values, and baseline.
    value, slopes   the function and its gradient at a point, as plain arithmetic; on a kink the
                    slopes are those that torch's relu takes, whose slope at 0 is 0.
    bends           (x, baseline) → where, from 0 to 1, the way from the baseline to x crosses a
                    kink; between two bends the slopes are at most linear.
    build           () → torch module from (N, inputs) to (N, 1), float64, in eval mode.
    said            one sentence: what it shows.
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
    build: Callable
    said: str

    @property
    def baseline(self) -> tuple[float, ...]:
        """Zeros: what every network here is compared with unless asked otherwise."""
        return (0.0,) * len(self.names)

    def shapley(self, x: Point, baseline: Point | None = None) -> tuple[float, ...]:
        """Exact Shapley values, from all coalitions: inputs outside of one keep the baseline."""
        baseline = baseline or self.baseline
        count, found = len(x), []
        for player in range(count):
            others = [k for k in range(count) if k != player]
            total = 0.0
            for size in range(count):
                weight = factorial(size) * factorial(count - size - 1) / factorial(count)
                for team in combinations(others, size):
                    after, before = (self._mixed(x, baseline, t) for t in ((*team, player), team))
                    total += weight * (after - before)
            found.append(total)
        return tuple(found)

    def integrated(self, x: Point, baseline: Point | None = None) -> tuple[float, ...]:
        """Exact Integrated Gradients: between two bends the slope's mean is that at the middle."""
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
        """Slope at x times the way from the baseline."""
        baseline = baseline or self.baseline
        return tuple((v - b) * s for v, b, s in zip(x, baseline, self.slopes(x), strict=True))

    def _mixed(self, x: Point, baseline: Point, present: Sequence[int]) -> float:
        return self.value([x[k] if k in present else baseline[k] for k in range(len(x))])


@dataclass(frozen=True)
class Pair:
    """Two networks, keys of WORKED_EXAMPLES, that compute one function; `said`: what to see."""

    key: str
    title: str
    one: str
    other: str
    said: str


def crossing(*planes: Callable[[Point], float]) -> Callable[[Point, Point], list[float]]:
    """`bends` of a function whose kinks lie where one of the affine functions `planes` is zero."""

    def bends(x: Point, baseline: Point) -> list[float]:
        ends = [(plane(baseline), plane(x)) for plane in planes]
        return [before / (before - after) for before, after in ends if before * after < 0]

    return bends


def network(forward: Callable) -> Callable:
    """A `build` of a module without weights that computes `forward` of (N, inputs)."""

    def build():
        from torch import nn

        class Written(nn.Module):
            """A network written as a formula."""

            def forward(self, x):
                return forward(x).unsqueeze(1)

        return Written().eval()

    return build
