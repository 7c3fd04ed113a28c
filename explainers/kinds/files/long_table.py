"""Series in a long table: a row a step of a series, or a row a value, recognised by names."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files.delimited import Block, Sheet
from explainers.kinds.files.labels import label, listed
from explainers.kinds.files.numerals import NUMBER, WORDS, numbers_among, parse_numbers
from explainers.kinds.files.tables.written_numbers import WrittenNumbers

MOST_VALUES, MOST_SERIES, MOST_STEPS, MOST_VARIABLES = 20_000_000, 100_000, 100_000, 2_000
MOST_NOTES = 12
TIMES = {"time", "date", "datetime", "timestamp", "step", "t", "ds", "year"}
_UNIT = re.compile(
    r"\s*[\[(].*[\])]$|(?<=.)[ _](s|sec|secs|seconds|ms|us|µs|ns|min|minutes|h|hours|d|days|utc)$"
)
SERIES = {"id", "series", "series_id", "name", "sample", "sample_id", "unique_id"}
VARIABLES, VALUES = {"variable", "var", "feature", "channel"}, {"value", "values"}


@dataclass(frozen=True)
class LongColumns:
    """Which columns name the series, the time and the variable of a row, and hold its values."""

    series: int | None
    time: int | None
    variable: int | None
    values: tuple[int, ...]


class SeriesValues(NamedTuple):
    """Time series as they are read: values (N, T, V), and the names along each axis.

    values      float64 (N series, T steps, V variables); NaN where one is missing.
    variables, steps, names   of the variables, of the steps, of the series.
    notes       sentences for people.
    lengths     int64 (N,): steps of each series, behind which values mean nothing; None: all T.
    labels      of the series, as the file has them; () where it has none.
    time        what the file calls the time, with its unit; "" where it does not.
    sure        whether the file could not be read in another way as well.
    """

    values: np.ndarray
    variables: list[str]
    steps: list[str]
    names: list[str]
    notes: list[str]
    lengths: np.ndarray | None = None
    labels: Sequence[str] = ()
    time: str = ""
    sure: bool = True


def is_time_name(name: str) -> bool:
    """Whether a column of this name is the time, whatever its unit.

    Examples
    --------
    >>> [is_time_name(name) for name in ("Time (s)", "time_ms", "t [min]", "DATE", "timer", "s")]
    [True, True, True, True, False, False]
    """
    return _UNIT.sub("", name.strip().lower()) in TIMES


def long_columns(names: Sequence[str], first: Block) -> LongColumns | None:
    """What the columns of a long table are, from their names and the first rows.

    Parameters
    ----------
    names : sequence of str
        Of the columns.
    first : Block
        The first rows.

    Returns
    -------
    LongColumns, or None where the table is a wide one

    Examples
    --------
    >>> first = Block([2, 3], [["a", "a"], ["0", "1"], ["1.5", "2.5"]])
    >>> long_columns(["id", "time", "height"], first)
    LongColumns(series=0, time=1, variable=None, values=(2,))
    """

    def place(known: set[str]) -> int | None:
        return next((at for at, name in enumerate(names) if name.strip().lower() in known), None)

    series, variable, value = map(place, (SERIES, VARIABLES, VALUES))
    time = next((at for at, name in enumerate(names) if is_time_name(name)), None)
    if variable is not None and value is not None:
        if time is None:
            raise Problem(
                "This table has columns for variable and value but none for the time. "
                f"Name the column of the time {listed(sorted(TIMES), 7)}."
            )
        return LongColumns(series, time, variable, (value,))
    if series is None and time == 1 and not numbers_among(first.columns[0], True):
        series = 0
    if series is None or len(set(first.columns[series])) == len(first.places):
        return None
    values = tuple(at for at in range(len(names)) if at not in (series, time))
    if not values:
        raise Problem(
            "This table names series and times but holds no values. Add a column for each variable."
        )
    return LongColumns(series, time, None, values)


def read_long(sheet: Sheet, first: Block, parts: LongColumns) -> SeriesValues:
    """The series of a long table; they may be of unequal lengths.

    Raises
    ------
    Problem
        Where a value is no number, a step comes twice, or a variable lacks one.
    """
    series: dict[str, int] = {}
    variables: dict[str, int] = {}
    codes, held = [], []
    times: list[str] = []
    notes = list(sheet.notes)
    words = [at for at in parts.values if _is_text(sheet, first, at)]
    kept = tuple(at for at in parts.values if at not in words)
    readers = sheet.readers()
    if not kept:
        raise Problem("This table names series and times but holds no numbers. Add a variable.")
    if words:
        left = listed(sheet.names[at] for at in words)
        notes.append(f"Columns of text are left out: {left}.")
    for block in itertools.chain([first], sheet.blocks):
        none = ("",) * len(block.places)
        of_series = none if parts.series is None else block.columns[parts.series]
        of_variable = none if parts.variable is None else block.columns[parts.variable]
        times += [] if parts.time is None else block.columns[parts.time]
        codes.append((_codes(of_series, series), _codes(of_variable, variables)))
        held.append(_values(sheet, readers, block, kept))
        check_size(len(series), 1, max(len(variables), len(kept)))
    notes += how_read(readers[at] for at in kept)
    which, variable = (np.concatenate(part) for part in zip(*codes, strict=True))
    names = ["series 1"] if parts.series is None else list(series)
    groups = which * len(variables) + variable
    counts = np.bincount(groups, minlength=len(series) * len(variables))
    lengths = _even_lengths(counts.reshape(len(series), len(variables)), names, list(variables))
    size = len(series), len(variables), int(lengths.max())
    check_size(size[0], size[2], max(size[1], len(kept)))
    order = np.lexsort((_order(times), groups)) if times else np.argsort(groups, kind="stable")
    starts = np.cumsum(counts) - counts
    place = which[order], variable[order], np.arange(len(order)) - starts[groups[order]]
    values = np.zeros((*size, len(kept)))
    values[place] = np.concatenate(held)[order]
    values = values[:, 0] if parts.variable is None else values[..., 0].transpose(0, 2, 1)
    of = [sheet.names[at] for at in kept] if parts.variable is None else list(variables)
    steps, title = [str(index + 1) for index in range(size[2])], ""
    if parts.time is not None:
        stripped = np.array([text.strip() for text in times])
        clock = np.zeros(size, stripped.dtype)
        clock[place] = stripped[order]
        inside = np.arange(size[2]) < lengths[:, None]
        _demand_steps(clock, inside, names, list(variables))
        longest = clock[int(np.argmax(lengths)), 0]
        if (clock[:, 0] == longest)[inside].all():
            steps, title = longest.tolist(), sheet.names[parts.time]
        else:
            notes.append("The series have different times, so their steps are counted.")
    return SeriesValues(values, of, steps, names, notes, lengths, time=title)


def check_size(series: int, steps: int, variables: int) -> None:
    """Problem where there is more than can be read."""
    if (
        series > MOST_SERIES
        or steps > MOST_STEPS
        or variables > MOST_VARIABLES
        or series * steps * variables > MOST_VALUES
    ):
        raise Problem(
            f"There are {series:,} series with {steps:,} steps and {variables:,} variables; up to "
            f"{MOST_SERIES:,}, {MOST_STEPS:,} and {MOST_VARIABLES:,} are accepted, and "
            f"{MOST_VALUES:,} values in all. Leave out some, or cut the series into windows."
        )


def is_date(text: str) -> bool:
    """Whether a text starts as dates do.

    Examples
    --------
    >>> [is_date(text) for text in ("2024-05-31 12:00", "31.05.2024", "5/31/2024", "May 2024")]
    [True, True, True, False]
    """
    parts = text.strip()[:10].split(" ")[0].replace("/", "-").replace(".", "-").split("-")
    return len(parts) == 3 and all(part[:2].isdigit() for part in parts)


def missing_value(variable: str, place: str, value: float) -> Problem:
    """The refusal of a step without a finite number."""
    what = "this is infinite" if np.isinf(value) else "there is no number"
    return Problem(
        f'Column "{variable}", {place}: {what}; every step of a series needs a finite '
        "number in each variable. Mend it, or leave out the column."
    )


def how_read(readers: Iterable[WrittenNumbers]) -> list[str]:
    """Sentences on how numbers that are not plain were read, of a dozen columns at most."""
    notes = [note for reader in readers if (note := reader.note())]
    return notes[:MOST_NOTES] + [f"… and {len(notes) - MOST_NOTES} more notes like these."] * (
        len(notes) > MOST_NOTES
    )


def _codes(cells: Sequence[str], known: dict[str, int]) -> np.ndarray:
    """The place of each name among the known ones, to which new ones are added."""
    return np.array([known.setdefault(cell.strip(), len(known)) for cell in cells], np.int64)


def _is_text(sheet: Sheet, first: Block, at: int) -> bool:
    """Whether a column of values holds words rather than numbers, by its first rows."""
    _, states = sheet.readers()[at].parse(first.columns[at], first.places)
    return bool((states == WORDS).sum() > (states == NUMBER).sum())


def _values(
    sheet: Sheet, readers: Sequence[WrittenNumbers], block: Block, columns: Sequence[int]
) -> np.ndarray:
    """Numbers (rows, columns), NaN where one is missing; Problem where there are words."""
    values = np.empty((len(block.places), len(columns)))
    for index, at in enumerate(columns):
        values[:, index], states = readers[at].parse(block.columns[at], block.places)
        wrong = np.flatnonzero((states == WORDS) | np.isinf(values[:, index]))
        if len(wrong):
            line = block.places[wrong[0]]
            raise missing_value(sheet.names[at], f"line {line}", values[wrong[0], index])
    return values


def _order(times: Sequence[str]) -> np.ndarray:
    """Keys that rise with time; all the same, which keeps the file's order, where it is unsure."""
    values, state = parse_numbers(times)
    if not state.any():
        return values
    if all(is_date(text) and text.strip()[:4].isdigit() for text in times):
        return np.unique([text.strip() for text in times], return_inverse=True)[1]
    return np.zeros(len(times))


