"""One picture, one method: what the network saw, the picture of why, and the receipt."""

from functools import partial

import streamlit as st

from explainers.baselines import BASELINES
from explainers.engine import recipe
from explainers.engine.jobs import DONE
from explainers.engine.request import Request
from explainers.figures import words
from explainers.figures.bars import class_bars
from explainers.methods import METHODS
from explainers.models.class_names import named
from explainers.problems import Problem
from pages.parts import link, models, options, pictures, progress, service
from pages.parts.panel import knows_sign, panel

CONFIDENT = 0.5
CHIPS = 5
SCORES = {"logit": "Score before softmax", "probability": "Probability", "output": "As it is"}
PLOT = {"displayModeBar": False, "showSendToCloud": False}


def page() -> None:
    """Settings on the left, the answer on the right."""
    st.title("Explain a picture", anchor=False)
    settings, answer = st.columns([4, 8], gap="large")
    with settings:
        with st.container(border=True):
            st.header("Model", anchor=False)
            model = models.pick()
        with st.container(border=True):
            st.header("Picture", anchor=False)
            picture = pictures.pick()
        with st.container(border=True):
            st.header("Compared with", anchor=False)
            baseline, thumbnail = _pick_baseline()
        with st.container(border=True):
            st.header("Method", anchor=False)
            method = _pick_method()
    with answer, st.container(key="answer"):
        if model is None or picture is None:
            missing = "a model" if model is None else "a picture"
            st.info(f"Choose {missing} on the left, and the explanation appears here.",
                    icon=":material/arrow_back:")  # fmt: skip
        elif baseline is None:
            st.info("Upload the picture to compare with, on the left.")
        else:
            asked = Request(model.spec, picture.digest, **baseline, device=method.pop("device"))
            _answer(model, picture, asked, method, thumbnail)
    link.write()


def _pick_baseline() -> tuple[dict | None, st.delta_generator.DeltaGenerator]:
    names = {key: entry.name for key, entry in BASELINES.items()} | {"own": "Your own picture"}
    key = link.select(
        st.selectbox, "baseline", list(names), "zeros",
        label="Baseline", format_func=names.get, label_visibility="collapsed",
    )  # fmt: skip
    chosen = {"baseline": key}
    if key == "own":
        own = pictures.uploaded("own", partial(pictures.uploader, "Baseline picture"))
        return ({**chosen, "own_baseline": own} if own else None), st.empty()
    st.caption(BASELINES[key].says)
    given = options.widgets(BASELINES[key].options, f"b.{key}")
    return {**chosen, "baseline_options": given}, st.empty()


def _pick_method() -> dict:
    key = link.select(
        st.selectbox, "method", list(METHODS), "integrated_gradients",
        label="Method", format_func=lambda key: METHODS[key].name, label_visibility="collapsed",
    )  # fmt: skip
    entry = METHODS[key]
    st.markdown(f"{entry.says} *Costs {entry.cost}.*")
    st.caption(f"When it misleads: {entry.misleads}")
    with st.expander("Options"):
        given = options.widgets(entry.options, f"o.{key}")
        score = link.select(
            st.selectbox, "score", list(SCORES), "logit", label="What is explained",
            format_func=SCORES.get,
            help="The score before softmax does not saturate; the probability also answers to "
            "what the other classes do.",
        )  # fmt: skip
        device = _pick_device()
    return {"method": key, "options": given, "score": score, "device": device}


def _pick_device() -> str:
    """The best device by default; before the worker has told what there is, no choice is kept."""
    devices = service.engine().devices
    if not devices:
        return "cpu"
    return link.select(
        st.selectbox, "device", list(devices), next(iter(devices)), label="Runs on",
        format_func=devices.get,
    )  # fmt: skip


