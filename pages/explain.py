"""One input, one method: what the network saw, the picture of why, the receipt, the proof."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.figures.text import advice, words
from explainers.figures.text.doubts import calls
from explainers.figures.text.sentences import escape_markdown
from explainers.methods import METHODS
from explainers.models.spec import ModelSpec
from explainers.service import recipe
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages import kinds
from pages.answers import doubts, faithfulness, sanity, take_away
from pages.answers.panel import panel
from pages.kinds import picture_view
from pages.shelf import recording
from pages.state import address, progress
from pages.state.cases import Answer, Case, first_choice, in_numbers
from pages.state.chosen import ChosenModel
from pages.state.setting import Setting
from pages.viewers.chart import answer_bars
from pages.widgets import baselines, methods, models, places

CHIPS, MOST_NUMBERS = 5, 16
REPEATS = (1, 20, 100)


def page() -> None:
    """Settings on the left, the answer on the right, and its checks below both."""
    with st.container(key="tight"):
        st.title("Explain", anchor=False)
    settings, answer = st.columns([3, 9], gap="medium")
    with settings, st.container(border=True, key="rail"):
        first, then, found = st.container(), st.container(), st.container()
        with first:
            model = models.pick(first=models.for_photos(), brief=True, found=found)
            address.always_written("model")
        with then:
            setting, thumbnail = _setting(model) if model else (None, None)
    below = st.container()
    with answer, st.container(key="answer"):
        if setting is None or thumbnail is None:
            missing = "a model" if model is None else kinds.of(model.spec).missing
            st.info(
                f"Choose {missing} in the settings, and answer what is asked there: the "
                "explanation appears here."
            )
        else:
            finished = _answer(setting, thumbnail)
            if finished is not None:
                with below:
                    _checks(*finished)
    address.write()


def _setting(model: ChosenModel) -> tuple[Setting | None, DeltaGenerator]:
    """The other choices, None while one is missing; and the place for the baseline's thumbnail."""
    kind = kinds.of(model.spec)
    chosen = kind.pick(model)
    if chosen is not None:
        model = kind.fit_model(model, chosen)
    baseline = baselines.pick(model.spec.kind, first=baselines.usual(model.spec))
    thumbnail = st.empty()
    method = methods.pick(model)
    options, scoring = kinds.pick_options(model, method, chosen)
    if chosen is None or baseline is None:
        return None, thumbnail
    return Setting(model, chosen, baseline, method, options, *scoring), thumbnail


def _answer(setting: Setting, thumbnail: DeltaGenerator) -> tuple[Case, Answer] | None:
    """Draw the explanation; the case and its answer once that is there."""
    prediction = _finished(setting.prediction(), "prediction")
    if prediction is None:
        return None
    names, wrong = setting.names(prediction)
    if wrong:
        st.error(wrong)
    if prediction[0]["places"]:
        setting = places.pick(setting, prediction)
        prediction = _finished(setting.prediction(), "prediction_there")
        if prediction is None:
            return None
    arrays, numbers = prediction[1], in_numbers(setting.model.spec, prediction)
    with thumbnail.container():
        _baseline_answer(setting.model.spec, prediction, names, numbers)
    target, other = _pick_target(setting, prediction, names, numbers)
    if other is None:
        doubts.show(setting, prediction, target)
    case = replace(setting, target=target, rather_than=other).case(
        METHODS[setting.method].name, prediction
    )
    answer = _finished(case.task, "explanation", case)
    if answer is not None and answer[0]["repeats"]:
        case = replace(case, task=case.task.replace(repeats=_repeats()))
        if case.task.repeats > 1:
            answer = _finished(case.task, "mean_explanation", case)
    if answer is None:
        return None
    panel(case, answer, "map", max_height=330, around=470, on_place=places.ask_about)
    recording.explanation(setting.model, case, answer)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**What the network says**")
        answer_bars(arrays["probabilities"], names, names[target], "bars", case.numbers)
        if answer[0]["repeats"]:
            st.caption("In one run; it draws random numbers, and another run may say otherwise.")
        for note in prediction[0]["notes"]:
            if note not in answer[0]["notes"]:
                st.caption(note)
    with right:
        files = take_away.files_of(case)
        _as_code(case, files)
        take_away.section(case, answer, files, "away")
        _onwards()
    return case, answer


@st.fragment
def _as_code(case: Case, own_files: Sequence[str]) -> None:
    """The Python for the same numbers, drawn when it is opened: its colours are a large script."""
    code = st.expander("As code", icon=":material/code:", key="as_code", on_change="rerun")
    if code.open:
        code.caption("Run in the folder of the app, it prints the same numbers.")
        code.code(recipe.recipe(case.task, *own_files), "python")


