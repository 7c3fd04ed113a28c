"""The same question of many inputs: what is strange among them, and whether the network cheats."""

import streamlit as st

from pages.long_run import control, question, results
from pages.state import address


def page() -> None:
    """Settings on the left, the run and what it says on the right."""
    with st.container(key="tight"):
        st.title("Many", anchor=False)
    settings, answer = st.columns([3, 9], gap="medium")
    with settings, st.container(border=True, key="rail"):
        setting = question.pick()
        more = st.container()
    with answer, st.container(key="answer"):
        if setting is None:
            st.info(
                "Choose a network and many inputs for it in the settings, and answer what is asked "
                "there. Each of them is then explained, and what is strange comes first."
            )
        else:
            asked = question.ask(setting, more)
            if asked is not None:
                rows, missing = results.rows_of(asked)
                control.section(asked, len(rows), missing)
                results.section(asked, rows, missing)
    address.write()


page()
