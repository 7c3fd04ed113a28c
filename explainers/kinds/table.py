"""Tables: files with a row for each case and a column for each of its properties."""

from __future__ import annotations

import contextlib
import json
import mmap

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files import delimited, parquet
from explainers.kinds.files.columns import NO_LEVEL, Column, Sample, Window
from explainers.kinds.files.conversions import refusal
from explainers.kinds.files.formats import declare
from explainers.kinds.files.gzipped import PACKED, packed_too, unpacked
from explainers.kinds.files.labels import checked_size
from explainers.kinds.files.tables import arrow, excel
from explainers.kinds.files.tables.bulk import NotPlain
from explainers.kinds.registry import ParsedFile

TEXTS = (".csv", ".tsv", ".txt", ".dat")
ARROWS, EXCEL = (".feather", ".arrow"), ".xlsx"
SUFFIXES = (*packed_too(TEXTS), PACKED, EXCEL, ".parquet", *ARROWS)
MOST_ROWS, MOST_KEPT = 100_000, 10_000_000
"""Rows, and cells, that are kept of a larger table."""
MOST_UNPACKED = 400_000_000
"""Bytes of a file that was packed."""
_BEGINNING = 1_000_000
"""Bytes by which the number of lines is guessed."""
_COUNTERS = {"column 1", "Unnamed: 0", "rownames"}
_MOST_NOTES, _MOST_LEVELS, _LONGEST_LEVEL = 50, 1_000_000, 200


def read(
    data: bytes | mmap.mmap,
    suffix: str,
    delimiter: str = "auto",
    header: str = "auto",
    most_rows: int = MOST_ROWS,
    start: int | None = None,
) -> ParsedFile:
    """The table in a file: CSV text in any of its dialects, an Excel workbook, Parquet or Arrow.

    Parameters
    ----------
    data : bytes or mmap
        The file as it was uploaded.
    suffix : str
        One of SUFFIXES.
    delimiter, header : str
        Of text, see `explainers.kinds.files.delimited.open_text`.
    most_rows : int
        Of a longer table an even sample of so many rows is kept, in their order.
    start : int, optional
        Instead of a sample, the rows from this one on, from 0. Types, levels and missing values
        are those of the whole file all the same.

    Returns
    -------
    facts : dict
        columns, types ("number", "category", "text", "empty", or "index": it counts the rows),
        missing (how many, in the whole file), levels of the categories, rows (in the file),
        sampled, notes (sentences for people).
    arrays : dict of ndarray
        "values", float64, shape (rows kept, columns): a category is the index of its level; NaN
        is missing, and stands for text too.

    Raises
    ------
    Problem
        Says what is wrong with a file that is no table, and where: ragged rows, a wrong delimiter,
        infinite values, more than the limits.

    Examples
    --------
    >>> facts, arrays = read(b"size,colour\\n1,red\\n2,blue\\n,red\\n4,red\\n5,red\\n", ".csv")
    >>> facts["types"], facts["levels"], facts["missing"]
    (['number', 'category'], {'colour': ['blue', 'red']}, [1, 0])
    >>> arrays["values"][:3].tolist()
    [[1.0, 1.0], [2.0, 0.0], [nan, 1.0]]
    """
    if suffix not in SUFFIXES:
        raise refusal("A table", suffix, SUFFIXES)
    if not isinstance(most_rows, int) or not 1 <= most_rows <= MOST_ROWS:
        raise Problem(f"From 1 to {MOST_ROWS:,} rows can be kept. Choose a number between.")
    if start is not None and (not isinstance(start, int) or start < 0):
        raise Problem("Rows are counted from 0. Choose a whole number to start from.")
    if suffix.endswith(PACKED):
        data, suffix = unpacked(bytes(data), MOST_UNPACKED), suffix.removesuffix(PACKED)
    if suffix not in (EXCEL, ".parquet", *ARROWS):
        with contextlib.suppress(NotPlain):
            for expected in (_lines(data), 0):
                sheet = delimited.open_text(data, suffix, delimiter, header, bulk=True)
                taken = _taken(sheet, most_rows, expected, start)
                if taken is not None:
                    return taken
    taken = _taken(_opened(bytes(data), suffix, delimiter, header), most_rows, 0, start)
    assert taken is not None
    return taken


