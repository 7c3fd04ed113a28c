"""Text with fields: which encoding, which delimiter, is there a header; then columns in blocks."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from explainers.errors import Problem
from explainers.kinds.files.labels import label, listed, unique
from explainers.kinds.files.numerals import MISSING, numbers_among

DELIMITERS = {"\t": "tabs", ";": "semicolons", "|": "bars", ",": "commas"}
"""In the order in which they are believed: a comma may also be a decimal comma."""
MOST_COLUMNS, MOST_CELLS, LONGEST_LINE = 2_000, 40_000_000, 1_000_000
BLOCK_CELLS = 200_000
_FIRST_LINES, _FIRST_LETTERS = 100, 200_000
_SAVE = 'Save the table as "CSV UTF-8" and upload that.'


class Block(NamedTuple):
    """Some rows: where each starts in the file, and their cells column by column."""

    places: Sequence[int]
    columns: Sequence[Any]


@dataclass(frozen=True)
class Sheet:
    """A table that is being read: names of its columns, and its rows in blocks, once.

    place   what the places count: "line" or "row".
    comma   whether a comma may be a decimal comma.
    """

    names: list[str]
    blocks: Iterator[Block]
    notes: list[str]
    place: str = "line"
    comma: bool = False


def open_text(data: bytes, suffix: str, delimiter: str = "auto", header: str = "auto") -> Sheet:
    """The table in a text file (CSV, TSV), read block by block as the blocks are taken.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded, in UTF-8, UTF-16 or Latin-1.
    suffix : str
        ".tsv" has tabs where the delimiter is "auto".
    delimiter : str
        "auto", or one of DELIMITERS.
    header : str
        "auto", "yes" or "no": whether the first row names the columns.

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
    encoding, notes = _encoding(data)
    first = _first_lines(data, encoding)
    if not any(line.strip() for line in first):
        raise Problem("This file is empty. A table has a row of names and a row for each case.")
    delimiter = _delimiter(first, "\t" if (delimiter, suffix) == ("auto", ".tsv") else delimiter)
    rows = _split(first, delimiter)
    width, names = len(rows[0]), [label(name) for name in rows[0]]
    if width > MOST_COLUMNS:
        raise Problem(
            f"This table has {width:,} columns; up to {MOST_COLUMNS:,} are accepted. "
            "Leave out some, or swap rows and columns."
        )
    comma = delimiter != ","
    headed = header == "yes" or (header == "auto" and _has_header(rows, comma))
    if not headed:
        names = [f"column {index + 1}" for index in range(width)]
        notes.append("The first line holds values, so the columns are named column 1, column 2, …")
    blanks = [index for index, name in enumerate(names) if not name]
    for index in blanks:
        names[index] = f"column {index + 1}"
    names, again = unique(names)
    if blanks:
        notes.append(f"{len(blanks)} columns had no name; they are named by their place.")
    if again:
        notes.append(f"Column names that came again got a number: {listed(again)}.")
    blocks = _blocks(_lines(data, encoding), delimiter, width, headed)
    return Sheet(names, blocks, notes, "line", comma)


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


def _encoding(data: bytes) -> tuple[str, list[str]]:
    """The text's encoding, and notes on it; Problem where the file is no text."""
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16", []
    control = set(data[:4096]) & ({*range(32)} - {9, 10, 12, 13})
    if control or b"\0" in data:
        raise Problem(f"This file is not text: it holds bytes that no text has. {_SAVE}")
    if data.isascii():
        return "ascii", []
    decoder, step = codecs.getincrementaldecoder("utf-8-sig")(), 1 << 20
    try:
        for start in range(0, len(data), step):
            decoder.decode(data[start : start + step], start + step >= len(data))
    except UnicodeDecodeError:
        return "latin-1", ["The file is not UTF-8; it was read as Latin-1, so look at its accents."]
    return "utf-8-sig", []


def _lines(data: bytes, encoding: str) -> Iterator[str]:
    text = io.TextIOWrapper(io.BytesIO(data), encoding, newline="")
    try:
        for number in itertools.count(1):
            line = text.readline(LONGEST_LINE + 1)
            if not line:
                return
            if len(line) > LONGEST_LINE:
                raise Problem(
                    f"Line {number} has more than {LONGEST_LINE:,} letters, so this is "
                    "no table with a row a line. Check how it was saved."
                )
            if "\0" in line:
                raise Problem(f"Line {number} holds a null byte; text has none. {_SAVE}")
            yield line
    except UnicodeDecodeError as error:
        raise Problem(f"This file is not valid {encoding.upper()}. {_SAVE}") from error


def _first_lines(data: bytes, encoding: str) -> list[str]:
    lines, letters = [], 0
    for line in itertools.islice(_lines(data, encoding), _FIRST_LINES):
        lines.append(line)
        letters += len(line)
        if letters > _FIRST_LETTERS:
            break
    return lines


def _split(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        rows = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
        return [row for row in rows if row]
    except csv.Error as error:
        raise Problem(f"The first lines are no table: {label(error)}. {_SAVE}") from error


def _widths(lines: list[str], delimiter: str) -> Counter[int]:
    """How many rows have how many fields; none where a field would be absurdly long."""
    try:
        return Counter(map(len, _split(lines, delimiter)))
    except Problem:
        return Counter()


def _delimiter(lines: list[str], chosen: str) -> str:
    """The delimiter chosen, or the likely one; Problem where one column alone comes out."""
    best, likely = (False, 0), None
    for delimiter in DELIMITERS:
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
    if likely is None:
        pieces = {len(line.split()) for line in lines if line.strip()}
        if len(pieces) == 1 and pieces != {1} and numbers_among(lines[-1].split()[-1:], False):
            raise Problem(
                "Only one column comes out: the fields seem to be separated by spaces. Accepted "
                "are commas, semicolons, tabs and bars (|). Save the table with one of these."
            )
    return likely or ","


def _has_header(rows: list[list[str]], comma: bool) -> bool:
    """Whether the first row names what stands below it.

    It does where words stand over numbers, and does not where numbers do; where all is text, it
    does unless one of its words comes again below.
    """
    first, below = rows[0], [row for row in rows[1:] if len(row) == len(rows[0])]
    if not below:
        return not numbers_among(first, comma)
    numeric = 0
    for name, column in zip(first, zip(*below, strict=True), strict=True):
        present = [cell for cell in column if cell.strip().lower() not in MISSING]
        if present and len(numbers_among(present, comma)) > 0.8 * len(present):
            if name.strip() and not numbers_among([name], comma):
                return True
            numeric += 1
    if numeric:
        return False
    return not any(
        name.strip() and name in (row[at] for row in below) for at, name in enumerate(first)
    )


def _blocks(lines: Iterator[str], delimiter: str, width: int, headed: bool) -> Iterator[Block]:
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True)
    most, start, seen = max(1, BLOCK_CELLS // width), 1, 0
    rows: list[list[str]] = []
    places: list[int] = []
    try:
        for row in reader:
            if row:
                if headed:
                    headed = False
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
