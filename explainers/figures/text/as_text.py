"""Names in sentences: text without a meaning in Markdown, cut where they are long."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from explainers.figures.text.labels import shortened

_TURNED = re.compile(
    r"\b(https?|ftp|mailto|xmpp)(?=:)|\bwww(?=\.)|@(?=\w)|:(?=[\w+-]+(?:/\w+)?:)", re.IGNORECASE
)
"""What becomes a link, an icon or a face even where it is escaped: where an address, or a name
between colons, starts."""
_BAR = re.compile(r"(?<!\\)\|")
"""What would end a cell."""


def escape_markdown(text: str) -> str:
    """Text of a user's file without a meaning in Markdown.

    Addresses and names of icons get a word joiner, which nobody sees.

    Examples
    --------
    >>> print(escape_markdown("a_b [1]"))
    a\\_b \\[1\\]
    >>> len(escape_markdown("www.a.org"))
    10
    """
    joined = _TURNED.sub("\\g<0>\u2060", " ".join(str(text).split()))
    return re.sub(r"([\\`*_{}\[\]<>()#!|~$:])", r"\\\1", joined)


def markdown_table(columns: Mapping[str, Sequence[str]]) -> str:
    """A table in Markdown, which is drawn without the libraries that Streamlit's own tables need.

    Parameters
    ----------
    columns : mapping
        Heads and cells, in Markdown.

    Examples
    --------
    >>> print(markdown_table({"Map": ["a|b", "c"], "Area": ["0.1", "0.2"]}))
    | Map | Area |
    |---|---|
    | a\\|b | 0.1 |
    | c | 0.2 |
    """
    rows = [tuple(columns), *zip(*columns.values(), strict=True)]
    cells = [[_BAR.sub("\\\\|", " ".join(str(cell).split())) for cell in row] for row in rows]
    head, *lines = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([head, "|" + "---|" * len(columns), *lines])


def italic_name(name: str) -> str:
    """A name in italics, cut in the middle where it is long."""
    return f"*{escape_markdown(shortened(str(name)))}*"
