"""Time series on the pages: the file, the variables, a series, and heat over time."""

from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from explainers.figures import colours
from explainers.figures.series.lines import series_heat
from explainers.figures.series.marginals import lag_profile, marginals
from explainers.figures.text import sentences
from explainers.kinds import series as kind
from explainers.kinds.layout import InputLayout
from explainers.kinds.statistics import DataStatistics
from explainers.service.parsing.upload_keys import VARIABLES_FIRST
from explainers.service.tasks.context import ProgressReport
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.state import address
from pages.state.cases import Answer, Case
from pages.state.inputs import Chosen
from pages.viewers.chart import chart
from pages.widgets import files, methods
from pages.widgets.models import Chosen as Model

title, missing, blinks = "Time series", "a time series", False
OTHERS = 20


def pick(model) -> Chosen | None:
    """The file, the variables, and the series."""
    opened = files.opened(model, "Time series: CSV, or NumPy arrays", kind.SUFFIXES, _layout)
    if opened is None:
        return None
    name, file, found = opened
    facts = found[0]
    count, steps, width = found[1]["values"].shape
    st.caption(f"{count:,} series of {steps:,} steps and {width} variables.")
    files.notes(facts)
    if _variables(model, facts) is None:
        return None
    item = 0
    if count > 1:
        item = (
            int(
                address.widget(
                    st.number_input,
                    "series",
                    start=1,
                    label="Series",
                    min_value=1,
                    max_value=count,
                    step=1,
                )
            )
            - 1
        )
    return Chosen(name, f"series {facts['names'][item]}", file, item)


def _layout(suffix: str) -> str:
    """Asks how the arrays of a file lie; what its name then has before the suffix."""
    turned = suffix in (".npy", ".npz") and address.widget(
        st.toggle,
        "turned",
        start=False,
        label="Variables before time",
        help="On for arrays (series, variables, time); off for (series, time, variables).",
    )
    return VARIABLES_FIRST if turned else ""


def fitted(model, given: Chosen):
    """The model with its variables and steps, and a scaler where that is wanted."""
    found = files.found("series", given.data)
    names = _variables(model, found[0], ask=False)
    values = kind.KINDS["series"].some(found, replace(model.spec, columns=tuple(names)))
    spec = replace(model.spec, columns=tuple(names), shape=values.shape[1:])
    if spec.source != "demo" and address.widget(
        st.toggle,
        "standardise",
        start=False,
        label="Standardise with this file",
        help="Subtract each variable's mean and divide by its standard deviation before the "
        "network, as it was trained. Contributions stay in the variables' own units.",
    ):
        flat = values.reshape(-1, values.shape[-1]).astype(np.float64)
        std = np.where(flat.std(0) > 0, flat.std(0), 1.0)
        spec = replace(spec, mean=tuple(flat.mean(0).tolist()), std=tuple(std.tolist()))
    return replace(model, spec=spec)


def adjusted(method: str, options: dict[str, Any], model: Model, given: Chosen) -> dict[str, Any]:
    """The options with what the series tell: windows over time, noise by the spread, …"""

    def statistics() -> DataStatistics:
        facts, arrays = files.found("series", given.data)
        places = [facts["variables"].index(name) for name in model.spec.columns]
        values = arrays["values"][:, :, places].reshape(-1, len(places))
        layout = InputLayout("series", model.spec.shape)
        ranges = np.ptp(values, axis=0).tolist()
        return DataStatistics(layout, tuple(values.std(0).tolist()), tuple(ranges))

    return methods.fitted(method, options, statistics, "variable")


def draw(
    case: Case,
    heat: np.ndarray,
    *,
    key: str,
    alt: str,
    signed: bool,
    limit=None,
    compact: bool = False,
    unit: str = "",
    **shown: Any,
) -> None:
    """Heat strips over time with the series drawn over them."""
    variables, steps = _named(case)
    figure = series_heat(
        heat,
        case.prediction[1]["input"],
        variables,
        steps,
        signed,
        limit,
        unit or ("contribution" if signed else "strength"),
        4 if compact else 8,
    )
    chart(figure, alt, key)


limit = colours.colour_limit


def says(case: Case, heat: np.ndarray, signed: bool, what: str) -> str:
    """Which variables and which time carry the support."""
    return sentences.series_sentence(heat, *_named(case), f"*{case.about}*", signed)


def grow(
    task: Predict | Explain,
    about: str,
    signed: bool,
    compact: bool,
    state: ProgressReport | None,
    key: str,
) -> None:
    """The marginal bars so far."""
    if state is not None:
        heat = state.partial
        names = list(task.model.columns) or [f"variable {i}" for i in range(heat.shape[1])]
        steps = [str(step + 1) for step in range(len(heat))]
        figure = marginals(heat, names, steps, signed and bool((heat < 0).any()))
        chart(figure, f"Contributions to {about} so far.", key)


def baseline(shown: np.ndarray, label: str, width: int) -> None:
    """The baseline's mean values."""
    means = ", ".join(f"{value:.3g}" for value in shown.mean(0)[:4])
    st.caption(f"Its variables' means: {means}{' …' if shown.shape[1] > 4 else ''}")


def hidden(case: Case, gone: np.ndarray, key: str) -> None:
    """The series with what is hidden out of it."""
    variables, _ = _named(case)
    counts = [
        f"{int(out)} of {name}" for name, out in zip(variables, gone.sum(0), strict=True) if out
    ]
    more = ", …" if len(counts) > 8 else ""
    st.caption(f"Hidden time steps: {', '.join(counts[:8]) or 'none'}{more}.")


def others(model, given: Chosen) -> dict[str, Chosen]:
    """Other series of the same file."""
    facts, arrays = files.found("series", given.data)
    count = len(arrays["values"])
    some = [given.item, *np.linspace(0, count - 1, min(count, OTHERS)).astype(int)]
    return {
        str(item): replace(given, item=item, name=f"series {facts['names'][item]}")
        for item in dict.fromkeys(map(int, some))
    }


def more(case: Case, answer: Answer, key: str) -> None:
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


def _variables(model, facts: dict, ask: bool = True) -> list[str] | None:
    """The variables that the network gets, in its order."""
    if model.spec.columns:
        lacking = [name for name in model.spec.columns if name not in facts["variables"]]
        if lacking and ask:
            st.error(
                f"This file has no variable {lacking[0]!r}, which the demo's network needs. Upload "
                "one with the same variables, or your own network."
            )
        return None if lacking else list(model.spec.columns)
    if not ask:
        return address.choice().get("columns") or facts["variables"]
    wanted = model.spec.shape[1] if len(model.spec.shape) == 2 else 0
    columns = address.several(
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
        return names, files.found("series", case.task.input.file)[0]["steps"]
    return names, [str(step + 1) for step in range(steps)]
