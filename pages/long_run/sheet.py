"""The contact sheet of a run: its inputs with their maps, if it has any; what is strange first."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from explainers.errors import Problem
from explainers.figures import colours
from explainers.figures.many.checks import correlation
from explainers.figures.text.labels import shortened
from explainers.figures.text.sentences import escape_markdown
from explainers.figures.text.words import number, percent
from explainers.figures.views.smoothing import smooth
from explainers.kinds import KINDS
from explainers.kinds.files.pictures.collection import of_one
from explainers.many.checking.map_checks import AGREEMENT, PROOF
from explainers.many.keeping.shards import Row
from explainers.many.strangeness import strangest
from explainers.many.summary.labels import Labels, folded, label_of
from explainers.many.summary.measures import beyond_chance
from explainers.reports.pictures.thumbnail import cells
from pages.long_run import inputs, opening
from pages.long_run import rows as kept_rows
from pages.long_run.question import ManyQuestion
from pages.state import address, progress

STRANGE, UNSURE, SURE, NAMED = "Strangest", "Least sure", "Most sure", "In order"
HIGHEST, LOWEST, WRONG = "Highest answer", "Lowest answer", "Surest mistakes"
UNPROVEN, DISAGREED = "Least proven", "Least agreement"
OF_A_SHEET, SIDE, OPACITY = 24, 224, 0.85
ALL = -1
_DRAWN, MOST_DRAWN = "drawn_of_runs", 600


class _Shown(NamedTuple):
    """One input of the sheet, and what is said of it."""

    row: Row
    reasons: tuple[str, ...]


def section(question: ManyQuestion, rows: Sequence[Row], labels: Labels | None) -> list[bytes]:
    """Draw the sheet, and what chooses and orders its inputs; the pictures on it."""
    order, wanted, text, place = _pick(question, rows, labels)
    # In their order: what is wrong and sure comes first.
    strange = {one.index: one for one in strangest(rows, len(rows), labels)}
    rank = {index: place for place, index in enumerate(strange)}
    shown = [
        _Shown(row, strange[row["index"]].reasons if row["index"] in strange else ())
        for row in rows
    ]
    shown = [one for one in shown if _is_wanted(one, question, wanted, text)]
    if order == WRONG:
        shown = [one for one in shown if _is_wrong(one.row, labels)]
    shown.sort(key=lambda one: _place(one.row, order, rank))
    if order == STRANGE and wanted == ALL and not text:
        count = len(strange)
        st.caption(
            f"{question.several(count)} of {len(rows):,} {_unlike(question, labels, count)}; these "
            "come first."
            if count
            else "None is far from what is usual in this run."
        )
    if not shown:
        st.info(
            "No answer is another than its label."
            if order == WRONG and wanted == ALL and not text
            else "No input is like that. Choose another class, or search for another name."
        )
        return []
    pages = -(-len(shown) // OF_A_SHEET)
    page = 1
    if pages > 1:
        key = f"many_sheet_{question.plan.digest[:8]}_{order}_{wanted}_{pages}"
        page = int(place.number_input(f"Sheet, of {pages:,}", 1, pages, 1, key=key))
    these = shown[(page - 1) * OF_A_SHEET : page * OF_A_SHEET]
    drawn = _drawings(question, [one.row for one in these])
    with st.container(horizontal=True, gap="small", key="sheet"):
        for one in these:
            with st.container(width=170, border=True, gap="xxsmall"):
                filed = label_of(labels, one.row["index"])
                _card(question, one, filed, drawn.get(one.row["index"]))
    return [drawn[one.row["index"]] for one in these if one.row["index"] in drawn]


def _unlike(question: ManyQuestion, labels: Labels | None, count: int) -> str:
    """In what inputs are strange, in words."""
    is_it = "is" if count == 1 else "are"
    if question.plan.explanation is not None:
        return f"{is_it} unlike the others in the evidence, the answer or the check"
    if labels:
        return f"{is_it} without an answer, surely called another than the label, or unsure"
    return f"{is_it} without an answer, or less sure than is usual"


def _pick(
    question: ManyQuestion, rows: Sequence[Row], labels: Labels | None
) -> tuple[str, int, str, DeltaGenerator]:
    """Draw what orders the sheet, and which inputs are on it; the place of the sheet's number."""
    checks, measured = question.plan.checks, question.plan.explanation or not question.numbers
    orders = [STRANGE] if measured else []
    orders += [HIGHEST, LOWEST] if question.numbers else []
    orders += [*([WRONG] if labels else []), *([UNPROVEN] if PROOF in checks else [])]
    orders += [DISAGREED] if AGREEMENT in checks else []
    orders += [*([] if question.numbers else [UNSURE, SURE]), NAMED]
    first, second, third, fourth = st.columns(4, vertical_alignment="bottom")
    with first:
        order = address.select(st.selectbox, "many_order", orders, orders[0], label="First")
    wanted = ALL
    classes = sorted({row["class"] for row in rows if row["class"] is not None})
    if len(classes) > 1:
        with second:
            wanted = address.select(
                st.selectbox,
                "many_class",
                [ALL, *classes],
                ALL,
                label="Explained" if question.plan.explanation else "Answered",
                format_func=lambda one: (
                    "All" if one == ALL else escape_markdown(question.name_of(one))
                ),
            )
    text = third.text_input("Name holds", key="many_search", placeholder="all names")
    return order, wanted, text.strip().lower(), fourth


