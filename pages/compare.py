"""The same input side by side: methods, baselines, classes, models, or several inputs."""

from dataclasses import replace
from itertools import product

import streamlit as st

from explainers.models.spec import AS_THEY_ARE
from pages import kinds
from pages.answers import agreement, axes, faithfulness, grid, sanity, two_maps
from pages.state import address, cases
from pages.state.cases import Answer, Case
from pages.state.setting import Setting
from pages.viewers.chart import answer_bars
from pages.widgets import baselines, methods, models

MOST_PANELS = 12
NONE, FIRST_CHOICE = "nothing", -1
PRESETS = {
    "Methods": {
        "across": "methods",
        "down": NONE,
        "target": FIRST_CHOICE,
        "methods": axes.SIX_METHODS,
    },
    "Baseline lab": {
        "across": "baselines",
        "down": NONE,
        "target": FIRST_CHOICE,
        "baselines": list(baselines.names("picture")),
    },
    "Classes × methods": {
        "across": "methods",
        "down": "classes",
        "methods": ["integrated_gradients", "deeplift", "occlusion"],
    },
    "Honest or cheating": {
        "across": "models",
        "down": "pictures",
        "model": "signs",
        "from": "Gallery",
        "pictures": ["16_stop", "17_stop"],
        "target": 0,
        "baseline": "mean",
    },
}
CLOSER = ("Prove it", "Agreement", "Two at a time", "Sanity", "Answers")


def page() -> None:
    """Choices on top, the grid below them, and then a closer look."""
    title, presets = st.columns([1, 3], vertical_alignment="bottom")
    title.title("Compare", anchor=False)
    with presets:
        _presets()
    with st.container(border=True):
        left, right = st.columns(2, gap="large")
        across, down = _axes(left, right)
    with st.expander("Model, input, baseline, question", icon=":material/tune:"):
        base = _base({across, down})
    if base is None:
        st.info("Choose a model and an input in the settings above.")
    else:
        _compared(base, across, down, left, right)
    address.write()


def _presets() -> None:
    with st.container(horizontal=True):
        for preset in PRESETS:
            st.button(preset, key=f"preset_{preset}", on_click=address.put, args=(PRESETS[preset],))


def _axes(left, right) -> tuple[str, str]:
    all_axes = list(axes.NAMES)
    with left:
        across = address.select(
            st.selectbox,
            "across",
            all_axes,
            "methods",
            label="Columns show",
            format_func=axes.NAMES.get,
        )
    with right:
        others = [NONE, *(axis for axis in all_axes if axis != across)]
        down = address.select(
            st.selectbox,
            "down",
            others,
            NONE,
            label="Rows show",
            format_func=lambda kind: axes.NAMES.get(kind, "—"),
        )
    return across, down


def _base(varied: set[str]) -> Setting | None:
    """What all panels share, but for what is varied."""
    one, two, three, four = st.columns(4, gap="medium")
    with one:
        st.markdown("**Model**")
        model = models.pick()
    if model is None:
        return None
    kind, given = kinds.of(model.spec), None
    with two:
        st.markdown(f"**{kind.title}**")
        given = kind.pick(model)
        model = kind.fitted(model, given) if given else None
    if model is None:
        return None
    with three:
        st.markdown("**Hide with**" if "baselines" in varied else "**Baseline**")
        baseline = baselines.pick(model.spec.kind, options="baselines" not in varied)
    with four:
        method, options = methods.START, {}
        if "methods" not in varied:
            st.markdown("**Method**")
            method = methods.pick(model)
            options = kind.adjusted(method, methods.given(method), model, given)
        st.markdown("**Question**")
        scoring = methods.scoring(model.spec.answers in AS_THEY_ARE)
    if baseline is None:
        return None
    return Setting(model, given, baseline, method, options, **scoring)


