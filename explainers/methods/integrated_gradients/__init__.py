"""Integrated Gradients: the gradient summed along the straight way from baseline to input.

Sundararajan, Taly & Yan 2017 (arXiv:1703.01365).
"""

from __future__ import annotations

from dataclasses import dataclass

from explainers.methods.registry import MethodResult, method, option

# What the tolerance of 1 % needs on most networks.
USUAL_STEPS = 50


@dataclass(frozen=True)
class Options:
    """Options of `integrated_gradients`."""

    steps: int | None = option(
        None,
        "Steps",
        "Fix the number of steps; empty: as many as the tolerance needs.",
        low=1,
        high=4096,
        kind=int,
    )
    tolerance: float = option(
        0.01,
        "Tolerance",
        "Without fixed steps: refine until the gap is below this share.",
        low=1e-9,
        high=1,
    )
    rule: str = option(
        "gauss_legendre",
        "Rule",
        "How the points on the way are placed and weighted.",
        choices={
            "gauss_legendre": "Gauss–Legendre",
            "midpoint": "Midpoint",
            "trapezoid": "Trapezoid",
        },
    )
    most_steps: int = option(
        1024, "At most", "Without fixed steps: stop refining here and say so.", low=8, high=65536
    )


def quadrature(rule: str, count: int):
    """Places in [0, 1] and weights that sum to one: two float64 tensors (count,).

    Each rule is exact on constants, so Integrated Gradients is exact on linear functions.
    """
    import numpy
    import torch

    if rule == "gauss_legendre":
        places, weights = numpy.polynomial.legendre.leggauss(count)
        places, weights = (places + 1) / 2, weights / 2
    elif rule == "midpoint" or count == 1:
        places, weights = (numpy.arange(count) + 0.5) / count, numpy.full(count, 1 / count)
    else:
        places = numpy.linspace(0, 1, count)
        weights = numpy.full(count, 1 / (count - 1))
        weights[[0, -1]] /= 2
    return torch.from_numpy(places), torch.from_numpy(weights)


class Path:
    """The straight way from the baselines to the inputs, and the sum gathered along it."""

    def __init__(self, run, inputs, baseline) -> None:
        import torch

        self.run, self.inputs, self.baseline = run, inputs, baseline
        self.step = inputs - baseline
        dtype = torch.promote_types(inputs.dtype, torch.float32)
        self.total = torch.zeros_like(inputs, dtype=dtype)

    def integrate(self, rows, places, weights, into, index) -> None:
        """Add weight · gradient · step at each (row, place) to the entries `index` of `into`."""
        for part in self.run.batches(len(rows)):
            row = rows[part]
            grads = self.run.gradients(self.at(row, places[part]), row)[1]
            maps = grads.to(into.dtype) * self.step[row].to(into.dtype)
            into.index_add_(0, index[part], maps * self._wide(weights[part]).to(into.dtype))

    def ends(self) -> tuple[list[float], list[float]]:
        """The scores of the baselines and of the inputs, where the ways start and end."""
        import torch

        rows = torch.arange(len(self.step), device=self.step.device)
        return tuple(self.run.values(at, rows).tolist() for at in (self.baseline, self.inputs))

    def at(self, rows, places):
        """The points (n, …) at the given places of the ways of the given rows."""
        places = self._wide(places).to(self.step.dtype)
        return self.baseline[rows] + places * self.step[rows]

    def _wide(self, values):
        return values.view(-1, *[1] * (self.step.ndim - 1)).to(self.step.device)


@method(
    key="integrated_gradients",
    name="Integrated Gradients",
    order=10,
    says="Fades the baseline into the input and adds up what each value changes on the way.",
    cost="one forward and one backward pass a step",
    misleads="The answer is relative to the baseline: what equals the baseline gets nothing.",
    source="Sundararajan, Taly & Yan 2017, arXiv:1703.01365",
    estimate=lambda options, shape: 2 * (options.steps or USUAL_STEPS),
    options=Options,
    trial={"steps": 2},
    complete=True,
)
def attribute(run, inputs, baseline, options: Options) -> MethodResult:
    """(x − x′) ∫₀¹ ∂f/∂x (x′ + α(x − x′)) dα; scores like the inputs.

    With `steps`, that many points by the rule. Without, `refine` spends points until the
    contributions add up within `tolerance`.
    """
    way = Path(run, inputs, baseline)
    if options.steps is None:
        from explainers.methods.integrated_gradients.refinement import refine

        return refine(way, options)
    import torch

    run.show(lambda: way.total)
    run.expect(len(inputs) * options.steps)
    places, weights = quadrature(options.rule, options.steps)
    rows = torch.arange(len(inputs), device=inputs.device)
    order = torch.randperm(len(places), generator=torch.Generator().manual_seed(0))
    rows = rows.repeat(options.steps)
    places, weights = (part[order].repeat_interleave(len(inputs)) for part in (places, weights))
    way.integrate(rows, places, weights, way.total, rows)
    return MethodResult(way.total)