def _is_wanted(one: _Shown, question: ManyQuestion, wanted: int, text: str) -> bool:
    row = one.row
    return (wanted in (ALL, row["class"])) and (not text or text in row["name"].lower())


def _is_wrong(row: Row, labels: Labels | None) -> bool:
    label = label_of(labels, row["index"])
    return (
        label is not None
        and row["error"] is None
        and folded(label) != folded(row["class_name"] or "")
    )


def _place(row: Row, order: str, rank: dict[int, int]) -> tuple[float, int]:
    index = row["index"]
    if order == STRANGE:
        return rank.get(index, math.inf), index
    if order == UNPROVEN:
        beyond = beyond_chance(row)
        return (beyond if math.isfinite(beyond) else math.inf), index
    if order == DISAGREED:
        found = row["rank_correlation"]
        return (math.inf if found is None else found), index
    if order in (HIGHEST, LOWEST):
        answer = row["answer"]
        return (math.inf if answer is None else -answer if order == HIGHEST else answer), index
    sure = row["confidence"]
    if order in (UNSURE, SURE, WRONG):
        known = math.inf if sure is None else sure if order == UNSURE else -sure
        return known, index
    return 0.0, index


def _card(question: ManyQuestion, one: _Shown, filed: str | None, picture: bytes | None) -> None:
    """One input: its map or itself, its answer, what is strange, and the way to Explain."""
    row = one.row
    name = escape_markdown(shortened(row["name"].rsplit("/", 1)[-1], 26))
    if picture is not None:
        what = "The map of " if question.plan.explanation else ""
        st.image(picture, alt=f"{what}{row['name']}", width="stretch")
    st.markdown(f"**{name}**")
    if question.plan.explanation is None and (begins := inputs.told(question, row)):
        st.caption(escape_markdown(begins))
    if row["error"] is not None:
        st.caption(escape_markdown(shortened(row["error"], 160)))
        return
    said = question.name_of(row["class"])
    answer = number(row["answer"]) if row["confidence"] is None else percent(row["confidence"])
    under = f", filed under {escape_markdown(filed)}" if filed and filed != said else ""
    st.caption(f"{escape_markdown(said)} {answer}{under}")
    if told := _checked(row):
        st.caption(told)
    for reason in one.reasons[:2]:
        st.caption(f":material/error: {escape_markdown(reason)}")
    if st.button("Explain", key=f"explain_{row['index']}", width="stretch"):
        try:
            opening.explain(question, row)
        except Problem as problem:
            progress.refused(problem)


def _checked(row: Row) -> str:
    """What the checks say of a map, in a line; "" without any."""
    said = []
    if row["proven"] is not None:
        beats = f"beats chance by {beyond_chance(row):.2g}"
        said.append(beats if row["proven"] else "does not beat chance")
    if row["rank_correlation"] is not None:
        said.append(f"agreement {correlation(row['rank_correlation'])}")
    if row["unchecked"]:
        said.append(escape_markdown(shortened(row["unchecked"], 120)))
    line = ", ".join(said)
    return line[:1].upper() + line[1:]


def _drawings(question: ManyQuestion, rows: Sequence[Row]) -> dict[int, bytes]:
    """Small pictures of the maps of those rows, or of the inputs, by index; drawn once."""
    kept: dict[tuple[str, int], bytes] = st.session_state.setdefault(_DRAWN, {})
    plan = question.plan.digest
    wanted = {row["index"] for row in rows if row["error"] is None}
    missing = {index for index in wanted if (plan, index) not in kept}
    for index, heat in kept_rows.maps(question.plan, missing) if missing else ():
        kept[plan, index] = drawing(question, index, heat)
    if question.plan.explanation is None:
        found = {row["index"]: inputs.drawn(question, row) for row in rows}
        kept |= {(plan, index): one for index, one in found.items() if index in missing and one}
    while len(kept) > MOST_DRAWN:
        kept.pop(next(iter(kept)))
    return {index: kept[plan, index] for index in wanted if (plan, index) in kept}


def drawing(question: ManyQuestion, index: int, scores: np.ndarray) -> bytes:
    """A small picture of one map: over the photo, smoothed; of others the cells alone."""
    kind = KINDS[question.setting.model.spec.kind]
    if kind.key != "picture":
        heat = kind.heat(scores)
        return cells(heat.T if kind.key == "series" else heat, _signed(scores))
    photo, _ = of_one(question.content, int(question.items[index]))
    factor = max(1, round(SIDE / max(photo.shape[:2])))
    sides = photo.shape[1] * factor, photo.shape[0] * factor
    grey = (
        Image.fromarray(photo).convert("L").convert("RGB").resize(sides, Image.Resampling.LANCZOS)
    )
    heat = smooth(scores)
    drawn = colours.overlay(np.asarray(grey), heat, _signed(scores), opacity=OPACITY)
    buffer = io.BytesIO()
    image = Image.fromarray(drawn)
    image.thumbnail((SIDE, SIDE))
    image.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def _signed(scores: np.ndarray) -> bool:
    return bool((np.asarray(scores) < 0).any())
