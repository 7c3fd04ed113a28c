"""What a person chooses of a file of time series: how it lies, its variables, a window."""

import numpy as np
import streamlit as st

from explainers.figures.text.sentences import escape_markdown
from explainers.kinds import Facts, ParsedFile
from explainers.kinds import series as series_kind
from explainers.service.parsing import upload_keys
from pages.state import address, fitting_choices
from pages.state.chosen import ChosenModel

LIES = {
    "": "The series as the network takes them",
    upload_keys.TIME_FIRST: "A row for each step in time",
    upload_keys.ROWS_ARE_SERIES: "A row for each series",
    upload_keys.VARIABLES_FIRST: "Variables before time",
}


def counted(lengths: np.ndarray) -> str:
    """How many series of how many steps."""
    low, high = int(lengths.min()), int(lengths.max())
    return f"{len(lengths):,} series of {f'{low:,} to ' if low < high else ''}{high:,} steps"


def ask_layout(model: ChosenModel, suffix: str) -> str:
    """Ask how the series of a file lie; see `files.AskLayout`."""
    layout = address.select(
        st.selectbox,
        "turned",
        list(LIES),
        "",
        label="In the file lie",
        format_func=LIES.get,
        help="What the network takes decides, where both sides of a table or an array would do.",
    )
    return layout + upload_keys.takes(model.spec.shape if not model.spec.columns else ())


def name_of(content: ParsedFile, model: ChosenModel, item: int) -> str:
    """What people call a series, or a window of one."""
    facts, arrays = content
    series, start = series_kind.place_of(content, item)
    name = f"series {facts['names'][series].removeprefix('series ')}"
    steps = series_kind.window(content, model.spec, series)
    if steps == arrays["lengths"][series]:
        return name
    return f"{name}, steps {start + 1:,} to {start + steps:,}"


def variables_of(model: ChosenModel, facts: Facts) -> list[str]:
    """The variables that the network gets, in its order."""
    if model.spec.columns:
        return list(model.spec.columns)
    names: list[str] = address.choices().get("columns") or facts["variables"]
    return names


def pick_variables(model: ChosenModel, facts: Facts) -> list[str] | None:
    """Draw their choice, unless the network knows them; None where they do not fit."""
    if model.spec.columns:
        lacking = [name for name in model.spec.columns if name not in facts["variables"]]
        if lacking:
            st.error(
                f"This file has no variable “{escape_markdown(lacking[0])}”, which the network "
                "needs. Upload one with the same variables, or another network."
            )
        return None if lacking else list(model.spec.columns)
    wanted = model.spec.shape[1] if len(model.spec.shape) == 2 else 0
    variables = facts["variables"]
    named = len(model.columns) == wanted > 0 and {*model.columns} <= {*variables}
    usual = list(model.columns) if named else variables
    default = usual if not wanted or len(usual) == wanted else []
    fitting_choices.usual_for_another("columns", (wanted, *variables), default)
    columns = address.multiselect(
        st.multiselect,
        "columns",
        variables,
        default,
        label="Variables, in the network's order",
    )
    if wanted and not columns:
        st.info(
            f"The network takes {wanted} of these {len(variables)} variables. Choose "
            "which, in the order in which it was trained."
        )
        return None
    if wanted and len(columns) != wanted:
        st.error(f"The network takes {wanted} variables; {len(columns)} are chosen.")
        return None
    return columns
