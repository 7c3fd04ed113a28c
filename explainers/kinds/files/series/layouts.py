"""How series lie in a table or an array, decided by what the network declares that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from explainers.errors import Problem

AUTO, TIME_FIRST, VARIABLES_FIRST, ROWS = (
    "auto",
    "time first",
    "variables first",
    "rows are series",
)
LAYOUTS = (AUTO, TIME_FIRST, VARIABLES_FIRST, ROWS)
_NO, _POSSIBLE, _LIKELY, _EXACT = 0, 1, 2, 3


@dataclass(frozen=True)
class Matrix:
    """What is seen of a table of numbers before it is known how its series lie.

    rows, columns   of numbers alone, without those of text and of time.
    rising          whether the time is only a first column that rises: it may be a value as well.
    lead            whether the first of these columns may be a label of its row: few whole numbers.
    headed          whether the columns have names that are words, not numbered ones such as t12.
    timed           whether a column says the time of each row.
    counted         whether the columns have names that are times: numbers that rise, or dates.
    """

    rows: int
    columns: int
    lead: bool = False
    headed: bool = False
    timed: bool = False
    counted: bool = False
    rising: bool = False

    @property
    def values(self) -> int:
        """How many columns of numbers a row has if it is a series."""
        return self.columns + self.rising


def table_layout(seen: Matrix, takes: Sequence[int] = (0, 0)) -> tuple[str, bool]:
    """How the series in a table lie.

    Parameters
    ----------
    seen : Matrix
    takes : (int, int)
        Steps and variables that the network declares, 0 for what is free or not known.

    Returns
    -------
    layout : str
        One of LAYOUTS but AUTO.
    sure : bool
        Whether no other would do as well.

    Raises
    ------
    Problem
        Where the table holds no such series in any of these ways.

    Examples
    --------
    >>> table_layout(Matrix(50, 151, lead=True), (150, 1))
    ('rows are series', True)
    >>> table_layout(Matrix(150, 3), (150, 3)), table_layout(Matrix(3, 150), (150, 3))
    (('time first', True), ('variables first', True))
    """
    steps, variables = takes
    fits = {
        TIME_FIRST: _time_first(seen, steps, variables),
        ROWS: _rows(seen, steps, variables),
        VARIABLES_FIRST: _variables_first(seen, steps, variables),
    }
    best = max(fits.values())
    if best == _NO:
        raise _unfit(seen, steps, variables)
    layout = next(name for name, fit in fits.items() if fit == best)
    found = [fit for fit in fits.values() if fit != _NO]
    decided = best == _EXACT or not variables or layout == TIME_FIRST
    return layout, len(found) == 1 or (decided and found.count(best) == 1)


def array_layout(shape: Sequence[int], takes: Sequence[int] = (0, 0)) -> tuple[str, bool]:
    """How the series in an array (N, a, b) or (a, b) lie; `table_layout` has the parameters.

    Examples
    --------
    >>> array_layout((60, 1, 150), (150, 1)), array_layout((60, 150), (150, 1))
    (('variables first', True), ('rows are series', True))
    >>> array_layout((5, 9, 2), (9, 2)), array_layout((5, 9, 2))
    (('time first', True), ('time first', True))
    """
    steps, variables = takes
    first, last = shape[-2:]
    fits = {
        TIME_FIRST: _sides(first, last, steps, variables),
        VARIABLES_FIRST: _sides(last, first, steps, variables),
        ROWS: _NO if len(shape) == 3 else _sides(last, 1, steps, variables),
    }
    if not variables:
        return TIME_FIRST, True
    best = max(fits.values())
    layout = next(name for name, fit in fits.items() if fit == best)
    return (layout, list(fits.values()).count(best) == 1) if best else (TIME_FIRST, True)


def has_label(seen: Matrix, steps: int) -> bool:
    """Whether the first number of each row is its label, where rows are series.

    Examples
    --------
    >>> has_label(Matrix(6, 31, lead=True), 30), has_label(Matrix(6, 30, lead=True), 30)
    (True, False)
    """
    if steps and seen.values in (steps, steps + 1):
        return seen.values == steps + 1
    return seen.lead


def _time_first(seen: Matrix, steps: int, variables: int) -> int:
    if variables > seen.columns or steps > seen.rows or not seen.columns:
        return _NO
    if not variables:
        return _NO if _archive(seen) else _EXACT
    if seen.columns == variables:
        return _EXACT if steps in (0, seen.rows) else _LIKELY
    return _LIKELY if seen.headed or seen.timed else _POSSIBLE


def _rows(seen: Matrix, steps: int, variables: int) -> int:
    if variables > 1 or (seen.timed and not seen.rising):
        return _NO
    if not variables:
        return _EXACT if _archive(seen) else _NO
    if steps and seen.values in (steps, steps + 1):
        return _LIKELY if seen.headed else _EXACT
    if seen.values - has_label(seen, steps) <= max(steps, 1):
        return _NO
    return _LIKELY if _archive(seen) else _POSSIBLE


def _variables_first(seen: Matrix, steps: int, variables: int) -> int:
    if variables < 2 or seen.rows != variables or seen.timed or seen.headed:
        return _NO
    return _sides(seen.columns, seen.rows, steps, variables)


def _archive(seen: Matrix) -> bool:
    """Whether rows look like series: times over the columns, or a label before many values."""
    if seen.headed or (seen.timed and not seen.rising):
        return False
    return seen.counted or (seen.lead and seen.values > 9)


def _sides(long: int, wide: int, steps: int, variables: int) -> int:
    """How well a side of time and one of variables fit."""
    if wide != variables or long < steps:
        return _NO
    return _EXACT if steps in (0, long) else _POSSIBLE


def _unfit(seen: Matrix, steps: int, variables: int) -> Problem:
    return Problem(
        f"The network takes series of {f'{steps:,} steps' if steps else 'any number of steps'} and "
        f"{variables:,} variable{'s' * (variables != 1)}; this table has {seen.rows:,} "
        f"row{'s' * (seen.rows != 1)} and {seen.columns:,} "
        f"column{'s' * (seen.columns != 1)} of numbers, which is neither a row for each step nor a "
        "row for each series. Save it with as many as the network takes."
    )
