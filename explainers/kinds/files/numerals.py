"""What a cell of text holds: a number, nothing, or words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

MISSING = {"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?", "-"}
"""What stands for a missing value, in lower case."""
NUMBER, NOTHING, WORDS = 0, 1, 2
"""What a cell may hold."""


def numbers_among(cells: Iterable[str], comma: bool) -> list[float]:
    """The numbers among the cells; nothing for the others.

    Examples
    --------
    >>> numbers_among(["1,5", "red", "?", "2"], comma=True)
    [1.5, 2.0]
    """
    parsed = (_parse(cell, comma) for cell in cells)
    return [value for value, state in parsed if state == NUMBER]


def parse_numbers(cells: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The number in each cell, and what each cell holds.

    Parameters
    ----------
    cells : sequence of str, length M

    Returns
    -------
    values : ndarray, float64, shape (M,)
        NaN where there is no number.
    states : ndarray, uint8, shape (M,)
        NUMBER, NOTHING (a missing value) or WORDS.

    Examples
    --------
    >>> values, states = parse_numbers(["1.5", "NA", "red"])
    >>> values.tolist(), states.tolist()
    ([1.5, nan, nan], [0, 1, 2])
    """
    try:
        if "_" not in "".join(cells):  # Python would read 1_000 as a thousand
            values = np.fromiter(map(float, cells), np.float64, len(cells))
            return values, np.isnan(values).astype(np.uint8)
    except ValueError:
        pass
    known = {cell: _parse(cell, False) for cell in set(cells)}
    parsed = [known[cell] for cell in cells]
    values = np.fromiter((value for value, _ in parsed), np.float64, len(parsed))
    return values, np.fromiter((state for _, state in parsed), np.uint8, len(parsed))


def _parse(cell: str, comma: bool) -> tuple[float, int]:
    """The number in one cell, or NaN, and what the cell holds."""
    cell = cell.strip()
    if cell.lower() in MISSING:
        return np.nan, NOTHING
    try:
        if "_" in cell:
            return np.nan, WORDS
        value = float(cell.replace(",", ".") if comma and "." not in cell else cell)
    except ValueError:
        return np.nan, WORDS
    return value, NOTHING if value != value else NUMBER