def _answer(model, picture, asked: Request, method: dict, thumbnail) -> None:
    first = _finished(asked, "prediction", picture, "what the network sees")
    if first is None:
        return
    facts, arrays = first
    try:
        names = named(model.classes or tuple(facts["classes"]), len(arrays["probabilities"]))
    except Problem as problem:
        st.error(str(problem))
        names = named((), len(arrays["probabilities"]))
    with thumbnail.container():
        _baseline_answer(arrays, names)
    target, rather_than = _question((asked.model, asked.picture), arrays["probabilities"], names)
    about = (
        names[target]
        if rather_than is None
        else f"{names[target]} rather than {names[rather_than]}"
    )
    request = Request(
        asked.model, asked.picture, asked.baseline, asked.baseline_options, asked.own_baseline,
        target=target, rather_than=rather_than, device=asked.device, **method,
    )  # fmt: skip
    found = _finished(request, "explanation", picture, about)
    if found is None:
        return
    panel(request, found, picture, about, "map", prediction=first, max_height=440)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**What the network says**")
        _bars(arrays["probabilities"], names, names[target])
    with right, st.expander("As code", icon=":material/code:"):
        st.caption("Run in the folder of the app, it prints the same numbers.")
        own = "baseline.png"
        st.code(recipe.recipe(request, picture.file, f"weights{_suffix(model)}", own), "python")


def _finished(request: Request, slot: str, picture, about: str):
    """The request's answer when there is one; else its progress or its end is shown."""
    try:
        job = service.job(request, slot)
    except Problem as problem:
        st.error(str(problem))
        return None
    if not job.over:
        shown = pictures.shown(request.picture)
        signed = knows_sign(request) if request.method else True
        progress.watch(job, slot, shown, signed, about)
        return None
    answer = service.engine().store.answer(job.digest) if job.state == DONE else None
    if answer is None:
        progress.ended(job, slot)
    return answer


def _question(about, probabilities, names) -> tuple[int, int | None]:
    """Chips with the strongest classes; which to explain, and rather than which."""
    if st.session_state.setdefault("asked_of", about) != about:
        # A class that was asked for on another picture or model is no question about this one.
        st.session_state["asked_of"] = about
        for name in ("target", "versus", "rather"):
            link.choice().pop(name, None)
            st.session_state.pop(f"w_{name}", None)
    order = [int(index) for index in probabilities.argsort()[::-1]]
    target = link.choice().get("target")
    if not isinstance(target, int) or not 0 <= target < len(names):
        target = order[0]
    chips = order[:CHIPS] + ([target] if target not in order[:CHIPS] else [])
    picked = st.pills(
        "Why does it say …", chips, required=True, default=target, key=f"chips_{chips}_{target}",
        format_func=lambda index: f"{names[index]} {words.percent(float(probabilities[index]))}",
    )  # fmt: skip
    if picked != target:
        link.choice()["target"] = int(picked)
        st.rerun()
    rest = [index for index in order if index != target]
    left, right = st.columns([1, 2], vertical_alignment="center")
    with left:
        versus = link.widget(st.toggle, "versus", start=False, label="rather than …")
    if not versus or not rest:
        return target, None
    with right:
        other = link.select(
            st.selectbox, "rather", rest, rest[0], label="Rather than",
            format_func=lambda index: names[index], label_visibility="collapsed",
        )  # fmt: skip
    return target, other


def _baseline_answer(arrays: dict, names) -> None:
    """The baseline's thumbnail and what the network says to it."""
    shares = arrays["baseline_probabilities"]
    best = int(shares.argmax())
    left, right = st.columns([1, 2], vertical_alignment="center")
    left.image(arrays["baseline_picture"], alt="The baseline picture", width=88)
    right.markdown(f"The network calls it *{names[best]}*, {words.percent(float(shares[best]))}.")
    if shares[best] > CONFIDENT and len(shares) > 1:
        st.warning(
            f"The network is fairly sure that this baseline is *{names[best]}*: what speaks "
            "for that class in the baseline counts as nothing. Compare with another baseline."
        )


def _bars(probabilities, names, chosen: str) -> None:
    order = probabilities.argsort()[::-1][:CHIPS]
    labels, shares = [names[i] for i in order], [float(probabilities[i]) for i in order]
    spoken = ", ".join(f"{n} {words.percent(s)}" for n, s in zip(labels, shares, strict=True))
    st.plotly_chart(
        class_bars(labels, shares, chosen), theme="streamlit", config=PLOT, key="bars",
        alt=f"The network's strongest answers: {spoken}",
    )  # fmt: skip


def _suffix(model) -> str:
    return "." + model.spec.weights.split(".")[1] if model.spec.weights else ""


page()
