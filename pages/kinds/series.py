"""Time series on the pages: the file, the variables, a series, and heat over time."""

from dataclasses import replace
from functools import partial
from typing import Any, Unpack

import numpy as np
import streamlit as st

from explainers.errors import Problem
from explainers.figures import colours
from explainers.figures.series.lines import series_heat
from explainers.figures.series.marginals import lag_profile, marginals
from explainers.figures.text import alt_texts, sentences
from explainers.kinds import KINDS
from explainers.kinds import series as series_kind
from explainers.kinds.layout import InputLayout
from explainers.kinds.statistics import DataStatistics
from explainers.service.tasks.context import ProgressReport
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.kinds import series_choice
from pages.kinds.page_kind import MapOptions
from pages.kinds.window_choice import pick_start
from pages.state import address, fitting_choices
from pages.state.cases import Answer, Case
from pages.state.chosen import ChosenInput, ChosenModel
from pages.viewers.chart import chart
from pages.widgets import files, methods

title, missing, can_blink = "Time series", "a time series", False
MOST_OTHERS = 20


def pick(model: ChosenModel) -> ChosenInput | None:
    """The file, the variables, the series, and where it starts if it is longer than it may be."""
    opened = _pick_file(model)
    if opened is None:
        return None
    facts, arrays = opened.content
    lengths = arrays["lengths"]
    number = 1
    if len(lengths) > 1:
        number = fitting_choices.number_within("series", 1, len(lengths), label="Series")
    series = number - 1
    try:
        steps = series_kind.window(opened.content, model.spec, series)
    except Problem as problem:
        st.error(str(problem))
        return None
    length = int(lengths[series])
    start = pick_start(length, steps, "series", "steps", facts["steps"].__getitem__)
    if facts["labels"]:
        st.caption(
            f"The file calls this series *{sentences.escape_markdown(facts['labels'][series])}*."
        )
    item = series + len(lengths) * start
    return ChosenInput(
        opened.data, series_choice.name_of(opened.content, model, item), opened.file, item
    )


def pick_all(model: ChosenModel) -> ChosenInput | None:
    """The file and the variables, for questions about all series; the first stands."""
    opened = _pick_file(model)
    return opened and ChosenInput(opened.data, "all series", opened.file)


def _pick_file(model: ChosenModel) -> files.OpenedFile | None:
    """The file, and the variables that the network gets; None until they fit."""
    opened = files.pick(
        model,
        "Time series: CSV, TSV, .ts, .arff, or NumPy arrays",
        series_kind.SUFFIXES,
        partial(series_choice.ask_layout, model),
    )
    if opened is None:
        return None
    facts, arrays = opened.content
    variables = len(facts["variables"])
    st.caption(
        f"{series_choice.counted(arrays['lengths'])} and {variables} "
        f"variable{'s' if variables > 1 else ''}."
    )
    files.notes(facts)
    if not facts["sure"]:
        st.warning("This file could also lie in another way: say above how it does.")
    return None if series_choice.pick_variables(model, facts) is None else opened


def fit_model(model: ChosenModel, chosen: ChosenInput) -> ChosenModel:
    """The model with its variables and steps, and a scaler where that is wanted."""
    content = files.content("series", chosen.data)
    names = series_choice.variables_of(model, content[0])
    series, _ = series_kind.place_of(content, chosen.item)
    shape = (series_kind.window(content, model.spec, series), len(names))
    spec = replace(model.spec, columns=tuple(names), shape=shape)
    if spec.source != "demo" and address.widget(
        st.toggle,
        "standardise",
        default=False,
        label="Standardise with this file",
        help="Subtract each variable's mean and divide by its standard deviation before the "
        "network, as it was trained. Contributions stay in the variables' own units.",
    ):
        places = [content[0]["variables"].index(name) for name in names]
        values = series_kind.every_step(content)[:, places]
        std = np.where(values.std(0) > 0, values.std(0), 1.0)
        spec = replace(spec, mean=tuple(values.mean(0).tolist()), std=tuple(std.tolist()))
    return replace(model, spec=spec)


