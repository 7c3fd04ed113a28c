"""Names in sentences: text without a meaning in Markdown, cut where they are long."""

from __future__ import annotations

import re

from explainers.figures.text.labels import shortened

_TURNED = re.compile(
    r"\b(https?|ftp|mailto|xmpp)(?=:)|\bwww(?=\.)|@(?=\w)|:(?=[\w+-]+(?:/\w+)?:)", re.IGNORECASE
)
"""What becomes a link, an icon or a face even where it is escaped: where an address, or a name
between colons, starts."""


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


def italic_name(name: str) -> str:
    """A name in italics, cut in the middle where it is long."""
    return f"*{escape_markdown(shortened(str(name)))}*"
