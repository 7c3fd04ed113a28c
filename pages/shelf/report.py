"""One report of several entries of the shelf."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explainers.errors import Problem
from explainers.reports.page.collection_page import Part, collection_page
from explainers.service.storage.shelf import Run
from pages.answers import take_away
from pages.shelf import opened
from pages.takeaway import ranking, several

_KEY, MOST = "runs_report", 24
_OPENED = "runs_report_opened"


def section(runs: Sequence[Run]) -> None:
    """Draw the report of these entries, once it is asked for: their answers must be there.

    Parameters
    ----------
    runs : sequence of Run
    """
    asked = [run.key for run in runs]
    if st.session_state.get(_OPENED) != asked:
        one = "One report of these" if len(runs) > 1 else "A report of it"
        if st.button(f"{one} …", key="prepare_report", icon=":material/description:"):
            st.session_state[_OPENED] = asked
            st.rerun()
        return
    with st.container(border=True):
        try:
            _report(runs)
        except Problem as problem:
            st.error(str(problem))


def _report(runs: Sequence[Run]) -> None:
    whole = [run for run in runs if run.page == "many"]
    runs = [run for run in runs if run.page != "many"]
    if whole:
        st.info("A run over many inputs has a report of its own, on its page under Take away.")
    if not runs:
        return
    names = opened.labels(runs)
    maps = [
        (subject, name if len(run.subjects) == 1 else f"{name}: {subject.label}")
        for run, name in zip(runs, names, strict=True)
        if run.page != "importance"
        for subject in run.subjects
    ]
    tables = [
        (run.subjects[0], name)
        for run, name in zip(runs, names, strict=True)
        if run.page == "importance"
    ]
    if len(maps) + len(tables) > MOST:
        st.info(f"These are {len(maps) + len(tables)} answers; a report holds up to {MOST}.")
        return
    subjects, labels = [subject for subject, _ in maps], [label for _, label in maps]
    panels = opened.panels(subjects, labels, _KEY) if maps else []
    found = opened.tables([subject for subject, _ in tables], _KEY) if tables else []
    if panels is None or found is None:
        return
    title = st.text_input("Title of the report", "What was asked", key=f"{_KEY}_title")
    by, comment = several.asked(_KEY)
    with_input = st.checkbox("Put the inputs themselves into it", key=f"{_KEY}_with_input")

    parts = several.parts(panels, [several.shown(panel) for panel in panels], with_input)
    for (subject, label), table in zip(tables, found, strict=True):
        task = opened.importance_of(subject)
        one = ranking.ranking(table, task, label, subject.file)
        parts.append(Part(label, one, ranking.source(task, subject.network, subject.file)))
    take_away.download(
        "Report",
        "html",
        "text/html",
        lambda: collection_page(title or "What was asked", parts, by, comment),
        stem=take_away.file_name(title),
        key=_KEY,
    )
