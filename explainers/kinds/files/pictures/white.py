"""Which number of a picture is white: what its format says, else a choice with a default."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from explainers.errors import Problem

LEVELS = (1, 255, 1023, 4095, 16383, 65535)
"""What is white where numbers have 1, 8, 10, 12, 14 or 16 bits, as cameras and scanners do."""
AS_THEY_ARE = 1.0
"""White for numbers that are not scaled."""
_DARK_BYTES = 15


class White(NamedTuple):
    """Which number counts as 1.

    Attributes
    ----------
    number : float
        What is divided by; AS_THEY_ARE leaves numbers as they are.
    usual : float
        What it is unless people choose.
    choices : list of float
        What it may be; [] where there is nothing to ask.
    top : float
        The largest number in the picture.
    note : str
        A sentence for people where this was not plain; "" where it was.
    """

    number: float
    usual: float
    choices: list[float]
    top: float
    note: str


def brightness(numbers: np.ndarray, most: int, declared: int = 0, asked: float = 0) -> White:
    """The white of a picture whose numbers are brightness, by its format.

    Where all numbers lie in the lowest quarter of what the format can hold, they are of fewer bits,
    as 12-bit cameras write them: the next of LEVELS is taken, and said.

    Parameters
    ----------
    numbers : ndarray of whole numbers
        Of the colours, without transparency.
    most : int
        The largest that the format can hold: 65,535 for 16 bits.
    declared : int
        What the file itself says of its white; 0 where it says nothing.
    asked : float
        What people chose; 0 for what is found.

    Examples
    --------
    >>> found = brightness(np.array([0, 2191]), 65535)
    >>> found.number, found.choices
    (4095.0, [1.0, 2191.0, 4095.0, 16383.0, 65535.0])
    >>> brightness(np.array([7, 60000]), 65535)
    White(number=65535.0, usual=65535.0, choices=[], top=60000.0, note='')
    """
    top = int(numbers.max())
    note = ""
    if declared and top <= declared < most:
        found = declared
        note = (
            f"The file says that its numbers have {declared.bit_length()} bits: {found:,} is white."
        )
    elif top == 0 or 4 * top > most or declared == most:
        found = most
    else:
        found = next((level for level in LEVELS if level >= top), most)
        note = (
            f"The numbers in this picture end at {top:,}, far below the {most:,} that its format "
            f"can hold. {_taken(found)}; choose another where that is wrong."
        )
    usual = asked in (0, found)
    plain = found == most and usual
    choices = [] if plain else _choices(top, most, found, asked)
    return White(float(asked or found), float(found), choices, float(top), note if usual else "")


def plain_numbers(numbers: np.ndarray, declared: int = 0, asked: float = 0) -> White:
    """The white of numbers that count as they are, unless people choose otherwise.

    Parameters
    ----------
    numbers : ndarray
    declared, asked : as in `brightness`

    Examples
    --------
    >>> plain_numbers(np.array([0.0, 200.0])).choices
    [1.0, 200.0, 255.0, 1023.0, 4095.0, 16383.0, 65535.0]
    >>> plain_numbers(np.array([-1.5, 2.0])).choices
    []
    """
    top = float(numbers.max())
    unclear = top > 1 and numbers.min() >= 0
    choices = _choices(top, declared, declared, asked) if unclear or asked else []
    return White(float(asked or AS_THEY_ARE), AS_THEY_ARE, choices, top, "")


def bytes_white(numbers: np.ndarray, asked: float = 0) -> White:
    """The white of 8-bit numbers: 255; asked about where they are nearly black, as masks are.

    Examples
    --------
    >>> bytes_white(np.array([0, 1], np.uint8)).choices, bytes_white(np.array([90])).choices
    ([1.0, 255.0], [])
    """
    top = int(numbers.max())
    usual = asked in (0, 255)
    if usual and not 0 < top <= _DARK_BYTES:
        return White(255.0, 255.0, [], float(top), "")
    note = (
        f"The largest of the 8-bit numbers in this picture is {top}, and 255 counts as white: it "
        "is nearly black. Choose another white where that is wrong."
    )
    choices = sorted({1.0, float(top), 255.0, float(asked or 255)})
    return White(float(asked or 255), 255.0, choices, float(top), note if usual else "")


def checked(asked: float) -> float:
    """The white that was asked for; 0 for none. Problem where it is no number above 0.

    Examples
    --------
    >>> checked(4095)
    4095.0
    """
    number = float(asked)
    if not math.isfinite(number) or number < 0 or 0 < number < 1e-6 or number > 1e12:
        raise Problem(f"White is {asked}; it must be a number above 0, such as 255 or 65535.")
    return number


def _choices(top: float, most: float, found: float, asked: float) -> list[float]:
    levels = {float(level) for level in LEVELS if level >= top}
    return sorted(levels | {AS_THEY_ARE, *(float(n) for n in (top, most, found, asked) if n > 0)})


def _taken(white: int) -> str:
    if white == 1:
        return "1 is taken for white"
    bits = white.bit_length()
    return f"They are taken for {bits}-bit numbers: {white:,} is white"
