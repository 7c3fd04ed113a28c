"""What must be known before the numbers are read, what each method asks, why some are off."""

from __future__ import annotations

import streamlit as st

from explainers.figures.text.sentences import escape_markdown
from explainers.importance import IMPORTANCE
from explainers.importance.tables.stored import StoredTable
from pages.state import address

MOST_AT_ONCE = 2
WORDS = {
    "Hide such features together.": "Rank them together: “Correlated columns count as one”.",
    " (groups=)": "",
    "Give whole numbers, such as labels.astype(int), if they are classes": (
        "If they are classes, choose so under “Its answers are”"
    ),
    'hold="centres"': "“Others held at”, in the settings",
    "Give them so, or a network with the standardisation inside": (
        "Switch on “Standardise with this table”"
    ),
}
"""What is called otherwise on the page than in the library."""
OF_CODE = "To count correlated columns as one feature each, ask with"
"""How a note begins that only helps whoever writes code."""


def is_left_out(note: str) -> bool:
    """Whether a note says that a method was left out."""
    return note.startswith("Left out: ") or " is left out: " in note


def is_about_scale(note: str) -> bool:
    """Whether a note says that the columns have to be standardised: all is wrong then.

    Examples
    --------
    >>> is_about_scale("It looks as if the network was trained on standardised columns.")
    True
    """
    return "trained on standardised columns" in note


def first(table: StoredTable, mend: bool = False) -> None:
    """Draw what must be read before anything else, if there is such a thing.

    Parameters
    ----------
    table : StoredTable
    mend : bool
        Whether with a button that does what it asks for.
    """
    for note in filter(is_about_scale, table.notes):
        said = escape_markdown(on_page(note))
        st.warning(f"**Before you read on:** {said}", icon=":material/warning:")
        if mend:
            st.button(
                "Standardise with this table",
                key="mend_scale",
                icon=":material/straighten:",
                on_click=address.set_choices,
                args=({"standardise": True},),
            )


def on_page(note: str) -> str:
    """A note in the page's words.

    Examples
    --------
    >>> on_page("Group the features that belong together (groups=).")
    'Group the features that belong together.'
    """
    for word, instead in WORDS.items():
        note = note.replace(word, instead)
    return note


def sorted_notes(table: StoredTable) -> tuple[list[str], list[str], list[str]]:
    """The notes in three: warnings, what is about one method, what was left out."""
    own = {note for notes in table.remarks.values() for note in notes}
    names = tuple(method.name for method in IMPORTANCE.values())
    warnings, about, out = [], [], []
    for note in table.notes:
        if note.startswith(OF_CODE):
            continue
        if is_left_out(note):
            out.append(note)
        elif note in own or note.startswith(names):
            about.append(note)
        else:
            warnings.append(note)
    return warnings, about, out


def warnings(table: StoredTable, more: list[str]) -> None:
    """Draw the warnings, the first ones open."""
    found = [on_page(note) for note in sorted_notes(table)[0] if not is_about_scale(note)]
    for note in more:
        st.caption(f":material/info: {escape_markdown(note)}")
    if found:
        first = [escape_markdown(note) for note in found[:MOST_AT_ONCE]]
        st.warning("\n".join(f"- {note}" for note in first) if len(first) > 1 else first[0])
    if found[MOST_AT_ONCE:]:
        with st.expander(f"{len(found) - MOST_AT_ONCE} more to beware of"):
            for note in found[MOST_AT_ONCE:]:
                st.warning(escape_markdown(note))


def methods(table: StoredTable) -> None:
    """Draw what each method asks, what it costs, when it misleads, and which were left out."""
    _, about, out = sorted_notes(table)
    if out:
        with st.expander(f"Left out, and why ({len(out)})"):
            for note in out:
                st.markdown(f"- {escape_markdown(note)}")
    with st.expander("What each method asks, and when it misleads"):
        for key in table.methods:
            method = IMPORTANCE[key]
            control = table.control.get(key)
            st.markdown(f"**{method.name}.** {method.says} *Costs {method.cost}.*")
            st.caption(f"When it misleads: {method.misleads} Source: {method.source}")
            if control is not None:
                good = "as it must be" if control == 0 else "which should be 0"
                st.caption(
                    f"Null control: it gives {control:.3g} to an input that the network ignores, "
                    f"{good}."
                )
    if about:
        with st.expander("About single methods"):
            for note in about:
                st.markdown(f"- {escape_markdown(on_page(note))}")


def unit_of(table: StoredTable, key: str) -> str:
    """What a method's values measure, in words for an axis."""
    unit = IMPORTANCE[key].unit or IMPORTANCE[key].name
    about = table.details.get(key, {}).get("about")
    of_error, both, of_output = unit.partition(", or ")
    return (of_error if about == "error" else of_output) if both and about else unit
