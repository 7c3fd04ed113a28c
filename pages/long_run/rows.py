"""The rows and maps of a run, as far as they are kept; read once, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import streamlit as st

from explainers.many.keeping.shards import Row, schema
from explainers.many.summary.labels import labels_from_names
from explainers.service.tasks.many.plan import ManyPlan
from pages.long_run.question import ManyQuestion
from pages.state import service

_ROWS, MOST_PLANS = "rows_of_runs", 4


def kept(plan: ManyPlan) -> tuple[list[Row], int]:
    """The rows that are kept, in the order of the inputs; and how many parts there are not yet."""
    plans: dict[str, dict[str, list[Row]]] = st.session_state.setdefault(_ROWS, {})
    known = plans.setdefault(plan.digest, {})
    while len(plans) > MOST_PLANS:
        plans.pop(next(name for name in plans if name != plan.digest))
    rows: list[Row] = []
    missing = 0
    store = service.backend().store
    for task in plan.tasks():
        digest = task.digest()
        if not store.has_answer(digest):
            known.pop(digest, None)
            missing += 1
            continue
        if digest not in known:
            answer = store.answer(digest)
            if answer is None:
                missing += 1
                continue
            known[digest] = answer[0]["rows"]
        rows += known[digest]
    return rows, missing


def named(question: ManyQuestion, rows: list[Row]) -> list[Row]:
    """The rows in full: with the names of their classes, as the page calls them, and labels."""
    empty = dict.fromkeys(schema().names)
    found = None
    if question.one == "picture":
        found = labels_from_names([row["name"] for row in rows], question.names)
    return [
        empty
        | row
        | {"class_name": question.name_of(row.get("class")) or None}
        | {"label": None if found is None else found[place]}
        for place, row in enumerate(rows)
    ]


def maps(plan: ManyPlan, only: set[int] | None = None) -> Iterator[tuple[int, np.ndarray]]:
    """(index, map) of the inputs that are kept, or of `only` these; one part at a time."""
    store = service.backend().store
    for task in plan.tasks() if plan.explanation is not None else ():
        if only is not None and not only.intersection(range(task.start, task.stop)):
            continue
        answer = store.answer(task.digest())
        if answer is None:
            continue
        for index, one in zip(answer[1]["mapped"].tolist(), answer[1]["maps"], strict=True):
            if only is None or index in only:
                yield index, one


def labels(question: ManyQuestion, rows: Sequence[Row]) -> dict[int, str] | None:
    """What each input is filed under, where folders have the names of classes; else None.

    None, too, where one class is asked of all: what is told is not the answer then.
    """
    if question.plan.question.target is not None:
        return None
    known = {row["index"]: row["label"] for row in rows if row["label"] is not None}
    return known or None
