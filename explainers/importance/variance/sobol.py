"""Sobol indices: the share of the output's variance that each feature makes, alone and in all.

Sobol 1993; estimators of Saltelli et al. 2010 (doi:10.1016/j.cpc.2009.09.018).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from explainers.importance.registry import importance_method, option
from explainers.importance.variance.costs import checking_costs

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate


@dataclass(frozen=True)
class Options:
    """Options of `sobol`."""

    samples: int = option(8192, low=64, high=10_000_000)
    certain: int | None = option(None, low=1, kind=int)
    check: bool = option(False)


@importance_method(
    key="sobol",
    family="variance",
    order=60,
    source="Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018",
    options=Options,
    estimate=lambda options, rows, features: (
        options.samples * (features + 2) + options.check * checking_costs(features)
    ),
    unit="share of the variance, with interactions",
    random=True,
    answers_linear=lambda slopes, rows: _shares(slopes, rows),
    trial={"samples": 64},
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """T_i: the share of the output's variance that goes when all but feature i are known.

    Two points are drawn, each feature from a row of its own, so that features vary independently
    whatever they do in the data. S_i is the share that goes when feature i alone is known;
    T_i − S_i is what it makes together with others. `S` sum to at most 1, `T` to at least 1.

    Parameters
    ----------
    context : DatasetContext
        (F + 2) evaluations a draw. A feature may be a group: its columns come from the same row.
    options : Options
        `samples`: draws; with `certain` = k drawing stops when the order of the first k is.
        `check`: measure also what must be equal to these numbers on any network.

    Returns
    -------
    Estimate
        Total indices. Details: `first`, `total`, `interaction` (F,), `variance`, `samples`, and
        the standard errors of drawing by name in `error` ("unshared": of V Tᵢ). On c·x:
        cᵢ² Var xᵢ / Σ of these. With `check` also `identities`, a tuple of `Identity`.

    References
    ----------
    Saltelli et al. 2010, doi:10.1016/j.cpc.2009.09.018.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> x = torch.rand(500, 2, generator=torch.Generator().manual_seed(0)) - 0.5
    >>> table = explain_dataset(lambda x: x[:, 0] * x[:, 1], x, methods=["sobol"])
    >>> [round(share, 1) for share in table.details["sobol"]["interaction"].tolist()]
    [1.0, 1.0]
    """
    import torch

    from explainers.importance.estimate import Estimate
    from explainers.importance.variance.estimators.indices import sobol_indices
    from explainers.importance.variance.estimators.pairs import Pairs, batches
    from explainers.importance.variance.estimators.sentences import independently
    from explainers.importance.variance.estimators.stopping import draw_until_certain

    features = len(context.features)
    swaps = torch.cat([torch.zeros(1, features), torch.ones(1, features), torch.eye(features)]) > 0
    drawn: list[tuple[Pairs, Tensor]] = []

    def more(count: int) -> tuple[Pairs, Tensor]:
        pairs = Pairs.drawn(context, count, f"sobol/{len(drawn)}")
        drawn.append((pairs, pairs.ask(context, len(swaps), lambda number: swaps[number])))
        every = [pairs for pairs, _ in drawn]
        joined = Pairs(torch.cat([p.a for p in every]), torch.cat([p.b for p in every]))
        return joined, torch.cat([answers for _, answers in drawn])

    def likely(found: tuple[Pairs, Tensor]) -> Tensor:
        indices = sobol_indices(found[1][:, 0], found[1][:, 1], found[1][:, 2:])
        return indices.total + context.resampling.errors(batches(indices.total_parts))

    (pairs, answers), stopped = draw_until_certain(
        more, likely, options.samples, options.certain, "Sobol"
    )
    indices = sobol_indices(answers[:, 0], answers[:, 1], answers[:, 2:])
    root = len(pairs) ** 0.5
    details: dict[str, Any] = {
        "first": indices.first,
        "total": indices.total,
        "interaction": indices.total - indices.first,
        "variance": float(indices.variance),
        "samples": stopped.samples,
        "certain": stopped.certain,
        "error": {
            "first": indices.first_parts.std(0) / root,
            "total": indices.total_parts.std(0) / root,
            "interaction": (indices.total_parts - indices.first_parts).std(0) / root,
            "variance": float(indices.variance_parts.std()) / root,
            "unshared": indices.unshared_parts.std(0) / root,
        },
    }
    notes = [*independently(context), *([stopped.note] if stopped.note else [])]
    if not indices.variance > 0:
        notes.append(
            "The output does not change at all, so no feature has a share of its variance."
        )
    replicates = pairs.replicates(context, indices.total, indices.total_parts)
    if options.check:
        from explainers.importance.reliability.receipts import receipts

        details["identities"] = receipts(context, details)
    return Estimate(indices.total, replicates, details, tuple(notes))


def _shares(slopes: Tensor, rows: Tensor) -> Tensor:
    """cᵢ² Var xᵢ / Σ of these."""
    parts = slopes.double().square() * rows.double().var(0, unbiased=False)
    return parts / parts.sum()