def fit_options(
    method: str, options: dict[str, Any], model: ChosenModel, chosen: ChosenInput
) -> dict[str, Any]:
    """The options with what the series tell: windows over time, noise by the spread, …"""

    def values() -> np.ndarray:
        content = files.content("series", chosen.data)
        places = [content[0]["variables"].index(name) for name in model.spec.columns]
        return series_kind.every_step(content)[:, places]

    statistics = DataStatistics(
        InputLayout("series", model.spec.shape),
        lambda: tuple(values().std(0).tolist()),
        lambda: tuple(np.ptp(values(), axis=0).tolist()),
    )
    return methods.fit_to_data(method, options, statistics, "variable")


def draw(
    case: Case,
    heat: np.ndarray,
    *,
    key: str,
    alt: str,
    signed: bool,
    facts: dict[str, Any] | None = None,
    **options: Unpack[MapOptions],
) -> None:
    """Heat strips over time with the series drawn over them."""
    variables, steps = _named(case)
    figure = series_heat(
        heat,
        case.prediction[1]["input"],
        variables,
        steps,
        signed,
        options.get("limit"),
        options.get("unit") or ("contribution" if signed else "strength"),
        4 if options.get("compact") else 8,
        _time(case),
    )
    chart(figure, alt, key)


limit = colours.colour_limit


def sentence(case: Case, heat: np.ndarray, what: str) -> str:
    """Which variables and which time carry the support."""
    return sentences.series_sentence(heat, *_named(case), f"*{case.about_as_text}*", what)


def draw_partial(
    task: Predict | Explain,
    about: str,
    signed: bool,
    compact: bool,
    report: ProgressReport | None,
    key: str,
) -> None:
    """The marginal bars so far."""
    if report is not None and report.partial is not None:
        heat = report.partial
        names = list(task.model.columns) or [f"variable {i}" for i in range(heat.shape[1])]
        steps = [str(step + 1) for step in range(len(heat))]
        figure = marginals(heat, names, steps, signed and bool((heat < 0).any()))
        chart(figure, f"Contributions to {about} so far.", key, finished=False)


def draw_baseline(shown: np.ndarray, label: str, width: int) -> None:
    """The baseline's mean values."""
    means = ", ".join(f"{value:.3g}" for value in shown.mean(0)[:4])
    st.caption(f"Its variables' means: {means}{' …' if shown.shape[1] > 4 else ''}")


def draw_hidden(case: Case, hidden: np.ndarray, key: str) -> None:
    """How many steps of which variables are hidden."""
    variables, _ = _named(case)
    counts = [
        f"{int(count)} of {name}"
        for name, count in zip(variables, hidden.sum(0), strict=True)
        if count
    ]
    more = ", …" if len(counts) > 8 else ""
    st.caption(f"Hidden time steps: {', '.join(counts[:8]) or 'none'}{more}.")


def other_inputs(model: ChosenModel, chosen: ChosenInput) -> dict[str, ChosenInput]:
    """Other series of the same file, or windows of them."""
    content = files.content("series", chosen.data)
    items = KINDS["series"].items(content, model.spec)
    places = np.linspace(0, len(items) - 1, min(len(items), MOST_OTHERS)).astype(int)
    some = [chosen.item, *items[np.unique(places)]]
    return {
        str(item): replace(chosen, item=item, name=series_choice.name_of(content, model, item))
        for item in dict.fromkeys(map(int, some))
    }


def draw_details(case: Case, answer: Answer, key: str) -> None:
    """Sums per variable and step, and how far back the network looks."""
    heat, signed = case.heat(answer[1]["scores"]), answer[0]["signed"]
    variables, steps = _named(case)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Per variable, per step**")
        alt = alt_texts.series_alt_text(heat, variables, steps, signed)
        chart(marginals(heat, variables, steps, signed), alt, f"{key}_marginals")
    with right:
        st.markdown("**How far back it looks**")
        chart(lag_profile(heat, signed), "Strength of contributions by lag.", f"{key}_lags")


def _named(case: Case) -> tuple[list[str], list[str]]:
    """Names of variables and of steps."""
    steps, width = case.prediction[1]["input"].shape
    names = list(case.task.model.columns) or [f"variable {i + 1}" for i in range(width)]
    if case.task.input.file:
        content = files.content("series", case.task.input.file)
        _, start = series_kind.place_of(content, case.task.input.item)
        return names, content[0]["steps"][start : start + steps]
    return names, [str(step + 1) for step in range(steps)]


def _time(case: Case) -> str:
    """What the axis of time is called, as the file does."""
    if not case.task.input.file:
        return "Time step"
    called = files.content("series", case.task.input.file)[0]["time"]
    return called[0] if called else "Time step"
