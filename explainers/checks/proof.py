"""The proof of a map in a few numbers: deletion and insertion along it, and along random orders."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.attribution import Progress, TargetLike
from explainers.checks.faithfulness import check_heat, curve_along
from explainers.checks.unit_order import hottest_first, random_orders, reachable_shares
from explainers.checks.verdict import beats_chance
from explainers.eval_mode import Model
from explainers.options import demand_count
from explainers.output_cache import OutputCache

RANDOM_ORDERS = 10


@dataclass(frozen=True)
class Proof:
    """What hiding and revealing say of the maps of N inputs.

    Attributes
    ----------
    deletion, insertion : Tensor, float64, shape (N,)
        Areas under the curves of the score while the hottest units are hidden, or shown: low is
        good for deletion, high for insertion.
    chance : Tensor, float64, shape (N,)
        Insertion area less deletion area of random orders, their mean.

    Examples
    --------
    >>> proof = Proof(torch.tensor([0.1, 0.5]), torch.tensor([0.8, 0.5]), torch.tensor([0.2, 0.2]))
    >>> proof.beats_chance
    [True, False]
    """

    deletion: Tensor
    insertion: Tensor
    chance: Tensor

    @property
    def beats_chance(self) -> list[bool]:
        """Of each map, see `explainers.checks.verdict.beats_chance`."""
        areas = (self.deletion.tolist(), self.insertion.tolist(), self.chance.tolist())
        return [beats_chance(*each) for each in zip(*areas, strict=True)]


def prove(
    model: Model,
    inputs: Tensor,
    heat: Tensor,
    baseline: str | Tensor = "zeros",
    target: TargetLike = None,
    *,
    score: str = "probability",
    draws: int = RANDOM_ORDERS,
    seed: int = 0,
    batch_size: int | None = None,
    progress: Callable[[Progress], None] | None = None,
    cache: OutputCache | None = None,
) -> Proof:
    """Hide the hottest units first, and show them first; the same in random orders.

    Parameters
    ----------
    draws : int
        Random orders, the same for all inputs.
    seed : int
        Of these orders, and of the order among units with equal scores.
    model, inputs, heat, baseline, target, score, batch_size, progress, cache
        As for `explainers.checks.faithfulness.deletion`; inputs (N, …).

    Returns
    -------
    Proof

    Raises
    ------
    Problem
        For what cannot be measured.

    References
    ----------
    Petsiuk, Das & Saenko 2018, arXiv:1806.07421; Samek et al. 2017, arXiv:1509.06321.

    Examples
    --------
    >>> x = torch.tensor([[3.0, 0.0]])
    >>> proof = prove(lambda x: x.sum(1), x, heat=x, score="output")
    >>> proof.deletion, proof.insertion, proof.beats_chance
    (tensor([0.7500], dtype=torch.float64), tensor([2.2500], dtype=torch.float64), [True])
    """
    demand_count("draws", draws)
    first = hottest_first(check_heat(heat, inputs), seed).unsqueeze(1)
    units = first.shape[-1]
    drawn = random_orders(units, draws, seed).expand(len(inputs), -1, -1)
    orders, shares = torch.cat([first, drawn], 1), reachable_shares(units)

    def areas(insert: bool) -> Tensor:
        return curve_along(
            model,
            inputs,
            baseline,
            target,
            orders,
            shares,
            insert,
            score=score,
            batch_size=batch_size,
            progress=progress,
            cache=cache,
        ).area

    deletion, insertion = areas(insert=False), areas(insert=True)
    by_chance = (insertion[:, 1:] - deletion[:, 1:]).mean(1)
    return Proof(deletion[:, 0], insertion[:, 0], by_chance)


def proof_cost(shape: tuple[int, ...], draws: int = RANDOM_ORDERS) -> int:
    """About how many evaluations the proof of one map takes.

    Parameters
    ----------
    shape : tuple of int
        Of the map.
    draws : int
        Random orders.

    Examples
    --------
    >>> proof_cost((2,)), proof_cost((96, 96))
    (26, 422)
    """
    between = len(reachable_shares(math.prod(shape))) - 2
    return 2 * (between * (1 + draws) + 2)
