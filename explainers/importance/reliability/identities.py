"""Equations that must hold between methods on any network: receipts, checked on the user's own.

They hold where features vary independently, so every side is measured on such draws; each with its
Monte-Carlo error. Sobol 1993; Sobol & Kucherenko 2009 (doi:10.1016/j.matcom.2009.01.023); Owen 2014
(doi:10.1137/130936233).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import torch
from torch import Tensor

CHANCE = 1e-4
"""How often an identity that holds is called broken."""


@dataclass(frozen=True)
class Identity:
    """One equation or inequality, with what was measured.

    Attributes
    ----------
    key : str
    relation : str
        "=" or "≤".
    left, right : Tensor, float64, shape (K,)
        Of each feature, or (1,) of a sum.
    error : Tensor, float64, shape (K,)
        The standard error of right − left.
    holds : bool
        Whether no difference is larger than its error allows.
    sentence : str
        For people.
    """

    key: str
    relation: Literal["=", "≤"]
    left: Tensor
    right: Tensor
    error: Tensor
    holds: bool
    sentence: str


def compared(
    key: str,
    relation: Literal["=", "≤"],
    left: Tensor,
    right: Tensor,
    error: Tensor,
    names: Sequence[str],
    says: str,
    broken: str,
) -> Identity:
    """Whether left = right, or left ≤ right, within the Monte-Carlo error.

    The bound is so many standard errors that one of K true equations is called broken with a
    chance of 1 in 10,000; rounding is allowed for.

    Parameters
    ----------
    key : str
    relation : str
        "=" or "≤".
    left, right, error : Tensor, shape (K,)
    names : sequence of str, length K
    says : str
        What the equation states, to go before ": ".
    broken : str
        What it means where it does not hold.

    Examples
    --------
    >>> one = torch.ones(1)
    >>> compared("sum", "=", one, one + 0.2, 0.1 * one, ["all"], "A is B", "Look.").sentence
    'A is B: it holds, within the random error (at most 2.0 standard errors off).'
    >>> compared("sum", "≤", 2 * one, one, 0.1 * one, ["all"], "A is at most B", "Look.").sentence
    'A is at most B: it does not hold for all (2 and 1, 10.0 standard errors off). Look.'
    """
    left, right, error = (part.detach().to("cpu", torch.float64) for part in (left, right, error))
    count = left.numel()
    bound = NormalDist().inv_cdf(1 - CHANCE / 2 / max(count, 1))
    rounding = 1e-6 * torch.maximum(left.abs(), right.abs()).max()
    missed = left - right if relation == "≤" else (left - right).abs()
    off = (missed - rounding).clamp(min=0) / error.clamp(min=1e-300)
    off = torch.where(missed <= rounding, torch.zeros_like(off), off)
    worst = int(off.argmax())
    holds = bool((off <= bound).all())
    if holds and not bool(off.any()):
        how = "it holds."
    elif holds:
        how = (
            f"it holds, within the random error (at most {float(off[worst]):.1f} standard errors "
            "off)."
        )
    else:
        size = f"{float(off[worst]):.1f} standard errors off" if error[worst] > 0 else "exact"
        how = (
            f"it does not hold for {names[worst]} ({float(left[worst]):.3g} and "
            f"{float(right[worst]):.3g}, {size}). {broken}"
        )
    return Identity(key, relation, left, right, error, holds, f"{says}: {how}")


def permutation_is_total(
    change: Tensor,
    change_error: Tensor,
    total: Tensor,
    variance: float,
    total_error: Tensor,
    names: Sequence[str],
) -> Identity:
    """E (f(x) − f(x with xᵢ permuted))² = 2 V Tᵢ.

    Parameters
    ----------
    change, change_error : Tensor, shape (F,)
        The mean squared change, and its standard error.
    total : Tensor, shape (F,)
        Total Sobol indices.
    variance : float
        V.
    total_error : Tensor, shape (F,)
        The standard error of V Tᵢ.
    names : sequence of str, length F

    Examples
    --------
    >>> a, b = torch.tensor([3.2, 0.8]), torch.tensor([0.8, 0.2])
    >>> permutation_is_total(a, 0 * a, b, 2.0, 0 * b, ["x", "y"]).holds
    True
    """
    return compared(
        "permutation_total",
        "=",
        change,
        2 * variance * total,
        (change_error**2 + 4 * total_error**2).sqrt(),
        names,
        "The mean squared change when one feature is permuted is twice the variance times its "
        "total Sobol index",
        "One of the two is measured wrongly, or the network's answers are random.",
    )


def effects_between_indices(
    first: Tensor,
    first_error: Tensor,
    effects: Tensor,
    effects_error: Tensor,
    total: Tensor,
    total_error: Tensor,
    names: Sequence[str],
) -> tuple[Identity, Identity]:
    """Sᵢ ≤ Shapley effect ≤ Tᵢ.

    Parameters
    ----------
    first, effects, total : Tensor, shape (F,)
    first_error, effects_error, total_error : Tensor, shape (F,)
        Their standard errors, of independent draws.
    names : sequence of str, length F

    Examples
    --------
    >>> first, effects, total = torch.tensor([[0.3, 0.4], [0.45, 0.55], [0.6, 0.7]])
    >>> low, high = effects_between_indices(first, 0 * first, effects, 0 * first, total, 0 * total,
    ...                                     ["x", "y"])
    >>> low.holds, high.holds
    (True, True)
    """
    broken = "One of the two is measured wrongly, or the network's answers are random."
    return (
        compared(
            "first_below_shapley",
            "≤",
            first,
            effects,
            (first_error**2 + effects_error**2).sqrt(),
            names,
            "A feature's first-order Sobol index is at most its Shapley effect",
            broken,
        ),
        compared(
            "shapley_below_total",
            "≤",
            effects,
            total,
            (effects_error**2 + total_error**2).sqrt(),
            names,
            "A feature's Shapley effect is at most its total Sobol index",
            broken,
        ),
    )


def effects_sum_to_one(
    shared: float, shared_error: float, variance: float, variance_error: float
) -> Identity:
    """Σ Shapley effects = 1: what is shared out is the variance, each measured on its own draws.

    Parameters
    ----------
    shared, shared_error : float
        Σ of the effects in units of f², and its standard error.
    variance, variance_error : float
        V from other draws.

    Examples
    --------
    >>> effects_sum_to_one(2.1, 0.1, 2.0, 0.1).holds
    True
    """
    scale = variance if variance > 0 else 1.0
    left, right = torch.tensor([shared / scale]), torch.tensor([1.0 if variance > 0 else 0.0])
    error = torch.tensor([math.hypot(shared_error, variance_error * shared / scale) / scale])
    return compared(
        "shapley_sum",
        "=",
        left,
        right,
        error,
        ["their sum"],
        "The Shapley effects share out the whole variance of the output, no more and no less",
        "One of the two is measured wrongly, or the network's answers are random.",
    )


def total_below_slopes(
    total: Tensor,
    total_error: Tensor,
    slopes: Tensor,
    slopes_error: Tensor,
    names: Sequence[str],
) -> Identity:
    """V Tᵢ ≤ E[(∂f/∂xᵢ)²] (bᵢ − aᵢ)²/π², for x drawn uniformly from [a, b].

    Parameters
    ----------
    total : Tensor, shape (F,)
        V Tᵢ of uniform draws.
    slopes : Tensor, shape (F,)
        The right-hand side; of a feature of several values the sum over them.
    total_error, slopes_error : Tensor, shape (F,)
    names : sequence of str, length F

    References
    ----------
    Sobol & Kucherenko 2009, doi:10.1016/j.matcom.2009.01.023, theorem 2.

    Examples
    --------
    >>> c = torch.tensor([2.0])  # f = 2x on (0, 1): V T = 4/12, and ν/π² = 4/π²
    >>> total_below_slopes(c**2 / 12, 0 * c, c**2 / math.pi**2, 0 * c, ["x"]).holds
    True
    """
    return compared(
        "total_below_slopes",
        "≤",
        total,
        slopes,
        (total_error**2 + slopes_error**2).sqrt(),
        names,
        "With features drawn evenly over their ranges, a total Sobol index is at most what the "
        "mean squared slope allows",
        "The output jumps somewhere, which slopes do not see: trust no method of slopes here.",
    )
