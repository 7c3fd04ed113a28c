"""The same input side by side: methods, baselines, classes, models, or several inputs."""

from dataclasses import replace
from itertools import product
from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.figures.text.sentences import escape_markdown
from explainers.models.spec import AS_THEY_ARE
from pages import kinds
from pages.answers import agreement, axes, faithfulness, grid, hidden_with, sanity, two_maps
from pages.kinds import picture_view
from pages.links.refusals import folded
from pages.shelf import recording
from pages.state import address, cases
from pages.state.cases import Answer, Case
from pages.state.setting import Setting
from pages.takeaway import several
from pages.viewers.chart import answer_bars
from pages.widgets import baselines, methods, models, places

MOST_PANELS = 12
CHECKS = ("Prove it", "Agreement", "Two at a time", "Sanity", "Answers")


def page() -> None:
    """Choices on top, the grid below them, and then a closer look."""
    with st.container(key="tight"):
        title, presets = st.columns([1, 4], vertical_alignment="center")
    title.title("Compare", anchor=False)
    with st.container(border=True, key="rail"):
        at = _places()
        across, down = _axes(at)
        with folded(st.expander("Model, input, baseline, question", icon=":material/tune:")):
            base = _base({across, down})
    with presets:
        _presets(None if base is None else base.model.spec.kind)
    if base is None:
        st.info("Choose a model and an input in the settings above.")
    else:
        _compare(base, across, down, at)
    address.write()


class _Places(NamedTuple):
    """Where the choices stand: four in a row, and under them what is compared."""

    across: DeltaGenerator
    down: DeltaGenerator
    question: DeltaGenerator
    scale: DeltaGenerator
    items: DeltaGenerator


def _places() -> _Places:
    across, down, question, scale = st.columns([2, 2, 3, 5], vertical_alignment="bottom")
    return _Places(across, down, question, scale, st.container())


def _presets(kind: str | None) -> None:
    """A button for each comparison that such inputs can have."""
    with st.container(horizontal=True):
        for preset in axes.PRESETS:
            if preset in axes.OF_PICTURES and kind not in (None, "picture"):
                continue
            st.button(
                preset,
                key=f"preset_{preset}",
                on_click=address.set_choices,
                args=(axes.PRESETS[preset],),
            )


def _axes(at: _Places) -> tuple[str, str]:
    all_axes = list(axes.NAMES)
    with at.across:
        across = address.select(
            st.selectbox,
            "across",
            all_axes,
            "methods",
            label="Columns",
            format_func=axes.NAMES.get,
        )
    with at.down:
        others = [axes.NONE, *(axis for axis in all_axes if axis != across)]
        down = address.select(
            st.selectbox,
            "down",
            others,
            axes.NONE,
            label="Rows",
            format_func=lambda kind: axes.NAMES.get(kind, "None"),
        )
    return across, down


def _base(varied: set[str]) -> Setting | None:
    """What all panels share, but for what is varied."""
    one, two, three, four = st.columns(4, gap="medium")
    with one:
        model = models.pick(brief=True)
    if model is None:
        return None
    kind = kinds.of(model.spec)
    with two:
        st.markdown(f"**{kind.title}**")
        chosen = kind.pick(model)
        if chosen is not None:
            model = kind.fit_model(model, chosen)
    if chosen is None:
        return None
    with three:
        baseline = baselines.pick(
            model.spec.kind, "baselines" not in varied, baselines.usual(model.spec)
        )
    with four:
        method, options = methods.DEFAULT_METHOD, {}
        if "methods" not in varied:
            method = methods.pick(model)
            methods.describe(method)
            options = kind.fit_options(method, methods.options_of(method), model, chosen)
        scoring = methods.scoring(model.spec.answers in AS_THEY_ARE)
    if baseline is None:
        return None
    return Setting(model, chosen, baseline, method, options, *scoring)


