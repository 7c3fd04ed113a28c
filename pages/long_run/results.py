"""What a run says so far: what is strange, what its classes have in common, cues, to take away."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explainers.many.keeping.shards import Row
from pages.long_run import cues, sheet, take_away
from pages.long_run import rows as kept
from pages.long_run.question import ManyQuestion
from pages.state import address

INPUTS, CUES, AWAY = "Inputs", "Does it cheat?", "Take away"
PARTS = (INPUTS, CUES, AWAY)


def kept_rows(question: ManyQuestion) -> tuple[list[Row], int]:
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
    parts = list(PARTS)
    if question.one != "picture" or question.numbers:
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
        sheet.section(question, rows)
    elif part == CUES and missing:
        st.info("Cues are looked for once all pictures have been explained.")
    elif part == CUES:
        cues.section(question)
    else:
        take_away.section(question, rows)
