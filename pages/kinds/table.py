"""Tables on the pages: the file, the columns that the network gets, a row, and bars."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from explainers.errors import Problem
from explainers.figures.tables import HEADROOM, bar_limit, feature_bars
from explainers.figures.text import labels, sentences
from explainers.figures.waterfall import waterfall
from explainers.kinds import features, table
from explainers.kinds.layout import InputLayout
from explainers.kinds.statistics import DataStatistics
from explainers.methods import METHODS
from explainers.service.tasks.context import ProgressReport
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.kinds import many_rows
from pages.state import address
from pages.state.cases import Answer, Case
from pages.state.inputs import Chosen
from pages.viewers.chart import chart
from pages.widgets import files, methods, row_values
from pages.widgets.models import Chosen as Model

title, missing, blinks = "Table", "a table and a row", False
SHOWN, OTHERS = 200, 20
_TYPES = {"number": "number", "category": "category", "text": "text, not used", "empty": "empty"}


def pick(model) -> Chosen | None:
    """The file, what is in it, the columns, and the row."""
    opened = files.opened(model, "A table: CSV or Parquet", table.SUFFIXES)
    if opened is None:
        return None
    name, file, found = opened
    facts = found[0]
    with st.expander(f"{facts['rows']:,} rows, {len(facts['columns'])} columns"):
        _overview(facts)
    files.notes(facts)
    columns = _columns(model, facts)
    if columns is None:
        return None
    rows = np.flatnonzero(features.complete_rows(found, columns))
    if not len(rows):
        st.error("Every row lacks a value in one of the columns. Fill the gaps, or choose others.")
        return None
    if len(rows) < len(found[1]["values"]):
        st.caption(f"{len(found[1]['values']) - len(rows):,} rows lack a value and are left out.")
    row = address.widget(
        st.number_input,
        "row",
        start=int(rows[0]) + 1,
        label="Row",
        min_value=1,
        max_value=int(rows[-1]) + 1,
        step=1,
    )
    item = int(rows[np.searchsorted(rows, int(row) - 1).clip(max=len(rows) - 1)])
    if item != row - 1:
        st.caption(f"Row {row} lacks a value; row {item + 1} is shown.")
    places = [facts["columns"].index(name) for name in columns]
    values = row_values.changed(columns, found[1]["values"][item, places], name, item)
    called = f"row {item + 1}{', changed' if values else ''}"
    return Chosen(name, called, file, item, values)


def fitted(model, given: Chosen):
    """The model with its columns, and with a scaler from the data where that is wanted."""
    found = files.found("table", given.data)
    columns = _columns(model, found[0], ask=False)
    spec = replace(model.spec, columns=tuple(columns), shape=(len(columns),))
    values = _values(replace(model, spec=spec), given)
    with st.expander("Scale, and what to beware of"):
        if spec.source != "demo" and address.widget(
            st.toggle,
            "standardise",
            start=False,
            label="Standardise with this table",
            help="Subtract each column's mean and divide by its standard deviation before the "
            "network, as it was trained. Contributions stay in the columns' own units.",
        ):
            mean, std = features.mean_and_std(values)
            spec = replace(spec, mean=tuple(mean.tolist()), std=tuple(std.tolist()))
        for warning in features.data_warnings(values, columns) or ["Nothing stands out."]:
            st.markdown(f"- {warning}")
    return replace(model, spec=spec)


def adjusted(method: str, options: dict[str, Any], model: Model, given: Chosen) -> dict[str, Any]:
    """The options with what the table tells, and correlated columns hidden together."""

    def statistics() -> DataStatistics:
        values = _values(model, given)
        std = features.mean_and_std(values)[1]
        layout = InputLayout("table", model.spec.shape)
        return DataStatistics(layout, tuple(std.tolist()), tuple(np.ptp(values, axis=0).tolist()))

    options = methods.fitted(method, options, statistics, "column")
    if "groups" not in METHODS[method].options.__dataclass_fields__:
        return options
    columns = list(model.spec.columns)
    groups = features.correlated_groups(_values(model, given), columns)
    listed = "; ".join(" + ".join(group) for group in groups)
    if groups and address.widget(
        st.toggle,
        "together",
        start=False,
        label="Hide correlated columns together",
        help=f"Columns with |r| above 0.7, directly or by others: {listed}.",
    ):
        return options | {"groups": [[columns.index(n) for n in group] for group in groups]}
    return options


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
    """A waterfall for contributions that add up, else bars."""
    names, values = _named(case)
    method = METHODS[case.task.method]
    facts = shown.get("facts")
    if facts and method.complete and not compact and not unit:
        figure = waterfall(
            names, values, heat, facts["output"], facts["baseline_output"], case.about
        )
    else:
        figure = feature_bars(names, values, heat, signed, 8 if compact else 20, limit)
    chart(figure, alt, key)


def limit(heat: np.ndarray) -> float:
    """The end of the bars' axis, with room for the numbers."""
    return HEADROOM * bar_limit(heat, 8)


