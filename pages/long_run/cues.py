"""Does the network answer by a cue? What is evidence is cut out, and pasted onto others."""

from __future__ import annotations

from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from explainers.figures.text.sentences import escape_markdown
from explainers.figures.text.words import percent
from explainers.service.tasks import Answer
from explainers.service.tasks.many.find_cues import FindCues
from pages.long_run.question import ManyQuestion
from pages.state import cases, progress

SIDE = 72
KEY = "many_cues"


def section(question: ManyQuestion) -> None:
    """Draw the hunt: a button first, since it takes many passes; then what was found."""
    st.markdown(
        "The patch with most of the evidence is taken from every picture; patches that are alike "
        "are cut out of their pictures, and pasted onto others. What takes the answer with it "
        "wherever it is pasted is a *cue*: the network need not see the thing itself."
    )
    plan = question.plan
    classes = question.setting.model.classes
    assert plan.explanation is not None, "cues are looked for in maps"
    task = FindCues(plan.explanation, plan.count, plan.part, classes, plan.checks)
    slot = cases.slot_of(task, KEY)
    if not cases.was_asked_for(slot):
        facts = question.prediction[0]
        passes = task.cost(tuple(facts["shape"]))
        cases.offer("Look for a cue", passes, task.seconds(facts), slot)
        return
    answer = progress.finished(task, slot)
    if answer is not None:
        found(answer)


def found(answer: Answer) -> None:
    """Draw the clusters that are cues; where there is none, that, and the nearest."""
    facts, arrays = answer
    clusters = facts["clusters"]
    if not clusters:
        st.info("No cue was looked for: fewer than three pictures are answered alike.")
        return
    cues = [place for place, one in enumerate(clusters) if one["is_cue"]]
    if cues:
        st.error(
            f"**This network answers by a cue.** {_headline(clusters[cues[0]])}",
            icon=":material/error:",
        )
    else:
        st.success(
            f"No cue was found: {facts['tried']} kinds of evidence in {facts['pictures']:,} "
            "pictures were cut out and pasted, and none decides the answer by itself.",
            icon=":material/check_circle:",
        )
    for place in cues or [0]:
        with st.container(border=True):
            if not cues:
                st.caption("The nearest:")
            _cluster(clusters[place], arrays[f"patches{place}"])


def _headline(one: dict[str, Any]) -> str:
    rate, low, high, random = one["pasted"]
    name = escape_markdown(one["name"])
    return (
        f"Pasted onto other pictures, this patch turns {percent(rate)} of them into *{name}* "
        f"(95 % interval {percent(low)} to {percent(high)}); random patches turn {percent(random)}."
    )


def _cluster(one: dict[str, Any], patches: np.ndarray) -> None:
    """The patches of a cluster, and what they did."""
    with st.container(horizontal=True, gap="small"):
        for number, patch in enumerate(patches):
            large = Image.fromarray(patch).resize((SIDE, SIDE), Image.Resampling.NEAREST)
            st.image(large, width=SIDE, alt=f"Patch {number + 1} of evidence for {one['name']}")
    st.markdown(escape_markdown(one["sentence"]))
