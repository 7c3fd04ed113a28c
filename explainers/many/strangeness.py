"""Which inputs of a run are strange: what a person should look at first, and why."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from explainers.many.keeping.shards import Row
from explainers.many.summary.labels import Labels, folded, label_of
from explainers.many.summary.measures import MEASURES, OFF_CENTRE, Measure, number_of

FAR = 3.0
"""So many robust standard deviations from the median of the run are far."""
FEWEST = 8
"""Of fewer inputs it cannot be said what is usual."""
JUST_FAR = 1.01 * FAR
"""As strong is what is strange wherever it is unusual."""
SURE = 0.9
"""A wrong answer of at least this probability is strange."""


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


def strangest(
    rows: Iterable[Row], most: int = 50, labels: Labels | None = None, *, failed: bool = True
) -> list[Strange]:
    """The inputs of a run that are least like the others, the strangest first.

    Far from usual are, in robust standard deviations from the run's median: much of the evidence
    at the border, its centre far from where it is in others of the same class, a completeness gap
    of either sign (of 0.1 % or more), a low confidence (of 95 % or less), much that opposes
    beside what supports, and a low agreement with other methods (a rank correlation of 0.75 or
    less). A map that does not beat chance is strange wherever most do. With labels, an answer is
    strange that is another and of which the network is sure, to 90 % or more; the surest of these
    come first, up to half of what is given.

    Rows are read once; what is held of each is its name and 100 bytes.

    Parameters
    ----------
    rows : iterable of dict
        See `explainers.many.keeping.shards.schema`.
    most : int
        How many are given, at most.
    labels : sequence or mapping by index, optional
        True classes, see `explainers.many.summary.labels`; only of runs without a `target`.
    failed : bool
        Whether inputs without an answer are told, too: then they come before all others.

    References
    ----------
    The median absolute deviation, times 1.4826, is the standard deviation of a normal
    distribution: Rousseeuw & Croux 1993, doi:10.1080/01621459.1993.10476408. A wrong answer of
    probability p is taken to be as far beyond FAR as p's quantile of that distribution.

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
    known = _Columns()
    lost: list[Strange] = []
    wrong: dict[int, tuple[float, str]] = {}
    for row in rows:
        if row["error"] is not None:
            if failed and len(lost) < most:
                lost.append(Strange(row["index"], row["name"], math.inf, (str(row["error"]),)))
            continue
        mistake = _mistake(row, label_of(labels, row["index"]))
        if mistake is not None:
            wrong[len(known.names)] = mistake
        known.add(row)
    told = known.measured()
    far = np.full(len(known.names), -math.inf)
    for place, (strength, _) in wrong.items():
        far[place] = strength
    for measured in told:
        np.maximum(far, measured.strengths, out=far)
    strange = np.flatnonzero(far > FAR)
    order = strange[np.argsort(-far[strange], kind="stable")].tolist()
    first = sorted(wrong, key=lambda place: (-wrong[place][0], place))[: most // 2]
    chosen = list(dict.fromkeys([*first, *order]))[: most - len(lost)]

    def reasons(place: int) -> tuple[str, ...]:
        found = [measured.reason(place) for measured in told if measured.strengths[place] > FAR]
        mistake = [wrong[place][1]] if place in wrong else []
        return tuple(mistake + [said for _, said in sorted(found, reverse=True)])

    return lost + [
        Strange(known.indices[place], known.names[place], float(far[place]), reasons(place))
        for place in chosen
    ]


def _mistake(row: Row, label: str | None) -> tuple[float, str] | None:
    """How strong and what it is, where an answer is sure and another than the label."""
    sure, said = row.get("confidence"), row.get("class_name")
    if (
        label is None
        or said is None
        or sure is None
        or sure < SURE
        or folded(said) == folded(label)
    ):
        return None
    shown = f"{100 * sure:.1f}".removesuffix(".0") if sure < 0.9995 else "over 99.9"
    strength = FAR + NormalDist().inv_cdf(min(sure, 1 - 1e-9))
    return strength, f"It is called “{said}”, with {shown} %, and filed under “{label}”."


@dataclass(frozen=True)
class _Measured:
    """One measure of all rows: values, how far they are from usual (−∞ where not far), words."""

    values: np.ndarray
    usual: float
    strengths: np.ndarray
    sentence: Callable[[float, float], str]

    @classmethod
    def of(cls, values: np.ndarray, measure: Measure) -> _Measured:
        """Far in robust standard deviations, where there are enough rows to say what is usual."""
        there, strengths = values[np.isfinite(values)], np.full(len(values), -math.inf)
        if len(there) < FEWEST:
            return cls(values, math.nan, strengths, measure.sentence)
        usual = float(np.median(there))
        spread = 1.4826 * float(np.median(np.abs(there - usual)))
        if spread > 0:
            far = (values - usual) / spread
            np.copyto(strengths, far, where=(far > FAR) & (values >= measure.least))
        if measure.always and usual < measure.least:
            np.copyto(strengths, JUST_FAR, where=(values >= measure.least) & (strengths <= FAR))
        return cls(values, usual, strengths, measure.sentence)

    def reason(self, place: int) -> tuple[float, str]:
        """How strong it is for one row, and what is said of it."""
        return float(self.strengths[place]), self.sentence(float(self.values[place]), self.usual)


class _Columns:
    """The measures of all rows, a number each."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.indices = array("q")
        self._measures = tuple(array("d") for _ in MEASURES)
        self._centres: dict[tuple[object, int], tuple[array[int], array[float]]] = {}

    def add(self, row: Row) -> None:
        for values, measure in zip(self._measures, MEASURES, strict=True):
            values.append(number_of(measure.of(row)))
        if row["centre"]:
            key = row["class"], len(row["centre"])
            places, centres = self._centres.setdefault(key, (array("q"), array("d")))
            places.append(len(self.names))
            centres.extend(row["centre"])
        self.names.append(row["name"])
        self.indices.append(row["index"])

    def measured(self) -> list[_Measured]:
        """Each measure of all rows."""
        distances = np.full(len(self.names), math.nan)
        for (_, axes), (places, flat) in self._centres.items():
            centres = np.asarray(flat).reshape(-1, axes)
            apart = np.linalg.norm(centres - np.median(centres, axis=0), axis=1)
            distances[np.asarray(places)] = apart
        found = [
            _Measured.of(np.asarray(values), measure)
            for values, measure in zip(self._measures, MEASURES, strict=True)
        ]
        return [*found, _Measured.of(distances, OFF_CENTRE)]
