"""Series in a table without names of series: a row a step, a row a series, or a row a variable."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files.delimited import Block, Sheet
from explainers.kinds.files.labels import label, listed
from explainers.kinds.files.long_table import (
    SeriesValues,
    check_size,
    how_read,
    is_date,
    is_time_name,
    missing_value,
)
from explainers.kinds.files.numerals import NOTHING, NUMBER, WORDS, parse_numbers
from explainers.kinds.files.series.gaps import ends
from explainers.kinds.files.series.layouts import (
    AUTO,
    TIME_FIRST,
    VARIABLES_FIRST,
    Matrix,
    has_label,
    table_layout,
)

MOST_LABELS = 100
_PLACE = re.compile(r"column \d+$")
_NUMBERED = re.compile(r"(\D*)(\d{1,9})$")


@dataclass
class _Table:
    """All of a table: its numbers, and the cells of its columns of text.

    numbers   float64 (rows, columns), NaN where there is none; names and places (lines) beside it.
    texts     column → its cells, of columns that hold words and of the first one.
    words     columns that hold words and no numbers.
    """

    numbers: np.ndarray
    names: list[str]
    places: list[int]
    texts: dict[int, list[str]]
    words: list[int]
    notes: list[str] = field(default_factory=list)


def read_wide(sheet: Sheet, first: Block, layout: str, takes: Sequence[int]) -> SeriesValues:
    """The series of a wide table, in a layout, or in the one that fits what the network takes.

    Raises
    ------
    Problem
        Where there are words among the numbers, or nothing that the network takes.
    """
    table = _whole(sheet, first)
    steps, variables = takes
    time = _time_column(table)
    columns = [at for at in range(len(table.names)) if at not in table.words and at != time]
    seen = _seen(table, columns, time)
    sure = True
    if layout == AUTO:
        layout, sure = table_layout(seen, takes)
    if layout == TIME_FIRST:
        return _steps_in_rows(table, columns, time)._replace(sure=sure)
    if layout == VARIABLES_FIRST:
        return _variables_in_rows(table, columns)._replace(sure=sure)
    every = [at for at in range(len(table.names)) if at not in table.words]
    seen = _seen(table, every, None)
    return _series_in_rows(table, every, has_label(seen, steps))._replace(sure=sure)


def _whole(sheet: Sheet, first: Block) -> _Table:
    width = len(sheet.names)
    parts: list[np.ndarray] = []
    places: list[int] = []
    texts: dict[int, list[str]] = {}
    counts = np.zeros((width, 3), np.int64)
    wrong: dict[int, tuple[int, str]] = {}
    readers = sheet.readers()
    block: Block | None = first
    while block is not None:
        columns = [
            reader.parse(cells, block.places)
            for reader, cells in zip(readers, block.columns, strict=True)
        ]
        if not parts:
            texts = {at: [] for at, (_, states) in enumerate(columns) if (states == WORDS).any()}
            texts.setdefault(0, [])
        for at, cells in texts.items():
            cells += map(str, block.columns[at])
        for at, (_, states) in enumerate(columns):
            counts[at] += np.bincount(states, minlength=3)
            if at not in wrong and (states == WORDS).any():
                row = int(np.argmax(states == WORDS))
                wrong[at] = block.places[row], str(block.columns[at][row])
        parts.append(np.stack([values for values, _ in columns], axis=1))
        places += block.places
        check_size(1, len(places), 1)
        block = next(sheet.blocks, None)
    words = [at for at in texts if counts[at, WORDS] > counts[at, NUMBER]]
    for at, (line, cell) in wrong.items():
        if at not in words:
            raise Problem(
                f'Column "{label(sheet.names[at], 60)}", line {line}: there is no number but '
                f'"{label(cell, 40)}"; every step of a series needs a number. Mend it, or leave '
                "out the column."
            )
    numbers = np.concatenate(parts)
    infinite = np.argwhere(np.isinf(numbers))
    if len(infinite):
        row, at = infinite[0].tolist()
        raise missing_value(sheet.names[at], f"line {places[row]}", np.inf)
    empty = [at for at in range(width) if counts[at, NOTHING] == len(places)]
    if len(empty) + len(words) == width:
        raise Problem("This table holds no numbers. A series needs a number at each step.")
    notes = [*sheet.notes, *how_read(readers[at] for at in range(width) if at not in words)]
    return _Table(numbers, list(sheet.names), places, texts, sorted(words), notes)


def _seen(table: _Table, columns: list[int], time: int | None) -> Matrix:
    names = [table.names[at] for at in columns]
    nameless = all(_PLACE.match(name) for name in table.names)
    counted = not nameless and len(names) > 2 and _are_times(names)
    rising = time == 0 and not is_time_name(table.names[0]) and not _dates(table, 0)
    lead = bool(columns) and _may_be_label(table.numbers[:, [0] * rising + columns])
    headed = not (nameless or counted or _numbered(names[1:]))
    return Matrix(len(table.numbers), len(columns), lead, headed, time is not None, counted, rising)


def _may_be_label(numbers: np.ndarray) -> bool:
    """Whether the first column holds few whole numbers, some again, and the others are no such."""
    first, others = numbers[:, 0], numbers[:, 1:]
    if not np.isfinite(first).all() or (first != np.round(first)).any() or not others.size:
        return False
    few = len(np.unique(first)) <= min(MOST_LABELS, max(2, len(first) // 2))
    return few and bool((others[np.isfinite(others)] % 1 != 0).any())


def _are_times(names: Sequence[str]) -> bool:
    """Whether the names of columns are times: numbers that rise, or dates."""
    if all(is_date(name) for name in names):
        return True
    values, states = parse_numbers(names)
    return bool((states == NUMBER).all() and (np.diff(values) > 0).all())


def _numbered(names: Sequence[str]) -> bool:
    """Whether names are one word with numbers that rise: t1, t2, t3."""
    found = [_NUMBERED.match(name) for name in names]
    numbers = [int(one[2]) for one in found if one]
    same = len({one[1] for one in found if one}) == 1
    return len(numbers) == len(names) > 2 and same and bool((np.diff(numbers) > 0).all())


def _time_column(table: _Table) -> int | None:
    """The column of the time: by its name, by dates, or the first where it rises all along."""
    for at, name in enumerate(table.names):
        if is_time_name(name):
            return at
    if _dates(table, 0):
        return 0
    first = table.numbers[:, 0]
    rises = len(first) > 2 and np.isfinite(first).all() and (np.diff(first) > 0).all()
    return 0 if rises and len(table.names) > 1 else None


def _dates(table: _Table, at: int) -> bool:
    return at in table.texts and all(is_date(text) for text in table.texts[at])


def _steps_in_rows(table: _Table, columns: list[int], time: int | None) -> SeriesValues:
    if not columns:
        raise Problem("This table holds no numbers. A series needs a number at each step.")
    values, notes = table.numbers[:, columns], table.notes
    steps, title = [str(index + 1) for index in range(len(values))], ""
    if time is not None:
        title = table.names[time]
        steps = table.texts.get(time) or [f"{value:.15g}" for value in table.numbers[:, time]]
        where = "The first column," if time == 0 else "The column"
        notes.append(f'{where} "{label(title, 60)}", is taken as the time of each step.')
        if _backwards(table, time):
            values, steps = values[::-1], steps[::-1]
            notes.append("Its rows run backwards in time; they were turned, the earliest first.")
    left = [table.names[at] for at in table.words if at != time]
    if left:
        notes.append(f"Columns of text are left out: {listed(left)}.")
    return SeriesValues(
        values[None], [table.names[at] for at in columns], steps, ["series 1"], notes, time=title
    )


def _backwards(table: _Table, time: int) -> bool:
    """Whether times fall from row to row: numbers, or dates that start with the year."""
    texts = table.texts.get(time, [])
    if time not in table.words:
        times = table.numbers[:, time]
        return len(times) > 1 and bool((np.diff(times) < 0).all())
    if len(texts) < 2 or not all(is_date(text) and text.strip()[:4].isdigit() for text in texts):
        return False
    return all(later < earlier for earlier, later in zip(texts, texts[1:], strict=False))


def _variables_in_rows(table: _Table, columns: list[int]) -> SeriesValues:
    names = table.texts[table.words[0]] if table.words else []
    variables = names or [f"row {place}" for place in range(1, len(table.places) + 1)]
    note = "Each row is taken as a variable, with its steps from left to right."
    values = table.numbers[:, columns].T[None]
    steps = _step_names(table, columns)
    return SeriesValues(values, variables, steps, ["series 1"], [*table.notes, note])


def _series_in_rows(table: _Table, columns: list[int], labelled: bool) -> SeriesValues:
    notes, labels = table.notes, []
    names = [str(number) for number in range(1, len(table.places) + 1)]
    cells = {at: [text.strip() for text in table.texts[at]] for at in table.words}
    naming = next((at for at, texts in cells.items() if len(set(texts)) == len(texts)), None)
    if naming is not None:
        names = cells.pop(naming)
        notes.append(f'The column "{label(table.names[naming], 60)}" names the series.')
    classes = next((at for at, texts in cells.items() if len(set(texts)) < len(texts)), None)
    if classes is not None and not labelled:
        labels = cells.pop(classes)
        called = label(table.names[classes], 60)
        notes.append(f'The column "{called}" is taken as the label of each series.')
    if labelled:
        labels = [f"{value:g}" for value in table.numbers[:, columns[0]]]
        kinds = listed(sorted(set(labels)), 8)
        notes.append(
            f"Each row is taken as a series; its first number, {kinds}, as the series' label, "
            "which the network does not see."
        )
        columns = columns[1:]
    else:
        notes.append("Each row is taken as a series, with its steps from left to right.")
    if cells:
        notes.append(f"Columns of text are left out: {listed(table.names[at] for at in cells)}.")
    values = table.numbers[:, columns, None]
    check_size(len(values), len(columns), 1)
    lengths = ends(values)
    if not lengths.all():
        line = table.places[int(np.argmin(lengths))]
        raise missing_value("of values", f"line {line}", np.nan)
    steps = _step_names(table, columns)
    return SeriesValues(values, ["value"], steps, names, notes, lengths, labels)


def _step_names(table: _Table, columns: list[int]) -> list[str]:
    names = [table.names[at] for at in columns]
    if len(names) > 2 and _are_times(names):
        return names
    return [str(index + 1) for index in range(len(names))]
