"""The rounds of the guessing game, and what its guesses say: nothing here draws or asks.

A map has taught something if people predict the network better with it than without (Doshi-Velez &
Kim 2017, arXiv:1702.08608: forward simulation). Each is guessed twice, so that the same people on
the same picture are compared; what counts is which guesses the map turned.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from explainers.perturbation.boxes import Box

_EDGE = (1 - math.sqrt(0.5)) / 2
PARTS: dict[str, Box] = {
    "left half": (0.0, 0.0, 0.5, 1.0),
    "right half": (0.5, 0.0, 1.0, 1.0),
    "upper half": (0.0, 0.0, 1.0, 0.5),
    "lower half": (0.0, 0.5, 1.0, 1.0),
    "middle": (_EDGE, _EDGE, 1 - _EDGE, 1 - _EDGE),
}
"""What may be hidden: always half of all pixels, so that its size gives nothing away."""
SURE = 0.05
"""A turn for the better that chance gives more rarely than this is called one."""


@dataclass(frozen=True)
class Round:
    """One question: with that part hidden, does the network still say what it said?

    Attributes
    ----------
    picture : str
        Its name.
    part : str
        A key of PARTS.
    stays : bool
        The answer.
    """

    picture: str
    part: str
    stays: bool


@dataclass(frozen=True)
class Guess:
    """Whether a round was guessed right, before the map was shown and with it."""

    without: bool
    with_map: bool


def rounds(stays: Mapping[str, Sequence[bool]], series: int) -> list[Round]:
    """One round a picture and series, in a random order that is always the same.

    About as many stay as change: which picture does what, and which of its parts is hidden, is
    drawn without a look at any map. No part of a picture comes twice.

    Parameters
    ----------
    stays : mapping of str to sequence of bool
        By the picture's name, for each of PARTS whether the network's answer stays.
    series : int
        How often the pictures are gone through, at most once a part.

    Examples
    --------
    >>> [one.part for one in rounds({"cat": [True, False, True, True, True]}, 5)].count("middle")
    1
    """
    draw = np.random.default_rng(0)
    left = {name: list(range(len(PARTS))) for name in stays}
    told: list[Round] = []
    for _ in range(min(series, len(PARTS))):
        names = [str(name) for name in draw.permutation(list(stays))]
        for name in names:
            so_far = sum(one.stays for one in told)
            wanted = draw.random() < 0.5 if 2 * so_far == len(told) else 2 * so_far < len(told)
            fitting = [part for part in left[name] if stays[name][part] == wanted] or left[name]
            part = int(draw.choice(fitting))
            left[name].remove(part)
            told.append(Round(name, list(PARTS)[part], bool(stays[name][part])))
    return told


def chance(won: int, lost: int) -> float:
    """How likely a coin turns at least `won` of `won + lost` guesses for the better.

    The exact one-sided sign test on the guesses that were changed (McNemar 1947).

    Examples
    --------
    >>> chance(0, 0), chance(3, 0), chance(1, 1)
    (1.0, 0.125, 0.75)
    """
    turned = won + lost
    return sum(math.comb(turned, k) for k in range(won, turned + 1)) / 2**turned


def verdict(guesses: Sequence[Guess]) -> str:
    """Whether the map taught the room anything, as far as so many guesses can say.

    Examples
    --------
    >>> print(verdict([Guess(False, True)] * 2 + [Guess(True, True)]))
    Right without the map: 1 of 3. Right with it: 3 of 3. It turned 2 wrong guesses right and no \
right one wrong; a coin does that in 25 % of rooms, so it may be luck: a few more rounds would tell.
    """
    count, without = len(guesses), sum(guess.without for guess in guesses)
    with_map = sum(guess.with_map for guess in guesses)
    won = sum(guess.with_map and not guess.without for guess in guesses)
    lost = sum(guess.without and not guess.with_map for guess in guesses)
    line = f"Right without the map: {without} of {count}. Right with it: {with_map} of {count}. "
    if not won + lost:
        return line + "It changed no guess for better or worse: it taught this room nothing here."
    line += (
        f"It turned {_guesses(won, 'wrong')} right and "
        f"{lost or 'no'} right {'one' if lost < 2 else 'ones'} wrong"
    )
    if won <= lost:
        return f"{line}: it taught this room nothing here."
    luck = chance(won, lost)
    share = f"{100 * luck:.0f} %" if luck >= 0.01 else "less than 1 %"
    if luck < SURE:
        return f"{line}; a coin does that in {share} of rooms: the map taught it something."
    return (
        f"{line}; a coin does that in {share} of rooms, so it may be luck: a few more rounds would "
        "tell."
    )


def _guesses(count: int, what: str) -> str:
    return f"{count or 'no'} {what} guess{'es' if count != 1 else ''}"
