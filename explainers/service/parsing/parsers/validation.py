"""What the checks of several parsers demand of facts: nothing that a parser sent is believed."""

from __future__ import annotations

from typing import Any

from explainers.kinds.files.labels import LONGEST

_LONGEST_NOTE, _MOST_NOTES = 1000, 100


def demand(condition: Any, subject: str) -> None:
    """ValueError that names the subject where the condition does not hold.

    Examples
    --------
    >>> demand(1 + 1 == 2, "arithmetic")
    >>> demand([], "rows")
    Traceback (most recent call last):
    ValueError: wrong: rows
    """
    if not condition:
        raise ValueError(f"wrong: {subject}")


def demand_texts(untrusted_texts: Any, count: int | None = None, distinct: bool = False) -> None:
    """ValueError where these are not a list of short texts.

    Parameters
    ----------
    untrusted_texts : Any
        What should be a list of str.
    count : int, optional
        How many labels there must be; without it they are notes, which are fewer and longer.
    distinct : bool
        Whether no two may be equal.

    Examples
    --------
    >>> demand_texts(["rain", "wind"], 2, distinct=True)
    >>> demand_texts(["rain", "rain"], 2, distinct=True)
    Traceback (most recent call last):
    ValueError: wrong: names that differ
    """
    texts = untrusted_texts
    demand(isinstance(texts, list) and all(isinstance(text, str) for text in texts), "texts")
    if count is None:
        demand(len(texts) <= _MOST_NOTES, "notes")
        demand(all(len(text) <= _LONGEST_NOTE for text in texts), "notes")
    else:
        demand(len(texts) == count and all(len(text) <= LONGEST + 20 for text in texts), "texts")
    demand(not distinct or len(set(texts)) == len(texts), "names that differ")
