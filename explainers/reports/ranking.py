"""A table of importance with the words of its page: what its files are written from."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.importance import IMPORTANCE
from explainers.importance.tables.stored import StoredTable
from explainers.reports.numbers import csv_of, parquet_of

if TYPE_CHECKING:
    from explainers.reports.numbers import Column


@dataclass(frozen=True)
class Ranking:
    """How much inputs matter over a data set, and what is known of that.

    Attributes
    ----------
    table : StoredTable
    about, title : str
        The output that is explained, and what people call the data.
    order : tuple of int
        Places of the inputs, the most important first.
    units : tuple of str
        What the numbers of each method are.
    sentence, basis, quality : str
        Who comes first, on what that stands, and how good the network is, in Markdown.
    warnings, left_out : tuple of str
        What must be known before the numbers are read; methods that were not asked, and why.
    settings : mapping
        All that is needed to run it again; plain data.
    """

    table: StoredTable
    about: str
    title: str
    order: tuple[int, ...]
    units: tuple[str, ...]
    sentence: str = ""
    basis: str = ""
    quality: str = ""
    warnings: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def methods(self) -> list[str]:
        """Names of the methods for people."""
        return [IMPORTANCE[key].name for key in self.table.methods]


def columns(ranking: Ranking) -> dict[str, Column]:
    """The table a row a method and input, as columns of equal length.

    Parameters
    ----------
    ranking : Ranking

    Returns
    -------
    dict of str to ndarray or list of str
        `low` and `high` end the 95 % interval; ranks count from 1. "from …" are half widths of the
        interval by what makes the number uncertain.
    """
    table, order = ranking.table, list(ranking.order)
    count = len(order)
    numbers = {
        name: getattr(table, name)[:, order].ravel()
        for name in ("values", "low", "high", "rank", "rank_low", "rank_high")
    }
    sources = {f"from {n}": half[:, order].ravel() for n, half in table.sources.items()}
    return {
        "method": [name for name in ranking.methods for _ in order],
        "input": [table.names[place] for _ in table.methods for place in order],
        "value": numbers.pop("values"),
        **numbers,
        **sources,
        "unit": [unit for unit in ranking.units for _ in range(count)],
    }


def under_each_other(rankings: Mapping[str, Ranking]) -> dict[str, Column]:
    """The columns of several tables under each other, told apart by the first column, `of`.

    Parameters
    ----------
    rankings : mapping of str to Ranking
        By what sets each apart; of a single one there is no such column.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> table = StoredTable(one, one, one, one, one, one, ("sobol",), ("rain",))
    >>> ranking = Ranking(table, "y", "data", (0,), ("share",))
    >>> found = under_each_other({"first": ranking, "second": ranking})
    >>> found["of"], found["input"], found["value"].tolist()
    (['first', 'second'], ['rain', 'rain'], [1.0, 1.0])
    """
    each = {name: columns(one) for name, one in rankings.items()}
    if len(each) == 1:
        return next(iter(each.values()))
    joined: dict[str, Column] = {
        "of": [name for name, given in each.items() for _ in given["method"]]
    }
    for name in dict.fromkeys(name for given in each.values() for name in given):
        # Where what makes a number uncertain is not told, it is not known.
        parts = [given.get(name, np.full(len(given["method"]), np.nan)) for given in each.values()]
        if all(isinstance(part, list) for part in parts):
            joined[name] = [text for part in parts for text in part]
        else:
            joined[name] = np.concatenate([np.asarray(part) for part in parts])
    return joined


def as_csv(rankings: Ranking | Mapping[str, Ranking]) -> bytes:
    """The table, or several, as CSV; no text in it is a formula to a spreadsheet."""
    return csv_of(under_each_other(_named(rankings)))


def as_parquet(rankings: Ranking | Mapping[str, Ranking]) -> bytes:
    """The table, or several, as Parquet, whose metadata "evident" holds the settings as JSON."""
    named = _named(rankings)
    told = [_described(one) for one in named.values()]
    return parquet_of(
        under_each_other(named), told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    )


def _named(rankings: Ranking | Mapping[str, Ranking]) -> Mapping[str, Ranking]:
    return {"": rankings} if isinstance(rankings, Ranking) else rankings


def as_npz(ranking: Ranking) -> bytes:
    """The table as a NumPy archive without pickles.

    `values`, `low`, `high`, `rank`, `rank_low`, `rank_high` are (methods, inputs); `methods` keys
    of IMPORTANCE, `names` the inputs'; `settings` JSON.
    """
    table = ranking.table
    arrays: dict[str, Any] = {
        name: getattr(table, name)
        for name in ("values", "low", "high", "rank", "rank_low", "rank_high")
    }
    arrays |= {f"from_{name}": half for name, half in table.sources.items()}
    arrays |= {"methods": np.array(table.methods, dtype=str), "names": np.array(table.names, str)}
    arrays |= {"units": np.array(ranking.units, dtype=str), "about": np.array(ranking.about)}
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer, allow_pickle=False, settings=np.array(_described(ranking)), **arrays
    )
    return buffer.getvalue()


def _described(ranking: Ranking) -> str:
    told = {"about": ranking.about, "data": ranking.title}
    return json.dumps(dict(ranking.settings) | told, default=str, ensure_ascii=False)
