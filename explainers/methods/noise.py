"""Noise sensitivity: add noise to one feature after the other and see how far the answer moves.

Input perturbation as reviewed by Gevrey, Dimopoulos & Lek 2003 (doi:10.1016/S0304-3800(02)00257-0).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explainers.errors import Problem
from explainers.methods.registry import MethodResult, method, option
from explainers.perturbation.regions import BY, Groups, group_labels

# What the tolerance of 10 % needs on most networks.
USUAL_SAMPLES = 64
# A mean square needs more draws than a mean before its standard error is known.
FIRST_LOOK = 32

if TYPE_CHECKING:
    import numpy as np

    from explainers.context import Context
    from explainers.kinds.layout import InputLayout
    from explainers.kinds.statistics import DataStatistics


@dataclass(frozen=True)
class Options:
    """Options of `noise`."""

    sigma: float | tuple[float, ...] = option(0.2, low=1e-12, kind=float)
    by: str = option("auto", choices=BY)
    width: int | None = option(None, low=1, kind=int)
    samples: int | None = option(None, low=2, high=100000, kind=int)
    seed: int = option(0, low=0, high=2**31 - 1)
    tolerance: float = option(0.1, low=1e-04, high=1)
    most_samples: int = option(512, low=16, high=1000000)


def _labels(options: Options, layout: InputLayout) -> np.ndarray:
    by = layout.features if options.by == "auto" else options.by
    return group_labels(layout.shape, by, options.width)


def _by_spread(options: dict[str, Any], data: DataStatistics) -> dict[str, Any]:
    """The noise counted in standard deviations of each column or variable."""
    std = data.std()
    if not std:
        return options
    share = options.get("sigma", Options().sigma)
    return options | {"sigma": [share * spread for spread in std]}


@method(
    key="noise",
    order=85,
    source="Gevrey, Dimopoulos & Lek 2003, doi:10.1016/S0304-3800(02)00257-0",
    answers="magnitude",
    estimate=lambda options, layout: (
        (options.samples or USUAL_SAMPLES) * (int(_labels(options, layout).max()) + 1)
    ),
    unit="change under noise",
    options=Options,
    kinds=("picture", "table", "series"),
    trial=lambda layout: {"samples": 2, "width": max(layout.shape)},
    fit_to_data=_by_spread,
    signed=False,
    uses_baseline=False,
    needs_gradient=False,
    random=True,
)
def attribute(context: Context, options: Options) -> MethodResult:
    """Root mean square over draws of f(x + noise on one feature) − f(x), with its standard error.

    The noise is normal with standard deviation σ: a number, or one for each place along the
    input's last dimension (column, variable). Scores of a feature of several values are shared
    equally among them, so that they add up to its sensitivity. All inputs meet the same noise.
    Without `samples`, noise is drawn until the map is certain, see `perturbation.stopping`.

    Parameters
    ----------
    context : Context
        Inputs (N, …) that can be grouped, see `group_labels`; the baseline is not used.
    options : Options

    Returns
    -------
    MethodResult
        Scores (N, …), nowhere negative, and their spread. On a linear function c·x: in expectation
        over the noise |cᵢ|σᵢ, for features of one value.

    Raises
    ------
    Problem
        Where there is not one σ for all, nor one for each column or variable.

    References
    ----------
    Gevrey, Dimopoulos & Lek 2003, doi:10.1016/S0304-3800(02)00257-0.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain
    >>> x = torch.tensor([[1.0, 2.0]])
    >>> answer = explain(lambda x: 3 * x[:, 0], x, "noise", sigma=0.2, samples=1000)
    >>> answer.scores.round(decimals=1)
    tensor([[0.6000, 0.0000]])
    """
    import torch

    from explainers.perturbation.stopping import Drawing, StoppingRule

    inputs, count = context.inputs, len(context.inputs)
    groups = Groups.of(_labels(options, context.layout), inputs.device)
    many, shape = len(groups), context.layout.shape
    sigma = torch.as_tensor(options.sigma).to(inputs)
    if sigma.ndim and len(sigma) != context.layout.columns:
        raise Problem(
            f"{len(sigma)} values of sigma were given; it is one number, or "
            f"{context.layout.columns}, one for each column or variable."
        )
    dtype = torch.promote_types(inputs.dtype, torch.float32)
    squares, fourths, seen = torch.zeros(3, count, many, dtype=dtype, device=inputs.device)
    full = context.input_values()
    generator = torch.Generator().manual_seed(options.seed)
    turns = itertools.count()
    noise = torch.zeros_like(inputs[0])

    def draw() -> torch.Tensor:
        nonlocal noise
        group = next(turns) % many
        if group == 0:
            noise = torch.randn(shape, generator=generator).to(inputs) * sigma
        return noise * (groups.labels == group)

    def size() -> torch.Tensor:
        return (squares / seen.clamp(min=1)).sqrt()

    def error() -> torch.Tensor:
        variance = (fourths / seen - (squares / seen) ** 2).clamp(min=0) / (seen - 1)
        return variance.sqrt() / (2 * size()).clamp(min=torch.finfo(dtype).tiny)

    context.show(lambda: groups.shared(size()))
    rule = StoppingRule(options.samples, options.tolerance, options.most_samples, FIRST_LOOK)
    shown = lambda: (size(), error())  # noqa: E731
    drawing, done = Drawing(context, rule, "draws", shown, of_scores=True), 0
    for rows, draws in drawing.batches(draw, each=many):
        alike = len(drawing.active)
        group = torch.arange(done, done + len(rows), device=inputs.device) // alike % many
        done = (done + len(rows)) % (alike * many)
        moved = (context.values(inputs[rows] + draws, rows) - full[rows]).to(dtype)
        for total, part in ((squares, moved**2), (fourths, moved**4), (seen, moved * 0 + 1)):
            total.index_put_((rows, group), part, accumulate=True)
    return MethodResult(groups.shared(size()), spread=groups.shared(error()), **drawing.told())
