"""What charts of tables and series show, in words, for those who cannot see them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.figures.text.labels import checked_scores, number, shortened, value_text
from explainers.figures.text.sentences import shortest_half
from explainers.figures.text.sides import whole_percent


def table_alt_text(
    names: Sequence[str],
    values: Sequence[object],
    scores: np.ndarray,
    signed: bool = True,
    most: int = 5,
) -> str:
    """The alternative text of a table's chart: the strongest of scores (F,) in words.

    Examples
    --------
    >>> table_alt_text(["age", "mass"], [41, 23.4], np.array([3.0, -1.0]))
    'Contributions, strongest first: age = 41: +3; mass = 23.4: −1.'
    """
    scores = checked_scores(scores, names)
    order = np.argsort(-np.abs(scores), kind="stable")
    parts = [
        f"{shortened(str(names[i]))} = {value_text(values[i])}: {number(scores[i], sign=signed)}"
        for i in order[:most]
    ]
    if len(order) > most:
        total = number(scores[order[most:]].sum(), sign=signed)
        parts.append(f"{len(order) - most} others together: {total}")
    return f"{'Contributions' if signed else 'Strengths'}, strongest first: {'; '.join(parts)}."


def series_alt_text(
    scores: np.ndarray,
    variables: Sequence[str],
    steps: Sequence[str],
    signed: bool,
    most: int = 5,
) -> str:
    """The alternative text of a series' chart: the strongest variables, the time that holds half.

    Parameters
    ----------
    scores : ndarray, shape (T, V)
    variables : sequence of str, length V
    steps : sequence of str, length T
    signed : bool
    most : int
        How many variables are named.
    """
    strength = np.abs(checked_scores(scores, variables, "variable"))
    what = "contributions" if signed else "strengths"
    if not strength.any():
        return f"All {what} of {len(variables)} variables over {len(steps)} time steps are zero."
    shares = strength.sum(0) / strength.sum()
    order = np.argsort(-shares, kind="stable")
    parts = [f"{shortened(str(variables[i]))} {whole_percent(shares[i])}" for i in order[:most]]
    if len(order) > most:
        parts.append(f"{len(order) - most} others {whole_percent(shares[order[most:]].sum())}")
    start, stop = shortest_half(strength.sum(1))
    absolute = "absolute contributions" if signed else what
    return (
        f"Shares of the {absolute}: {', '.join(parts)}; half lies from {steps[start]} to "
        f"{steps[stop - 1]}, {stop - start} of {len(steps)} time steps."
    )
