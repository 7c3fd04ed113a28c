"""How the methods work: networks small enough to check by hand, axioms, and an entry a method."""

import streamlit as st

from pages.parts import learning, learning_axioms, learning_methods, link


def page() -> None:
    """The three parts, and on top the method that a link asks about."""
    st.html(learning.STYLE)
    st.title("Learn", anchor=False)
    st.markdown(
        "What each method asks, and what becomes of it on networks so small that the right answer "
        "can be worked out with a pencil. Nothing here is written down beforehand: every number is "
        "computed by the same code that explains your own network."
    )
    learning_methods.asked_about()
    learning.section()
    learning_axioms.section()
    learning_methods.section()
    link.write()


page()
