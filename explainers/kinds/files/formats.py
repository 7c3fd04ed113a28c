"""Which formats are read: each reader declares its own, and the README's table is made of them."""

from __future__ import annotations

from typing import NamedTuple


class FileFormat(NamedTuple):
    """A format that is read.

    Attributes
    ----------
    what : str
        What is in such files, in words that begin a row of the table: "tables".
    name : str
        The format's, for people.
    suffixes : tuple of str
        With their dot.
    says : str
        What else to know of it; "" for nothing.
    """

    what: str
    name: str
    suffixes: tuple[str, ...]
    says: str


FORMATS: dict[tuple[str, str], FileFormat] = {}
"""By what is in them and their name, in the order in which readers are imported."""


def declare(what: str, name: str, *suffixes: str, says: str = "") -> None:
    """Declare that a format is read; each reader does so where its file ends or begins.

    Examples
    --------
    >>> declare("examples", "Example", ".example", says="no real one")
    >>> suffixes("examples"), FORMATS.pop(("examples", "Example")).says
    ({'.example'}, 'no real one')
    """
    FORMATS[what, name] = FileFormat(what, name, suffixes, says)


def suffixes(what: str) -> set[str]:
    """All suffixes of what is read, with their dot."""
    return {end for one in FORMATS.values() if one.what == what for end in one.suffixes}


def markdown() -> str:
    """The table of all that was declared, a row a format, sorted by what is in them.

    Examples
    --------
    >>> markdown().splitlines()[0]
    '| what | format | files named | to know |'
    """
    rows = ["| what | format | files named | to know |", "|---|---|---|---|"]
    for one in sorted(FORMATS.values(), key=lambda one: one.what):
        named = " ".join(f"`{suffix}`" for suffix in one.suffixes)
        rows.append(f"| {one.what} | {one.name} | {named} | {one.says} |")
    return "\n".join(rows)
