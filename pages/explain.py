"""One input, one method: what the network saw, the picture of why, the receipt, the proof."""

from dataclasses import replace

import streamlit as st

from explainers.errors import Problem
from explainers.figures.text import advice, words
from explainers.methods import METHODS
from explainers.models.spec import AS_THEY_ARE
from explainers.service import recipe
from explainers.service.settings import model_settings
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages import kinds
from pages.answers import faithfulness, sanity
from pages.answers.panel import panel
from pages.state import address, progress, service
from pages.state.cases import Answer, Case
from pages.state.setting import Setting
from pages.viewers.chart import answer_bars
from pages.widgets import baselines, methods, models

CHIPS, MOST_NUMBERS = 5, 16


def page() -> None:
    """Settings on the left, the answer on the right."""
    st.title("Explain", anchor=False)
    settings, answer = st.columns([3.5, 8.5], gap="medium")
    with settings:
        with st.container(border=True):
            st.header("Model", anchor=False)
            model = models.pick()
        setting, thumbnail = _setting(model) if model else (None, None)
    below = st.container()
    with answer, st.container(key="answer"):
        if setting is None:
            missing = "a model" if model is None else kinds.of(model.spec).missing
            st.info(f"Choose {missing} in the settings, and the explanation appears here.")
        else:
            finished = _answer(setting, thumbnail)
            if finished is not None:
                with below:
                    _checks(*finished)
    address.write()


def _setting(model: models.Chosen) -> tuple[Setting | None, object]:
    """The other choices, and the place for the baseline's thumbnail; None while one is missing."""
    kind = kinds.of(model.spec)
    with st.container(border=True):
        st.header(kind.title, anchor=False)
        given = kind.pick(model)
        fitted = kind.fitted(model, given) if given else None
    with st.container(border=True):
        st.header("Compared with", anchor=False)
        baseline, thumbnail = baselines.pick(model.spec.kind), st.empty()
    with st.container(border=True):
        st.header("Method", anchor=False)
        method = methods.pick(model)
        with st.expander("Options"):
            options = methods.given(method)
            if fitted is not None:
                options = kind.adjusted(method, options, fitted, given)
            scoring = methods.scoring(model.spec.answers in AS_THEY_ARE)
    if fitted is None or baseline is None:
        return None, thumbnail
    return Setting(fitted, given, baseline, method, options, **scoring), thumbnail


def _answer(setting: Setting, thumbnail) -> tuple[Case, Answer] | None:
    """Draw the explanation; the case and its answer once that is there."""
    prediction = _finished(setting.prediction(), "prediction")
    if prediction is None:
        return None
    names, wrong = setting.names(prediction)
    if wrong:
        st.error(wrong)
    arrays = prediction[1]
    with thumbnail.container():
        _baseline_answer(setting.model.spec, arrays, names)
    about = (setting.model.spec, setting.input.data)
    target, other = _question(about, arrays["probabilities"], names, setting.model.spec)
    case = replace(setting, target=target, rather_than=other).case(
        METHODS[setting.method].name, prediction
    )
    found = _finished(case.task, "explanation", case)
    if found is None:
        return None
    panel(case, found, "map", max_height=400)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**What the network says**")
        answer_bars(arrays["probabilities"], names, names[target], "bars", case.numbers)
    with right:
        with st.expander("As code", icon=":material/code:"):
            st.caption("Run in the folder of the app, it prints the same numbers.")
            given = (setting.input.file, _weights_file(setting.model.spec), "baseline.png")
            st.code(recipe.recipe(case.task, *given), "python")
        _onwards()
    return case, found


def _checks(case: Case, found: Answer) -> None:
    st.header("Prove it", anchor=False)
    faithfulness.section([case], "prove")
    st.header("Sanity", anchor=False)
    question = "Does the map depend on what the network learned?"
    if address.widget(st.toggle, "sanity", start=False, label=question):
        sanity.section(case, found, "sane")


def _onwards() -> None:
    """The ways to the comparison of what is on this page."""
    for title, across in (("Compare methods", "methods"), ("Baseline lab", "baselines")):
        if st.button(title, key=f"to_{across}", icon=":material/compare:", width="stretch"):
            address.put({"across": across, "down": "nothing"})
            st.switch_page("pages/compare.py")


def _finished(task: Predict | Explain, slot: str, case: Case | None = None):
    """The task's answer when there is one; else its progress or its end is shown."""
    try:
        job = service.job(task, slot)
    except Problem as problem:
        st.error(str(problem))
        return None
    if not job.over:
        signed, about = (case.signed, case.about) if case else (True, "what the network sees")
        progress.watch(job, slot, kinds.growing(task, about, signed))
        return None
    answer = service.answer(job)
    if answer is None:
        progress.ended(job, slot)
    return answer


def _question(about, probabilities, names, spec) -> tuple[int, int | None]:
    """Chips with the strongest classes, or all numbers; which to explain, rather than which."""
    numbers = spec.answers == "numbers"
    if len(names) == 1:
        return 0, None
    if st.session_state.setdefault("asked_of", about) != about:
        # A class that was asked for on another picture or model is no question about this one.
        st.session_state["asked_of"] = about
        address.put(dict.fromkeys(("target", "versus", "rather")))
    order = [int(index) for index in probabilities.argsort()[::-1]]
    if numbers:
        order = list(range(len(names)))
    most = MOST_NUMBERS if numbers else CHIPS
    target = address.choice().get("target")
    if not isinstance(target, int) or not 0 <= target < len(names):
        target = order[0]
    chips = order[:most] + ([target] if target not in order[:most] else [])
    said = words.number if numbers else words.percent
    picked = st.pills(
        "Why does it say …",
        chips,
        required=True,
        default=target,
        key=f"chips_{chips}_{target}",
        format_func=lambda index: f"{names[index]} {said(float(probabilities[index]))}",
    )
    if picked != target:
        address.choice()["target"] = int(picked)
        st.rerun()
    rest = [index for index in order if index != target]
    left, right = st.columns([1, 2], vertical_alignment="center")
    with left:
        versus = address.widget(st.toggle, "versus", start=False, label="rather than …")
    if not versus or not rest:
        return target, None
    with right:
        other = address.select(
            st.selectbox,
            "rather",
            rest,
            rest[0],
            label="Rather than",
            format_func=lambda index: names[index],
            label_visibility="collapsed",
        )
    return target, other


def _baseline_answer(spec, arrays: dict, names) -> None:
    """The baseline's thumbnail and what the network says to it."""
    shares = arrays["baseline_probabilities"]
    best = int(shares.argmax())
    left, right = st.columns([1, 2], vertical_alignment="center")
    with left:
        kinds.of(spec).baseline(arrays["baseline_shown"], "", 88)
    if spec.answers == "numbers":
        said = ", ".join(words.number(float(share)) for share in shares[:4])
        right.markdown(f"The network answers {said}{' …' if len(shares) > 4 else '.'}")
        return
    right.markdown(f"The network calls it *{names[best]}*, {words.percent(float(shares[best]))}.")
    if not advice.is_neutral(shares):
        st.warning(
            f"The network is fairly sure that this baseline is *{names[best]}*: what speaks "
            "for that class in the baseline counts as nothing. Compare with another baseline."
        )


def _weights_file(spec) -> str:
    """What the recipe calls the file that the model comes from."""
    if spec.source == "python":
        return model_settings().file.name
    return "weights." + spec.weights.partition(".")[2]


page()
