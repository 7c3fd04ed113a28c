"""Shapley effects: the output's variance shared out among the features, interactions evenly.

Owen 2014 (doi:10.1137/130936233); Goda 2021 (doi:10.1016/j.cma.2020.113660).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from explainers.importance.registry import importance_method, option

if TYPE_CHECKING:
    from torch import Tensor

    from explainers.importance.data import DatasetContext
    from explainers.importance.estimate import Estimate
    from explainers.importance.variance.estimators.pairs import Pairs


@dataclass(frozen=True)
class Options:
    """Options of `shapley_effects`."""

    samples: int = option(8192, low=64, high=10_000_000)
    exact: int = option(4, low=1, high=12)
    certain: int | None = option(None, low=1, kind=int)


def _estimate(options: Options, rows: int, features: int) -> int:
    return options.samples * (2**features if features <= options.exact else features + 1)


@importance_method(
    key="shapley_effects",
    family="variance",
    order=62,
    source="Owen 2014, doi:10.1137/130936233; Goda 2021, doi:10.1016/j.cma.2020.113660",
    options=Options,
    estimate=_estimate,
    unit="share of the variance",
    shares=True,
    random=True,
    answers_linear=lambda slopes, rows: _shares(slopes, rows),
    trial={"samples": 64},
)
def importance(context: DatasetContext, options: Options) -> Estimate:
    """The share of the output's variance that is due to each feature, adding up to 1.

    A feature gets what it adds to the variance when it becomes free after others, in the mean
    over all orders; what two make together is split evenly. So it lies between the first-order
    and the total Sobol index. Points are drawn as there, each feature from a row of its own. With
    at most `exact` features all subsets are asked for every pair of points, see
    `effects_of_cubes`; with more one random order a pair, see `effects_of_chains`.

    Parameters
    ----------
    context : DatasetContext
        2^F, or F + 1, evaluations a draw.
    options : Options
        `samples`: pairs of points; with `certain` = k drawing stops when the order of the first k
        is.

    Returns
    -------
    Estimate
        Shares. Details: `standard_error` (F,) of drawing, `variance` (what is shared), `exact`
        (whether over all subsets), `samples`. On c·x: cᵢ² Var xᵢ / Σ of these.

    References
    ----------
    Owen 2014, doi:10.1137/130936233; Goda 2021, doi:10.1016/j.cma.2020.113660.

    Examples
    --------
    >>> import torch
    >>> from explainers import explain_dataset
    >>> x = torch.rand(500, 2, generator=torch.Generator().manual_seed(0)) - 0.5
    >>> table = explain_dataset(lambda x: x[:, 0] * x[:, 1], x, methods=["shapley_effects"])
    >>> [round(share, 1) for share in table.values[0].tolist()]
    [0.5, 0.5]
    """
    import torch

    from explainers.importance.estimate import Estimate
    from explainers.importance.variance.estimators.pairs import Pairs, batches
    from explainers.importance.variance.estimators.sentences import independently
    from explainers.importance.variance.estimators.stopping import draw_until_certain

    exact = len(context.features) <= options.exact
    drawn: list[tuple[Pairs, Tensor]] = []

    def more(count: int) -> tuple[Pairs, Tensor]:
        key = f"shapley_effects/{len(drawn)}"
        pairs = Pairs.drawn(context, count, key)
        drawn.append((pairs, (_by_cubes if exact else _by_chains)(context, pairs, key)))
        every = [pairs for pairs, _ in drawn]
        joined = Pairs(torch.cat([p.a for p in every]), torch.cat([p.b for p in every]))
        return joined, torch.cat([effects for _, effects in drawn])

    def likely(found: tuple[Pairs, Tensor]) -> Tensor:
        shares, parts = shares_of(found[1])
        return shares + context.resampling.errors(batches(parts))

    (pairs, effects), stopped = draw_until_certain(
        more, likely, options.samples, options.certain, "Shapley effects"
    )
    shares, parts = shares_of(effects)
    root = len(pairs) ** 0.5
    details = {
        "standard_error": parts.std(0) / root,
        "variance": float(effects.sum(1).mean()),
        "error": {"variance": float(effects.sum(1).std()) / root},
        "exact": exact,
        "samples": stopped.samples,
        "certain": stopped.certain,
    }
    notes = [*independently(context), *([stopped.note] if stopped.note else [])]
    if not effects.any():
        notes.append(
            "The output does not change at all, so no feature has a share of its variance."
        )
    return Estimate(shares, pairs.replicates(context, shares, parts), details, tuple(notes))


def shares_of(effects: Tensor) -> tuple[Tensor, Tensor]:
    """Shares (F,) of effects (n, F) in units of f², and each draw's influence on them (n, F).

    Examples
    --------
    >>> import torch
    >>> shares_of(torch.tensor([[3.0, 1.0]]))
    (tensor([0.7500, 0.2500]), tensor([[0., 0.]]))
    """
    mean = effects.mean(0)
    variance = mean.sum()
    if not bool(variance > 0):
        return mean * 0, effects * 0
    shares = mean / variance
    return shares, (effects - shares * effects.sum(1, keepdim=True)) / variance


def _by_cubes(context: DatasetContext, pairs: Pairs, key: str) -> Tensor:
    """From all hybrids of each pair."""
    import torch

    from explainers.importance.variance.estimators.effects import effects_of_cubes
    from explainers.methods.shapley.enumeration import members

    features = len(context.features)
    table = members(torch.arange(2**features), features)
    return effects_of_cubes(pairs.ask(context, len(table), lambda number: table[number]))


def _by_chains(context: DatasetContext, pairs: Pairs, key: str) -> Tensor:
    """From one random order of each pair."""
    import torch

    from explainers.importance.variance.estimators.effects import effects_of_chains

    generator, features = context.generator(f"{key}/order"), len(context.features)
    order = torch.rand(len(pairs), features, generator=generator).argsort(1)
    rank = order.argsort(1)
    return effects_of_chains(pairs.ask(context, features + 1, lambda done: rank < done), order)


def _shares(slopes: Tensor, rows: Tensor) -> Tensor:
    """cᵢ² Var xᵢ / Σ of these."""
    parts = slopes.double().square() * rows.double().var(0, unbiased=False)
    return parts / parts.sum()
