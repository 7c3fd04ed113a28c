"""What a person expects of each input: a small table, or a CSV; it stands in the link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.typing import UploadedFile

from explainers.errors import Problem
from explainers.importance.reading.expectations import (
    Expectation,
    check_names,
    read_expectations,
)
from pages.state import address

if TYPE_CHECKING:
    import pandas as pd

SHOULD = {"+": "rise with it", "-": "fall with it", "0": "not depend on it"}
INPUT, SIGN, LOW, HIGH, OUTPUT = "Input", "The output should", "Slope from", "Slope to", "Output"
NAME = "expected"
"""Of the choice."""
MOST_BYTES = 1_000_000


def declare(names: Sequence[str], outputs: Sequence[str]) -> list[dict[str, Any]]:
    """Draw the table of what is expected; the rows that say something, as a task takes them.

    Parameters
    ----------
    names, outputs : sequence of str
        Of the inputs and the outputs.

    Returns
    -------
    list of dict
        Input, sign, low, high, output, as `read_expectations` takes them; [] where nothing is
        expected, or what is cannot be understood, which the page then says.
    """
    address.show_refusal(NAME, "What is expected")
    above = st.container()
    with st.expander("Or upload it as a CSV"):
        st.caption(
            "A line of names, `input,sign,low,high`, and a line for each input: the sign is `+`, "
            "`-` or `0` (must not depend), `low` and `high` bound the slope; leave out what you do "
            "not need. A column `output` holds the number of the output, from 0, where there are "
            "several."
        )
        file = st.file_uploader(
            "Expected signs and ranges",
            ["csv", "tsv", "txt"],
            max_upload_size=MOST_BYTES // 1_000_000,
            key=address.uploader_key("w_signs"),
        )
        if file is not None:
            _take(file, names)
    with above:
        return _edited(names, outputs)


def _take(file: UploadedFile, names: Sequence[str]) -> None:
    """Choose what the file says, once; a sentence where it cannot be used."""
    try:
        if file.size > MOST_BYTES:
            raise Problem("A table of expectations has a line for each input; this file is larger.")
        try:
            text = file.getvalue().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Problem("This file is no text in UTF-8. Save the table as CSV (UTF-8).") from None
        found = read_expectations(text)
        check_names(found, names)
    except Problem as problem:
        st.error(str(problem))
        return
    if st.session_state.get("expected_file") != file.file_id:
        st.session_state["expected_file"] = file.file_id
        address.set_choices({NAME: [_plain(one) for one in found]})


def _edited(names: Sequence[str], outputs: Sequence[str]) -> list[dict[str, Any]]:
    """Draw the table itself."""
    key = f"{address.widget_key(NAME)} {' '.join(names)} {len(outputs)}"
    # What the editor starts from must not follow what is edited, or it would start again.
    if st.session_state.get("expected_from", ("", None, ""))[0] != key:
        wanted, problem = _linked(names, len(outputs))
        st.session_state["expected_from"] = (key, _frame(wanted, names, outputs), problem)
    _, frame, problem = st.session_state["expected_from"]
    several = len(outputs) > 1
    edited = st.data_editor(
        frame,
        disabled=[INPUT],
        hide_index=True,
        key=key,
        height=min(388, 40 + 35 * len(frame)),
        placeholder="",
        column_config={
            SIGN: st.column_config.SelectboxColumn(options=list(SHOULD.values())),
            LOW: st.column_config.NumberColumn(
                help="The least slope that is plausible, in the output's unit a unit of the input."
            ),
            HIGH: st.column_config.NumberColumn(help="The largest one."),
        }
        | (
            {
                OUTPUT: st.column_config.SelectboxColumn(
                    help="Empty: the one that is explained.", options=list(outputs)
                )
            }
            if several
            else {}
        ),
    )
    given = [found for row in edited.to_dict("records") if (found := _of_line(row, outputs))]
    address.choices()[NAME] = given or None
    if problem and not given:
        st.error(problem)
    try:
        if given:
            read_expectations(given)
    except Problem as wrong:
        st.error(str(wrong))
        return []
    return given


def _linked(names: Sequence[str], outputs: int) -> tuple[list[Expectation], str]:
    """What a link or a file holds, and what is wrong with it."""
    held = address.choices().get(NAME)
    if held is None:
        return [], ""
    try:
        found = read_expectations(held)
        check_names(found, names)
        if any(one.output is not None and not 0 <= one.output < outputs for one in found):
            raise Problem(
                f"What is expected is about outputs; they are numbered 0 to {outputs - 1}."
            )
    except Problem as problem:
        return [], str(problem)
    return list(found), ""


def _frame(
    wanted: Sequence[Expectation], names: Sequence[str], outputs: Sequence[str]
) -> pd.DataFrame:
    """A line for every expectation, and one for each input of which nothing is expected."""
    import pandas as pd

    lines = []
    for name in names:
        own = [one for one in wanted if one.name == name] or [Expectation(name)]
        for one in own:
            line: dict[str, Any] = {INPUT: name, SIGN: SHOULD.get(one.sign)}
            line |= {LOW: _finite(one.low), HIGH: _finite(one.high)}
            if len(outputs) > 1:
                line[OUTPUT] = None if one.output is None else outputs[one.output]
            lines.append(line)
    frame = pd.DataFrame(lines)
    for column in (LOW, HIGH):
        frame[column] = frame[column].astype(float)
    return frame


def _of_line(line: Mapping[Any, Any], outputs: Sequence[str]) -> dict[str, Any]:
    """A line of the editor as a row of expectations; {} where it says nothing."""
    import pandas as pd

    signs = {words: sign for sign, words in SHOULD.items()}
    found: dict[str, Any] = {}
    if line[SIGN] in signs:
        found["sign"] = signs[line[SIGN]]
    for column, name in ((LOW, "low"), (HIGH, "high")):
        if not pd.isna(line[column]):
            found[name] = float(line[column])
    if not found:
        return {}
    if line.get(OUTPUT) in outputs:
        found["output"] = list(outputs).index(line[OUTPUT])
    return {"input": line[INPUT], **found}


def _plain(one: Expectation) -> dict[str, Any]:
    """An expectation as a link holds it."""
    parts = {"sign": one.sign or None, "low": _finite(one.low), "high": _finite(one.high)}
    known = {name: value for name, value in parts.items() if value is not None}
    return {"input": one.name, **known, **({} if one.output is None else {"output": one.output})}


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None
