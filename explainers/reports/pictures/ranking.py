"""Pictures of a table of importance: ranks of all methods, and the numbers of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from explainers.figures.importance.importance_bars import importance_bars
from explainers.figures.importance.rank_table import rank_table
from explainers.importance import IMPORTANCE
from explainers.reports.pictures import chart, matrix
from explainers.reports.pictures.sheet import Sheet, drawing
from explainers.reports.pictures.words import plain

if TYPE_CHECKING:
    from explainers.reports.ranking import Ranking

MOST = 30
"""Inputs that are drawn."""


def bars(ranking: Ranking, method: int) -> Sheet:
    """One method's numbers with their intervals, as the page draws them.

    Parameters
    ----------
    ranking : Ranking
    method : int
        Its place in the table.
    """
    table = ranking.table
    entry = IMPORTANCE[table.methods[method]]
    figure = importance_bars(
        table.names,
        table.values[method],
        table.low[method],
        table.high[method],
        ranking.units[method],
        entry.signed,
        MOST,
        ascending=entry.ranks,
    )
    alt = figure.layout.meta["alt"]
    with drawing():
        sheet = Sheet(*_words(ranking, entry.name, alt), chart.chart_height(figure), table.names)
        chart.draw_chart(sheet, figure)
    return sheet


def ranks(ranking: Ranking) -> Sheet:
    """Methods × inputs as ranks, as the page draws them."""
    table, order = ranking.table, list(ranking.order[:MOST])
    rank, low, high = (
        np.asarray(each[:, order]) for each in (table.rank, table.rank_low, table.rank_high)
    )
    names = [table.names[place] for place in order]
    figure = rank_table(names, ranking.methods, rank, low, high, in_order=True)
    count = len(ranking.methods)
    methods = f"{count} methods" if count > 1 else ranking.methods[0]
    with drawing():
        words = _words(ranking, methods, figure.layout.meta["alt"])
        sheet = Sheet(*words, matrix.matrix_height(figure), (*names, *ranking.methods))
        matrix.draw_matrix(sheet, figure)
    return sheet


def _words(ranking: Ranking, method: str, alt: str) -> tuple[str, str, str, str]:
    """Headline, what it is, caption, alternative text."""
    headline = plain(ranking.sentence) or f"What matters for {ranking.about}"
    about = f"{method} for {ranking.about}, {ranking.title}"
    caption = f"{plain(ranking.basis)} Made with Evident.".strip()
    return headline, about, caption, alt
