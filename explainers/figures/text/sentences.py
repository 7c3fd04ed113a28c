"""Sentences over the charts of tables, series and sequences: both directions, largest first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.figures.text.as_text import escape_markdown, italic_name
from explainers.figures.text.labels import checked_scores, number, shortened, value_text
from explainers.figures.text.sides import (
    EFFECT,
    OPPOSITION,
    SUPPORT,
    Side,
    none_of,
    other_side,
    sides,
    whole_percent,
)

FEW, HALF = 3, 0.5
"""Names in a sentence, more are not read; and the share from which few speak for all."""


def table_sentence(
    names: Sequence[str],
    values: Sequence[object],
    scores: np.ndarray,
    about: str,
    what: str = EFFECT,
) -> str:
    """Which features of a row move the answer most, in both directions, the largest first.

    Named are the fewest that hold half of all effects, at most three; and the strongest of the
    other direction, where none of these has it.

    Parameters
    ----------
    names : sequence of str, length F
    values : sequence, length F
        The row's values as text or numbers; None or NaN is missing.
    scores : ndarray, shape (F,)
    about : str
        The class or the quantity, in the Markdown that it shall have; names are escaped.
    what : str
        What the scores are; see `sides`.

    Examples
    --------
    >>> table_sentence(["age", "mass"], [41, 23.4], np.array([3.0, -9.0]), "risk")
    '*mass* = 23.4 (−9) opposes risk: 75 % of all effects. The strongest support: *age* = 41 (+3).'
    >>> table_sentence(["age", "mass"], [41, 23.4], np.array([3.0, -2.0]), "risk")
    '*age* = 41 (+3) supports risk: 60 % of all effects. The strongest opposition: *mass* = 23.4 \
(−2).'
    >>> table_sentence(["age", "mass"], [41, 23.4], np.array([3.0, 1.0]), "risk", "support for")
    '*age* = 41 has 75 % of the support for risk.'
    """
    scores = checked_scores(scores, names)
    found = sides(scores, what)
    if not found:
        return none_of(what, about, "in this row")
    if what != EFFECT:
        first, held = _fewest(found[0].amounts)
        pairs = _listed([_pair(names, values, i) for i in first])
        verb = "has" if len(first) == 1 else "have"
        if held >= HALF:
            return f"{pairs} {verb} {whole_percent(held)} of the {what} {about}."
        return (
            f"The {what} {about} is spread over many features: {pairs}, the strongest, {verb} "
            f"{whole_percent(held)} of it."
        )
    first, held = _fewest(np.abs(scores))
    told = [_told(names, values, scores, first, sign, about) for sign in _signs(scores, first)]
    together = "together " if len(first) > 1 else ""
    share = f"{together}{whole_percent(held)} of all effects"
    if held >= HALF:
        text = f"{'; '.join(told)}: {share}."
    else:
        text = f"Many features move {about} a little. The strongest: {'; '.join(told)}: {share}."
    if len(told) > 1:
        return text
    sign = -np.sign(scores[first[0]])
    strongest = int((sign * scores).argmax())
    if sign * scores[strongest] <= 0:
        return text + other_side(found, about, what, str)
    noun = (SUPPORT if sign > 0 else OPPOSITION).partition(" ")[0]
    return f"{text} The strongest {noun}: {_effect(names, values, scores, strongest)}."


def series_sentence(
    scores: np.ndarray,
    variables: Sequence[str],
    steps: Sequence[str],
    about: str,
    what: str = EFFECT,
) -> str:
    """Which variables of a series hold most of the stronger side, when, and which of the other.

    Parameters
    ----------
    scores : ndarray, shape (T, V)
    variables : sequence of str, length V
    steps : sequence of str, length T
    about : str
        The class or the quantity, in the Markdown that it shall have; names are escaped.
    what : str
        What the scores are; see `sides`.

    Examples
    --------
    >>> scores = np.array([[0.0, 0.0], [3.0, 1.0], [0.0, -2.0]])
    >>> print(series_sentence(scores, ["pulse", "pressure"], ["1", "2", "3"], "risk"))
    *pulse* has 75 % of the support for risk; half of it lies at *2*, one of 3 time steps. The \
