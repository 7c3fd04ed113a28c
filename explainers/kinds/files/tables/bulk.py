"""The rows of a plain text table, read by pyarrow while they are as plain as the first ones."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.kinds.files.numerals import MISSING, numbers_among
from explainers.kinds.files.tables.lines import row_reader

if TYPE_CHECKING:
    import pyarrow

FEWEST_BYTES = 1_000_000
"""Smaller files are read cell by cell, which says more exactly what is wrong with them."""
_PIECE = 16_000_000
_NEW_LINE = 10
_LARGEST = float(np.finfo(np.float32).max)
_UNUSUAL = (b'"', b"\n\n", b"\n ", b"\n\t", b"\n#", b"\n%")


class NotPlain(Exception):
    """The rows must be read cell by cell: they hold what only that reads, or can complain about."""


def plain_columns(
    data: bytes, start: int, rows: Sequence[Sequence[str]], delimiter: str, width: int
) -> Iterator[list[Any]]:
    """The cells of a table's rows, column by column, in pieces of the file.

    Parameters
    ----------
    data : bytes
        The whole file, in UTF-8.
    start : int
        Where the first row begins.
    rows : sequence of sequence of str
        Some of the rows, by which columns of numbers are known.
    delimiter : str
    width : int
        How many columns there are.

    Yields
    ------
    list, one for each column
        float64 ndarray with NaN for missing, or a list of str.

    Raises
    ------
    NotPlain
        At once or between the pieces, where the rows are not as plain as they seemed.

    Examples
    --------
    >>> data = b"a,b\\n1,red\\nNA,blue\\n"
    >>> next(plain_columns(data, 4, [["1", "red"]], ",", 2))
    [array([ 1., nan]), ['red', 'blue']]
    """
    if len(delimiter) != 1 or any(data.find(each, start) >= 0 for each in _UNUSUAL):
        raise NotPlain
    if b"\n" not in data:
        raise NotPlain
    numeric = [_is_plain([row[at] for row in rows if len(row) == width]) for at in range(width)]
    end = len(data.rstrip(b"\r\n"))
    while start < end:
        stop = data.find(b"\n", start + _PIECE, end) + 1 or end
        piece = data[start:stop].rstrip(b"\r\n") + b"\n"
        if b"\r" in piece:
            piece = piece.replace(b"\r\n", b"\n")
            if b"\r" in piece or b"\n\n" in piece:
                raise NotPlain
        fields = _fields(piece, ord(delimiter), width)
        yield _columns(fields, numeric)
        start = stop


def start_of_rows(
    data: bytes, first: list[str], comments: int, skip: int, delimiter: str
) -> tuple[int, int]:
    """Where the rows below the first `skip` begin: the byte, and the number of the line.

    Parameters
    ----------
    data : bytes
        The whole file.
    first : list of str
        The first lines below the comments.
    comments, skip : int
        Lines of comments above, and rows above the first case.
    delimiter : str

    Examples
    --------
    >>> start_of_rows(b"# x\\na,b\\n1,2\\n", ["a,b\\n", "1,2\\n"], 1, 1, ",")
    (8, 3)
    """
    reader, above = row_reader(first, delimiter), comments
    while skip:
        skip -= any(map(str.strip, next(reader)))
        above = comments + reader.line_num
    start = 3 * data.startswith(codecs.BOM_UTF8)
    for _ in range(above):
        start = data.find(b"\n", start) + 1 or len(data)
    return start, above + 1


def _fields(piece: bytes, delimiter: int, width: int) -> pyarrow.StringArray:
    """All fields of some lines, one behind the other.

    pyarrow's own reader of CSV starts threads, which the process that parses uploads may not.
    """
    import pyarrow as pa

    letters = np.frombuffer(piece, np.uint8)
    between = (letters == delimiter) | (letters == _NEW_LINE)
    ends = np.flatnonzero(between)
    if len(ends) % width:
        raise NotPlain
    marks = letters[ends].reshape(-1, width)
    if (marks[:, -1] != _NEW_LINE).any() or (marks[:, :-1] != delimiter).any():
        raise NotPlain
    offsets = np.concatenate([[0], ends - np.arange(len(ends))]).astype(np.int32)
    kept = letters[~between]
    return pa.StringArray.from_buffers(len(ends), pa.py_buffer(offsets), pa.py_buffer(kept))


def _columns(fields: pyarrow.StringArray, numeric: Sequence[bool]) -> list[Any]:
    """The cells of each column."""
    width = len(numeric)
    if all(numeric):
        table = _numbers(fields).reshape(-1, width)
        return [table[:, at] for at in range(width)]
    columns: list[Any] = []
    for at, is_one in enumerate(numeric):
        cells = fields.take(np.arange(at, len(fields), width))
        columns.append(_numbers(cells) if is_one else cells.to_pylist())
    return columns


def _numbers(cells: pyarrow.StringArray) -> np.ndarray:
    """float64 with NaN for missing; NotPlain where a cell is neither, or is too large."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        numbers = pc.cast(cells, pa.float64())
    except pa.ArrowInvalid:
        cells = pc.ascii_trim_whitespace(cells)
        missing = pc.is_in(cells, value_set=pa.array(_NULLS))
        try:
            numbers = pc.cast(pc.if_else(missing, None, cells), pa.float64())
        except pa.ArrowInvalid as error:
            raise NotPlain from error
    values = numbers.to_numpy(zero_copy_only=False)
    if np.nanmax(np.abs(values), initial=0) > _LARGEST:
        raise NotPlain
    return np.asarray(values, np.float64)


def _is_plain(cells: Sequence[str]) -> bool:
    """Whether all cells are plain numbers or missing, and some are numbers."""
    present = [cell for cell in cells if cell.strip().lower() not in MISSING]
    return bool(present) and len(numbers_among(present, False)) == len(present)


_NULLS = sorted({form for word in MISSING for form in (word, word.upper(), word.title(), "NaN")})
