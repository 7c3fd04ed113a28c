"""The lines of the table of ranks: the methods, and beside some of them their scaled form."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explainers.importance import IMPORTANCE
from explainers.importance.tables.consensus import consensus, judges
from explainers.importance.tables.stored import StoredTable

MOST_SHOWN = 20
ONE_INPUT = "One input"
"""What the closer look at a single input is called."""
ROUNDING = 1e-6
"""Of the largest number of a method: less is nothing, but for the last digits."""


@dataclass(frozen=True)
class Line:
    """One line of the table: a method, or its scaled form, and the ranks (F,) that it gives."""

    label: str
    rank: np.ndarray
    low: np.ndarray
    high: np.ndarray


def lines(table: StoredTable) -> list[Line]:
    """A line for each method; where features of other units would change it, one scaled beside it.

    Scaled, a number is what a standard deviation of the feature does.
    """
    found = []
    for place, key in enumerate(table.methods):
        name = short_name(key)
        ranks = (table.rank[place], table.rank_low[place], table.rank_high[place])
        found.append(Line(name, *ranks))
        scaled = table.details.get(key, {}).get("scaled")
        if scaled is None or np.shape(scaled) != table.rank[place].shape:
            continue
        size = np.abs(scaled)
        rank = 1 + (size[None, :] > size[:, None]).sum(1)
        if not np.array_equal(rank, table.rank[place]):
            found.append(Line(f"{name}, scaled", rank, rank, rank))
    return found


def short_name(key: str) -> str:
    """A method's name, or its abbreviation where it has one."""
    name = IMPORTANCE[key].name
    short = name.partition("(")[2].rstrip(")")
    return short if short.isupper() or short == "PaD" else name


def agreed(table: StoredTable) -> tuple[np.ndarray, np.ndarray, list[int]]:
    """The lowest and highest rank that each feature can have for all that is sure, and the idle."""
    chosen, _ = judges(table)
    numbers = [place for place in chosen if not IMPORTANCE[table.methods[place]].ranks]
    size = np.abs(table.values[numbers])
    nothing = size <= ROUNDING * size.max(1, initial=0, keepdims=True)
    idle = np.flatnonzero(nothing.all(0)).tolist() if numbers else []
    return *consensus(table.rank_low[chosen], table.rank_high[chosen]), idle


def order(table: StoredTable) -> np.ndarray:
    """The features by what is sure, then by their mean rank."""
    low, high, _ = agreed(table)
    chosen, _ = judges(table)
    found: np.ndarray = np.lexsort((table.rank[chosen].mean(0), low + high))
    return found
