"""The rows of a plain text table, read by pyarrow while they are as plain as the first ones."""

from __future__ import annotations

import codecs
import itertools
import mmap
import os
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from explainers.kinds.files.columns import LARGEST
from explainers.kinds.files.numerals import MISSING, numbers_among
from explainers.kinds.files.tables.lines import row_reader

FEWEST_BYTES = 1_000_000
"""Smaller files are read cell by cell, which says more exactly what is wrong with them."""
_PIECE, _BLOCK = 32_000_000, 4_000_000
_THREADS = 2
_AHEAD = 2
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_threads_refused = False
_reader: ThreadPoolExecutor | None = None
"""Reads the next pieces while the one before is taken; two, as the end of one waits for itself."""


class NotPlain(Exception):
    """The rows must be read cell by cell: they hold what only that reads, or can complain about."""


def start_threads(count: Callable[[], int]) -> None:
    """Start the threads that pyarrow reads text with; where none may be started later, call this.

    pyarrow starts a thread when work first waits for it, and ends the process where it cannot. So
    where not all of them are seen to run, rows are read cell by cell from here on.

    Parameters
    ----------
    count : callable
        How many threads this process has.
    """
    global _threads_refused, _reader
    import pyarrow as pa
    import pyarrow.csv

    pa.set_cpu_count(min(_THREADS, os.cpu_count() or 1))
    pa.set_io_thread_count(1)
    pa.enable_signal_handlers(False)  # they would have a thread too
    _reader = ThreadPoolExecutor(_AHEAD)
    together = threading.Barrier(_AHEAD, timeout=10)
    list(_reader.map(lambda _: together.wait(), range(_AHEAD)))
    wanted = count() + pa.cpu_count() + pa.io_thread_count()
    options = pa.csv.ReadOptions(block_size=16)
    for _ in range(50):
        pa.csv.read_csv(pa.BufferReader(b"1,2\n" * 100), options)
        if count() == wanted:
            return
    _threads_refused = True


def plain_columns(
    data: bytes | mmap.mmap, start: int, rows: Sequence[Sequence[str]], delimiter: str, width: int
) -> Iterator[list[Any]]:
    """The cells of a table's rows, column by column, in pieces of the file.

    Parameters
    ----------
    data : bytes or mmap
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
    if _threads_refused or len(delimiter) != 1:
        raise NotPlain
    end = len(data)
    while data[end - 1 : end] in (b"\r", b"\n"):
        end -= 1
    if _LONE_RETURN.search(data, 0, start):
        raise NotPlain
    numeric = [_is_plain([row[at] for row in rows if len(row) == width]) for at in range(width)]
    reader = _reader or ThreadPoolExecutor(_AHEAD)
    pieces = (
        reader.submit(_columns, data, first, stop, delimiter, numeric)
        for first, stop in _pieces(data, start, end)
    )
    coming = deque(itertools.islice(pieces, _AHEAD))
    while coming:
        blocks = coming.popleft().result()
        coming.extend(itertools.islice(pieces, 1))
        yield from blocks


def _pieces(data: bytes | mmap.mmap, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where pieces of whole lines begin and stop."""
    while start < end:
        stop = data.find(b"\n", start + _PIECE, end) + 1 or end
        yield start, stop
        start = stop


def _is_unusual(data: bytes | mmap.mmap, start: int, stop: int, numeric: Sequence[bool]) -> bool:
    """Whether lines hold what pyarrow would read otherwise than cell by cell."""
    if data.find(b"\r", start, stop) >= 0 and (
        _LONE_RETURN.search(data, start, stop) or _holds(data, start, stop, (b"\n\r",))
    ):
        return True
    # None of these can be part of a number.
    if not all(numeric) and _holds(data, start, stop, (b'"', b"\0")):
        return True
    lines = (b"\n\n", b"\n ", b"\n\t", b"\n#", b"\n%")
    return not numeric[0] and _holds(data, start, stop, lines)


def _holds(data: bytes | mmap.mmap, start: int, end: int, unusual: Sequence[bytes]) -> bool:
    """Whether any of these stands in the lines from `start`, or in the end of the one before."""
    return any(data.find(each, max(0, start - 1), end) >= 0 for each in unusual)


def start_of_rows(
    data: bytes | mmap.mmap, first: list[str], comments: int, skip: int, delimiter: str
) -> tuple[int, int]:
    """Where the rows below the first `skip` begin: the byte, and the number of the line.

    Parameters
    ----------
    data : bytes or mmap
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
    start = 3 * (data[:3] == codecs.BOM_UTF8)
    for _ in range(above):
        start = data.find(b"\n", start) + 1 or len(data)
    return start, above + 1


def _columns(
    data: bytes | mmap.mmap, start: int, stop: int, delimiter: str, numeric: Sequence[bool]
) -> list[list[Any]]:
    """Blocks of cells by column; NotPlain where one of a column of numbers is none."""
    import pyarrow as pa
    import pyarrow.csv

    if _is_unusual(data, start, stop, numeric):
        raise NotPlain
    names = [str(at) for at in range(len(numeric))]
    kinds = [pa.float64() if is_one else pa.string() for is_one in numeric]
    try:
        table = pa.csv.read_csv(
            pa.BufferReader(memoryview(data)[start:stop]),
            pa.csv.ReadOptions(column_names=names, block_size=_BLOCK),
            pa.csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            pa.csv.ConvertOptions(
                column_types=dict(zip(names, kinds, strict=True)), null_values=_NULLS
            ),
        )
    except pa.ArrowInvalid as error:
        raise NotPlain from error
    # Blank lines are read as missing; other lines that are no rows, as no numbers.
    if numeric[0] and table.column(0).null_count and _holds(data, start, stop, (b"\n\n",)):
        raise NotPlain
    # Blocks as pyarrow has made them, which need not be copied.
    return [
        [
            _numbers(column) if is_one else column.to_pylist()
            for column, is_one in zip(block.columns, numeric, strict=True)
        ]
        for block in table.to_batches()
    ]


def _numbers(column: Any) -> np.ndarray:
    """float64 with NaN for missing; NotPlain where one is too large."""
    import pyarrow.compute as pc

    ends = pc.min_max(column)
    if ends["max"].is_valid and max(-ends["min"].as_py(), ends["max"].as_py()) > LARGEST:
        raise NotPlain
    values: np.ndarray = column.to_numpy(zero_copy_only=False)
    return values


def _is_plain(cells: Sequence[str]) -> bool:
    """Whether all cells are plain numbers or missing, and some are numbers."""
    present = [cell for cell in cells if cell.strip().lower() not in MISSING]
    return bool(present) and len(numbers_among(present, False)) == len(present)


_NULLS = sorted({form for word in MISSING for form in (word, word.upper(), word.title(), "NaN")})
