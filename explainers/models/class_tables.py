"""Which columns of a table hold the numbers and the names of a model's classes."""

from __future__ import annotations

import csv
from collections.abc import Iterable

NAME_WORDS = (
    "name",
    "names",
    "class_name",
    "class_names",
    "classname",
    "label_name",
    "display_name",
    "label",
    "labels",
    "class",
    "classes",
    "category",
    "categories",
    "title",
)
"""What a column of names is called, the surest first."""
_NUMBER_WORDS = {"id", "index", "idx", "number", "no", "nr", "class_id", "class_index", "label_id"}


def table_columns(lines: list[str]) -> tuple[tuple[str, ...] | None, tuple[str, ...]] | None:
    """The columns of numbers and of names in the lines of a file, if they are a table.

    Parameters
    ----------
    lines : list of str
        None of them empty.

    Returns
    -------
    (tuple of str or None, tuple of str) or None
        The numbers, None where the names stand in their order; and the names. None where neither a
        header nor a column that counts from 0 tells that this is a table: names may hold commas.

    Examples
    --------
    >>> table_columns(["index,name", "1,dog", "0,cat"])
    (('1', '0'), ('dog', 'cat'))
    >>> table_columns(["tench, Tinca tinca", "goldfish, Carassius auratus"]) is None
    True
    """
    for delimiter in "\t;,":
        rows = _rows(lines, delimiter)
        if rows is not None and (found := _columns(rows)) is not None:
            return found
    alone = len(lines) > 1 and _word(lines[0]) in NAME_WORDS
    return (None, tuple(lines[1:])) if alone else None


def counts(cells: Iterable[str]) -> bool:
    """Whether these are the numbers from 0 without a gap, in any order.

    Examples
    --------
    >>> counts(["2", "0", "1"]), counts(["1", "2"]), counts(["0", "cat"])
    (True, False, False)
    """
    texts = [cell.strip() for cell in cells]
    if not texts or not all(text.isdecimal() and len(text) < 10 for text in texts):
        return False
    return sorted(map(int, texts)) == list(range(len(texts)))


def _columns(
    rows: list[list[str]],
) -> tuple[tuple[str, ...] | None, tuple[str, ...]] | None:
    words = [_word(cell) for cell in rows[0]]
    named = sorted(
        (place for place, word in enumerate(words) if word in NAME_WORDS),
        key=lambda place: NAME_WORDS.index(words[place]),
    )
    numbered = [place for place, word in enumerate(words) if word in _NUMBER_WORDS]
    header = bool(named or numbered)
    columns = list(zip(*rows[header:], strict=True))
    # "class,name" may be numbers and names; what counts from 0 is taken before what is called so.
    counting = [place for place, cells in enumerate(columns) if counts(cells)]
    number = next(iter([*counting, *numbered]), None)
    texts = [place for place in named if place != number]
    if not texts and number is not None:
        texts = [place for place in range(len(columns) - 1, -1, -1) if place != number]
    if not columns or not texts:
        return None
    return None if number is None else columns[number], columns[texts[0]]


def _rows(lines: list[str], delimiter: str) -> list[list[str]] | None:
    """The cells of every line, where all lines have as many and more than one."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return None
    alike = len({len(row) for row in rows}) == 1 and len(rows[0]) > 1
    return rows if alike else None


def _word(cell: str) -> str:
    return cell.strip().lower().replace(" ", "_")
