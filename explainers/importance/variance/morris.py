"""Morris screening: the mean size of what one step of each feature does, anywhere in its range.

Morris 1991 (doi:10.1080/00401706.1991.10484804); μ*: Campolongo, Cariboni & Saltelli 2007
(doi:10.1016/j.envsoft.2006.10.004).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.errors import Problem
from explainers.importance.registry import importance_method, option

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate
    from explainers.importance.variance.estimators.elementary import Trajectories


@dataclass(frozen=True)
class Options:
    """Options of `morris`."""

    samples: int = option(200, low=10, high=1_000_000)
    levels: int = option(4, low=2, high=100)
    certain: int | None = option(None, low=1, kind=int)


@importance_method(
    key="morris",
    family="variance",
    order=64,
    source="Morris 1991; Campolongo et al. 2007, doi:10.1016/j.envsoft.2006.10.004",
    options=Options,
    estimate=lambda options, rows, features: options.samples * (features + 1),
    unit="change of the output over the whole range",
    random=True,
    answers_linear=lambda slopes, rows: (
        slopes.double().abs() * (rows.double().amax(0) - rows.double().amin(0))
    ),
    trial={"samples": 10},
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """μ*: the mean size of a feature's elementary effects, steps being counted in its range.

    Every input runs over [min, max] of the data, scaled to [0, 1], on a grid of `levels` values;
    each trajectory moves every feature once, by about half the range, in a random order. σ, the
    standard deviation of the effects, is 0 where the feature acts linearly and alone.

    Parameters
    ----------
    context : DatasetContext
        F + 1 evaluations a trajectory. The columns of a group, and the steps of a variable, move
        together, each over its own range.
    options : Options
        `samples`: trajectories; with `certain` = k drawing stops when the order of the first k is.

    Returns
    -------
    Estimate
        μ*. Details: `mu`, `mu_star`, `sigma` (F,), `samples`. On c·x: |cᵢ| (max xᵢ − min xᵢ), σ 0.

    Raises
    ------
    Problem
        For an odd number of levels, or inputs that are letters.

    References
    ----------
    Morris 1991, doi:10.1080/00401706.1991.10484804.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> x = torch.tensor([[0.0, 1.0], [2.0, 4.0], [1.0, 3.0]])
    >>> table = explain_dataset(lambda x: 5 * x[:, 0] - x[:, 1], x, methods=["morris"])
    >>> table.values.round(decimals=3).tolist()
    [[10.0, 3.0]]
    """
    import torch

    from explainers.importance.estimate import Estimate
    from explainers.importance.variance.estimators.elementary import trajectories
    from explainers.importance.variance.estimators.pairs import batches
    from explainers.importance.variance.estimators.sentences import independently
    from explainers.importance.variance.estimators.stopping import draw_until_certain

    if options.levels % 2:
        raise Problem(f"Morris: levels={options.levels} is odd; the grid needs an even number.")
    if context.layout.kind == "sequence":
        raise Problem("Morris moves numbers over their range, and letters have none.")
    drawn: list[Tensor] = []

    def more(count: int) -> Tensor:
        generator = context.generator(f"morris/{len(drawn)}")
        walks = trajectories(count, len(context.features), options.levels, generator)
        drawn.append(_effects(context, walks))
        return torch.cat(drawn)

    def likely(effects: Tensor) -> Tensor:
        return effects.abs().mean(0) + context.resampling.errors(batches(effects.abs()))

    effects, stopped = draw_until_certain(
        more, likely, options.samples, options.certain, "Morris", start=32
    )
    size = effects.abs()
    details = {
        "mu": effects.mean(0),
        "mu_star": size.mean(0),
        "sigma": effects.std(0),
        "samples": stopped.samples,
        "certain": stopped.certain,
    }
    replicates = {
        "monte_carlo": size.mean(0) + context.resampling.errors(batches(size)),
    }
    notes = [*independently(context)]
    if context.layout.kind == "series":
        notes.append("Morris holds every variable at one level through all steps of a series.")
    notes += [stopped.note] if stopped.note else []
    return Estimate(size.mean(0), replicates, details, tuple(notes))


def range_of(context: DatasetContext) -> tuple[Tensor, Tensor]:
    """Least and greatest of every value, of the shape of one input; a variable's over all steps."""
    values = context.inputs.detach()
    if context.layout.kind == "series":
        low, high = values.amin((0, 1)), values.amax((0, 1))
        return low.expand(context.layout.shape), high.expand(context.layout.shape)
    return values.amin(0), values.amax(0)


def within_range(context: DatasetContext, share: Tensor) -> Tensor:
    """Points (M, …) at a share (M, F) of each feature's range, 0 its least and 1 its greatest."""
    low, high = range_of(context)
    along = share[:, context.features.labels.cpu()].to(low)
    return low + along * (high - low)


def _effects(context: DatasetContext, walks: Trajectories) -> Tensor:
    """The elementary effects (r, F), in chunks that fit into memory."""
    import torch

    from explainers.importance.variance.estimators.elementary import elementary_effects
    from explainers.importance.variance.estimators.pairs import VALUES_AT_ONCE

    count, stops, features = walks.points.shape
    places = walks.points.reshape(-1, features)
    size = max(1, VALUES_AT_ONCE // context.inputs[0].numel())
    values = [context.evaluate(within_range(context, part)) for part in places.split(size)]
    return elementary_effects(torch.cat(values).view(count, stops), walks)
