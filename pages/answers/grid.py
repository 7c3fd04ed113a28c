"""The grid of a comparison: every panel with its own map, progress, failure and cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from explainers.figures.text import advice, words
from explainers.figures.text.doubts import calls
from explainers.figures.text.sentences import escape_markdown
from explainers.methods import METHODS
from explainers.service.backends.job import Job
from explainers.service.tasks import InputRef
from pages import kinds
from pages.answers.panel import check
from pages.kinds import picture_view
from pages.state import cases, progress, service
from pages.state.cases import Answer, Case
from pages.state.setting import Setting
from pages.viewers.picture import viewer_bar

GROUP = "comparison"


@dataclass(frozen=True)
class Panel:
    """A finished panel.

    Attributes
    ----------
    case : Case
    answer : Answer
    limit : float
        The score of its strongest colour.
    """

    case: Case
    answer: Answer
    limit: float

    @property
    def heat(self) -> np.ndarray:
        """The map as it is shown."""
        return as_shown(self.case, self.answer)


def as_shown(case: Case, answer: Answer) -> np.ndarray:
    """The map of an answer, in the view that is chosen for the page."""
    return picture_view.seen(case, case.heat(answer[1]["scores"]), picture_view.chosen(case))


def draw(settings: list[tuple[str, Setting]], width: int, shared: bool, lab: bool) -> list[Panel]:
    """Draw a panel for each setting.

    Parameters
    ----------
    settings : list of (label, Setting)
    width : int
        How many stand in a row; 0: as many as the screen has room for.
    shared : bool
        Whether maps of one unit have one colour scale.
    lab : bool
        Whether the model's answer to the baseline is drawn too.

    Returns
    -------
    list of Panel
        Those that are finished.
    """
    predictions = cases.submit(
        cases.by_slot([setting.prediction() for _, setting in settings], "c_ask")
    )
    all_cases = _cases(settings, predictions)
    allowed = {slot: case for slot, case in all_cases.items() if _may_run(case)}
    service.cancel_others("c_", [*allowed, *predictions, "c_base"])
    jobs = cases.submit({slot: case.task for slot, case in allowed.items()})
    results = [(slot, service.answer(job)) for slot, job in jobs.items()]
    finished = {slot: answer for slot, answer in results if answer is not None}
    maps = [as_shown(all_cases[slot], answer) for slot, answer in finished.items()]
    scale = limits([all_cases[slot] for slot in finished], list(finished.values()), maps, shared)
    panels = {
        slot: Panel(all_cases[slot], answer, limit)
        for (slot, answer), limit in zip(finished.items(), scale, strict=True)
    }
    if any(setting.model.spec.kind == "picture" for _, setting in settings):
        regions = {name for case in all_cases.values() for name in case.input.regions}
        viewer_bar(GROUP, key="bar", masks=tuple(sorted(regions)))
    rows = st.container(key="swipe_panels" if width else "swipe_flow")
    width = width or len(settings)
    for start in range(0, len(settings), width):
        row = settings[start : start + width]
        for index, (column, (label, setting)) in enumerate(
            zip(rows.columns(width), row, strict=False)
        ):
            slot = _slot(start + index)
            with column, st.container(border=True, key=f"panel_{start + index}"):
                st.markdown(f"**{escape_markdown(label)}**")
                if slot in panels:
                    _finished(panels[slot], slot, lab)
                elif slot in jobs:
                    _unfinished(all_cases[slot], jobs[slot], slot)
                elif slot in all_cases:
                    case = all_cases[slot]
                    key = case.task.digest()
                    cases.offer("Run it", case.passes(), case.seconds(), key, case.most())
                else:
                    prediction = predictions.get(cases.slot_of(setting.prediction(), "c_ask"))
                    _unpredicted(prediction, slot)
    return list(panels.values())


def _slot(index: int) -> str:
    return f"c_{index}"


def _cases(settings: list[tuple[str, Setting]], predictions: dict[str, Job]) -> dict[str, Case]:
    """The cases by slot, of all settings whose model has answered.

    Without a class of its own, every panel of an input explains the first model's first choice.
    """
    by_slot: dict[str, Case] = {}
    leads: dict[InputRef, str] = {}
    for index, (label, setting) in enumerate(settings):
        job = predictions.get(cases.slot_of(setting.prediction(), "c_ask"))
        prediction = service.answer(job) if job else None
        if prediction is None:
            continue
        if setting.target is None:
            names, _ = setting.names(prediction)
            own = cases.first_choice(prediction)
            lead = leads.setdefault(setting.input.ref, names[own])
            setting = replace(setting, target=names.index(lead) if lead in names else own)
        by_slot[_slot(index)] = setting.case(label, prediction)
    return by_slot


def _may_run(case: Case) -> bool:
    return cases.may_run(case.seconds(), case.task.digest())


def limits(
    shown: list[Case], answers: list[Answer], heats: list[np.ndarray], shared: bool
) -> list[float]:
    """The score of the strongest colour for each map.

    Parameters
    ----------
    shown, answers : list of Case, list of Answer
    heats : list of ndarray
        Their maps, as they are shown.
    shared : bool
        Whether maps whose scores mean the same (one unit, both with or without sign) have the
        same; slopes and contributions cannot share a scale. Maps of zeros have no say in it.
    """
    own = [kinds.of(case.task.model).limit(heat) for case, heat in zip(shown, heats, strict=True)]
    if not shared:
        return own
    units = [
        (METHODS[c.task.method].unit, a[0]["signed"]) for c, a in zip(shown, answers, strict=True)
    ]
    strongest: dict[tuple[str, bool], float] = {}
    for unit, limit, heat in zip(units, own, heats, strict=True):
        if heat.any():
            strongest[unit] = max(limit, strongest.get(unit, limit))
    return [strongest.get(unit, limit) for unit, limit in zip(units, own, strict=True)]


def _finished(panel: Panel, slot: str, lab: bool) -> None:
    """Map and check, and in the baseline lab the model's answer to the baseline."""
    case, facts, heat = panel.case, panel.answer[0], panel.heat
    method = METHODS[case.task.method]
    share = case.amount(float(case.share(case.prediction[1]["probabilities"])))
    kinds.of(case.task.model).draw(
        case,
        heat,
        signed=facts["signed"],
        key=f"map_{slot}",
        limit=panel.limit,
        layers=panel.answer[1]["scores"],
        alt=f"{case.label}: {method.name} for {case.about}, {share}, on {case.input.name}.",
        method=method.name,
        max_height=260,
        around=540,
        group=GROUP,
        compact=True,
    )
    if lab:
        _answer_to_baseline(case)
    said = check(case, facts)
    st.markdown(f":material/receipt_long: {said[:1].upper()}{said[1:]}.")
    st.caption(words.cost(facts))
    for note in facts["notes"]:
        st.warning(note)


