"""What speaks for an answer and what speaks against it: the stronger side is told first."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

EFFECT = "effect on"
SUPPORT, OPPOSITION, SENSITIVITY = "support for", "opposition to", "sensitivity of"
"""What scores are, in words. An effect has both sides; each of the others is told alone."""
LITTLE = 0.01
"""Of the stronger side; a weaker one is not located."""


class Side(NamedTuple):
    """One direction of a map.

    Attributes
    ----------
    what : str
        SUPPORT, OPPOSITION or SENSITIVITY.
    amounts : ndarray
        At least 0 each, of the scores' shape.
    """

    what: str
    amounts: np.ndarray

    @property
    def noun(self) -> str:
        """What it is called alone: "support"."""
        return self.what.partition(" ")[0]

    @property
    def total(self) -> float:
        """All its amounts together."""
        return float(self.amounts.sum())


def sides(scores: np.ndarray, what: str) -> list[Side]:
    """The sides that there is anything of, the stronger first; none where all scores are 0.

    Parameters
    ----------
    scores : ndarray
    what : str
        EFFECT for both sides; else the name of the one side, which the positive scores are.

    Examples
    --------
    >>> [(side.noun, side.total) for side in sides(np.array([1.0, -3.0]), EFFECT)]
    [('opposition', 3.0), ('support', 1.0)]
    >>> [(side.noun, side.total) for side in sides(np.array([1.0, -3.0]), SENSITIVITY)]
    [('sensitivity', 1.0)]
    """
    scores = np.asarray(scores, dtype=np.float64)
    if what != EFFECT:
        found = [Side(what, np.clip(scores, 0, None))]
    else:
        found = [
            Side(SUPPORT, np.clip(scores, 0, None)),
            Side(OPPOSITION, np.clip(-scores, 0, None)),
        ]
    return sorted((side for side in found if side.total > 0), key=lambda side: -side.total)


def none_of(what: str, about: str, where: str) -> str:
    """The sentence where no score says anything.

    Examples
    --------
    >>> none_of(EFFECT, "stop", "in this row")
    'Nothing in this row supports or opposes stop, compared with the baseline.'
    >>> none_of(SENSITIVITY, "stop", "in this row")
    'There is no sensitivity of stop in this row.'
    """
    if what == EFFECT:
        return f"Nothing {where} supports or opposes {about}, compared with the baseline."
    return f"There is no {what} {about} {where}."


def other_side(found: list[Side], about: str, what: str, told: Callable[[Side], str]) -> str:
    """What is said of the weaker side of an effect; "" of scores that have one side by nature.

    Parameters
    ----------
    found : list of Side
        As `sides` gives them; not empty.
    about : str
        What is explained.
    what : str
        What the scores are.
    told : callable
        Side → where it lies, with a verb.

    Examples
    --------
    >>> found = sides(np.array([4.0, -1.0]), EFFECT)
    >>> other_side(found, "stop", EFFECT, lambda side: "most of it lies on the left")
    ' The opposition is 25 % as strong: most of it lies on the left.'
    >>> other_side(found[:1], "stop", EFFECT, lambda side: "")
    ' Nothing opposes stop.'
    """
    side, *others = found
    if what != EFFECT:
        return ""
    if not others:
        return f" Nothing {'opposes' if side.what == SUPPORT else 'supports'} {about}."
    (other,) = others
    ratio = other.total / side.total
    if ratio < LITTLE:
        return f" There is hardly any {other.noun}: it is less than 1 % as strong."
    strength = "as strong" if ratio > 1 - 1e-9 else f"{whole_percent(ratio)} as strong"
    return f" The {other.noun} is {strength}: {told(other)}."


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