def _opened(data: bytes, suffix: str, delimiter: str, header: str) -> delimited.Sheet:
    if suffix == ".parquet":
        return parquet.open_parquet(data)
    if suffix in ARROWS:
        return arrow.open_arrow(data)
    if suffix == EXCEL:
        return excel.open_excel(data, header)
    return delimited.open_text(data, suffix, delimiter, header)


def _lines(data: bytes | mmap.mmap) -> int:
    """About how many lines a file has, by those of its beginning."""
    start = data[:_BEGINNING]
    return int(start.count(b"\n") * len(data) / max(len(start), 1))


def _taken(
    sheet: delimited.Sheet, most_rows: int, expected: int, start: int | None
) -> ParsedFile | None:
    """All rows of a sheet, counted, and those that are kept; None where too many were expected."""
    columns = [Column(name, sheet.place, sheet.comma, sheet.decimal) for name in sheet.names]
    most = min(most_rows, max(1, MOST_KEPT // len(columns)))
    sample: Sample | Window = Sample(most, expected=expected)
    if start is not None:
        sample = Window(start, start + most)
    counts = sheet.names[0] in _COUNTERS
    for block in sheet.blocks:
        kept = sample.draw(len(block.places))
        shape = len(kept), len(columns)
        values, codes = np.empty(shape), np.full(shape, NO_LEVEL, np.int8)
        for index, (column, cells) in enumerate(zip(columns, block.columns, strict=True)):
            numbers, levels = column.add(cells, block.places)
            values[:, index] = numbers[kept]
            if levels is not None:
                codes[:, index] = levels[kept]
            if index == 0:
                counts = counts and _counts_rows(numbers, sample.seen - len(numbers))
        sample.add(values, codes)
    if not sample.seen:
        raise Problem("This table has names but no rows. Add a row for each case.")
    if sample.short:
        return None
    return _parsed(sheet, columns, sample, counts)


def _counts_rows(values: np.ndarray, before: int) -> bool:
    """Whether the column only counts the rows, from 0 or 1, and `before` of them came before."""
    counted = np.arange(before, before + len(values))
    return bool(np.array_equal(values, counted) or np.array_equal(values, counted + 1))


def _parsed(
    sheet: delimited.Sheet, columns: list[Column], sample: Sample | Window, counts: bool
) -> ParsedFile:
    values, codes = sample.rows()
    if not len(values):
        raise Problem(f"This table ends after {sample.seen:,} rows. Choose an earlier one.")
    types, missing, levels, letters = [], [], {}, 0
    doubts: list[str] = []
    for index, column in enumerate(columns):
        kind, names, code = column.interpreted(codes[:, index])
        letters += len(json.dumps(names))
        if letters > _MOST_LEVELS or any(len(name) > _LONGEST_LEVEL for name in names):
            kind = "text"
        if kind == "number" and counts and index == 0:
            kind = "index"
            doubts.append(f'The first column, "{column.name}", counts the rows; it is no feature.')
        if kind == "number":
            doubts += column.notes()
        if kind == "category":
            levels[column.name] = names
            values[:, index] = np.where(code < 0, np.nan, code)
        elif kind != "number":
            values[:, index] = np.nan
        types.append(kind)
        missing.append(column.missing + (column.words if kind == "number" else 0))
    sampled = sample.seen > len(values)
    notes = [*sheet.notes, *doubts]
    if len(notes) > _MOST_NOTES:
        notes[_MOST_NOTES:] = [f"… and {len(notes) - _MOST_NOTES} more notes like these."]
    if sampled and isinstance(sample, Sample):
        of = f"{len(values):,} of its {sample.seen:,} rows, drawn evenly at random"
        notes.insert(
            0,
            f"The table is large: {of}, are used. Types and missing values were "
            "counted in all rows.",
        )
    facts = {
        "columns": sheet.names,
        "types": types,
        "missing": missing,
        "levels": levels,
        "rows": sample.seen,
        "sampled": sampled,
        "notes": notes,
    }
    return checked_size(facts), {"values": values}


declare("tables", "CSV", *TEXTS, says="any usual delimiter and encoding")
declare("tables", "CSV, packed", *packed_too(TEXTS)[len(TEXTS) :], PACKED, says="by gzip")
declare("tables", "Excel", EXCEL, says="the first sheet that holds a table; values, not formulas")
declare("tables", "Parquet", ".parquet")
declare("tables", "Feather, Arrow", *ARROWS, says="version 2; file or stream")
