"""Changing the values of a row; what was changed stands in the link."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from pages.state import address


def edit(names: Sequence[str], own: np.ndarray, data: str, item: int) -> tuple[float, ...]:
    """Draw an editor of a row's values.

    Parameters
    ----------
    names : sequence of str, length F
    own : ndarray, shape (F,)
        The values in the file.
    data, item : str, int
        The file, and the row in it.

    Returns
    -------
    tuple of float, length F
        The values; () where none differs from the file's.
    """
    import pandas as pd

    row = f"{data[:12]} {item + 1}"
    key = f"{address.widget_key('changed')} {row} {len(names)}"
    # What the editor starts from must not follow what is edited, or it would start again.
    if st.session_state.get("edited_from", ("", None))[0] != key:
        st.session_state["edited_from"] = (key, _linked(names, own, row))
    with st.expander("Change its values"):
        edited = st.data_editor(
            pd.DataFrame({"Feature": names, "Value": st.session_state["edited_from"][1]}),
            disabled=["Feature"],
            hide_index=True,
            # Of a narrow column of settings both are seen, however long the names are.
            column_config={
                "Feature": st.column_config.TextColumn(width=120),
                "Value": st.column_config.NumberColumn(width=80),
            },
            key=key,
            height=min(400, 38 + 35 * len(names)),
        )
    values = edited["Value"].to_numpy(np.float64)
    if not np.isfinite(values).all():
        st.error("Every feature needs a number.")
        return ()
    changes = {names[int(i)]: float(values[i]) for i in np.flatnonzero(values != own)}
    address.choices()["changed"] = {"row": row, "values": changes} if changes else None
    return tuple(values.tolist()) if changes else ()


def _linked(names: Sequence[str], own: np.ndarray, row: str) -> np.ndarray:
    """The row's values, with the changes that a link holds for this row."""
    change: Any = address.choices().get("changed")
    address.show_refusal("changed", "Changed values")
    if not change or change["row"] != row:
        return own
    numbers = change["values"]
    return np.array(
        [numbers.get(name, value) for name, value in zip(names, own, strict=True)], np.float64
    )
