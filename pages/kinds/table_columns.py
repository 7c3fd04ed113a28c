"""The columns of a table: what they are, and which of them the network gets."""

import pandas as pd
import streamlit as st

from explainers.kinds import Facts
from pages.state import address
from pages.state.chosen import ChosenModel

_TYPES = {"number": "number", "category": "category", "text": "text, not used", "empty": "empty"}


def overview(facts: Facts) -> None:
    """Draw a list of the table's columns, with types and missing values."""
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


def chosen(model: ChosenModel, facts: Facts) -> list[str]:
    """The columns that the network gets, in its order."""
    if model.spec.columns:
        return list(model.spec.columns)
    target = address.choices().get("target_column")
    columns: list[str] | None = address.choices().get("columns")
    return columns if columns else [name for name in _usable(facts) if name != target]


def _usable(facts: Facts) -> list[str]:
    """Those that a network can get: numbers, and categories as their places."""
    columns = zip(facts["columns"], facts["types"], strict=True)
    return [name for name, kind in columns if kind in ("number", "category")]


def pick(model: ChosenModel, facts: Facts) -> list[str] | None:
    """Draw their choice, unless the demo knows them; None where they do not fit."""
    if model.spec.columns:
        lacking = [name for name in model.spec.columns if name not in facts["columns"]]
        if lacking:
            st.error(
                f"This table has no column {lacking[0]!r}, which the demo's network needs. Upload "
                "a table with the same columns as the demo's, or your own network."
            )
        return None if lacking else list(model.spec.columns)
    usable = _usable(facts)
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
    # A file that names its columns wants just these.
    known = [name for name in model.columns if name in left]
    first = known if len(known) == wanted else left[:wanted]
    columns = address.multiselect(
        st.multiselect, "columns", left, first, label="Columns, in the network's order"
    )
    if len(columns) != wanted:
        st.error(
            f"The network takes {wanted} features; {len(columns)} columns are chosen. Choose those "
            f"that it was trained with, in their order{_listed(model.columns)}."
        )
        return None
    return columns


def _listed(columns: tuple[str, ...]) -> str:
    """The columns that a network's file names, behind a colon."""
    more = f" and {len(columns) - 12} more" if len(columns) > 12 else ""
    return f": {', '.join(columns[:12])}{more}" if columns else ""
