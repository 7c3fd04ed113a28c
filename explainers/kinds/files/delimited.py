"""Text with fields: which encoding, which delimiter, is there a header; then columns in blocks."""

from __future__ import annotations

import csv
import itertools
import mmap
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from explainers.errors import Problem
from explainers.kinds.files.labels import label, listed, unique
from explainers.kinds.files.tables.bulk import FEWEST_BYTES, NotPlain, plain_columns, start_of_rows
from explainers.kinds.files.tables.lines import (
    SAVE,
    count_lines,
    encoding_of,
    fields_of,
    first_lines,
    row_reader,
    spaced,
    start_of,
    without_comments,
)
from explainers.kinds.files.tables.opening import opening_of
from explainers.kinds.files.tables.written_numbers import WrittenNumbers, decimal_evidence

DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas", " ": "spaces"}
"""In the order in which they are believed: a comma may also be a decimal comma."""
MOST_COLUMNS, MOST_CELLS = 2_000, 40_000_000
BLOCK_CELLS = 200_000


class Block(NamedTuple):
    """Some rows: where each starts in the file, and their cells column by column."""

    places: Sequence[int]
    columns: Sequence[Any]


@dataclass(frozen=True)
class Sheet:
    """A table that is being read: names of its columns, and its rows in blocks, once.

    place     what the places count: "line" or "row".
    comma     whether a comma may be a decimal comma.
    decimal   what the first rows have before decimals: "." or ","; "" where they do not tell.
    """

    names: list[str]
    blocks: Iterator[Block]
    notes: list[str]
    place: str = "line"
    comma: bool = False
    decimal: str = ""

    def readers(self) -> list[WrittenNumbers]:
        """What reads the numbers of each column, however they are written."""
        names = (label(name, 60) for name in self.names)
        return [WrittenNumbers(name, self.place, self.comma, self.decimal) for name in names]


def open_text(
    data: bytes | mmap.mmap,
    suffix: str,
    delimiter: str = "auto",
    header: str = "auto",
    most_columns: int = MOST_COLUMNS,
    bulk: bool = False,
) -> Sheet:
    """The table in a text file (CSV, TSV), read block by block as the blocks are taken.

    Parameters
    ----------
    data : bytes or mmap
        The file as it was uploaded, in UTF-8, UTF-16 or Latin-1.
    suffix : str
        ".tsv" has tabs where the delimiter is "auto".
    delimiter : str
        "auto", or one of DELIMITERS.
    header : str
        "auto", "yes" or "no": whether the first row names the columns.
    most_columns : int
    bulk : bool
        Whether columns of numbers of a large file may come as float64 with NaN for missing; then
        this and taking blocks may raise NotPlain, and the file must be opened anew without.

    Returns
    -------
    Sheet

    Raises
    ------
    Problem
        Where the file is no table, or is too large; while blocks are taken, where a row is ragged.

    Examples
    --------
    >>> sheet = open_text(b"age;height\\n30;1,8\\n40;1,7\\n", ".csv")
    >>> sheet.names, next(sheet.blocks).columns
    (['age', 'height'], [('30', '40'), ('1,8', '1,7')])
    """
    if header not in ("auto", "yes", "no") or delimiter not in ("auto", *DELIMITERS):
        raise Problem(
            "The header is auto, yes or no; the delimiter auto, a comma, semicolon, tab "
            "or bar. Choose one of these."
        )
    bulk = bulk and len(data) >= FEWEST_BYTES
    head = start_of(data) if bulk else bytes(data)
    encoding, notes = encoding_of(head)
    if bulk and encoding not in ("ascii", "utf-8-sig"):
        raise NotPlain
    comments, first = first_lines(head, encoding)
    if not any(line.strip() for line in first):
        raise Problem("This file is empty. A table has a row of names and a row for each case.")
    delimiter = _delimiter(first, "\t" if (delimiter, suffix) == ("auto", ".tsv") else delimiter)
    comma = delimiter != ","
    rows, quoted = _split(first, delimiter), _newly_quoted(first, delimiter)
    remark = _split([comments[-1].lstrip("#%/ ")], delimiter) if comments else []
    opening = opening_of(
        rows, quoted, lambda: count_lines(bytes(data)), header, remark[0] if remark else None
    )
    if comments:
        notes.append(f"{len(comments)} lines of comments above the table are left out.")
    width = opening.width
    if width > most_columns:
        raise Problem(
            f"This table has {width:,} columns; up to {most_columns:,} are accepted. "
            "Leave out some, or swap rows and columns."
        )
    names, more = column_names(opening.names, width)
    notes += opening.notes + more
    if bulk:
        start, line = start_of_rows(data, first, len(comments), opening.skip, delimiter)
        blocks = _bulk_blocks(
            plain_columns(data, start, rows[opening.skip :], delimiter, width), line, width
        )
    else:
        lines = without_comments(
            head, encoding, len(comments), lambda line: len(_split([line], delimiter)[0]) == width
        )
        blocks = _blocks(lines, delimiter, width, opening.skip)
    commas, points = decimal_evidence(
        cell for row in rows[opening.skip :] for cell in row if "," in cell or "." in cell
    )
    decimal = "" if commas == points else "," if commas else "."
    if bulk and decimal == ",":
        raise NotPlain
    return Sheet(names, blocks, notes, "line", comma, decimal)


