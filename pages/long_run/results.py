"""What a run says so far: what is strange, what its classes have in common, cues, to take away."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explainers.figures.many.checks import check_sentences
from explainers.figures.text.sentences import escape_markdown
from explainers.figures.text.words import percent
from explainers.many.keeping.shards import Row
from explainers.many.summary.checks import summarise_checks
from explainers.many.summary.labels import Labels, folded, label_of
from pages.long_run import classes, cues, report, sheet, take_away
from pages.long_run import rows as kept
from pages.long_run.question import ManyQuestion
from pages.shelf import recording
from pages.state import address

INPUTS, CLASSES, CUES, AWAY = "Inputs", "All together", "Does it cheat?", "Take away"
PARTS = (INPUTS, CLASSES, CUES, AWAY)


def rows_of(question: ManyQuestion) -> tuple[list[Row], int]:
    """The rows that there are, with the names that the page gives; and how many parts lack."""
    found, missing = kept.kept(question.plan)
    return kept.named(question, found), missing


def section(question: ManyQuestion, rows: Sequence[Row], missing: int) -> None:
    """Draw it; nothing before the first part is there."""
    if not rows:
        return
    failed = [row for row in rows if row["error"] is not None]
    if failed:
        st.warning(
            f"{question.several(len(failed))} of {len(rows):,} "
            f"{'has' if len(failed) == 1 else 'have'} no answer; why stands with each."
        )
    if len(failed) == len(rows):
        st.error(failed[0]["error"])
        return
    labels = kept.labels(question, rows)
    headline, checks = _headline(question, rows, labels), _checks(question, rows)
    st.markdown(headline)
    for sentence in checks:
        st.caption(sentence)
    told = " ".join([headline, *checks])
    parts = list(PARTS)
    if question.one != "picture" or question.numbers or question.plan.explanation is None:
        parts.remove(CUES)
    part = address.select(
        st.segmented_control,
        "many_part",
        parts,
        parts[0],
        label="What the run says",
        label_visibility="collapsed",
        required=True,
    )
    if part == INPUTS:
        drawn = sheet.section(question, rows, labels)
        if not missing:
            many = question.several(len(rows))
            recording.many(question.setting, question.plan, told, drawn, many)
    elif part == CLASSES:
        classes.section(question, rows, labels)
    elif part == CUES and missing:
        st.info("Cues are looked for once all pictures have been explained.")
    elif part == CUES:
        cues.section(question)
    else:
        take_away.section(question, rows)
        report.section(question, rows, labels)


def _headline(question: ManyQuestion, rows: Sequence[Row], labels: Labels | None) -> str:
    """What the run says in a sentence or two."""
    answered = [row for row in rows if row["error"] is None]
    asked = "explained" if question.plan.explanation else "answered"
    said = f"**{question.several(len(answered))}** {asked}."
    filed = [row for row in answered if label_of(labels, row["index"]) is not None]
    if filed:
        wrong = sum(
            folded(label_of(labels, r["index"]) or "") != folded(r["class_name"] or "")
            for r in filed
        )
        said += (
            f" The network says of **{percent(1 - wrong / len(filed))}** what their folders say; "
            f"of {question.several(wrong)} it says another class."
            if wrong
            else f" The network says of all {len(filed):,} what their folders say."
        )
    return said


def _checks(question: ManyQuestion, rows: Sequence[Row]) -> list[str]:
    """What the checks of the maps say; nothing of a run without any."""
    asked = question.plan.explanation
    found = summarise_checks(rows) if question.plan.checks else None
    if found is None or asked is None:
        return []
    return list(map(escape_markdown, check_sentences(found, asked.method, asked.kind)))
