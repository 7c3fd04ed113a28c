"""One entry a method: what it asks, what it costs, when it misleads, its source, and a map."""

from dataclasses import replace

import streamlit as st

from explainers.kinds import KINDS
from explainers.kinds.layout import InputLayout
from explainers.methods import METHODS
from explainers.methods.registry import Method
from explainers.models.zoo.demos import demos
from explainers.models.zoo.signs import STICKER_CLASS, samples
from explainers.service.tasks import BaselineRef
from pages import kinds
from pages.state import address, cases, progress, service
from pages.state.cases import Answer, Case
from pages.state.inputs import Chosen
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
    found, failed, waiting = _answers({key: _setting(one) for key, one in METHODS.items()})
    if waiting:
        progress.watch_all(waiting, "Drawing the maps")
    keys = list(METHODS)
    for start in range(0, len(keys), 2):
        for column, key in zip(st.columns(2, gap="medium"), keys[start : start + 2], strict=False):
            with column, st.container(border=True, key=f"method_{key}"):
                told, shown = st.columns([3, 2], gap="medium")
                with told:
                    entry(METHODS[key])
                with shown:
                    if key in found:
                        _map(*found[key], f"learn_{key}")
                    elif key in failed:
                        st.info(failed[key])


def entry(method: Method) -> None:
    """A method's own words, under a heading that links can name."""
    st.subheader(method.name, anchor=method.key)
    st.markdown(method.says)
    st.markdown(
        f"*Costs* {method.cost}.\n\n*Misleads:* {method.misleads}\n\n*Source:* {method.source}"
    )
    st.caption(" · ".join(_traits(method)))


def asked_about() -> None:
    """The entry of the method that a link asks about, on top of the page, until it is closed."""
    key = address.choice().get("about")
    if key not in METHODS:
        address.choice().pop("about", None)
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
            on_click=address.put,
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
        model, given, baseline = demo("signs"), pictures.sample(sample), "mean"
        shape = (3, model.spec.size, model.spec.size)
    else:
        kind = method.kinds[0]
        found = next(one for one in demos().values() if one.spec.kind == kind)
        name = service.backend().store.put_blob(found.data.read_bytes()) + found.data.suffix
        model, given = demo(found.key), Chosen(name, found.title, found.data.name)
        baseline, shape = KINDS[kind].default_baseline, model.spec.shape
    score = "output" if model.spec.answers == "numbers" else "logit"
    options = _quick(method, InputLayout.of(tuple(shape), model.spec.kind))
    return Setting(model, given, BaselineRef(baseline), method.key, options, score, "cpu")


def _quick(method: Method, layout: InputLayout) -> dict:
    """Options with fewer draws, where the usual ones take more than MOST_PASSES."""
    if "samples" not in method.options.__dataclass_fields__:
        return {}
    usual = method.options()
    cost = method.estimate(usual, layout)
    if cost <= MOST_PASSES:
        return {}
    fewer = max(4, usual.samples * MOST_PASSES // cost)
    return {"samples": fewer}


def _answers(settings: dict[str, Setting]) -> tuple[dict, dict, dict]:
    """Cases with their answers and messages of failure by method; the jobs that are not over."""
    first = cases.unique([setting.prediction() for setting in settings.values()], "learn_ask")
    asked = cases.ask(first)
    waiting = {slot: job for slot, job in asked.items() if not job.over}
    made = {}
    for key, setting in settings.items():
        job = asked.get(cases.slot_of(setting.prediction(), "learn_ask"))
        prediction = service.answer(job) if job else None
        if prediction is not None:
            best = int(prediction[1]["probabilities"].argmax())
            made[key] = replace(setting, target=best).case(METHODS[key].name, prediction)
    jobs = cases.ask({f"learn_map_{key}": case.task for key, case in made.items()})
    waiting |= {slot: job for slot, job in jobs.items() if not job.over}
    found, failed = {}, {}
    for key, case in made.items():
        job = jobs.get(f"learn_map_{key}")
        answer = service.answer(job) if job else None
        if answer is not None:
            found[key] = (case, answer)
        elif job is not None and job.over:
            failed[key] = job.message or "This map was cancelled."
    return found, failed, waiting


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
