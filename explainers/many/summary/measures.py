"""The numbers of a row by which an input may be unlike the others, and what is said of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from explainers.many.keeping.shards import Row


def _opposed(row: Row) -> float | None:
    """How much opposes beside what supports; of a number that is less than the baseline's, all."""
    if row["confidence"] is None:
        return None
    support = number_of(row["support"])
    return -number_of(row["opposition"]) / support if support > 0 else None


def number_of(value: float | None) -> float:
    """NaN for none."""
    return math.nan if value is None else float(value)


def beyond_chance(row: Row) -> float:
    """How far the proof of a row's map is above chance, 0 for one that does not beat it by more
    than rounding; −∞ of a row without a proof.

    Examples
    --------
    >>> row = {"insertion": 0.75, "deletion": 0.25, "chance": 0.125, "proven": True}
    >>> beyond_chance(row), beyond_chance({"proven": None})
    (0.375, -inf)
    """
    if row.get("proven") is None:
        return -math.inf
    beyond: float = row["insertion"] - row["deletion"] - row["chance"]
    return beyond if row["proven"] else min(beyond, 0.0)


def _signed(value: float) -> str:
    return f"{value:.2g}".replace("-", "−")


def _times(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


class Measure(NamedTuple):
    """A number of a row, from what size on it matters, and what is said of one and a usual one.

    With `always`, a number of that size is strange wherever the usual one is smaller.
    """

    of: Callable[[Row], float | None]
    least: float
    sentence: Callable[[float, float], str]
    always: bool = False


MEASURES = (
    Measure(
        lambda row: row["border"],
        0.0,
        lambda value, usual: (
            f"{100 * value:.0f} % of its evidence lies at the border; usual is {100 * usual:.0f} %."
        ),
    ),
    Measure(
        lambda row: None if row["gap"] is None else abs(row["gap"]),
        0.001,  # less is rounding
        lambda value, usual: (
            f"The scores miss {100 * value:.3g} % of the change; usual is {100 * usual:.3g} %."
        ),
    ),
    Measure(
        lambda row: None if row["confidence"] is None else 1 - row["confidence"],
        0.05,
        lambda value, usual: (
            f"The network is {100 - 100 * value:.0f} % sure; usual is {100 - 100 * usual:.0f} %."
        ),
    ),
    Measure(
        _opposed,
        0.0,
        lambda value, usual: (
            f"What opposes is {_times(value)} times what supports; usual is {_times(usual)}."
        ),
    ),
    Measure(
        lambda row: None if row.get("rank_correlation") is None else 1 - row["rank_correlation"],
        0.25,
        lambda value, usual: (
            f"Other methods show another map: rank correlation {_signed(1 - value)}; usual is "
            f"{_signed(1 - usual)}."
        ),
    ),
    Measure(
        lambda row: None if row.get("proven") is None else -beyond_chance(row),
        0.0,
        lambda value, usual: (
            "Its map does not beat chance: insertion area less deletion area is "
            f"{_signed(-value)} beyond that of random orders; usual is {_signed(-usual)}."
        ),
        always=True,
    ),
)
OFF_CENTRE = Measure(
    lambda row: None,  # it takes all rows
    0.0,
    lambda value, usual: (
        f"The centre of its evidence lies {100 * value:.0f} % of a side from where it is in others "
        f"of its class; usual is {100 * usual:.0f} %."
    ),
)
