"""The lines of a text file: their encoding, comments among them, and the first of them."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import mmap
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from explainers.errors import Problem

LONGEST_LINE = 1_000_000
COMMENTS = ("#", "%", "//")
SAVE = 'Save the table as "CSV UTF-8" and upload that.'
_FIELDS = re.compile(r'"(?:[^"]|"")*"|\S+')
_FIRST_LINES, _FIRST_LETTERS = 100, 200_000


def encoding_of(data: bytes) -> tuple[str, list[str]]:
    """The text's encoding, and notes on it; Problem where the file is no text."""
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16", []
    control = set(data[:4096]) & ({*range(32)} - {9, 10, 12, 13})
    if control or b"\0" in data:
        raise Problem(f"This file is not text: it holds bytes that no text has. {SAVE}")
    if data.isascii():
        return "ascii", []
    decoder, step = codecs.getincrementaldecoder("utf-8-sig")(), 1 << 20
    try:
        for start in range(0, len(data), step):
            decoder.decode(data[start : start + step], start + step >= len(data))
    except UnicodeDecodeError:
        return "latin-1", ["The file is not UTF-8; it was read as Latin-1, so look at its accents."]
    return "utf-8-sig", []


def start_of(data: bytes | mmap.mmap) -> bytes:
    """Whole lines at the beginning, more than `first_lines` reads."""
    most = 4 * (_FIRST_LETTERS + LONGEST_LINE)
    return bytes(data) if len(data) <= most else data[: data.rfind(b"\n", 0, most) + 1]


def lines_of(data: bytes, encoding: str) -> Iterator[str]:
    """The lines of a text with their ends; Problem where one is too long, or is no text."""
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
                raise Problem(f"Line {number} holds a null byte; text has none. {SAVE}")
            yield line
    except UnicodeDecodeError as error:
        raise Problem(f"This file is not valid {encoding.upper()}. {SAVE}") from error


def first_lines(data: bytes, encoding: str) -> tuple[list[str], list[str]]:
    """Lines of comments before the table, and the first lines of the table."""
    comments: list[str] = []
    lines: list[str] = []
    letters = 0
    for line in lines_of(data, encoding):
        letters += len(line)
        if not lines and line.startswith(COMMENTS):
            comments.append(line)
        else:
            lines.append(line)
        if letters > _FIRST_LETTERS or len(lines) == _FIRST_LINES:
            break
    return comments, lines


def without_comments(
    data: bytes, encoding: str, leading: int, is_row: Callable[[str], bool]
) -> Iterator[str]:
    """The lines, with blank ones in the place of comments, so that they can still be counted.

    Below the first row a comment is a line that is no row; none where fields may go over several
    lines.
    """
    inside = b'"' not in data
    for number, line in enumerate(lines_of(data, encoding)):
        above = number < leading and line.startswith(COMMENTS)
        below = inside and line.startswith("#") and not is_row(line)
        yield "\n" if above or below else line


def count_lines(data: bytes) -> int:
    """How many rows there are, if each is a line."""
    return data.count(b"\n") + (not data.endswith(b"\n"))


def fields_of(line: str) -> list[str]:
    """The fields of a line that are separated by any number of spaces.

    Examples
    --------
    >>> fields_of(' a  "b c" 1')
    ['a', '"b c"', '1']
    """
    return _FIELDS.findall(line)


def spaced(line: str) -> str:
    """A line whose fields are separated by any number of spaces, with tabs instead."""
    return "\t".join(fields_of(line)) + "\n" if line.strip() else "\n"


def row_reader(lines: Iterable[str], delimiter: str, strict: bool = False) -> Any:
    """A reader of csv's; a space as delimiter stands for any number of them."""
    if delimiter == " ":
        lines, delimiter = map(spaced, lines), "\t"
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=strict)