def _unfinished(case: Case, job: Job, slot: str) -> None:
    """A panel on its way, or one that failed or was cancelled."""
    if job.settled:
        progress.explain_end(job, slot)
        return
    draw_partial = kinds.partial_drawing(case.task, case.about, case.signed, compact=True)
    progress.watch_in_grid(job, slot, draw_partial, compact=True)


def _unpredicted(job: Job | None, slot: str) -> None:
    """A panel whose model has not answered, or cannot."""
    if job is None:
        st.info("This panel could not be queued. Choose fewer panels.")
    elif job.settled:
        progress.explain_end(job, f"{slot}_ask")
    else:
        progress.watch_in_grid(job, f"{slot}_ask", compact=True)


def _answer_to_baseline(case: Case) -> None:
    shares = case.prediction[1]["baseline_probabilities"]
    left, right = st.columns([1, 3], vertical_alignment="center")
    with left:
        shown = case.prediction[1]["baseline_shown"]
        kinds.of(case.task.model).draw_baseline(shown, case.label, 72)
    if case.numbers:
        right.markdown(f"Answer: {case.amount(float(case.share(shares)))}.")
        return
    sure = "" if advice.is_neutral(shares) else " It is not neutral."
    right.markdown(calls(case.names, shares, "Called") + sure)
