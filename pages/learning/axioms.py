"""What an explanation must fulfil: every method tried on the worked examples."""

import html

import streamlit as st

from explainers.checks.axioms import ABOUT, AXIOMS, CANNOT, NO, YES, Axiom
from explainers.figures.text.as_text import markdown_table
from explainers.figures.text.words import number
from explainers.kinds import Facts
from explainers.models.zoo.worked_examples import PAIRS, WORKED_EXAMPLES
from explainers.service.tasks.axioms import Axioms
from pages.state import address, cases
from pages.state.fragments import fragment

MARKS = {
    YES: ("✓", "held"),
    ABOUT: ("≈", "held within its error"),
    NO: ("✗", "broken"),
    CANNOT: ("–", "does not work here"),
}


@fragment()
def section() -> None:
    """Draw the axioms, the matrix of methods, and the numbers behind it."""
    st.header("What an explanation must fulfil", anchor="axioms")
    st.markdown(
        "\n".join(f"- **{axiom.title}.** {axiom.says}" for axiom in AXIOMS.values())
        + "\n\nEvery method is tried on the networks checked by hand and their kin. An ✗ is an "
        "example that breaks the rule; a ✓ says that none of these examples does. Slopes and "
        "sensitivities do not promise to add up."
    )
    answers = cases.answers({"learn_axioms": Axioms()}, "Trying every method")
    if answers is None:
        return
    rows = answers["learn_axioms"][0]["rows"]
    st.html(matrix(rows))
    st.caption("≈: right within its standard error, as it is drawn at random.")
    with st.expander("The numbers"):
        _numbers(rows)
    address.write()


def matrix(rows: list[Facts]) -> str:
    """Methods down, axioms across, as HTML; the numbers of the worst example on hover.

    Parameters
    ----------
    rows : list of dict
        One a method, as the task Axioms answers them: its `name`, and a cell for each axiom.
    """
    heads = "".join(f'<th scope="col">{html.escape(a.title)}</th>' for a in AXIOMS.values())
    body = []
    for row in rows:
        cells = []
        for key, axiom in AXIOMS.items():
            cell = row["cells"][key]
            sign, name = MARKS[cell["holds"]]
            worst = next(trial for trial in cell["trials"] if trial["holds"] == cell["holds"])
            numbers = html.escape(f"{where(worst)}: {result(axiom, worst)}")
            cells.append(
                f'<td class="{cell["holds"]}" title="{numbers}">'
                f'<span class="mark" role="img" aria-label="{name}">{sign}</span></td>'
            )
        name = html.escape(row["name"])
        body.append(f'<tr><th scope="row">{name}</th>{"".join(cells)}</tr>')
    return (
        '<table class="learn axioms" data-testid="axioms"><thead><tr>'
        f'<th scope="col">Method</th>{heads}</tr></thead><tbody>{"".join(body)}</tbody></table>'
    )


def _numbers(rows: list[Facts]) -> None:
    key = address.select(
        st.segmented_control,
        "axiom",
        list(AXIOMS),
        next(iter(AXIOMS)),
        label="Axiom",
        format_func=lambda key: AXIOMS[key].title,
        label_visibility="collapsed",
        required=True,
    )
    trials = [row["cells"][key]["trials"] for row in rows]
    columns = {"Method": [row["name"] for row in rows]}
    for at, example in enumerate(trials[0]):
        columns[where(example)] = [
            f"{MARKS[of[at]['holds']][0]} {result(AXIOMS[key], of[at])}" for of in trials
        ]
    st.markdown(markdown_table(columns))
    for pair in PAIRS.values() if key == "invariance" else ():
        formulas = " and ".join(
            f"`{WORKED_EXAMPLES[net].formula}`" for net in (pair.one, pair.other)
        )
        st.markdown(f"**{pair.title}**, {formulas}: {pair.caption}")


def where(trial: Facts) -> str:
    """Which networks, at which input, compared with what."""
    nets = " and ".join(WORKED_EXAMPLES[key].title.lower() for key in trial["networks"])
    return f"{nets}, {_point(trial['x'])} against {_point(trial['baseline'])}"


def result(axiom: Axiom, trial: Facts) -> str:
    """What the method gave, beside what was wanted."""
    if "problem" in trial:
        return str(trial["problem"])
    if trial["wanted"] is None or axiom.key == "dummy":
        example = WORKED_EXAMPLES[trial["networks"][0]]
        return f"{example.names[trial['which']]} gets {_list(trial['got'])}"
    if axiom.key == "completeness":
        return f"adds up to {_list(trial['got'])}, of {_list(trial['wanted'])}"
    if axiom.key == "invariance":
        return f"{_point(trial['got'])} and {_point(trial['wanted'])}"
    return f"{_point(trial['got'])}, of {_point(trial['wanted'])}"


def _point(values: list[float]) -> str:
    return f"({_list(values)})"


def _list(values: list[float]) -> str:
    return ", ".join(number(round(value, 3) + 0.0) for value in values)
