"""What the classes of a run have in common: mean maps, confusion, how sure, where evidence lies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from explainers.figures.many.answers import answer_histogram
from explainers.figures.many.confidences import confidence_histogram
from explainers.figures.many.confusion import confusion_matrix
from explainers.figures.many.mean_maps import mean_maps
from explainers.figures.many.places import evidence_places
from explainers.figures.tables import global_bars
from explainers.figures.text.sentences import escape_markdown
from explainers.figures.text.words import percent
from explainers.importance.uncertainty.intervals import mean_with_interval
from explainers.many.keeping.shards import Row
from explainers.many.summary.labels import Labels
from explainers.many.summary.summarise import Summary, summarise
from pages.long_run import rows as kept
from pages.long_run.question import ManyQuestion
from pages.viewers.chart import chart

_SUMMARIES, MOST_SUMMARIES, KEY = "summaries_of_runs", 4, "many_classes"
MOST_CLASSES = 12


def section(question: ManyQuestion, rows: Sequence[Row], labels: Labels | None) -> None:
    """Draw it for the rows that there are."""
    found = _summary(question, rows, labels)
    kind = question.setting.model.spec.kind
    explains = question.plan.explanation is not None
    if explains and kind == "table":
        _columns(question)
    elif explains:
        _means(found, kind)
    if found.confusion is not None:
        st.markdown("**What is filed under what, and what the network says**")
        figure = confusion_matrix(found.confusion.names, found.confusion.counts)
        chart(figure, figure.layout.meta["alt"], f"{KEY}_confusion")
    left, right = st.columns(2, gap="medium")
    if found.confidences.any():
        with left:
            st.markdown("**How sure it is**")
            wrong = found.wrong if found.confusion is not None else None
            figure = confidence_histogram(found.confidences, wrong)
            chart(figure, figure.layout.meta["alt"], f"{KEY}_confidences")
    if not explains and not found.confidences.any():
        _numbers(rows)
    elif not explains:
        with right:
            _answers(found)
    if found.points:
        with right:
            st.markdown("**Where the evidence lies**")
            centres = [point.centre for point in found.points]
            borders = [point.border for point in found.points]
            names = {row["index"]: row["name"] for row in rows}
            told = [str(names.get(point.index, "")) for point in found.points]
            figure = evidence_places(np.array(centres), np.array(borders), told)
            chart(figure, figure.layout.meta["alt"], f"{KEY}_places")


def _summary(question: ManyQuestion, rows: Sequence[Row], labels: Labels | None) -> Summary:
    """Of these rows and their maps; made once."""
    known: dict[tuple[str, int], Summary] = st.session_state.setdefault(_SUMMARIES, {})
    key = question.plan.digest, len(rows)
    if key not in known:
        kind = question.setting.model.spec.kind
        known[key] = summarise(rows, kept.maps(question.plan), labels, kind=kind)
    while len(known) > MOST_SUMMARIES:
        known.pop(next(iter(known)))
    return known[key]


def _numbers(rows: Sequence[Row]) -> None:
    """Where answers lie that are numbers."""
    figure = answer_histogram([row["answer"] for row in rows if row["error"] is None])
    said = figure.layout.meta["alt"]
    st.markdown("**What it answers**")
    chart(figure, said, f"{KEY}_answers")
    st.caption(said)


def _answers(found: Summary) -> None:
    """How many inputs have which answer."""
    st.markdown("**What it answers**")
    lines = [
        f"| {escape_markdown(one.name)} | {one.count:,} | {percent(one.confidence or 0)} |"
        for one in found.classes[:MOST_CLASSES]
    ]
    head = "| Answer | Inputs | Confidence, median |\n|---|---:|---:|"
    st.markdown("\n".join([head, *lines]))
    if (rest := len(found.classes) - len(lines)) > 0:
        st.caption(f"{rest:,} more answers have fewer inputs.")


def _means(found: Summary, kind: str) -> None:
    """The mean map of every class that has one."""
    signed = any(
        one.mean is not None and bool((one.mean.values < 0).any()) for one in found.classes
    )
    drawn = mean_maps(found.classes, kind, signed)
    if not drawn:
        return
    st.markdown("**Mean map of each class**: where evidence lies in most inputs")
    with st.container(horizontal=True, gap="small", key="mean_maps"):
        for one in drawn:
            with st.container(width=170 if kind == "picture" else 400, gap="xxsmall"):
                st.image(one.png, alt=one.alt, width="stretch")
                st.caption(f"{escape_markdown(one.name or 'All')}, {one.count:,}")
    st.caption(
        "Red supports, blue opposes. Each map is divided by its whole strength, so that every "
        "input counts alike; what supports in one and opposes in another cancels."
    )


def _columns(question: ManyQuestion) -> None:
    """The mean |contribution| of every column, with its interval."""
    scores = [one for _, one in kept.maps(question.plan)]
    if len(scores) < 2:
        return
    names = list(question.setting.model.spec.columns)
    mean, low, high = mean_with_interval(np.stack(scores))
    st.markdown("**Which columns matter**: mean |contribution|, with 95 % intervals")
    best = names[int(np.argmax(mean))]
    alt = f"Mean strength of the contributions in {len(scores):,} rows; {best} has the largest."
    chart(global_bars(names, mean, low, high), alt, f"{KEY}_columns")