def _repeats() -> int:
    """Draw how many runs are averaged, of a network that draws random numbers."""
    return int(
        address.select(
            st.segmented_control,
            "repeats",
            list(REPEATS),
            REPEATS[0],
            label="This network draws random numbers. Runs that are averaged:",
            help="Seeded, so that the same link gives the same mean; its standard error is stated "
            "with the answer.",
            required=True,
        )
    )


def _checks(case: Case, answer: Answer) -> None:
    """The proof and the sanity check of a finished explanation."""
    st.header("Prove it", anchor=False)
    faithfulness.section([case], "prove", view=picture_view.chosen(case))
    st.header("Sanity", anchor=False)
    question = "Does the map depend on what the network learned?"
    if address.widget(st.toggle, "sanity", default=False, label=question):
        sanity.section(case, answer, "sane")


def _onwards() -> None:
    """The ways to the comparison of what is on this page."""
    for title, across in (("Compare methods", "methods"), ("Baseline lab", "baselines")):
        if st.button(title, key=f"to_{across}", icon=":material/compare:", width="stretch"):
            address.set_choices({"across": across, "down": "nothing"})
            st.switch_page("pages/compare.py")
    if st.button(
        "Ask many like this", key="to_many", icon=":material/photo_library:", width="stretch"
    ):
        address.set_choices({"target": None, "versus": None, "rather": None})
        st.switch_page("pages/many.py")


def _finished(task: Predict | Explain, slot: str, case: Case | None = None) -> Answer | None:
    """The task's answer when there is one; else the input with its map so far, or the end."""
    signed, about = (case.signed, case.about) if case else (True, "what the network sees")
    return progress.finished(task, slot, kinds.partial_drawing(task, about, signed))


def _pick_target(
    setting: Setting, prediction: Answer, names: Sequence[str], numbers: bool
) -> tuple[int, int | None]:
    """Draw chips with the strongest classes, or all numbers; what to explain, rather than what."""
    probabilities = prediction[1]["probabilities"]
    if len(names) == 1:
        return 0, None
    _forget_target_of_another_input(setting)
    order = [int(index) for index in probabilities.argsort()[::-1]]
    if numbers:
        order = list(range(len(names)))
    most = MOST_NUMBERS if numbers else CHIPS
    target = address.choices().get("target")
    if target is not None and target >= len(names):
        address.refuse("target", "Why does it say")
    address.show_refusal("target", "Why does it say")
    if target is None or not 0 <= target < len(names):
        target = order[0] if numbers else first_choice(prediction)
    chips = order[:most] + ([target] if target not in order[:most] else [])
    in_words = words.number if numbers else words.percent
    asked, contrast = st.columns([6, 1.6], vertical_alignment="bottom")
    picked = asked.pills(
        "Why does it say …",
        chips,
        wrap=True,
        required=True,
        default=target,
        key=f"chips_{chips}_{target}",
        format_func=lambda index: (
            f"{escape_markdown(names[index])} {in_words(float(probabilities[index]))}"
        ),
    )
    if picked != target:
        address.choices()["target"] = int(picked)
        st.rerun()
    rest = [index for index in order if index != target]
    with contrast:
        versus = address.widget(st.toggle, "versus", default=False, label="rather than …")
        if not versus or not rest:
            return target, None
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


def _forget_target_of_another_input(setting: Setting) -> None:
    """A class that was chosen for another picture or model is no question about this one.

    One that a link holds is about the link's input.
    """
    question = (address.links_opened(), setting.model.spec, setting.input.data)
    before = st.session_state.get("target_chosen_for", question)
    st.session_state["target_chosen_for"] = question
    if before[0] == question[0] and before != question:
        address.set_choices(dict.fromkeys(("target", "versus", "rather")))


def _baseline_answer(
    spec: ModelSpec, prediction: Answer, names: Sequence[str], numbers: bool
) -> None:
    """The baseline's thumbnail and what the network says to it."""
    facts, arrays = prediction
    shares = arrays["baseline_probabilities"]
    best = int(shares.argmax())
    left, right = st.columns([1, 2], vertical_alignment="center")
    with left:
        kinds.of(spec).draw_baseline(arrays["baseline_shown"], "", 64)
    if numbers:
        listed = ", ".join(words.number(float(share)) for share in shares[:4])
        right.markdown(f"The network answers {listed}{' …' if len(shares) > 4 else '.'}")
        return
    says = "There the network says" if facts["places"] else "The network calls it"
    right.markdown(calls(names, shares, says))
    if not advice.is_neutral(shares):
        st.warning(
            "The network is fairly sure that this baseline is "
            f"*{escape_markdown(names[best])}*: what speaks for that class in the baseline counts "
            "as nothing. Compare with another baseline."
        )


page()