opposition is 50 % as strong: *pressure* has 100 % of it.
    """
    scores = checked_scores(scores, variables, "variable")
    found = sides(scores, what)
    if not found:
        return none_of(what, about, "in this series")
    side = found[0]
    text = f"{_holders(side.amounts.sum(0), variables)} of the {side.what} {about}"
    if len(steps) > 1 and np.ptp(scores, axis=0).max() == 0:
        text = f"{text}; every time step of a variable counts alike."
    else:
        text = f"{text}; half of it lies {_when(side.amounts.sum(1), steps)}."
    return text + other_side(
        found, about, what, lambda other: f"{_holders(other.amounts.sum(0), variables)} of it"
    )


def _holders(amounts: np.ndarray, variables: Sequence[str]) -> str:
    """The fewest variables that hold half of the amounts (V,), and their share."""
    first, held = _fewest(amounts)
    verb = "has" if len(first) == 1 else "have"
    return f"{_listed([italic_name(variables[i]) for i in first])} {verb} {whole_percent(held)}"


def _when(amounts: np.ndarray, steps: Sequence[str]) -> str:
    """The shortest time that holds half of the amounts (T,)."""
    start, stop = shortest_half(amounts)
    if stop - start == 1:
        return f"at *{escape_markdown(steps[start])}*, one of {len(steps)} time steps"
    ends = f"*{escape_markdown(steps[start])}* and *{escape_markdown(steps[stop - 1])}*"
    return f"between {ends}, {stop - start} of {len(steps)} time steps"


def sequence_sentence(
    contribution: np.ndarray,
    about: str,
    spans: Sequence[tuple[str, int, int]] | None = None,
    before: int = 0,
    what: str = EFFECT,
) -> str:
    """Where in a sequence the stronger side lies, and where the other; positions count from 1.

    Parameters
    ----------
    contribution : ndarray, shape (L,)
    about : str
        What is explained, in the Markdown that it shall have.
    spans : sequence of (name, start, stop), optional
        Known motifs, start from 0 and stop not included; spans of one name count together. The
        one with most of the stronger side is named first.
    before : int
        So many letters of the sequence come before the first one, which positions count.
    what : str
        What the scores are; see `sides`.

    Examples
    --------
    >>> scores = np.array([0.0, 1.0, 3.0, -2.0])
    >>> print(sequence_sentence(scores, "binding", [("GATA", 2, 4)]))
    75 % of the support for binding lies on *GATA*, which covers 2 of 4 letters. The \
opposition is 50 % as strong: 100 % of it lies on *GATA*.
    """
    found = sides(contribution, what)
    if not found:
        return none_of(what, about, "in this sequence")
    side = found[0]
    length = len(side.amounts)
    if not spans:
        start, stop = shortest_half(side.amounts)
        place = _place(start, stop, before)
        text = f"Half of the {side.what} {about} lies {place}, of {length} letters."
        return text + other_side(
            found,
            about,
            what,
            lambda other: f"half of it lies {_place(*shortest_half(other.amounts), before)}",
        )
    masks: dict[str, np.ndarray] = {}
    for name, start, stop in spans:
        masks.setdefault(name, np.zeros(length, bool))[max(0, start) : stop] = True
    masks = dict(sorted(masks.items(), key=lambda each: -side.amounts[each[1]].sum()))
    parts = [
        f"{_share_on(side.amounts, mask)} "
        f"{f'of the {side.what} {about} ' * (at == 0)}lies on {italic_name(name)}, which covers "
        f"{mask.sum()} of {length} letters"
        for at, (name, mask) in enumerate(masks.items())
    ]

    def shares(other: Side) -> str:
        on = [f"{_share_on(other.amounts, masks[name])} on {italic_name(name)}" for name in masks]
        return _listed(on).replace(" on ", " of it lies on ", 1)

    return "; ".join(parts) + "." + other_side(found, about, what, shares)


def _share_on(amounts: np.ndarray, mask: np.ndarray) -> str:
    return whole_percent(amounts[mask].sum() / amounts.sum())


def _place(start: int, stop: int, before: int) -> str:
    if stop - start == 1:
        return f"on the letter at position {before + start + 1}"
    return f"on {stop - start} letters around position {before + (start + stop + 1) // 2}"


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


def _pair(names: Sequence[str], values: Sequence[object], index: int) -> str:
    """A feature with its value: *name* = value."""
    return f"{italic_name(names[index])} = {escape_markdown(shortened(value_text(values[index])))}"


def _effect(names: Sequence[str], values: Sequence[object], scores: np.ndarray, at: int) -> str:
    return f"{_pair(names, values, at)} ({number(scores[at], sign=True)})"


def _signs(scores: np.ndarray, places: np.ndarray) -> list[float]:
    """The directions of the scores at these places, in their order."""
    return list(dict.fromkeys(float(np.sign(scores[place])) for place in places if scores[place]))


def _told(
    names: Sequence[str],
    values: Sequence[object],
    scores: np.ndarray,
    places: np.ndarray,
    sign: float,
    about: str,
) -> str:
    """Those of the places whose scores have that sign, with what they do."""
    chosen = [int(place) for place in places if sign * scores[place] > 0]
    verb = ("supports" if sign > 0 else "opposes")[: None if len(chosen) == 1 else -1]
    listed = _listed([_effect(names, values, scores, place) for place in chosen])
    return f"{listed} {verb} {about}"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _fewest(support: np.ndarray) -> tuple[np.ndarray, float]:
    """The fewest that hold half of the support, at most FEW, and the share that they hold."""
    order = np.argsort(-support, kind="stable")
    shares = support[order].cumsum() / support.sum()
    count = min(int(np.searchsorted(shares, 0.5)) + 1, FEW)
    return order[:count], float(shares[count - 1])
