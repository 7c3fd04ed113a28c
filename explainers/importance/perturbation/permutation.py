"""Permutation importance: what is lost when a feature's values change places between rows.

Breiman 2001, Random forests, Machine Learning 45; Fisher, Rudin & Dominici 2019,
arXiv:1801.01489, for pairs of different rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explainers.importance.registry import importance_method, option

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate

LAG_EVALUATIONS = 200_000
_PAIRS = 10_000
"""About how many pairs of rows are compared for a feature, unless `repeats` says otherwise."""


@dataclass(frozen=True)
class Options:
    """Options of `permutation`."""

    repeats: int | None = option(None, low=1, high=1000, kind=int)
    lags: bool | None = option(None, kind=bool)


@importance_method(
    key="permutation",
    family="perturbation",
    order=10,
    source="Breiman 2001; Fisher, Rudin & Dominici 2019, arXiv:1801.01489",
    options=Options,
    estimate=lambda options, rows, features: rows * features * repeats_for(options.repeats, rows),
    unit="rise of the error, or mean squared change of the output",
    random=True,
    answers_linear=lambda slopes, rows: 2 * slopes.square() * rows.double().var(0),
    trial={"repeats": 2, "lags": False},
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """Mean over pairs of rows of what happens when one gets the other's value of a feature.

    With labels the rise of the error; without, (f(x) − f(x with xᵢ of another row))². No row is
    paired with itself, so the mean is that of a fresh draw; where all N − 1 partners are asked,
    nothing is left to chance but the rows.

    Parameters
    ----------
    context : DatasetContext
        N · F · repeats evaluations.
    options : Options
        `repeats`: partners of each row; by default so many that about 10,000 pairs are asked.
        `lags`: for series, each step alone too, by default where that is 200,000 evaluations or
        fewer.

    Returns
    -------
    Estimate
        On c·x without labels: 2 cᵢ² Var xᵢ. With independent features the value is 2 V times the
        total Sobol index. `details`: `repeats`, `about`; for series `lags`.

    References
    ----------
    Fisher, Rudin & Dominici 2019, arXiv:1801.01489, section 3.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> x = torch.tensor([[0.0, 1.0], [1.0, 0.0], [2.0, 5.0]])
    >>> explain_dataset(lambda x: x[:, 0], x, methods=["permutation"]).values.tolist()
    [[2.0, 0.0]]
    """
    import torch

    from explainers.importance.estimate import Estimate
    from explainers.importance.lag_profile import as_lags, each_value

    repeats = repeats_for(options.repeats, context.rows)
    values, replicates = _measured(context, repeats)
    details: dict[str, Any] = {"repeats": repeats, "about": about(context)}
    cheap = context.inputs.numel() <= LAG_EVALUATIONS
    if context.layout.kind == "series" and (options.lags or (options.lags is None and cheap)):
        few = max(1, min(repeats, LAG_EVALUATIONS // context.inputs.numel()))
        of_cells, likely = _measured(each_value(context), few)
        ends = torch.tensor([0.025, 0.975], dtype=torch.float64)
        low, high = torch.quantile(likely["sample"], ends, 0)
        found = {"values": of_cells, "low": low, "high": high}
        details["lags"] = {name: as_lags(context, part) for name, part in found.items()}
    return Estimate(values, replicates, details)


def _measured(context: DatasetContext, repeats: int) -> tuple[Tensor, dict[str, Tensor]]:
    """The values of the features (F,), and what they might have been."""
    import torch

    from explainers.importance.uncertainty.resampling import permuted_parts

    partners = other_rows(context.rows, repeats, context.generator("permutation"))
    parts, noise, batches = [], [], []
    for index in range(len(context.features)):
        changes = changes_of(context, index, partners)
        part, random = permuted_parts(changes, partners)
        parts.append(part)
        noise.append(random)
        batches.append(changes.mean(1))
    whole = repeats >= context.rows - 1
    means = torch.stack(batches, 1)
    replicates = context.resampling.spread(
        torch.stack(parts, 1),
        None if whole else torch.stack(noise),
        None if whole else means,
    )
    return means.mean(0), replicates


def repeats_for(given: int | None, rows: int) -> int:
    """How many partners each row gets, at most all others."""
    return min(given or max(5, _PAIRS // rows), rows - 1)


def other_rows(rows: int, repeats: int, generator: object) -> Tensor:
    """Partners of each row, never itself and never one twice: int64 (repeats, N), permutations.

    Examples
    --------
    >>> import torch
    >>> sorted(other_rows(3, 2, torch.Generator())[:, 0].tolist())
    [1, 2]
    """
    import torch

    assert isinstance(generator, torch.Generator)
    order = torch.randperm(rows, generator=generator)
    shifts = 1 + torch.randperm(rows - 1, generator=generator)[:repeats]
    partners = torch.empty(repeats, rows, dtype=torch.int64)
    for number, shift in enumerate(shifts.tolist()):
        partners[number, order] = order.roll(-shift)
    return partners


def changes_of(context: DatasetContext, index: int, partners: Tensor) -> Tensor:
    """What happens to each row (repeats, N) when it gets a feature of its partners."""
    import torch

    inputs = context.inputs
    changes = torch.zeros(partners.shape, dtype=torch.float64)

    def make(number: int) -> Tensor:
        return context.with_feature(inputs, index, inputs[partners[number].to(inputs.device)])

    for number, outputs in context.each(len(partners), make, context.passes.outputs):
        if context.labels is None:
            changes[number] = (context.selected(outputs) - context.values).square()
        else:
            changes[number] = context.error(outputs, context.labels.values) - context.errors
    return changes


def about(context: DatasetContext) -> str:
    """What a change is measured by: "error" with labels, else "output"."""
    return "output" if context.labels is None else "error"
