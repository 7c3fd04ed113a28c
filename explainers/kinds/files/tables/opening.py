"""How a table of text begins: remarks, a row of counts, names, units; and where its rows start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from explainers.kinds.files.labels import label, listed
from explainers.kinds.files.numerals import MISSING, numbers_among
from explainers.kinds.files.tables.written_numbers import is_written_number

_MOST_REMARKS, _LONGEST_UNIT = 30, 20
Row = Sequence[str]


class Opening(NamedTuple):
    """How a table begins.

    names   of the columns, as the file has them: "" where one has none; None where it has no names.
    skip    rows before the first case.
    width   fields of a row.
    notes   sentences for people.
    """

    names: list[str] | None
    skip: int
    width: int
    notes: list[str]


def opening_of(
    rows: Sequence[Row],
    quoted: Sequence[bool],
    lines: Callable[[], int],
    header: str,
    remark: Row | None = None,
) -> Opening:
    """How the table begins whose first rows these are.

    Parameters
    ----------
    rows : sequence of sequence of str
        The first rows, without blank lines and lines of comments.
    quoted : sequence of bool
        Which fields of the first row stand in quotation marks that the row below does not have.
    lines : callable
        Counts the rows of the whole file, about: a row of counts says so.
    header : str
        "auto", "yes" or "no": whether the first row names the columns.
    remark : sequence of str, optional
        The last line of comments before the rows, split.

    Examples
    --------
    >>> rows = [["4", "2", "no", "yes"], ["5.1", "3.5", "0"], ["4.9", "3.0", "1"]]
    >>> opening_of(rows, [False] * 4, lambda: 5, "auto")[:3]
    (None, 1, 3)
    """
    if header != "auto":
        return Opening(
            list(rows[0]) if header == "yes" else None, int(header == "yes"), len(rows[0]), []
        )
    notes: list[str] = []
    width, start = len(rows[0]), _start(rows)
    if start:
        shown = label(", ".join(filter(str.strip, rows[0])), 60)
        what = "line of text stands" if start == 1 else "lines of text stand"
        notes.append(f'{start} {what} before the table ("{shown}") and are left out.')
    elif _is_counts(rows, lines):
        shown = label(", ".join(rows[0]), 60)
        notes.append(f'The first line ("{shown}") counts rows and columns; it is left out.')
        return Opening(None, 1, len(rows[1]), notes)
    rows = rows[start:]
    width = len(rows[0])
    below = [row for row in rows[1:] if len(row) == width]
    wider = [row for row in rows[1:] if len(row) == width + 1]
    if wider and not below and len(wider) == len(rows) - 1:
        # Names of columns, but none for the names of rows (R), or commas at the ends of all rows.
        blank = not any(row[-1].strip() for row in wider)
        names = [*rows[0], ""] if blank else ["", *rows[0]]
        return Opening(names, start + 1, width + 1, notes)
    if not has_names(rows[0], below, () if start else quoted):
        if remark is not None and len(remark) == width and not numbers_among(remark, False):
            notes.append("The names of the columns come from the comment above the first row.")
            return Opening(list(remark), start, width, notes)
        return Opening(None, start, width, notes)
    if below and _is_units(below[0], below[1:]):
        shown = listed([cell.strip() for cell in below[0] if cell.strip()])
        notes.append(f"The row below the names holds units ({shown}) and is left out.")
        return Opening(list(rows[0]), start + 2, width, notes)
    return Opening(list(rows[0]), start + 1, width, notes)


def has_names(first: Row, below: Sequence[Row], quoted: Sequence[bool] = ()) -> bool:
    """Whether the first row names what stands below it.

    It does where words stand over numbers, or numbers in quotation marks over numbers without; it
    does not where numbers stand over numbers, unless they count as years and places do. Where all
    is text, it does unless one of its words comes again below.

    Examples
    --------
    >>> has_names(["Land", "1960", "1961"], [["Chile", "7.5", "3"], ["Peru", "2.5", "8"]])
    True
    >>> has_names(["Chile", "1960", "7"], [["Peru", "1961", "3"], ["Cuba", "1962", "8"]])
    False
    """
    if not below:
        return not any(map(is_written_number, first))
    numeric: list[int] = []
    for at, (name, column) in enumerate(zip(first, zip(*below, strict=True), strict=True)):
        if name.strip() and _is_numeric(column):
            if not is_written_number(name) and name.strip().lower() not in MISSING:
                return True
            numeric.append(at)
    words = [at for at in range(len(first)) if at not in numeric]
    fresh = not any(first[at].strip() and first[at] in (row[at] for row in below) for at in words)
    if not numeric:
        return fresh
    if any(is_written_number(first[at]) for at in words) or not fresh:
        return False
    marked = bool(quoted) and all(quoted[at] for at in numeric)
    return marked or _counts_on([first[at] for at in numeric], below, numeric)


def _counts_on(names: Sequence[str], below: Sequence[Row], numeric: Sequence[int]) -> bool:
    """Whether names that are numbers go up evenly, as years or places do, and no row below does."""
    step, start = _step(names), names[0].strip()
    cells = [[row[at] for at in numeric] for row in below[:20]]
    if not step or all(_step(row) == step for row in cells):
        return False
    if len(names) > 2 and step == 1 and start in ("0", "1"):
        return True
    return all(map(_is_year, names)) and not all(_is_year(cell) for row in cells for cell in row)


def _is_year(cell: str) -> bool:
    return cell.strip().isdecimal() and len(cell) < 20 and 1000 <= int(cell) <= 2999


def _step(cells: Sequence[str]) -> int:
    """By how much whole numbers go up from each to the next, or 0."""
    if not all(cell.strip().isdecimal() and len(cell) < 20 for cell in cells):
        return 0
    numbers = list(map(int, cells))
    steps = {b - a for a, b in zip(numbers, numbers[1:], strict=False)}
    return steps.pop() if len(steps) == 1 else 0


def _is_numeric(column: Sequence[str]) -> bool:
    present = [cell for cell in column if cell.strip().lower() not in MISSING]
    return bool(present) and sum(map(is_written_number, present)) > 0.8 * len(present)


def _start(rows: Sequence[Row]) -> int:
    """How many lines of text stand before the table: narrower ones above a row of names."""
    counts = Counter(map(len, rows))
    width, many = counts.most_common(1)[0]
    if len(rows[0]) == width or many < max(2, 0.6 * len(rows)):
        return 0
    start = next(at for at, row in enumerate(rows) if len(row) == width)
    before = rows[:start]
    if start > _MOST_REMARKS or any(len(row) >= width for row in before):
        return 0
    if start == 1 and len(rows[0]) == width - 1 and width > 2:
        return 0  # names of all columns but the rows' own
    below = [row for row in rows[start + 1 :] if len(row) == width]
    return start if below and has_names(rows[start], below) else 0


def _is_counts(rows: Sequence[Row], lines: Callable[[], int]) -> bool:
    """Whether the first row says how many rows and columns follow, as scikit-learn's files do."""
    first = [cell.strip() for cell in rows[0]]
    if len(rows) < 2 or len(first) < 2 or not (first[0].isdecimal() and first[1].isdecimal()):
        return False
    if any(numbers_among(first[2:], False)) or max(map(len, first[:2])) > 12:
        return False
    width, words = len(rows[1]), [cell for cell in first[2:] if cell]
    if not words and len(first) == width:
        return False  # a row of two numbers is a case
    follow = int(first[1]) in (width, width - 1) and set(map(len, rows[1:])) == {width}
    return follow and abs(int(first[0]) - (lines() - 1)) <= 1


def _is_units(row: Row, below: Sequence[Row]) -> bool:
    """Whether a row holds the units of the numbers below it, and is no case."""
    if len(below) < 3:
        return False
    words = 0
    for cell, column in zip(row, zip(*below, strict=True), strict=True):
        text = cell.strip()
        if _is_numeric(column):
            if numbers_among([text], True) or (is_written_number(text) and text):
                return False
            if text.lower() not in MISSING:
                if len(text) > _LONGEST_UNIT or text in column:
                    return False
                words += 1
        elif text and text in (other.strip() for other in column):
            return False
    return words > 0
