"""Names that come from files: short, printable, and different from one another."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from explainers.errors import Problem

LONGEST = 100
MOST_FACTS = 3_500_000


def label(text: object, most: int = LONGEST) -> str:
    """The text on one line, without what cannot be printed, and cut to `most` letters.

    Examples
    --------
    >>> label("body\\tmass\\nindex", most=10)
    'body mass…'
    """
    line = " ".join(str(text)[: 4 * most].split())
    line = "".join(letter for letter in line if letter.isprintable())
    return line if len(line) <= most else line[: most - 1] + "…"


def unique(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The names, told apart by a number behind those that came before.

    Returns
    -------
    names, repeated : list of str

    Examples
    --------
    >>> unique(["x", "y", "x"])
    (['x', 'y', 'x (2)'], ['x'])
    """
    taken: set[str] = set()
    count: dict[str, int] = {}
    distinct: list[str] = []
    again: list[str] = []
    for name in names:
        count[name] = count.get(name, 0) + 1
        chosen = name
        if name in taken:
            again.append(name)
            while (chosen := f"{name} ({count[name]})") in taken:
                count[name] += 1
        taken.add(chosen)
        distinct.append(chosen)
    return distinct, list(dict.fromkeys(again))


def listed(names: Iterable[str], most: int = 5) -> str:
    """The first names in quotation marks, and how many more there are.

    Examples
    --------
    >>> listed(["a", "b", "c", "d"], most=2)
    '"a", "b" and 2 more'
    """
    names = list(names)
    text = ", ".join(f'"{label(name, 60)}"' for name in names[:most])
    return text + (f" and {len(names) - most} more" if len(names) > most else "")


def checked_size(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts as they are; Problem where all names together are too long to be handed on."""
    size = len(json.dumps(facts))
    if size > MOST_FACTS:
        raise Problem(
            f"The names in this file take {size / 1e6:.0f} MB; up to {MOST_FACTS / 1e6:g} MB are "
            "accepted. Shorten the names, or leave out some rows."
        )
    return facts
