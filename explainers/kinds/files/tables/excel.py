"""Tables in Excel workbooks (.xlsx): sizes are checked before the cells are read."""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from explainers.errors import Problem
from explainers.kinds.files.arrays import ARCHIVE_ERRORS
from explainers.kinds.files.delimited import (
    BLOCK_CELLS,
    MOST_CELLS,
    MOST_COLUMNS,
    Block,
    Sheet,
    column_names,
)
from explainers.kinds.files.labels import label
from explainers.kinds.files.tables.opening import opening_of

MOST_UNPACKED, MOST_MEMBERS, MOST_PLACES = 400_000_000, 2_000, 12_000_000
_FIRST_ROWS, _CHUNK, _OVERLAP = 100, 1 << 20, 200
_REFERENCE = re.compile(
    rb"""<(?:\w{1,20}:)?c\s[^<>]{0,80}?\br\s?=\s?["']([A-Z]{1,9})(\d{1,15})["']"""
)
_NO_RESULT = re.compile(rb"</f>(?:<v\s*/>|<v></v>)?</c>")
_OLD = b"\xd0\xcf\x11\xe0"
_SAVE = "Save the workbook again as .xlsx, or the sheet as CSV, and upload that."


class _Extent(NamedTuple):
    """How far the sheets of a workbook reach, and how many formulas have no result."""

    rows: int
    columns: int
    formulas: int


def open_excel(data: bytes, header: str = "auto") -> Sheet:
    """The table on a workbook's first sheet that holds one.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.
    header : str
        "auto", "yes" or "no": whether the first row names the columns.

    Returns
    -------
    Sheet
        Its cells are text as a CSV file would have it; a share that Excel shows in per cent is
        the fraction that it is.

    Raises
    ------
    Problem
        Where the file is no workbook, is locked or damaged, or unpacks to more than the limits.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    if data[:4] == _OLD:
        raise Problem(
            "This workbook is locked with a password, or of the old .xls format. Save it as .xlsx "
            "without a password, or as CSV, and upload that."
        )
    extent = _extent(data)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = (book.get_sheet_by_name(name) for name in book.sheet_names)
        sheet = next((each for each in sheets if each.height and each.width), None)
        rows: list[list[Any]] = [] if sheet is None else sheet.to_python()
    except BaseException as error:  # a panic of the library is no Exception
        expected = isinstance(error, CalamineError | ValueError | OSError)
        if not expected and type(error).__name__ != "PanicException":
            raise
        raise Problem(f"This workbook cannot be read ({label(error, 120)}). {_SAVE}") from error
    if sheet is None or not any(map(_text, itertools.chain(*rows))):
        raise Problem("This workbook is empty. A table has a row of names and a row for each case.")
    notes = []
    if len(book.sheet_names) > 1:
        shown = label(sheet.name, 60)
        notes.append(f'The workbook has {len(book.sheet_names)} sheets; "{shown}" is read.')
    if extent.formulas:
        notes.append(
            f"{extent.formulas:,} formulas have no result in the file and are taken as missing: "
            "open it in a spreadsheet program, save it, and upload it again."
        )
    return _sheet(rows, 1 + (sheet.start or (0,))[0], header, notes)


def _sheet(cells: list[list[Any]], line: int, header: str, notes: list[str]) -> Sheet:
    start = next(at for at, row in enumerate(cells) if any(map(_text, row)))
    end = next(at for at in range(len(cells), 0, -1) if any(map(_text, cells[at - 1])))
    cells, line = cells[start:end], line + start
    first = [row for row in cells[:_FIRST_ROWS] if any(map(_text, row))]
    quoted: list[bool] = []
    if len(first) > 1:
        quoted = [_is_word(a) and not _is_word(b) for a, b in zip(first[0], first[1], strict=True)]
    rows = [_without_padding(list(map(_text, row))) for row in first]
    opening = opening_of(rows, quoted, lambda: len(cells), header)
    width, skip = len(cells[0]), opening.skip
    names = opening.names
    if width > MOST_COLUMNS or width * len(cells) > MOST_CELLS:
        raise Problem(
            f"This sheet has {len(cells):,} rows and {width:,} columns; up to {MOST_COLUMNS:,} "
            f"columns and {MOST_CELLS:,} cells are accepted. Leave out some."
        )
    if names is not None:
        names = names + [""] * (width - len(names))
    made, more = column_names(names, width)
    before = 0
    while skip:
        skip -= any(map(_text, cells[before]))
        before += 1
    blocks = _blocks(cells[before:], line + before, width)
    return Sheet(made, blocks, [*notes, *opening.notes, *more], "row")


def _blocks(cells: list[list[Any]], line: int, width: int) -> Iterator[Block]:
    most = max(1, BLOCK_CELLS // width)
    for start in range(0, len(cells), most):
        part = cells[start : start + most]
        places = range(line + start, line + start + len(part))
        yield Block(places, [tuple(map(_text, column)) for column in zip(*part, strict=True)])


def _text(cell: Any) -> str:
    """The cell as a CSV file would have it."""
    if cell is None or isinstance(cell, str):
        return (cell or "").strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return str(cell)


def _is_word(cell: Any) -> bool:
    return isinstance(cell, str) and bool(cell.strip())


def _without_padding(row: list[str]) -> list[str]:
    """A title, which stands alone in its row, without the blank cells behind it."""
    alone = len(row) > 2 and row[0] and not any(row[1:])
    return row[:1] if alone else row


def _extent(data: bytes) -> _Extent:
    """How large the workbook's sheets are; Problem where it unpacks to more than is accepted."""
    rows = columns = formulas = unpacked = 0
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > MOST_MEMBERS:
                raise Problem(f"This workbook holds {len(members):,} parts. {_SAVE}")
            for member in members:
                is_sheet = member.filename.startswith("xl/worksheets/")
                with archive.open(member) as part:
                    kept = b""
                    while chunk := part.read(_CHUNK):
                        unpacked += len(chunk)
                        if unpacked > MOST_UNPACKED:
                            raise Problem(
                                f"This workbook takes more than {MOST_UNPACKED / 1e6:.0f} MB when "
                                "unpacked. Leave out rows, or save the sheet as CSV."
                            )
                        if is_sheet:
                            formulas += len(_NO_RESULT.findall(chunk))
                            for letters, number in _REFERENCE.findall(kept + chunk):
                                rows = max(rows, int(number))
                                columns = max(columns, _column(letters))
                            kept = chunk[-_OVERLAP:]
    except Problem:
        raise
    except ARCHIVE_ERRORS as error:
        raise Problem(f"This workbook is damaged. {_SAVE}") from error
    if rows * columns > MOST_PLACES:
        raise Problem(
            f"The sheets of this workbook reach to row {rows:,} and column {columns:,}; up to "
            f"{MOST_PLACES:,} cells are accepted. Delete cells that lie far off, or save the sheet "
            "as CSV."
        )
    return _Extent(rows, columns, formulas)


def _column(letters: bytes) -> int:
    """The number of a column from its letters: 1 for A, 28 for AB."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