def column_names(found: list[str] | None, width: int) -> tuple[list[str], list[str]]:
    """Names of the columns from those found, each another one, and notes on those that were made.

    Examples
    --------
    >>> column_names(["a", "", "a"], 3)[0]
    ['a', 'column 2', 'a (2)']
    """
    notes = []
    if found is None:
        notes.append("The first line holds values, so the columns are named column 1, column 2, …")
        return [f"column {index + 1}" for index in range(width)], notes
    names = [label(name) for name in found]
    blanks = [index for index, name in enumerate(names) if not name]
    for index in blanks:
        names[index] = f"column {index + 1}"
    nameless = [names[index] for index in blanks]
    names, again = unique(names)
    if blanks:
        notes.append(f"Columns that have no name are named by their place: {listed(nameless)}.")
    if again:
        notes.append(f"Column names that came again got a number: {listed(again)}.")
    return names, notes


def escaped(cell: object) -> str:
    """The cell as text for a CSV file that a spreadsheet will not take for a formula.

    Examples
    --------
    >>> escaped("=1+1"), escaped("plain"), escaped(-1.5)
    ("'=1+1", 'plain', '-1.5')
    """
    text = str(cell)
    return "'" + text if isinstance(cell, str) and text.startswith(_FORMULA) else text


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def _split(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return [row for row in row_reader(lines, delimiter) if any(map(str.strip, row))]
    except csv.Error as error:
        raise Problem(f"The first lines are no table: {label(error)}. {SAVE}") from error


def _newly_quoted(lines: list[str], delimiter: str) -> list[bool]:
    """Which fields of the first row stand in quotation marks that the row below does not have."""
    if delimiter == " ":
        lines = list(map(spaced, lines))
        delimiter = "\t"
    rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, quoting=csv.QUOTE_NONE)
    first, below = itertools.islice(itertools.chain((r for r in rows if r), [[], []]), 2)
    if len(first) != len(below):
        return []
    return [a.startswith('"') and not b.startswith('"') for a, b in zip(first, below, strict=True)]


def _widths(lines: list[str], delimiter: str) -> Counter[int]:
    """How many rows have how many fields; none where a field would be absurdly long."""
    try:
        return Counter(map(len, _split(lines, delimiter)))
    except Problem:
        return Counter()


def _delimiter(lines: list[str], chosen: str) -> str:
    """The delimiter chosen, or the likely one; Problem where one column alone comes out."""
    best, likely = (False, 0), None
    for delimiter in (each for each in DELIMITERS if each != " "):
        widths = _widths(lines, delimiter)
        width, rows = widths.most_common(1)[0] if widths else (0, 0)
        even = rows >= 0.8 * widths.total()
        score = (even and width > 1, max(widths, default=0) > 1)
        if score > best:
            best, likely = score, delimiter
    if chosen != "auto":
        if likely not in (None, chosen) and len(_split(lines, chosen)[0]) == 1:
            raise Problem(
                f"Only one column comes out where fields are separated by {DELIMITERS[chosen]}; "
                f"this file seems to separate them by {DELIMITERS[likely]}. Choose that delimiter."
            )
        return chosen
    if not best[0]:
        pieces = [len(fields_of(line)) for line in lines if line.strip()]
        width, rows = Counter(pieces).most_common(1)[0]
        below = len(pieces) > 1 and set(pieces[1:]) == {width} and pieces[0] == width - 1
        enough = 0.8 * len(pieces) if likely is None else len(pieces)
        if width > 1 and (rows >= enough or below) and len(lines) > 1:
            return " "
    return likely or ","


def _blocks(lines: Iterator[str], delimiter: str, width: int, skip: int) -> Iterator[Block]:
    """The rows below the first `skip`, without those whose fields are all blank."""
    reader = row_reader(lines, delimiter, strict=True)
    most, start, seen = max(1, BLOCK_CELLS // width), 1, 0
    rows: list[list[str]] = []
    places: list[int] = []
    try:
        for row in reader:
            if len(row) > 1 or (row and row[0].strip()):
                if skip:
                    skip -= any(map(str.strip, row))
                else:
                    rows.append(row)
                    places.append(start)
                if len(rows) == most:
                    seen += most * width
                    yield _even(rows, places, width)
                    rows, places = [], []
                if seen > MOST_CELLS:
                    raise Problem(
                        f"This table has more than {MOST_CELLS:,} cells. Leave out rows or columns."
                    )
            start = reader.line_num + 1
    except csv.Error as error:
        raise Problem(
            f"Line {start} cannot be split into fields ({label(error)}): a quotation "
            "mark may be open. Save the table again."
        ) from error
    if rows:
        yield _even(rows, places, width)


def _bulk_blocks(pieces: Iterator[list[Any]], line: int, width: int) -> Iterator[Block]:
    first = line
    for columns in pieces:
        count = len(columns[0])
        if (line - first + count) * width > MOST_CELLS:
            raise NotPlain
        yield Block(range(line, line + count), columns)
        line += count


def _even(rows: list[list[str]], places: list[int], width: int) -> Block:
    if set(map(len, rows)) != {width}:
        line, fields = next(
            (p, len(r)) for p, r in zip(places, rows, strict=True) if len(r) != width
        )
        raise Problem(
            f"Line {line} has {fields} {'field' if fields == 1 else 'fields'}, but {width} were "
            "expected, as in the first line. Give every line as many fields; text that holds the "
            "delimiter stands in quotation marks."
        )
    return Block(places, list(zip(*rows, strict=True)))
