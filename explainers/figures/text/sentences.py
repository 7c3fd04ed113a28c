"""Sentences on tables, series and sequences: over a chart, and for those who cannot see it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from explainers.figures.text.labels import elided, finite, number, shown

FEW = 3
"""Names in a sentence; more are not read."""


def table_sentence(
    names: Sequence[str], values: Sequence, scores: np.ndarray, about: str, signed: bool
) -> str:
    """Which features carry the support in scores (F,): the fewest that hold half, at most three.

    `about` is the class or the quantity, in the Markdown that it shall have; names are escaped.
    """
    scores = finite(scores, names)
    support, what = _support(scores, signed)
    if not support.any():
        against = int(scores.argmin())
        less = f"; {_pair(names, values, against)} opposes it most" if scores[against] < 0 else ""
        return f"There is no {what} {about} in this row, compared with the baseline{less}."
    first, held = _fewest(support)
    pairs = _listed([_pair(names, values, i) for i in first])
    verb = "carries" if len(first) == 1 else "carry"
    if held < 0.5:
        return (
            f"The {what} {about} is spread over many features: {pairs}, the strongest, "
            f"{verb} {rounded(held)} of it."
        )
    return f"{pairs} {verb} {rounded(held)} of the {what} {about}."


def series_sentence(
    scores: np.ndarray, variables: Sequence[str], steps: Sequence[str], about: str, signed: bool
) -> str:
    """Which variables carry the support in scores (T, V), and the shortest time that holds half."""
    scores = finite(scores, variables, "variable")
    support, what = _support(scores, signed)
    if not support.any():
        return f"There is no {what} {about} in this series, compared with the baseline."
    first, held = _fewest(support.sum(0))
    pairs = _listed([plain(variables[i]) for i in first])
    verb = "carries" if len(first) == 1 else "carry"
    carried = f"{pairs} {verb} {rounded(held)} of the {what} {about}"
    if len(steps) > 1 and np.ptp(scores, axis=0).max() == 0:
        return f"{carried}; every time step of a variable counts alike."
    start, stop = shortest_half(support.sum(1))
    when = (
        f"at *{plain_word(steps[start])}*, one"
        if stop - start == 1
        else f"between *{plain_word(steps[start])}* and *{plain_word(steps[stop - 1])}*, "
        f"{stop - start}"
    )
    return f"{carried}; half of it lies {when} of {len(steps)} time steps."


def sequence_sentence(
    contribution: np.ndarray,
    about: str,
    spans: Sequence[tuple[str, int, int]] | None = None,
) -> str:
    """Where in a sequence the positive contributions (L,) lie; positions count from 1.

    `spans` are known motifs (name, start, stop), start from 0 and stop not included; spans of one
    name count together.
    """
    support = np.clip(np.asarray(contribution, dtype=np.float64), 0, None)
    length = len(support)
    if not support.any():
        return f"There is no support for {about} in this sequence, compared with the baseline."
    if not spans:
        start, stop = shortest_half(support)
        if stop - start == 1:
            place = f"on the letter at position {start + 1}"
        else:
            place = f"on {stop - start} letters around position {(start + stop + 1) // 2}"
        return f"Half of the support for {about} lies {place}, of {length} letters."
    parts = []
    for name in dict.fromkeys(name for name, *_ in spans):
        inside = np.zeros(length, bool)
        for other, start, stop in spans:
            if other == name:
                inside[max(0, start) : stop] = True
        held = support[inside].sum() / support.sum()
        of = "lies" if parts else f"of the support for {about} lies"
        parts.append(
            f"{rounded(held)} {of} on {plain(name)}, which covers {inside.sum()} of {length} "
            "letters"
        )
    return "; ".join(parts) + "."


def spoken_table(
    names: Sequence[str], values: Sequence, scores: np.ndarray, signed: bool = True, most: int = 5
) -> str:
    """The strongest of scores (F,) in words, for people who do not see the chart."""
    scores = finite(scores, names)
    order = np.argsort(-np.abs(scores), kind="stable")
    parts = [
        f"{elided(str(names[i]))} = {shown(values[i])}: {number(scores[i], sign=signed)}"
        for i in order[:most]
    ]
    if len(order) > most:
        total = number(scores[order[most:]].sum(), sign=signed)
        parts.append(f"{len(order) - most} others together: {total}")
    return f"{'Contributions' if signed else 'Strengths'}, strongest first: {'; '.join(parts)}."


def spoken_series(
    scores: np.ndarray,
    variables: Sequence[str],
    steps: Sequence[str],
    signed: bool,
    most: int = 5,
) -> str:
    """The strongest variables and the time that holds half of |scores| (T, V), in words."""
    strength = np.abs(finite(scores, variables, "variable"))
    what = "contributions" if signed else "strengths"
    if not strength.any():
        return f"All {what} of {len(variables)} variables over {len(steps)} time steps are zero."
    shares = strength.sum(0) / strength.sum()
    order = np.argsort(-shares, kind="stable")
    parts = [f"{elided(str(variables[i]))} {rounded(shares[i])}" for i in order[:most]]
    if len(order) > most:
        parts.append(f"{len(order) - most} others {rounded(shares[order[most:]].sum())}")
    start, stop = shortest_half(strength.sum(1))
    absolute = "absolute contributions" if signed else what
    return (
        f"Shares of the {absolute}: {', '.join(parts)}; half lies from {steps[start]} to "
        f"{steps[stop - 1]}, {stop - start} of {len(steps)} time steps."
    )


def rounded(share: float) -> str:
    """A share as whole per cents, never rounded to nothing or to everything."""
    if 0 < share < 0.01:
        return "< 1 %"
    if 0.99 < share < 1 - 1e-9:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def shortest_half(support: np.ndarray) -> tuple[int, int]:
    """The shortest run (start, stop) of (T,) amounts ≥ 0 that holds half of their sum."""
    reached = np.concatenate([[0.0], np.cumsum(support)])
    half = reached[-1] / 2
    stops = np.searchsorted(reached, reached[:-1] + half * (1 - 1e-12))
    inside = np.flatnonzero(stops < len(reached))
    start = int(inside[np.argmin(stops[inside] - inside)])
    return start, int(stops[start])


def plain_word(text: str) -> str:
    """Text of a user's file without a meaning in Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>()#!|~$:])", r"\\\1", " ".join(str(text).split()))


def plain(name: str) -> str:
    """A name in italics, cut in the middle where it is long."""
    return f"*{plain_word(elided(str(name)))}*"


def _pair(names: Sequence[str], values: Sequence, index: int) -> str:
    return f"{plain(names[index])} = {plain_word(elided(shown(values[index])))}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _support(scores: np.ndarray, signed: bool) -> tuple[np.ndarray, str]:
    return np.clip(scores, 0, None), "support for" if signed else "attention to"


def _fewest(support: np.ndarray) -> tuple[np.ndarray, float]:
    order = np.argsort(-support, kind="stable")
    shares = support[order].cumsum() / support.sum()
    count = min(int(np.searchsorted(shares, 0.5)) + 1, FEW)
    return order[:count], float(shares[count - 1])
