"""Tables on the pages: the file, the columns that the network gets, a row, and bars."""

import dataclasses
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
import streamlit as st

from explainers.figures.tables import HEADROOM, bar_limit, feature_bars
from explainers.figures.text import labels, sentences
from explainers.figures.text.sentences import escape_markdown
from explainers.figures.waterfall import waterfall
from explainers.kinds import encoding, features, table
from explainers.kinds.layout import InputLayout
from explainers.kinds.statistics import DataStatistics
from explainers.methods import METHODS
from explainers.models.spec import ModelSpec
from explainers.service.tasks.context import ProgressReport
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.predict import Predict
from pages.kinds import many_rows, table_columns, table_scale
from pages.kinds.page_kind import MapOptions
from pages.state import address, fitting_choices
from pages.state.cases import Answer, Case
from pages.state.chosen import ChosenInput, ChosenModel
from pages.viewers.chart import chart
from pages.widgets import files, methods, row_values

title, missing, can_blink = "Table", "a table and a row", False
MOST_OTHERS = 20


def pick(model: ChosenModel) -> ChosenInput | None:
    """The file, what is in it, the columns, and the row."""
    picked = _pick_rows(model)
    if picked is None:
        return None
    opened, columns, rows = picked
    arrays = opened.content[1]
    row = fitting_choices.number_within(
        "row", 1, int(rows[-1]) + 1, default=int(rows[0]) + 1, label="Row"
    )
    item = int(rows[np.searchsorted(rows, row - 1).clip(max=len(rows) - 1)])
    if item != row - 1:
        st.caption(f"Row {row} lacks a value; row {item + 1} is shown.")
    own = features.input_values((opened.content[0], {"values": arrays["values"][[item]]}), columns)[
        0
    ]
    values = row_values.edit(columns, own, opened.data, item)
    name = f"row {item + 1}{', changed' if values else ''}"
    return ChosenInput(opened.data, name, opened.file, item, values)


def pick_all(model: ChosenModel) -> ChosenInput | None:
    """The file, what is in it and the columns, for questions about all rows; the first stands."""
    picked = _pick_rows(model)
    if picked is None:
        return None
    opened, _, rows = picked
    return ChosenInput(opened.data, "all rows", opened.file, int(rows[0]))


def _pick_rows(model: ChosenModel) -> tuple[files.OpenedFile, list[str], np.ndarray] | None:
    """The file, the network's columns, and the places of the rows that have them."""
    opened = files.pick(model, "A table: CSV, Excel, Parquet or Feather", table.SUFFIXES)
    if opened is None:
        return None
    facts, arrays = opened.content
    with st.expander(f"{facts['rows']:,} rows, {len(facts['columns'])} columns"):
        table_columns.overview(facts)
    files.notes(facts)
    columns = table_columns.pick(model, facts, opened.data)
    if columns is None:
        return None
    rows = np.flatnonzero(features.complete_rows(opened.content, columns))
    if not len(rows):
        st.error("Every row lacks a value in one of the columns. Fill the gaps, or choose others.")
        return None
    if len(rows) < len(arrays["values"]):
        away = len(arrays["values"]) - len(rows)
        st.caption(
            "1 row lacks a value and is left out."
            if away == 1
            else f"{away:,} rows lack a value and are left out."
        )
    return opened, columns, rows


def fit_model(model: ChosenModel, chosen: ChosenInput) -> ChosenModel:
    """The model with its columns, and with a scaler from the data where that is wanted."""
    facts, _ = files.content("table", chosen.data)
    columns = table_columns.chosen()
    spec = replace(model.spec, columns=tuple(columns), shape=(len(columns),))
    values = _values(replace(model, spec=spec), chosen)
    if spec.source == "demo":
        with st.expander("What to beware of"):
            _beware(values, spec)
        return replace(model, spec=spec)
    doubt = table_scale.doubt(spec, chosen, columns)
    if doubt:
        # A wrong scale makes wrong pictures: it is asked before there is one.
        above, as_is = st.container(), spec
        spec = table_scale.pick(spec, values, facts)
        if spec == as_is:
            above.warning(doubt)
    with st.expander("What to beware of" if doubt else "Scale, and what to beware of"):
        if not doubt:
            spec = table_scale.pick(spec, values, facts)
        _beware(values, spec)
    return replace(model, spec=spec)


def _beware(values: np.ndarray, spec: ModelSpec) -> None:
    found = features.data_warnings(values, spec.columns, scale=np.array(spec.std))
    for warning in found or ["Nothing stands out."]:
        st.markdown(f"- {warning}")


