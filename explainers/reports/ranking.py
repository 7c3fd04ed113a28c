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


def as_csv(ranking: Ranking) -> bytes:
    """The table as CSV; no text in it is a formula to a spreadsheet."""
    return csv_of(columns(ranking))


def as_parquet(ranking: Ranking) -> bytes:
    """The table as a Parquet file, whose metadata "evident" holds the settings as JSON."""
    return parquet_of(columns(ranking), _described(ranking))


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
