"""What the checks of several readers ask of facts: nothing is believed of what a reader sent."""

from __future__ import annotations

from typing import Any

from explainers.kinds.files.labels import LONGEST

_LONGEST_NOTE, _MOST_NOTES = 1000, 100


def demand(holds: Any, what: str) -> None:
    """ValueError where it does not hold."""
    if not holds:
        raise ValueError(f"wrong: {what}")


def demand_texts(texts: Any, count: int | None = None, distinct: bool = False) -> None:
    """ValueError where these are not so many texts, each short; without a count, some notes."""
    demand(isinstance(texts, list) and all(isinstance(text, str) for text in texts), "texts")
    if count is None:
        demand(len(texts) <= _MOST_NOTES, "notes")
        demand(all(len(text) <= _LONGEST_NOTE for text in texts), "notes")
    else:
        demand(len(texts) == count and all(len(text) <= LONGEST + 20 for text in texts), "texts")
    demand(not distinct or len(set(texts)) == len(texts), "names that differ")
