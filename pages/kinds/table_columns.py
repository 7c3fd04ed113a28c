"""The columns of a table: what they are, and which of them the network gets."""

import contextlib
import re
from collections.abc import Sequence
from typing import Any

import streamlit as st

from explainers.errors import Problem
from explainers.figures.text.sentences import escape_markdown
from explainers.kinds import Facts, encoding
from pages.kinds import table_encoding
from pages.state import address
from pages.state.cases import Case
from pages.state.chosen import ChosenModel
from pages.widgets import files

_TYPES = {
    "number": "number",
    "category": "category",
    "text": "text, not used",
    "empty": "empty",
    "index": "counts the rows, not used",
}
_FED = "fed_columns"
_COUNTED = re.compile(r"(x|f|feature|input|column|col|var|v)?[ _.]?\d+", re.IGNORECASE)
"""Names that tell no more than places do."""


def overview(facts: Facts) -> None:
    """Draw a list of the table's columns, with types and missing values."""
    import pandas as pd

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
        column_config=_widths({"Column": 96, "Type": 56, "Missing": 48}),
    )


def _widths(pixels: dict[str, int]) -> dict[str, Any]:
    """Of narrow settings all columns are seen, however long the names are."""
    return {name: st.column_config.Column(width=width) for name, width in pixels.items()}


def chosen() -> list[str]:
    """What `pick` drew last: the inputs of the network, in its order."""
    return list(st.session_state.get(_FED, ()))


def facts_of(case: Case) -> Facts:
    """What is in the table of a case: its columns and their levels."""
    if case.task.input.file:
        with contextlib.suppress(Problem):
            return files.content("table", case.task.input.file)[0]
    return {"columns": list(case.task.model.columns), "levels": {}}


def pick(model: ChosenModel, facts: Facts, data: str) -> list[str] | None:
    """Draw which columns feed the network, and where that is not known, ask; None until it is.

    Parameters
    ----------
    model : ChosenModel
    facts : dict
        Of the table.
    data : str
        The table's name in the store: what was chosen of another is not about this one.
    """
    inputs = _pick(model, facts, data)
    st.session_state[_FED] = tuple(inputs or ())
    if inputs and not _is_demo(model):
        _show(inputs, _known(model, len(inputs)), facts)
    return inputs


def _pick(model: ChosenModel, facts: Facts, data: str) -> list[str] | None:
    if model.spec.columns:
        return _declared(model, facts)
    columns = zip(facts["columns"], facts["types"], strict=True)
    usable = [name for name, kind in columns if kind in encoding.USABLE]
    _forget_choice_of_another_table(model, data, usable)
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
    wanted = model.spec.shape[0] if model.spec.shape else 0
    known = _known(model, wanted)
    if known:
        found = encoding.by_name(facts, known, left)
        own = bool(found.lacking) or address.widget(
            st.toggle,
            "own_columns",
            default=False,
            label="Choose the columns myself",
            help="The columns were found by the names in the network's file or saved settings.",
        )
        if not own:
            st.caption(f"All {len(known)} columns were found by their names.")
            return found.inputs
        if found.lacking:
            st.warning(
                "The network's file or saved settings name inputs that no column of this table has"
                f"{_listed(found.lacking)}. Choose the columns, in the network's order"
                f"{_listed(known)}."
            )
    return _ask(left, wanted, facts, fits=not known, target=target)


def _ask(left: list[str], wanted: int, facts: Facts, fits: bool, target: str) -> list[str] | None:
    """Draw the choice among the columns; only where all fit, it starts from them."""
    start = left if fits and wanted in (0, *table_encoding.counts(facts, left)) else []
    if start and not address.choices().get("columns"):
        address.set_choices({"columns": start})
    columns = address.multiselect(
        st.multiselect, "columns", left, start, label="Columns, in the network's order"
    )
    if wanted and not columns:
        mark = "" if target else " If one is what it predicts, mark that as the target column."
        st.warning(
            f"The network takes {wanted} numbers a row, and this table has {len(left)} columns "
            "that could be among them. Choose those that it was trained with, in their order."
            f"{mark}"
        )
        return None
    inputs = table_encoding.pick(facts, columns, wanted)
    if inputs is None:
        return None
    if not inputs or (wanted and len(inputs) != wanted):
        st.error(
            f"The network takes {wanted or 'some'} numbers a row; the chosen columns give "
            f"{len(inputs)}. Choose those that it was trained with, in their order."
        )
        return None
    return inputs


def _declared(model: ChosenModel, facts: Facts) -> list[str] | None:
    """The columns that a demo's or a Python model's own description names."""
    names = list(model.spec.columns)
    if all(encoding.source(facts, name)[0] in facts["columns"] for name in names):
        return names
    found = encoding.by_name(facts, names, facts["columns"])
    st.error(
        f"This table has no column{_listed(found.lacking or names)}, which the network needs. "
        "Upload a table with the same columns, or your own network."
    )
    return None


def _known(model: ChosenModel, wanted: int) -> list[str]:
    """What the network's file, or its card, calls its inputs; [] where neither tells."""
    card = address.choices().get("card")
    named = card.get("columns") if card else None
    for names in (model.columns, named):
        names = list(map(str, names or ()))
        told = not all(_COUNTED.fullmatch(name) for name in names)
        if told and (len(names) == wanted or not wanted):
            return names
    return []


def _forget_choice_of_another_table(model: ChosenModel, data: str, usable: list[str]) -> None:
    """Columns chosen for another table or network stay only where this table has all of them.

    Those that a link holds are about the link's table.
    """
    now = (address.links_opened(), data, model.spec.weights or model.spec.name)
    before = st.session_state.get("columns_chosen_for", now)
    st.session_state["columns_chosen_for"] = now
    if before[0] != now[0] or before == now:
        return
    columns, target = (address.choices().get(name) for name in ("columns", "target_column"))
    same_network = before[2] == now[2]
    names = [name for name in [*(columns or []), target] if name]
    if not (same_network and all(name in usable for name in names)):
        address.set_choices({"columns": [], "target_column": "", "stand": ""})


def _show(inputs: Sequence[str], known: Sequence[str], facts: Facts) -> None:
    """Draw which column feeds which input of the network."""
    import pandas as pd

    rows = {"Input": [str(place) for place in range(1, len(inputs) + 1)]}
    columns = [encoding.source(facts, name)[0] for name in inputs]
    if known and list(known) != columns:
        rows["The network's name"] = list(known)
    rows["Column"] = columns
    rows["It gets"] = [encoding.explained(facts, name) for name in inputs]
    with st.expander("Which column feeds which input", expanded=True):
        if not known:
            st.caption("Nothing here knows the network's names for them: check their order.")
        height = min(240, 38 + 35 * len(inputs))
        widths = _widths({"Input": 44, "The network's name": 80, "Column": 80, "It gets": 76})
        table = pd.DataFrame(rows)
        st.dataframe(table, hide_index=True, height=height, column_config=widths)


def _is_demo(model: ChosenModel) -> bool:
    return model.spec.source == "demo"


def _listed(columns: Sequence[str]) -> str:
    """Some names, behind a colon."""
    more = f" and {len(columns) - 12} more" if len(columns) > 12 else ""
    return f": {escape_markdown(', '.join(columns[:12]))}{more}" if columns else ""