def _compare(base: Setting, across: str, down: str, at: _Places) -> None:
    """Draw the grid for the base varied along its axes, and a closer look at it."""
    predictions = cases.answers({"c_base": base.prediction()}, "Asking the network")
    if predictions is None:
        return
    prediction = predictions["c_base"]
    if prediction[0]["places"]:
        base = places.pick(base, prediction)
        predictions = cases.answers({"c_base_there": base.prediction()}, "Asking the network")
        if predictions is None:
            return
        prediction = predictions["c_base_there"]
    with at.items:
        columns = axes.items(across, base, prediction)
        rows = [axes.Item("")] if down == axes.NONE else axes.items(down, base, prediction)
    if "classes" not in (across, down):
        with at.question:
            base = replace(base, target=_target(base, prediction))
    with at.scale, st.container(horizontal=True, vertical_alignment="bottom"):
        picture_view.pick_for_all(base.model.spec, prediction[0]["shape"])
        shared = address.widget(
            st.toggle,
            "scale",
            default=True,
            label="One colour scale",
            help="For scores of one kind: contributions share their colours with "
            "contributions, slopes with slopes. Off: every panel has its own scale.",
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
    settings = _with_distinct_labels(settings)
    # A single row of panels breaks where the screen ends; rows and columns keep their places.
    width = len(columns) if len(rows) > 1 and len(columns) <= 4 else 0
    panels = grid.draw(settings, width, shared, lab="baselines" in (across, down))
    if not panels:
        return
    if len(panels) == len(settings):
        varied = {axes.NAMES[across].lower(): [column.label for column in columns]}
        if down != axes.NONE:
            varied[axes.NAMES[down].lower()] = [row.label for row in rows]
        recording.comparison(panels, [setting.model for _, setting in settings], varied)
    _look_closer(panels, base, lab="baselines" in (across, down))
    several.section(panels, f"{axes.NAMES[across]}: {panels[0].case.input.name}", "away")


def _target(base: Setting, prediction: Answer) -> int | None:
    names, wrong = base.names(prediction)
    if wrong:
        st.error(wrong)
    numbers = cases.in_numbers(base.model.spec, prediction)
    first = "The network's best guess"
    if numbers:
        first = "The prediction" if len(names) == 1 else "The highest prediction"
    chosen = address.select(
        st.selectbox,
        "target",
        [axes.FIRST_CHOICE, *range(len(names))],
        axes.FIRST_CHOICE,
        label="Which answer" if numbers else "Why does it say",
        format_func=lambda index: first if index < 0 else names[index],
    )
    return None if chosen == axes.FIRST_CHOICE else chosen


def _label(row: axes.Item, column: axes.Item) -> str:
    return " · ".join(filter(None, (row.label, column.label)))


def _with_distinct_labels(settings: list[tuple[str, Setting]]) -> list[tuple[str, Setting]]:
    """The same with a number behind labels that occur twice."""
    labels = [label for label, _ in settings]
    numbered = [
        f"{label} ({labels[:index].count(label) + 1})" if labels.count(label) > 1 else label
        for index, label in enumerate(labels)
    ]
    return [(label, setting) for label, (_, setting) in zip(numbered, settings, strict=True)]


def _look_closer(panels: list[grid.Panel], base: Setting, lab: bool) -> None:
    """The checks of what is on the grid, one kind at a time; a lab has maps of other baselines."""
    st.header("Look closer", anchor=False)
    check = address.select(
        st.segmented_control,
        "closer",
        list(CHECKS),
        CHECKS[0],
        label="Look closer",
        label_visibility="collapsed",
        required=True,
    )
    shown, answers = [panel.case for panel in panels], [panel.answer for panel in panels]
    if check == "Prove it" and lab:
        hidden_with.section(shown, "c_prove")
    elif check == "Prove it":
        view = picture_view.chosen(shown[0])
        faithfulness.section(shown, "c_prove", base.baseline, view)
    elif check == "Agreement":
        agreement.section(shown, answers, "c_agree")
    elif check == "Two at a time":
        two_maps.section(panels, "c_pair")
    elif check == "Sanity":
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
            label = case.label if len(distinct) > 1 else case.input.name
            st.markdown(f"**{escape_markdown(label)}**")
            about = case.names[case.target]
            answer_bars(
                case.prediction[1]["probabilities"],
                case.names,
                about,
                f"c_bars_{index}",
                case.numbers,
            )


page()
