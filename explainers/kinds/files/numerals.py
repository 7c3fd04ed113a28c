"""What a cell of text holds: a number, nothing, or words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

MISSING = {"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?", "-"}
"""What stands for a missing value, in lower case."""
NUMBER, NOTHING, WORDS = 0, 1, 2


def number(cells: Iterable[str], comma: bool) -> list[float]:
    """The numbers among the cells; nothing for the others."""
    found = (_read(cell, comma) for cell in cells)
    return [value for value, state in found if state == NUMBER]


def numbers(cells: Sequence[str], comma: bool) -> tuple[np.ndarray, np.ndarray]:
    """Values, NaN where there is no number, and what each cell holds: NUMBER, NOTHING or WORDS.

    comma   whether "1,5" is one and a half.
    """
    try:
        if "_" not in "".join(cells):  # Python would read 1_000 as a thousand
            values = np.fromiter(map(float, cells), np.float64, len(cells))
            return values, np.isnan(values).astype(np.uint8)
    except ValueError:
        pass
    known = {cell: _read(cell, comma) for cell in set(cells)}
    found = [known[cell] for cell in cells]
    values = np.fromiter((value for value, _ in found), np.float64, len(found))
    return values, np.fromiter((state for _, state in found), np.uint8, len(found))


def _read(cell: str, comma: bool) -> tuple[float, int]:
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
