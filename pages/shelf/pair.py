"""Two entries of the shelf side by side, one over the other, or their difference."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explainers.errors import Problem
from explainers.figures.text.ranking import ranking_sentence
from explainers.figures.text.sentences import escape_markdown
from explainers.service.storage.shelf import Run
from pages import kinds
from pages.answers import two_maps
from pages.answers.grid import Panel
from pages.answers.panel import check, sentence_in
from pages.kinds import picture_view
from pages.ranking.answer import draw_ranks
from pages.ranking.lines import MOST_SHOWN, agreed, order
from pages.shelf import opened
from pages.shelf.compare_link import compare_link
from pages.viewers.picture import viewer_bar

SIDE_BY_SIDE = "Side by side"
_KEY = "two_runs"


def section(runs: Sequence[Run]) -> None:
    """Draw two entries beside each other, of one page; else say which can be.

    Parameters
    ----------
    runs : sequence of two Run
    """
    st.header("Compare the two", anchor=False)
    try:
        if all(len(run.subjects) == 1 and run.page == "explain" for run in runs):
            _maps(runs)
        elif all(run.page == "importance" for run in runs):
            _tables(runs)
        else:
            st.info(
                "Two explanations can be compared here, or two tables of importance. A comparison "
                "of several is opened on its own page."
            )
    except Problem as problem:
        st.error(str(problem))


def _maps(runs: Sequence[Run]) -> None:
    link = compare_link(*runs)
    if link is not None and st.button(
        "Open both on Compare", icon=":material/compare:", help="With proof, agreement and more."
    ):
        st.switch_page("pages/compare.py", query_params=link)
    names = opened.labels(runs)
    panels = opened.panels([run.subjects[0] for run in runs], names, _KEY)
    if panels is None:
        return
    first, second = panels
    ways = {SIDE_BY_SIDE: SIDE_BY_SIDE}
    if two_maps.alike(first, second):
        kind = kinds.of(first.case.task.model)
        ways |= {w: name for w, name in two_maps.WAYS.items() if w != "blink" or kind.can_blink}
    way = SIDE_BY_SIDE
    if len(ways) > 1:
        chosen = st.segmented_control(
            "View",
            list(ways),
            default=SIDE_BY_SIDE,
            format_func=ways.__getitem__,
            required=True,
            key=f"{_KEY}_way",
        )
        way = chosen or SIDE_BY_SIDE
    if way != SIDE_BY_SIDE:
        two_maps.pair(first, second, way, _KEY)
        return
    if "picture" in (first.case.kind.key, second.case.kind.key):
        viewer_bar(_KEY, key=f"{_KEY}_bar")
    for place, (column, panel) in enumerate(zip(st.columns(2), panels, strict=True)):
        with column, st.container(border=True):
            _map(panel, place)


def _map(panel: Panel, place: int) -> None:
    """One of two maps, with what it says."""
    case, facts = panel.case, panel.answer[0]
    scores = case.heat(panel.answer[1]["scores"])
    said = sentence_in(picture_view.chosen(case), case, scores, facts["signed"])
    st.markdown(f"**{case.label_as_text}:** {said}")
    kinds.of(case.task.model).draw(
        case,
        panel.heat,
        signed=facts["signed"],
        key=f"{_KEY}_{place}",
        limit=panel.limit,
        layers=panel.answer[1]["scores"],
        alt=f"{case.label}: {case.about} on {case.input.name}. {said.replace('*', '')}",
        max_height=320,
        group=_KEY,
        compact=True,
    )
    st.markdown(f":material/receipt_long: {check(case, facts)}.")
    for note in facts["notes"]:
        st.warning(note)


def _tables(runs: Sequence[Run]) -> None:
    tables = opened.tables([run.subjects[0] for run in runs], _KEY)
    if tables is None:
        return
    for place, table in enumerate(tables):
        st.markdown(f"**{escape_markdown(opened.labels(runs)[place])}**")
        st.markdown(ranking_sentence(table.names, *agreed(table)))
        draw_ranks(table, order(table)[:MOST_SHOWN], f"{_KEY}_{place}")
