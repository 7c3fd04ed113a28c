"""What the weights of a plain chain of layers leave open: activations, strides, pooling."""

import streamlit as st

from pages.state import address


def asked(chain: dict, given: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Draw the questions; the answers that are not the defaults.

    Another answer than was `given` has the network built anew, by running the page again.
    """
    st.info(chain["sentence"])
    answers = {}
    with st.expander("What the weights leave open", expanded=True):
        for question in chain["questions"]:
            now = given.get(question["name"], question["default"])
            options = list(dict.fromkeys([*question["choices"], now]))
            answer = st.selectbox(
                question["words"],
                options,
                options.index(now),
                key=f"chain_{question['name']}",
                accept_new_options=question["whole"] or question["several"] > 1,
            )
            if answer != question["default"]:
                answers[question["name"]] = answer
    if answers != given:
        address.choice()["chain"] = answers or None
        st.rerun()
    return tuple(sorted(answers.items()))
