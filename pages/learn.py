"""How the methods work: networks small enough to check by hand, axioms, and an entry a method."""

import streamlit as st

from pages.learning import axioms, folding, method_entries, worked_examples
from pages.state import address


def page() -> None:
    """The three parts, and on top the method that a link names."""
    st.html(worked_examples.STYLE)
    st.title("Learn", anchor=False)
    st.markdown(
        "What each method asks, and what becomes of it on networks so small that the right answer "
        "can be worked out with a pencil. Nothing here is written down beforehand: every number is "
        "computed by the same code that explains your own network."
    )
    method_entries.linked_entry()
    folding.pick_part()
    with st.container(key="part_by_hand"):
        worked_examples.section()
    with st.container(key="part_axioms"):
        axioms.section()
    with st.container(key="part_methods"):
        method_entries.section()
    address.write()


page()
