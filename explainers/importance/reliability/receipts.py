"""The identities of `identities`, measured on a network and a data set."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from explainers.importance.reliability import identities
from explainers.importance.reliability.identities import Identity
from explainers.importance.variance import shapley_effects
from explainers.importance.variance.costs import CHECKS
from explainers.importance.variance.estimators.pairs import VALUES_AT_ONCE, Pairs
from explainers.importance.variance.morris import range_of, within_range

if TYPE_CHECKING:
    from explainers.importance.data import DatasetContext


def receipts(
    context: DatasetContext, index: Mapping[str, Any], samples: int = CHECKS
) -> tuple[Identity, ...]:
    """Check on this network what must hold on any, with draws of its own for every side.

    Parameters
    ----------
    context : DatasetContext
    index : mapping
        The details of the method `sobol`.
    samples : int
        Draws of Shapley effects, of the permutation, and of the points that are even over the
        ranges.

    Returns
    -------
    tuple of Identity
        The last one, on slopes, only where the model has gradients and inputs have ranges.
    """
    names = context.names
    effects = shapley_effects.importance(context, shapley_effects.Options(samples=samples))
    shares = effects.details
    change, change_error = permuted_change(context, samples)
    found = [
        identities.permutation_is_total(
            change,
            change_error,
            index["total"],
            index["variance"],
            index["error"]["unshared"],
            names,
        ),
        *identities.effects_between_indices(
            index["first"],
            index["error"]["first"],
            effects.values,
            shares["standard_error"],
            index["total"],
            index["error"]["total"],
            names,
        ),
        identities.effects_sum_to_one(
            shares["variance"],
            shares["error"]["variance"],
            index["variance"],
            index["error"]["variance"],
        ),
    ]
    if context.layout.kind != "sequence" and context.has_gradient:
        found.append(identities.total_below_slopes(*_even(context, samples), names))
    return tuple(found)


def permuted_change(context: DatasetContext, samples: int) -> tuple[Tensor, Tensor]:
    """E (f(x) − f(x with xᵢ of the next draw))² over independent draws, (F,), and its error.

    Neighbours in the circle of draws share a value, so their covariance is part of the error.
    """
    drawn = Pairs.drawn(context, samples, "identities/permutation").a
    ring, features = Pairs(drawn, drawn.roll(1, 0)), len(context.features)
    swaps = torch.cat([torch.zeros(1, features), torch.eye(features)]) > 0
    values = ring.ask(context, len(swaps), lambda number: swaps[number])
    change = (values[:, 1:] - values[:, :1]).square()
    away = change - change.mean(0)
    variance = away.square().mean(0) + 2 * (away * away.roll(1, 0)).mean(0)
    return change.mean(0), (variance.clamp(min=0) / samples).sqrt()


def _even(context: DatasetContext, samples: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """V T and what slopes allow, each (F,) with its error, for points even over the ranges."""
    generator, features = context.generator("identities/even"), len(context.features)
    start, other = torch.rand(2, samples, features, dtype=torch.float64, generator=generator)
    size = max(1, VALUES_AT_ONCE // context.inputs[0].numel())

    def evaluate(shares: Tensor) -> Tensor:
        return torch.cat([context.evaluate(within_range(context, p)) for p in shares.split(size)])

    values, moved = evaluate(start), []
    for index in range(features):
        hybrid = start.clone()
        hybrid[:, index] = other[:, index]
        moved.append((evaluate(hybrid) - values).square() / 2)
    low, high = range_of(context)
    width = (high - low).double().cpu()
    apart = torch.rand(samples, features, dtype=torch.float64, generator=generator)
    slopes = torch.cat([context.slopes(within_range(context, p)) for p in apart.split(size)])
    allowed = context.features.summed(slopes * width).square() / math.pi**2
    unshared, root = torch.stack(moved, 1), samples**0.5
    return unshared.mean(0), unshared.std(0) / root, allowed.mean(0), allowed.std(0) / root
