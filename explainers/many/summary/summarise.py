"""`summarise`: a run's rows and maps in counts, medians and means, read once as they come."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from explainers.many.keeping.shards import Row
from explainers.many.summary.labels import Labels, folded, label_of
from explainers.many.summary.means import Mean, Means
from explainers.many.summary.shares import EvenSample, ShareCounts

COLUMNS = ("index", "class", "class_name", "confidence", "centre", "border", "seconds", "error")
"""Of the rows, those that are read here."""
MEANS, POINTS = 24, 2000
"""Classes that have a mean map, those with most inputs; and inputs whose places are kept."""


@dataclass(frozen=True)
class ClassSummary:
    """Inputs of one explained class.

    Attributes
    ----------
    index : int or None
        The output's number; None where several numbers are explained at once.
    name : str
        "output 3" of one without a name; "" where there is no index.
    count : int
    confidence : float or None
        The median, right to 0.0005.
    mean : Mean or None
        Of the maps; None where there are none, or of a class with few inputs beside many others.
    """

    index: int | None
    name: str
    count: int
    confidence: float | None
    mean: Mean | None = None


@dataclass(frozen=True)
class Confusion:
    """How often inputs that are filed under one class get the answer of another.

    Attributes
    ----------
    names : tuple of str
        All classes that are a label or an answer; the most frequent label first.
    counts : ndarray, int64, shape (labels, answers)
        In the order of `names` both.
    """

    names: tuple[str, ...]
    counts: np.ndarray

    @property
    def total(self) -> int:
        """Inputs that have a label and an answer."""
        return int(self.counts.sum())

    @property
    def wrong(self) -> int:
        """Those whose answer is another than their label."""
        return self.total - int(np.trace(self.counts))


@dataclass(frozen=True)
class Point:
    """Where the evidence of one input lies; see `explainers.many.evidence.Evidence`."""

    index: int
    place: int
    centre: tuple[float, ...]
    border: float


@dataclass(frozen=True)
class Summary:
    """A run as a whole.

    Attributes
    ----------
    total, failed : int
        Inputs that have a row, and those of them that have no answer.
    seconds : float
        Of all passes together.
    classes : tuple of ClassSummary
        The one with most inputs first.
    confusion : Confusion or None
        Where labels are known.
    confidences, wrong : ndarray, int64, shape (BINS,)
        How many confidences lie in equal parts of 0 to 1; and how many of wrong answers.
    points : tuple of Point
        An even sample of where the evidence lies; `place` is that of the class in `classes`.
    """

    total: int
    failed: int
    seconds: float
    classes: tuple[ClassSummary, ...]
    confusion: Confusion | None
    confidences: np.ndarray
    wrong: np.ndarray
    points: tuple[Point, ...]


@dataclass
class _Class:
    index: int | None
    name: str
    count: int = 0
    shares: ShareCounts = field(default_factory=ShareCounts)


def summarise(
    rows: Iterable[Row],
    maps: Iterable[tuple[int, np.ndarray]] | None = None,
    labels: Labels | None = None,
    *,
    kind: str = "picture",
    most: int = MEANS,
) -> Summary:
    """Counts, confidences, the confusion with labels, and mean maps, a class each.

    Rows and maps are read once, one after the other. What is held at once does not grow with them,
    but for 12 bytes an input that tell its class where there are maps.

    Parameters
    ----------
    rows : iterable of dict
        With COLUMNS; see `explainers.many.keeping.shards.schema`. From a run's folder or anywhere.
    maps : iterable of (index, ndarray), optional
        Of all inputs, or of some.
    labels : sequence or mapping by index, optional
        See `explainers.many.summary.labels`. Only of runs without a `target`: where one output is
        asked of all inputs, the explained class is not the network's answer.
    kind : str
        A key of KINDS. Tables' maps are not divided by their sums; see `Mean`.
    most : int
        Classes that get a mean map, those with most inputs.

    Examples
    --------
    >>> rows = [dict(index=k, confidence=0.9, centre=[0.5, 0.5], border=0.1, seconds=0.5,
    ...              error=None, **{"class": k % 2, "class_name": "ab"[k % 2]}) for k in range(3)]
    >>> found = summarise(rows, [(0, np.ones((1, 2)))], labels=["a", "b", "b"])
    >>> [(one.name, one.count) for one in found.classes]
    [('a', 2), ('b', 1)]
    >>> found.confusion.names, found.confusion.counts.tolist(), found.confusion.wrong
    (('b', 'a'), [[1, 1], [0, 1]], 1)
    >>> found.classes[0].mean.values.tolist()
    [[0.5, 0.5]]
    """
    classes: dict[tuple[int | None, str], _Class] = {}
    places: list[_Class] = []
    numbers: dict[tuple[int | None, str], int] = {}
    indices, of = array("q"), array("i")
    filed: Counter[tuple[str, str]] = Counter()
    names: dict[str, str] = {}
    wrong, points = ShareCounts(), EvenSample[Point](POINTS)
    total, failed, seconds = 0, 0, 0.0
    for row in rows:
        total += 1
        if row["error"] is not None:
            failed += 1
            continue
        key = row["class"], _name(row)
        if key not in classes:
            numbers[key] = len(places)
            classes[key] = _Class(*key)
            places.append(classes[key])
        one, confidence = classes[key], row["confidence"]
        one.count += 1
        seconds += row["seconds"] or 0.0
        if confidence is not None:
            one.shares.add(confidence)
        if maps is not None:
            indices.append(row["index"])
            of.append(numbers[key])
        if row["border"] is not None and row["centre"]:
            points.offer(Point(row["index"], numbers[key], tuple(row["centre"]), row["border"]))
        label = label_of(labels, row["index"])
        if label is None or row["class_name"] is None:
            continue
        said = names.setdefault(folded(key[1]), key[1])
        label = names.setdefault(folded(label), label)
        filed[label, said] += 1
        if label != said and confidence is not None:
            wrong.add(confidence)
    order = sorted(range(len(places)), key=lambda k: (-places[k].count, k))
    means = {} if maps is None else _means(maps, indices, of, set(order[:most]), kind != "table")
    rank = {place: k for k, place in enumerate(order)}
    whole = ShareCounts()
    for one in places:
        whole += one.shares
    return Summary(
        total,
        failed,
        seconds,
        tuple(_told(places[k], means.get(k)) for k in order),
        _confusion(filed) if filed else None,
        whole.bins(),
        wrong.bins(),
        tuple(Point(p.index, rank[p.place], p.centre, p.border) for p in points.kept),
    )


def _name(row: Row) -> str:
    if row["class"] is None:
        return ""
    return str(row["class_name"] or f"output {row['class']}")


def _told(one: _Class, mean: Mean | None) -> ClassSummary:
    median = one.shares.median if one.shares.total else None
    return ClassSummary(one.index, one.name, one.count, median, mean)


def _means(
    maps: Iterable[tuple[int, np.ndarray]],
    indices: array[int],
    of: array[int],
    wanted: set[int],
    divided: bool,
) -> dict[int, Mean]:
    """The mean map of each wanted class, by its number."""
    means = {place: Means(divided) for place in wanted}
    known, places = np.asarray(indices), np.asarray(of)
    order = np.argsort(known, kind="stable")
    known, places = known[order], places[order]
    for index, scores in maps:
        at = int(np.searchsorted(known, index))
        if at < len(known) and known[at] == index and int(places[at]) in means:
            means[int(places[at])].add(scores)
    found = {place: one.mean for place, one in means.items()}
    return {place: mean for place, mean in found.items() if mean is not None}


def _confusion(filed: Counter[tuple[str, str]]) -> Confusion:
    labelled: Counter[str] = Counter()
    for (label, said), count in filed.items():
        labelled[label] += count
        labelled[said] += 0
    names = tuple(sorted(labelled, key=lambda name: (-labelled[name], name)))
    place = {name: k for k, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)), np.int64)
    for (label, said), count in filed.items():
        counts[place[label], place[said]] = count
    return Confusion(names, counts)
