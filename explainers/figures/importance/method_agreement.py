"""How far methods agree on the order of the inputs: rank correlations, pair by pair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from explainers.errors import Problem
from explainers.figures.importance.signed_matrix import signed_matrix
from explainers.figures.text.labels import number

NAMES = {"kendall": "Kendall's τ", "spearman": "Spearman's ρ"}
SIGNS = "<br><span style='font-size:12px'>1: the same order; −1: the reverse</span>"


def method_agreement(
    methods: Sequence[str], ranks: ArrayLike, correlation: str = "kendall"
) -> go.Figure:
    """The rank correlation of every two methods' orders of the inputs.

    Parameters
    ----------
    methods : sequence of str, length M
    ranks : array_like, shape (M, F)
        1 is the most important; equal ones share a rank. NaN where a method gives none: a pair is
        compared on the inputs that both rank.
    correlation : str
        "kendall" (τ-b) or "spearman"; both know ties.

    Raises
    ------
    Problem
        For fewer than two methods, or shapes that do not fit.

    Examples
    --------
    >>> figure = method_agreement(["Sobol", "Morris", "Lek"], [[1, 2, 3], [1, 2, 3], [3, 2, 1]])
    >>> figure.data[0].z.tolist()
    [[1.0, nan], [-1.0, -1.0]]
    >>> figure.layout.meta["alt"]
    "Agreement of 3 methods on the order of 3 inputs, Kendall's τ: −0.33 in the mean of pairs.
     Most alike: Morris and Sobol, 1. Least alike: Lek and Sobol, −1."
    """
    places = np.asarray(ranks, dtype=np.float64)
    if correlation not in NAMES:
        raise Problem(f"Correlation is one of {', '.join(NAMES)}; got {correlation!r}.")
    if places.ndim != 2 or len(places) != len(methods) or len(methods) < 2:
        raise Problem(
            f"Agreement needs at least two methods and ranks of shape ({len(methods)}, inputs); "
            f"got {places.shape}."
        )
    many = len(methods)
    measured = kendall if correlation == "kendall" else spearman
    likeness = np.full((many, many), np.nan)
    for row in range(many):
        for column in range(row):
            likeness[row, column] = measured(places[row], places[column])
    if not np.isfinite(likeness).any():
        raise Problem(
            "No two methods rank at least two inputs differently, so their orders cannot be "
            "compared."
        )
    name = NAMES[correlation]
    return signed_matrix(
        list(methods)[1:],
        list(methods)[:-1],
        likeness[1:, :-1],
        f"{name} of two methods' ranks{SIGNS}",
        _spoken(methods, likeness, name, places.shape[1]),
        limit=1.0,
        written=20,
    )


def kendall(one: ArrayLike, other: ArrayLike) -> float:
    """Kendall's τ-b of two orders, on what both know; NaN where one of them is all ties.

    τ-b = Σ sign(Δa) sign(Δb) / √(pairs that a orders · pairs that b orders).

    References
    ----------
    Kendall 1945, Biometrika 33.

    Examples
    --------
    >>> kendall([1, 2, 3, 4], [1, 2, 4, 3])
    0.6666666666666666
    """
    a, b = _common(one, other)
    upper = np.triu_indices(len(a), 1)
    first, second = np.sign(a[:, None] - a)[upper], np.sign(b[:, None] - b)[upper]
    ordered = np.sqrt(np.abs(first).sum() * np.abs(second).sum())
    return float((first * second).sum() / ordered) if ordered else np.nan


def spearman(one: ArrayLike, other: ArrayLike) -> float:
    """Spearman's ρ of two orders, ties sharing their mean rank; NaN where one is all ties.

    Examples
    --------
    >>> round(spearman([1, 2, 3, 4], [1, 2, 4, 3]), 12)
    0.8
    """
    a, b = (_mean_ranks(values) for values in _common(one, other))
    if not len(a):
        return np.nan
    a, b = a - a.mean(), b - b.mean()
    size = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / size) if size else np.nan


def _common(one: ArrayLike, other: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    known = np.isfinite(a) & np.isfinite(b)
    return a[known], b[known]


def _mean_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1, equal ones sharing the mean of theirs."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: np.ndarray = (ends - (counts - 1) / 2)[where]
    return ranks


def _spoken(methods: Sequence[str], likeness: np.ndarray, name: str, inputs: int) -> str:
    def pair(place: int) -> str:
        row, column = divmod(place, len(methods))
        return f"{methods[row]} and {methods[column]}, {number(likeness[row, column], 2)}"

    text = (
        f"Agreement of {len(methods)} methods on the order of {inputs} inputs, {name}: "
        f"{number(float(np.nanmean(likeness)), 2)} in the mean of pairs."
    )
    most, least = int(np.nanargmax(likeness)), int(np.nanargmin(likeness))
    if most == least:
        return f"{text} {pair(most)}."
    return f"{text} Most alike: {pair(most)}. Least alike: {pair(least)}."
