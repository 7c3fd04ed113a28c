"""One entry a method: what it asks, what it costs, when it misleads, its source, and a map."""

from dataclasses import dataclass, fields, replace
from typing import Any

import streamlit as st

from explainers.kinds import KINDS
from explainers.kinds.layout import InputLayout
from explainers.methods import METHODS
from explainers.methods.registry import Method
from explainers.models.zoo.demos import demos
from explainers.models.zoo.signs import STICKER_CLASS, samples
from explainers.service.backends.job import Job
from explainers.service.tasks import BaselineRef
from pages import kinds
from pages.learning import folding
from pages.state import address, cases, progress, service
from pages.state.cases import Answer, Case
from pages.state.chosen import ChosenInput
from pages.state.setting import Setting
from pages.widgets import pictures
from pages.widgets.models import demo

MOST_PASSES = 600
"""What a method's map may take here; random ones take fewer draws than is usual for that."""
PICTURE = "picture"


def section() -> None:
    """Draw an entry for every method, two in a row, and their maps as they are finished."""
    st.header("Methods", anchor="methods")
    st.markdown(
        "Each is shown on one example: why the demo network says *stop*, or for methods of DNA "
        "alone, what it reads in a sequence. Random ones are drawn with few samples here."
    )
    folding.pick_method()
    state = _answers({key: _setting(method) for key, method in METHODS.items()})
    if state.waiting:
        progress.watch_all(state.waiting, "Drawing the maps")
    keys, cards = list(METHODS), st.container(key="methods")
    for start in range(0, len(keys), 2):
        for column, key in zip(
            cards.columns(2, gap="medium"), keys[start : start + 2], strict=False
        ):
            with column, st.container(border=True, key=f"method_{key}"):
                left, right = st.columns([3, 2], gap="medium")
                with left:
                    entry(METHODS[key])
                with right:
                    if key in state.finished:
                        case, answer = state.finished[key]
                        _map(case, answer, f"learn_{key}")
                    elif key in state.failed:
                        st.info(state.failed[key])


def entry(method: Method) -> None:
    """Draw a method's own words, under a heading that links can name."""
    st.subheader(method.name, anchor=method.key)
    st.markdown(method.says)
    st.markdown(
        f"*Costs* {method.cost}.\n\n*Misleads:* {method.misleads}\n\n*Source:* {method.source}"
    )
    st.caption(" · ".join(_traits(method)))


def linked_entry() -> None:
    """Draw the entry of the method that a link names, on top of the page, until it is closed."""
    key = address.choices().get("about")
    address.show_refusal("about", "Method")
    if key not in METHODS:
        address.choices().pop("about", None)
        return
    with st.container(border=True, key="about"):
        method = METHODS[key]
        st.markdown(f"**{method.name}**")
        st.markdown(f"{method.says} *Costs {method.cost}.*")
        st.markdown(f"*Misleads:* {method.misleads}\n\n*Source:* {method.source}")
        st.button(
            "Close",
            icon=":material/close:",
            key="about_close",
            on_click=address.set_choices,
            args=({"about": None},),
        )


def _traits(method: Method) -> list[str]:
    """What it promises and needs, in words."""
    signed = method.knows_sign(method.options())
    traits = ["supports and opposes" if signed else "strength without a sign"]
    traits += ["adds up to the answer"] if method.complete else []
    traits.append("needs slopes" if method.needs_gradient else "needs answers only")
    traits.append("has a baseline" if method.uses_baseline else "no baseline")
    traits += ["random"] if method.random else []
    return traits


def _setting(method: Method) -> Setting:
    """The stop sign, or the first input of the demo of a kind that the method is for."""
    if method.kinds is None or PICTURE in method.kinds:
        sample = next(
            s.name for s in samples() if s.label == STICKER_CLASS and s.sticker_mask_path is None
        )
        model, chosen, baseline = demo("signs"), pictures.sample(sample), "mean"
        shape: tuple[int, ...] = (3, *model.spec.sides)
    else:
        kind = method.kinds[0]
        entry, file = next(
            (entry, entry.data)
            for entry in demos().values()
            if entry.spec.kind == kind and entry.data is not None
        )
        data = service.backend().store.put_blob(file.read_bytes()) + file.suffix
        model, chosen = demo(entry.key), ChosenInput(data, entry.title, file.name)
        baseline, shape = KINDS[kind].default_baseline, model.spec.shape
    score = "output" if model.spec.answers == "numbers" else "logit"
    options = _quick(method, InputLayout.of(tuple(shape), model.spec.kind))
    return Setting(model, chosen, BaselineRef(baseline), method.key, options, score, "cpu")


def _quick(method: Method, layout: InputLayout) -> dict[str, Any]:
    """Options with fewer draws, where the usual ones take more than MOST_PASSES."""
    if "samples" not in {field.name for field in fields(method.options)}:
        return {}
    usual = method.options()
    cost = method.estimate(usual, layout)
    if cost <= MOST_PASSES:
        return {}
    of_four = method.estimate(replace(usual, samples=4), layout)
    return {"samples": max(4, 4 * MOST_PASSES // of_four)}


@dataclass(frozen=True)
class _Maps:
    """How far the maps are: finished ones and failures by method, and the jobs that wait."""

    finished: dict[str, tuple[Case, Answer]]
    failed: dict[str, str]
    waiting: dict[str, Job]


def _answers(settings: dict[str, Setting]) -> _Maps:
    """Ask for the answers to the inputs, and where these are there, for the maps."""
    predictions = cases.submit(
        cases.by_slot([setting.prediction() for setting in settings.values()], "learn_ask")
    )
    waiting = {slot: job for slot, job in predictions.items() if not job.over}
    by_method: dict[str, Case] = {}
    for key, setting in settings.items():
        job = predictions.get(cases.slot_of(setting.prediction(), "learn_ask"))
        prediction = service.answer(job) if job else None
        if prediction is not None:
            best = int(prediction[1]["probabilities"].argmax())
            by_method[key] = replace(setting, target=best).case(METHODS[key].name, prediction)
    jobs = cases.submit({f"learn_map_{key}": case.task for key, case in by_method.items()})
    waiting |= {slot: job for slot, job in jobs.items() if not job.over}
    finished, failed = {}, {}
    for key, case in by_method.items():
        job = jobs.get(f"learn_map_{key}")
        answer = service.answer(job) if job else None
        if answer is not None:
            finished[key] = (case, answer)
        elif job is not None and job.over:
            failed[key] = job.message or "This map was cancelled."
    return _Maps(finished, failed, waiting)


def _map(case: Case, answer: Answer, key: str) -> None:
    facts, arrays = answer
    kinds.of(case.task.model).draw(
        case,
        case.heat(arrays["scores"]),
        signed=facts["signed"],
        key=key,
        compact=True,
        alt=f"{case.label} for {case.about} on {case.input.name}.",
        max_height=220,
    )
