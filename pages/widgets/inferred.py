"""What the file of a network leaves open: activations, strides, pooling; inputs to hold."""

from typing import Any

import streamlit as st

from pages.state import address


def pick_answers(chain: dict[str, Any], answered: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Draw the questions that the file leaves open.

    Another answer than before has the network built anew, by running the page again.

    Parameters
    ----------
    chain : dict
        The card's `chain`: `sentence`, and `questions` with their `choices` and `default`; perhaps
        a `title`.
    answered : dict
        The answers so far, by the question's name.

    Returns
    -------
    tuple of (name, answer)
        Sorted; without the answers that are the defaults.
    """
    st.info(chain["sentence"])
    answers = {}
    with st.expander(chain.get("title", "What the weights leave open"), expanded=True):
        for question in chain["questions"]:
            current = answered.get(question["name"], question["default"])
            options = list(dict.fromkeys([*question["choices"], current]))
            answer = st.selectbox(
                question["words"],
                options,
                options.index(current),
                key=f"chain_{question['name']}",
                accept_new_options=question["whole"] or question["several"] > 1,
            )
            if answer != question["default"]:
                answers[question["name"]] = answer
    if answers != answered:
        address.choices()["chain"] = answers or None
        st.rerun()
    return tuple(sorted(answers.items()))
