"""Which inputs of a run are strange: what a person should look at first, and why."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from explainers.many.keeping.shards import Row

FAR = 3.0
"""So many robust standard deviations from the median of the run are far."""
FEWEST = 8
"""Of fewer inputs it cannot be said what is usual."""


@dataclass(frozen=True)
class Strange:
    """An input of a run and what is strange about it.

    Attributes
    ----------
    index : int
    name : str
    strength : float
        By how many robust standard deviations its strangest number is off; infinite for an input
        without an answer.
    reasons : tuple of str
        Sentences, the strongest first.
    """

    index: int
    name: str
    strength: float
    reasons: tuple[str, ...]


def strangest(rows: Iterable[Row], most: int = 50) -> list[Strange]:
    """The inputs of a run that are least like the others, the strangest first.

    Far from usual are, in robust standard deviations from the run's median: much of the evidence
    at the border, its centre far from where it is in others of the same class, a completeness gap
    of either sign, a low confidence, and much that opposes beside what supports.

    Parameters
    ----------
    rows : iterable of dict
        See `explainers.many.keeping.shards.schema`.
    most : int
        How many are given, at most.

    References
    ----------
    The median absolute deviation, times 1.4826, is the standard deviation of a normal
    distribution: Rousseeuw & Croux 1993, doi:10.1080/01621459.1993.10476408.

    Examples
    --------
    >>> rows = [{"index": k, "name": f"{k}.png", "class": 0, "error": None, "border": 0.1 + k / 999,
    ...          "confidence": None, "gap": None, "support": 1.0, "opposition": 0.0,
    ...          "centre": None} for k in range(20)]
    >>> rows[7]["border"] = 0.9
    >>> found = strangest(rows)
    >>> [(one.index, one.reasons) for one in found]
    [(7, ('90 % of its evidence lies at the border; usual is 11 %.',))]
    """
    known = list(rows)
    answered = [row for row in known if row["error"] is None]
    found: dict[int, list[tuple[float, str]]] = {}
    for measure, sentence in (*_MEASURES, (_off_centre(answered), _off_centre_said)):
        values = np.array([_number(measure(row)) for row in answered], np.float64)
        there = values[np.isfinite(values)]
        if len(there) < FEWEST:
            continue
        usual = float(np.median(there))
        spread = 1.4826 * float(np.median(np.abs(there - usual)))
        if spread <= 0:
            continue
        for row, value in zip(answered, values, strict=True):
            if math.isfinite(value) and (value - usual) / spread > FAR:
                strength = (float(value) - usual) / spread
                said = sentence(float(value), usual)
                found.setdefault(row["index"], []).append((strength, said))
    failed = [
        Strange(row["index"], row["name"], math.inf, (str(row["error"]),))
        for row in known
        if row["error"] is not None
    ]
    names = {row["index"]: row["name"] for row in answered}
    strange = [
        Strange(
            index,
            names[index],
            max(strength for strength, _ in reasons),
            tuple(said for _, said in sorted(reasons, reverse=True)),
        )
        for index, reasons in found.items()
    ]
    return sorted(failed + strange, key=lambda one: (-one.strength, one.index))[:most]


def _off_centre(rows: list[Row]) -> Callable[[Row], float | None]:
    """How far the centre of an input's evidence is from the median one of its class."""
    centres: dict[object, list[list[float]]] = {}
    for row in rows:
        if row["centre"]:
            centres.setdefault(row["class"], []).append(row["centre"])
    usual = {name: np.median(np.array(some), axis=0) for name, some in centres.items()}

    def distance(row: Row) -> float | None:
        if not row["centre"]:
            return None
        return float(np.linalg.norm(np.array(row["centre"]) - usual[row["class"]]))

    return distance


def _opposed(row: Row) -> float | None:
    support = _number(row["support"])
    return -_number(row["opposition"]) / support if support > 0 else None


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)


Measure = tuple[Callable[[Row], float | None], Callable[[float, float], str]]

_MEASURES: tuple[Measure, ...] = (
    (
        lambda row: row["border"],
        lambda value, usual: (
            f"{100 * value:.0f} % of its evidence lies at the border; usual is {100 * usual:.0f} %."
        ),
    ),
    (
        lambda row: None if row["gap"] is None else abs(row["gap"]),
        lambda value, usual: (
            f"The scores miss {100 * value:.3g} % of the change; usual is {100 * usual:.3g} %."
        ),
    ),
    (
        lambda row: None if row["confidence"] is None else 1 - row["confidence"],
        lambda value, usual: (
            f"The network is {100 - 100 * value:.0f} % sure; usual is {100 - 100 * usual:.0f} %."
        ),
    ),
    (
        _opposed,
        lambda value, usual: (
            f"What opposes is {value:.2g} times what supports; usual is {usual:.2g}."
        ),
    ),
)


def _off_centre_said(value: float, usual: float) -> str:
    return (
        f"The centre of its evidence lies {100 * value:.0f} % of a side from where it is in others "
        f"of its class; usual is {100 * usual:.0f} %."
    )
