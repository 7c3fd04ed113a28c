"""What stands of the answer: how good the network is, the sentence, warnings, the table, bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from explainers.figures.importance.rank_table import MOST_LEVEL, ROW, rank_table
from explainers.figures.text.quality import quality_sentence
from explainers.figures.text.ranking import ranking_sentence
from explainers.importance import IMPORTANCE
from explainers.importance.tables.consensus import judges
from explainers.importance.tables.stored import StoredTable
from explainers.service.tasks.context import ProgressReport
from pages.ranking import notes
from pages.ranking.lines import MOST_SHOWN, ONE_INPUT, agreed, lines, order
from pages.state import address
from pages.viewers.chart import chart

if TYPE_CHECKING:
    import plotly.graph_objects as go

SPARED = 80
"""Px over the table that names beside each other do not need."""


def sentence(table: StoredTable) -> None:
    """Draw the one sentence, and what it stands on."""
    st.markdown(f"### {ranking_sentence(table.names, *agreed(table))}")
    told, more = basis(table)
    st.caption(told, help=more or None)


def basis(table: StoredTable) -> tuple[str, str]:
    """On what the sentence stands, and which methods those are where that is not in it."""
    chosen, sure = judges(table)
    listed = ", ".join(IMPORTANCE[table.methods[place]].name for place in chosen)
    if sure and len(chosen) > 1:
        return (
            f"Sure: more than half of the {len(chosen)} methods that can tell are 95 % certain "
            "of it, and none denies it. This describes the network, not the world.",
            f"Those with intervals that ask this network and do not depend on the columns' "
            f"units: {listed}.",
        )
    if sure:
        return f"By {listed}, at 95 %. This describes the network, not the world.", ""
    return (
        f"By {listed}, without an interval, so how sure this is cannot be told. This describes "
        "the network, not the world.",
        "",
    )


def quality(found: Mapping[str, float], rows: int, one: str) -> None:
    """Draw how good the network is on the rows; nothing without a truth."""
    if not found:
        st.caption("Without the truth beside the rows, how good the network is cannot be said.")
    else:
        text, bad = quality_sentence(found, rows, one)
        (st.warning if bad else st.markdown)(text)


def table_of_ranks(table: StoredTable, key: str) -> None:
    """Draw methods × inputs on one scale of ranks, the most important inputs on top."""
    shown, many = order(table), len(table.names)
    if many > MOST_SHOWN and not address.widget(
        st.toggle, "every", default=False, label=f"All {many} inputs, not the first {MOST_SHOWN}"
    ):
        shown = shown[:MOST_SHOWN]

    def opened(cell: int) -> None:
        place = shown[cell // len(lines(table))]
        address.set_choices({"closer": ONE_INPUT, "feature": table.names[place]})

    draw_ranks(table, shown, key, opened)
    st.caption("Click a cell for all that is known of its input, under “Look closer”.")


def draw_so_far(rows: int, one: str, report: ProgressReport | None, key: str) -> None:
    """Draw the table on its way, where there is one."""
    if report is None or report.partial is None:
        return
    table = StoredTable.on_its_way(report.facts, report.partial)
    notes.first(table)
    quality(table.quality, rows, one)
    sentence(table)
    draw_ranks(table, order(table)[:MOST_SHOWN], key, finished=False)


def draw_ranks(
    table: StoredTable,
    shown: np.ndarray,
    key: str,
    opened: Callable[[int], None] | None = None,
    finished: bool = True,
) -> None:
    """Draw methods × those inputs, in that order; `opened` gets a clicked cell, row by row."""
    drawn = lines(table)
    rank, low, high = (
        np.stack([getattr(line, part)[shown] for line in drawn]) for part in ("rank", "low", "high")
    )
    figure = rank_table(
        [table.names[place] for place in shown],
        [line.label for line in drawn],
        rank,
        low,
        high,
        in_order=True,
    )
    if len(drawn) <= MOST_LEVEL:
        figure.update_layout(height=figure.layout.height - SPARED)
        figure.update_layout(margin_t=figure.layout.margin.t - SPARED)
    # On a narrow screen it keeps its width, and is moved sideways.
    with st.container(key=f"wide_{key}"):
        if opened is not None:
            _add_places_to_click(figure)
        chart(figure, figure.layout.meta["alt"], key, opened, finished)


def _add_places_to_click(figure: go.Figure) -> None:
    """A mark that is not seen on every cell, since cells themselves cannot be chosen."""
    cells = figure.data[0]
    unseen = {"marker": {"opacity": 0}}
    figure.add_scatter(
        x=[x for _ in cells.y for x in cells.x],
        y=[y for y in cells.y for _ in cells.x],
        customdata=[cell for row in cells.customdata for cell in row],
        hovertemplate=cells.hovertemplate,
        mode="markers",
        marker={"size": ROW, "opacity": 0, "symbol": "square"},
        selected=unseen,
        unselected=unseen,
        showlegend=False,
    )
    cells.update(hoverinfo="skip", hovertemplate=None)