def _even_lengths(counts: np.ndarray, names: list[str], variables: list[str]) -> np.ndarray:
    """How many steps each series has; Problem where its variables have not as many each."""
    for row, name in zip(counts, names, strict=True):
        if (row != row[0]).any():
            other = int(np.argmax(row != row[0]))
            raise Problem(
                f"Series {_name(name)} has {row[0]} values of {_name(variables[0])} but "
                f"{row[other]} of {_name(variables[other])}. Each variable needs one value a step."
            )
    return counts[:, 0].astype(np.int64)


def _demand_steps(
    clock: np.ndarray, inside: np.ndarray, names: list[str], variables: list[str]
) -> None:
    """Problem where a series (N, V, T) has a step twice, or variables at different times."""
    twice = np.argwhere((clock[..., 1:] == clock[..., :-1]) & inside[:, None, 1:])
    if len(twice):
        series, variable, step = twice[0]
        raise Problem(
            f"Series {_name(names[series])} has the time {_name(clock[series, variable, step])} "
            "twice. Each step comes once."
        )
    apart = np.argwhere(clock != clock[:, :1])
    if len(apart):
        series, variable, step = apart[0]
        raise Problem(
            f"Series {_name(names[series])} has {_name(variables[variable])} at the time "
            f"{_name(clock[series, variable, step])} where it has {_name(variables[0])} at "
            f"{_name(clock[series, 0, step])}. Each variable needs one value a step."
        )


def _name(name: str) -> str:
    """The name in quotation marks."""
    return f'"{label(name, 60)}"'