def _compared(base: Setting, across: str, down: str, left, right) -> None:
    asked = cases.answers({"c_base": base.prediction()}, "Asking the network")
    if asked is None:
        return
    prediction = asked["c_base"]
    with left:
        columns = axes.items(across, base, prediction)
    with right:
        rows = [axes.Item("")] if down == NONE else axes.items(down, base, prediction)
        if "classes" not in (across, down):
            base = replace(base, target=_target(base, prediction))
        shared = address.widget(
            st.toggle,
            "scale",
            start=True,
            label="One colour scale for scores of one kind",
            help="Contributions share their colours with contributions, slopes with slopes; off: "
            "every panel has its own scale.",
        )
    settings = [
        (_label(row, column), replace(base, **row.changes, **column.changes))
        for row, column in product(rows, columns)
    ]
    if not settings:
        st.info("Choose at least one thing to compare.")
        return
    if len(settings) > MOST_PANELS:
        st.warning(f"These are {len(settings)} panels; the first {MOST_PANELS} are shown.")
        settings = settings[:MOST_PANELS]
    settings = _told_apart(settings)
    wide = len(columns) if len(rows) > 1 and len(columns) <= 4 else _columns(len(settings))
    panels = grid.draw(settings, wide, shared, lab="baselines" in (across, down))
    if panels:
        _closer(panels, base)


def _target(base: Setting, prediction: Answer) -> int | None:
    names, wrong = base.names(prediction)
    if wrong:
        st.error(wrong)
    chosen = address.select(
        st.selectbox,
        "target",
        [FIRST_CHOICE, *range(len(names))],
        FIRST_CHOICE,
        label="Why does it say",
        format_func=lambda index: "The network's first choice" if index < 0 else names[index],
    )
    return None if chosen == FIRST_CHOICE else chosen


def _label(row: axes.Item, column: axes.Item) -> str:
    return " · ".join(filter(None, (row.label, column.label)))


def _told_apart(settings: list[tuple[str, Setting]]) -> list[tuple[str, Setting]]:
    """The same with a number behind labels that occur twice."""
    labels = [label for label, _ in settings]
    return [
        (f"{label} ({labels[:index].count(label) + 1})" if labels.count(label) > 1 else label, made)
        for index, (label, made) in enumerate(settings)
    ]


def _columns(count: int) -> int:
    return count if count < 3 else 2 if count == 4 else 3


def _closer(panels: list[grid.Panel], base: Setting) -> None:
    """The checks of what is on the grid, one kind at a time."""
    st.header("Look closer", anchor=False)
    closer = address.select(
        st.segmented_control,
        "closer",
        list(CLOSER),
        CLOSER[0],
        label="Look closer",
        label_visibility="collapsed",
        required=True,
    )
    shown, answers = [panel.case for panel in panels], [panel.answer for panel in panels]
    if closer == "Prove it":
        faithfulness.section(shown, "c_prove", base.baseline)
    elif closer == "Agreement":
        agreement.section(shown, answers, "c_agree")
    elif closer == "Two at a time":
        two_maps.section(panels, "c_pair")
    elif closer == "Sanity":
        which = address.select(
            st.selectbox,
            "sane",
            list(range(len(shown))),
            0,
            label="Which map",
            format_func=lambda index: shown[index].label,
        )
        sanity.section(shown[which], answers[which], "c_sane")
    else:
        _answers(shown)


def _answers(shown: list[Case]) -> None:
    """The strongest answers of every model to every picture."""
    distinct = {(case.task.model, case.input.ref): case for case in shown}
    columns = st.columns(min(3, len(distinct)))
    for index, case in enumerate(distinct.values()):
        with columns[index % len(columns)]:
            st.markdown(f"**{case.label if len(distinct) > 1 else case.input.name}**")
            about = case.names[case.task.target]
            answer_bars(
                case.prediction[1]["probabilities"],
                case.names,
                about,
                f"c_bars_{index}",
                case.numbers,
            )


page()
