"""Sentences on tables, series and sequences: over a chart, and for those who cannot see it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from explainers.figures.text.labels import checked_scores, number, shortened, value_text

FEW = 3
"""Names in a sentence; more are not read."""


def table_sentence(
    names: Sequence[str], values: Sequence[object], scores: np.ndarray, about: str, signed: bool
) -> str:
    """Which features of a row carry the support: the fewest that hold half, at most three.

    Parameters
    ----------
    names : sequence of str, length F
    values : sequence, length F
        The row's values as text or numbers; None or NaN is missing.
    scores : ndarray, shape (F,)
    about : str
        The class or the quantity, in the Markdown that it shall have; names are escaped.
    signed : bool
        Whether the method knows a sign.

    Examples
    --------
    >>> table_sentence(["age", "mass"], [41, 23.4], np.array([3.0, 1.0]), "risk", signed=True)
    '*age* = 41 carries 75 % of the support for risk.'
    >>> table_sentence(["age", "mass"], [41, 23.4], np.array([3.0, -9.0]), "risk", signed=True)
    '*age* = 41 carries 100 % of the support for risk; *mass* = 23.4 opposes more than all of it.'
    """
    scores = checked_scores(scores, names)
    support, what = _support(scores, signed)
    if not support.any():
        against = int(scores.argmin())
        less = f"; {_pair(names, values, against)} opposes it most" if scores[against] < 0 else ""
        return f"There is no {what} {about} in this row, compared with the baseline{less}."
    first, held = _fewest(support)
    pairs = _listed([_pair(names, values, i) for i in first])
    verb = "carries" if len(first) == 1 else "carry"
    against = int(scores.argmin())
    outweighed = signed and -scores[against] > support.sum()
    more = f"; {_pair(names, values, against)} opposes more than all of it" if outweighed else ""
    if held < 0.5:
        return (
            f"The {what} {about} is spread over many features: {pairs}, the strongest, "
            f"{verb} {whole_percent(held)} of it{more}."
        )
    return f"{pairs} {verb} {whole_percent(held)} of the {what} {about}{more}."


def series_sentence(
    scores: np.ndarray, variables: Sequence[str], steps: Sequence[str], about: str, signed: bool
) -> str:
    """Which variables of a series carry the support, and the shortest time that holds half.

    Parameters
    ----------
    scores : ndarray, shape (T, V)
    variables : sequence of str, length V
    steps : sequence of str, length T
    about : str
        The class or the quantity, in the Markdown that it shall have; names are escaped.
    signed : bool
        Whether the method knows a sign.

    Examples
    --------
    >>> scores = np.array([[0.0, 0.0], [3.0, 1.0], [0.0, 0.0]])
    >>> series_sentence(scores, ["pulse", "pressure"], ["1", "2", "3"], "risk", signed=True)
    '*pulse* carries 75 % of the support for risk; half of it lies at *2*, one of 3 time steps.'
    """
    scores = checked_scores(scores, variables, "variable")
    support, what = _support(scores, signed)
    if not support.any():
        return f"There is no {what} {about} in this series, compared with the baseline."
    first, held = _fewest(support.sum(0))
    pairs = _listed([italic_name(variables[i]) for i in first])
    verb = "carries" if len(first) == 1 else "carry"
    carried = f"{pairs} {verb} {whole_percent(held)} of the {what} {about}"
    if len(steps) > 1 and np.ptp(scores, axis=0).max() == 0:
        return f"{carried}; every time step of a variable counts alike."
    start, stop = shortest_half(support.sum(1))
    when = (
        f"at *{escape_markdown(steps[start])}*, one"
        if stop - start == 1
        else f"between *{escape_markdown(steps[start])}* and *{escape_markdown(steps[stop - 1])}*, "
        f"{stop - start}"
    )
    return f"{carried}; half of it lies {when} of {len(steps)} time steps."


def sequence_sentence(
    contribution: np.ndarray,
    about: str,
    spans: Sequence[tuple[str, int, int]] | None = None,
    before: int = 0,
) -> str:
    """Where in a sequence the positive contributions lie; positions count from 1.

    Parameters
    ----------
    contribution : ndarray, shape (L,)
    about : str
        What is explained, in the Markdown that it shall have.
    spans : sequence of (name, start, stop), optional
        Known motifs, start from 0 and stop not included; spans of one name count together.
    before : int
        So many letters of the sequence come before the first one, which positions count.

    Examples
    --------
    >>> sequence_sentence(np.array([0.0, 1.0, 3.0, 0.0]), "binding", [("GATA", 2, 4)])
    '75 % of the support for binding lies on *GATA*, which covers 2 of 4 letters.'
    """
    support = np.clip(np.asarray(contribution, dtype=np.float64), 0, None)
    length = len(support)
    if not support.any():
        return f"There is no support for {about} in this sequence, compared with the baseline."
    if not spans:
        start, stop = shortest_half(support)
        if stop - start == 1:
            place = f"on the letter at position {before + start + 1}"
        else:
            place = f"on {stop - start} letters around position {before + (start + stop + 1) // 2}"
        return f"Half of the support for {about} lies {place}, of {length} letters."
    parts: list[str] = []
    for name in dict.fromkeys(name for name, *_ in spans):
        inside = np.zeros(length, bool)
        for other, start, stop in spans:
            if other == name:
                inside[max(0, start) : stop] = True
        held = support[inside].sum() / support.sum()
        of = "lies" if parts else f"of the support for {about} lies"
        parts.append(
            f"{whole_percent(held)} {of} on {italic_name(name)}, which covers {inside.sum()} of "
            f"{length} letters"
        )
    return "; ".join(parts) + "."


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


def whole_percent(share: float) -> str:
    """A share as whole per cents, never rounded to nothing or to everything.

    Examples
    --------
    >>> whole_percent(0.456), whole_percent(0.001), whole_percent(0.999)
    ('46 %', '< 1 %', '> 99 %')
    """
    if 0 < share < 0.01:
        return "< 1 %"
    if 0.99 < share < 1 - 1e-9:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def shortest_half(support: np.ndarray) -> tuple[int, int]:
    """The shortest run of amounts that holds half of their sum.

    Parameters
    ----------
    support : ndarray, shape (T,)
        At least 0 each, and not all 0.

    Returns
    -------
    start, stop : int

    Examples
    --------
    >>> shortest_half(np.array([1.0, 0.0, 2.0, 3.0]))
    (3, 4)
    """
    reached = np.concatenate([[0.0], np.cumsum(support)])
    half = reached[-1] / 2
    stops = np.searchsorted(reached, reached[:-1] + half * (1 - 1e-12))
    inside = np.flatnonzero(stops < len(reached))
    start = int(inside[np.argmin(stops[inside] - inside)])
    return start, int(stops[start])


def escape_markdown(text: str) -> str:
    """Text of a user's file without a meaning in Markdown.

    Examples
    --------
    >>> print(escape_markdown("a_b [1]"))
    a\\_b \\[1\\]
    """
    return re.sub(r"([\\`*_{}\[\]<>()#!|~$:])", r"\\\1", " ".join(str(text).split()))


def italic_name(name: str) -> str:
    """A name in italics, cut in the middle where it is long."""
    return f"*{escape_markdown(shortened(str(name)))}*"


def _pair(names: Sequence[str], values: Sequence[object], index: int) -> str:
    """A feature with its value: *name* = value."""
    return f"{italic_name(names[index])} = {escape_markdown(shortened(value_text(values[index])))}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _support(scores: np.ndarray, signed: bool) -> tuple[np.ndarray, str]:
    """The scores above 0, and what they are called."""
    return np.clip(scores, 0, None), "support for" if signed else "attention to"


def _fewest(support: np.ndarray) -> tuple[np.ndarray, float]:
    """The fewest that hold half of the support, at most FEW, and the share that they hold."""
    order = np.argsort(-support, kind="stable")
    shares = support[order].cumsum() / support.sum()
    count = min(int(np.searchsorted(shares, 0.5)) + 1, FEW)
    return order[:count], float(shares[count - 1])
