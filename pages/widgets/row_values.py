"""Changing the values of a row by hand; what was changed stands in the link."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from pages.state import address


def changed(names: Sequence[str], own: np.ndarray, data: str, item: int) -> tuple[float, ...]:
    """The values (F,) of a file's row where somebody changed `own`, its own ones, else ()."""
    row = f"{data[:12]} {item + 1}"
    key = f"{address.key_of('changed')} {row} {len(names)}"
    # What the editor starts from must not follow what is edited, or it would start again.
    if st.session_state.get("edited_from", ("", None))[0] != key:
        st.session_state["edited_from"] = (key, _linked(names, own, row))
    with st.expander("Change its values"):
        edited = st.data_editor(
            pd.DataFrame({"Feature": names, "Value": st.session_state["edited_from"][1]}),
            disabled=["Feature"],
            hide_index=True,
            key=key,
            height=min(400, 38 + 35 * len(names)),
        )
    values = edited["Value"].to_numpy(np.float64)
    if not np.isfinite(values).all():
        st.error("Every feature needs a number.")
        return ()
    moved = {names[i]: float(values[i]) for i in np.flatnonzero(values != own)}
    address.choice()["changed"] = {"row": row, "values": moved} if moved else None
    return tuple(values.tolist()) if moved else ()


def _linked(names: Sequence[str], own: np.ndarray, row: str) -> np.ndarray:
    """The row's values, with the changes that a link tells of this row."""
    told: Any = address.choice().get("changed")
    moved = told.get("values") if isinstance(told, dict) and told.get("row") == row else None
    if not isinstance(moved, dict):
        return own
    numbers = {
        name: value
        for name, value in moved.items()
        if isinstance(value, int | float) and abs(value) < np.inf
    }
    return np.array(
        [numbers.get(name, value) for name, value in zip(names, own, strict=True)], np.float64
    )