def says(case: Case, heat: np.ndarray, signed: bool, what: str) -> str:
    """Which features carry the support."""
    return sentences.table_sentence(*_named(case), heat, f"*{case.about}*", signed)


def grow(
    task: Predict | Explain,
    about: str,
    signed: bool,
    compact: bool,
    state: ProgressReport | None,
    key: str,
) -> None:
    """The bars so far, without values."""
    if state is not None:
        names = list(task.model.columns)
        heat = state.partial
        figure = feature_bars(names, [""] * len(names), heat, signed and bool((heat < 0).any()))
        chart(figure, f"Contributions to {about} so far.", key)


def baseline(shown: np.ndarray, label: str, width: int) -> None:
    """The baseline's first values."""
    st.caption(
        ", ".join(labels.number(float(value)) for value in shown[:5])
        + (" …" if len(shown) > 5 else "")
    )


def hidden(case: Case, gone: np.ndarray, key: str) -> None:
    """Which features are hidden."""
    names = [name for name, out in zip(case.task.model.columns, gone, strict=True) if out]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    st.caption(f"Hidden: {', '.join(names[:12])}{more}." if names else "Nothing is hidden.")


def others(model, given: Chosen) -> dict[str, Chosen]:
    """Other rows of the same table."""
    rows = np.flatnonzero(
        features.complete_rows(files.found("table", given.data), model.spec.columns)
    )
    some = [given.item, *rows[np.linspace(0, len(rows) - 1, min(len(rows), OTHERS)).astype(int)]]
    return {
        str(item): replace(given, item=int(item), name=f"row {item + 1}", values=())
        if item != given.item
        else given
        for item in dict.fromkeys(map(int, some))
    }


def more(case: Case, answer: Answer, key: str) -> None:
    """Every value as bars beside the waterfall; many rows at a time."""
    heat = case.heat(answer[1]["scores"])
    if METHODS[case.task.method].complete:
        with st.expander("As bars, with every feature"):
            figure = feature_bars(*_named(case), heat, answer[0]["signed"], len(heat))
            chart(figure, f"All contributions to {case.about}", f"{key}_bars")
    many_rows.section(case, f"{key}_many")


def _overview(facts: dict) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "Column": facts["columns"],
                "Type": [_TYPES[kind] for kind in facts["types"]],
                "Missing": facts["missing"],
            }
        ),
        hide_index=True,
        height=240,
    )


def _columns(model, facts: dict, ask: bool = True) -> list[str] | None:
    """The columns that the network gets, in its order; asked unless the demo knows them."""
    if model.spec.columns:
        lacking = [name for name in model.spec.columns if name not in facts["columns"]]
        if lacking and ask:
            st.error(
                f"This table has no column {lacking[0]!r}, which the demo's network needs. Upload "
                "a table with the same columns as the demo's, or your own network."
            )
        return None if lacking else list(model.spec.columns)
    usable = [
        n
        for n, t in zip(facts["columns"], facts["types"], strict=True)
        if t in ("number", "category")
    ]
    if not ask:
        target = address.choice().get("target_column")
        chosen = address.choice().get("columns")
        return chosen if chosen else [name for name in usable if name != target]
    target = address.select(
        st.selectbox,
        "target_column",
        ["", *usable],
        "",
        label="Target column",
        format_func=lambda name: name or "none of them",
        help="It is not given to the network.",
    )
    left = [name for name in usable if name != target]
    wanted = model.spec.shape[0] if model.spec.shape else len(left)
    columns = address.several(
        st.multiselect, "columns", left, left[:wanted], label="Columns, in the network's order"
    )
    if len(columns) != wanted:
        st.error(
            f"The network takes {wanted} features; {len(columns)} columns are chosen. Choose those "
            "that it was trained with, in their order."
        )
        return None
    return columns


def _values(model, given: Chosen) -> np.ndarray:
    """The network's columns in all rows that have them: (rows, F)."""
    facts, arrays = files.found("table", given.data)
    columns = model.spec.columns
    rows = features.complete_rows((facts, arrays), columns)
    return features.feature_values((facts, {"values": arrays["values"][rows]}), columns)


def _named(case: Case) -> tuple[list[str], list]:
    """Names of the features, and their values in words."""
    names, values = list(case.task.model.columns), case.prediction[1]["input"]
    try:
        levels = (
            files.found("table", case.task.input.file)[0]["levels"] if case.task.input.file else {}
        )
    except Problem:
        levels = {}
    return names, [
        levels[name][int(value)]
        if name in levels and 0 <= value < len(levels[name])
        else float(value)
        for name, value in zip(names, values, strict=True)
    ]
