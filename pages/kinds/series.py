"""Time series on the pages: the file, the variables, a series, and heat over time."""

from dataclasses import replace
from typing import Any, Unpack

import numpy as np
import streamlit as st

from explainers.figures import colours
from explainers.figures.series.lines import series_heat
from explainers.figures.series.marginals import lag_profile, marginals
from explainers.figures.text import sentences
from explainers.kinds import KINDS, Facts
from explainers.kinds import series as series_kind
from explainers.kinds.layout import InputLayout
from explainers.kinds.statistics import DataStatistics
from explainers.service.parsing.upload_keys import VARIABLES_FIRST
from explainers.service.tasks.context import ProgressReport
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.kinds.page_kind import MapOptions
from pages.state import address
from pages.state.cases import Answer, Case
from pages.state.chosen import ChosenInput, ChosenModel
from pages.viewers.chart import chart
from pages.widgets import files, methods

title, missing, can_blink = "Time series", "a time series", False
MOST_OTHERS = 20


def pick(model: ChosenModel) -> ChosenInput | None:
    """The file, the variables, and the series."""
    label = "Time series: CSV, or NumPy arrays"
    opened = files.pick(model, label, series_kind.SUFFIXES, _ask_layout)
    if opened is None:
        return None
    facts, arrays = opened.content
    count, steps, width = arrays["values"].shape
    st.caption(f"{count:,} series of {steps:,} steps and {width} variables.")
    files.notes(facts)
    if _pick_variables(model, facts) is None:
        return None
    number = 1
    if count > 1:
        number = address.widget(
            st.number_input,
            "series",
            default=1,
            label="Series",
            min_value=1,
            max_value=count,
            step=1,
        )
    item = number - 1
    return ChosenInput(opened.data, f"series {facts['names'][item]}", opened.file, item)


def _ask_layout(suffix: str) -> str:
    """Ask how the arrays of a file lie; see `files.AskLayout`."""
    variables_first = suffix in (".npy", ".npz") and address.widget(
        st.toggle,
        "turned",
        default=False,
        label="Variables before time",
        help="On for arrays (series, variables, time); off for (series, time, variables).",
    )
    return VARIABLES_FIRST if variables_first else ""


def fit_model(model: ChosenModel, chosen: ChosenInput) -> ChosenModel:
    """The model with its variables and steps, and a scaler where that is wanted."""
    content = files.content("series", chosen.data)
    names = _variables(model, content[0])
    values = KINDS["series"].some(content, replace(model.spec, columns=tuple(names)))
    spec = replace(model.spec, columns=tuple(names), shape=values.shape[1:])
    if spec.source != "demo" and address.widget(
        st.toggle,
        "standardise",
        default=False,
        label="Standardise with this file",
        help="Subtract each variable's mean and divide by its standard deviation before the "
        "network, as it was trained. Contributions stay in the variables' own units.",
    ):
        flat = values.reshape(-1, values.shape[-1]).astype(np.float64)
        std = np.where(flat.std(0) > 0, flat.std(0), 1.0)
        spec = replace(spec, mean=tuple(flat.mean(0).tolist()), std=tuple(std.tolist()))
    return replace(model, spec=spec)


def fit_options(
    method: str, options: dict[str, Any], model: ChosenModel, chosen: ChosenInput
) -> dict[str, Any]:
    """The options with what the series tell: windows over time, noise by the spread, …"""

    def values() -> np.ndarray:
        facts, arrays = files.content("series", chosen.data)
        places = [facts["variables"].index(name) for name in model.spec.columns]
        return arrays["values"][:, :, places].reshape(-1, len(places))

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
    )
    chart(figure, alt, key)


limit = colours.colour_limit


def sentence(case: Case, heat: np.ndarray, signed: bool, what: str) -> str:
    """Which variables and which time carry the support."""
    return sentences.series_sentence(heat, *_named(case), f"*{case.about}*", signed)


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
        chart(figure, f"Contributions to {about} so far.", key)


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
    """Other series of the same file."""
    facts, arrays = files.content("series", chosen.data)
    count = len(arrays["values"])
    some = [chosen.item, *np.linspace(0, count - 1, min(count, MOST_OTHERS)).astype(int)]
    return {
        str(item): replace(chosen, item=item, name=f"series {facts['names'][item]}")
        for item in dict.fromkeys(map(int, some))
    }


def draw_details(case: Case, answer: Answer, key: str) -> None:
    """Sums per variable and step, and how far back the network looks."""
    heat, signed = case.heat(answer[1]["scores"]), answer[0]["signed"]
    variables, steps = _named(case)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Per variable, per step**")
        alt = sentences.series_alt_text(heat, variables, steps, signed)
        chart(marginals(heat, variables, steps, signed), alt, f"{key}_marginals")
    with right:
        st.markdown("**How far back it looks**")
        chart(lag_profile(heat, signed), "Strength of contributions by lag.", f"{key}_lags")


def _variables(model: ChosenModel, facts: Facts) -> list[str]:
    """The variables that the network gets, in its order."""
    if model.spec.columns:
        return list(model.spec.columns)
    names: list[str] = address.choices().get("columns") or facts["variables"]
    return names


def _pick_variables(model: ChosenModel, facts: Facts) -> list[str] | None:
    """Draw their choice, unless the demo knows them; None where they do not fit."""
    if model.spec.columns:
        lacking = [name for name in model.spec.columns if name not in facts["variables"]]
        if lacking:
            st.error(
                f"This file has no variable {lacking[0]!r}, which the demo's network needs. Upload "
                "one with the same variables, or your own network."
            )
        return None if lacking else list(model.spec.columns)
    wanted = model.spec.shape[1] if len(model.spec.shape) == 2 else 0
    columns = address.multiselect(
        st.multiselect,
        "columns",
        facts["variables"],
        facts["variables"][: wanted or len(facts["variables"])],
        label="Variables, in the network's order",
    )
    if wanted and len(columns) != wanted:
        st.error(f"The network takes {wanted} variables; {len(columns)} are chosen.")
        return None
    return columns


def _named(case: Case) -> tuple[list[str], list[str]]:
    """Names of variables and of steps."""
    steps, width = case.prediction[1]["input"].shape
    names = list(case.task.model.columns) or [f"variable {i + 1}" for i in range(width)]
    if case.task.input.file:
        return names, files.content("series", case.task.input.file)[0]["steps"]
    return names, [str(step + 1) for step in range(steps)]