def fit_options(
    method: str, options: dict[str, Any], model: ChosenModel, chosen: ChosenInput
) -> dict[str, Any]:
    """The options with what the table tells, and correlated columns hidden together."""

    statistics = DataStatistics(
        InputLayout("table", model.spec.shape),
        lambda: tuple(features.mean_and_std(_values(model, chosen))[1].tolist()),
        lambda: tuple(np.ptp(_values(model, chosen), axis=0).tolist()),
    )
    options = methods.fit_to_data(method, options, statistics, "column")
    if "groups" not in {field.name for field in dataclasses.fields(METHODS[method].options)}:
        return options
    columns = list(model.spec.columns)
    of_columns = encoding.groups(files.content("table", chosen.data)[0], columns)
    of_columns = [group for group in of_columns if len(group) > 1]
    if of_columns:
        options = options | {"groups": of_columns}
    groups = features.correlated_groups(_values(model, chosen), columns)
    listed = escape_markdown("; ".join(" + ".join(group) for group in groups))
    if not groups or of_columns:
        return options
    together = address.widget(
        st.toggle,
        "together",
        default=False,
        label="Hide correlated columns together",
        help=f"Columns with |r| above 0.7, directly or by others: {listed}.",
    )
    if not together:
        return options
    return options | {"groups": [[columns.index(name) for name in group] for group in groups]}


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
    """A waterfall for contributions that add up, else bars."""
    names, values, heat = _named(case, heat)
    compact = options.get("compact", False)
    if facts and METHODS[case.task.method].complete and not compact and not options.get("unit"):
        figure = waterfall(
            names, values, heat, facts["output"], facts["baseline_output"], case.about
        )
    else:
        most = 8 if compact else 20
        figure = feature_bars(names, values, heat, signed, most, options.get("limit"))
    chart(figure, alt, key)


def limit(heat: np.ndarray) -> float:
    """The end of the bars' axis, with room for the numbers."""
    inputs = table_columns.chosen()
    if len(inputs) == len(heat):
        columns = [encoding.column_of(name) for name in inputs]
        heat = np.array([heat[np.equal(columns, name)].sum() for name in dict.fromkeys(columns)])
    return HEADROOM * bar_limit(heat, 8)


def sentence(case: Case, heat: np.ndarray, what: str) -> str:
    """Which features move the answer most."""
    return sentences.table_sentence(*_named(case, heat), f"*{case.about_as_text}*", what)


def draw_partial(
    task: Predict | Explain,
    about: str,
    signed: bool,
    compact: bool,
    report: ProgressReport | None,
    key: str,
) -> None:
    """The bars so far, without values."""
    if report is not None and report.partial is not None:
        names = list(task.model.columns)
        heat = report.partial
        figure = feature_bars(names, [""] * len(names), heat, signed and bool((heat < 0).any()))
        chart(figure, f"Contributions to {about} so far.", key, finished=False)


def draw_baseline(shown: np.ndarray, label: str, width: int) -> None:
    """The baseline's first values."""
    st.caption(
        ", ".join(labels.number(float(value)) for value in shown[:5])
        + (" …" if len(shown) > 5 else "")
    )


def draw_hidden(case: Case, hidden: np.ndarray, key: str) -> None:
    """Which features are hidden."""
    columns = case.task.model.columns
    names = [name for name, is_hidden in zip(columns, hidden, strict=True) if is_hidden]
    more = f" and {len(names) - 12} more" if len(names) > 12 else ""
    listed = escape_markdown(", ".join(names[:12]))
    st.caption(f"Hidden: {listed}{more}." if names else "Nothing is hidden.")


def other_inputs(model: ChosenModel, chosen: ChosenInput) -> dict[str, ChosenInput]:
    """Other rows of the same table."""
    content = files.content("table", chosen.data)
    rows = np.flatnonzero(features.complete_rows(content, model.spec.columns))
    spread = np.linspace(0, len(rows) - 1, min(len(rows), MOST_OTHERS)).astype(int)
    some = [chosen.item, *rows[spread]]
    return {
        str(item): replace(chosen, item=int(item), name=f"row {item + 1}", values=())
        if item != chosen.item
        else chosen
        for item in dict.fromkeys(map(int, some))
    }


def draw_details(case: Case, answer: Answer, key: str) -> None:
    """Every value as bars beside the waterfall; many rows at a time."""
    heat = case.heat(answer[1]["scores"])
    if METHODS[case.task.method].complete:
        with st.expander("As bars, with every feature"):
            figure = feature_bars(*_named(case, heat), answer[0]["signed"], len(heat))
            chart(figure, f"All contributions to {case.about}", f"{key}_bars")
    many_rows.section(case, f"{key}_many")


def _values(model: ChosenModel, chosen: ChosenInput) -> np.ndarray:
    """The network's columns in all rows that have them: (rows, F)."""
    facts, arrays = files.content("table", chosen.data)
    columns = model.spec.columns
    rows = features.complete_rows((facts, arrays), columns)
    return features.feature_values((facts, {"values": arrays["values"][rows]}), columns)


def _named(case: Case, heat: np.ndarray) -> tuple[list[str], list[str | float], np.ndarray]:
    """Names of the features, their values in words, and their scores.

    What one column of text became is one feature: its score is the sum of theirs.
    """
    inputs, row = list(case.task.model.columns), case.prediction[1]["input"]
    facts = table_columns.facts_of(case)
    groups = encoding.groups(facts, inputs)
    names = [encoding.source(facts, inputs[group[0]])[0] for group in groups]
    values = [encoding.shown(facts, [inputs[at] for at in group], row[group]) for group in groups]
    return names, values, np.array([heat[group].sum() for group in groups])
