"""Columns of text as numbers, on the page: one number each, or a column for each value."""

from collections.abc import Sequence

import streamlit as st

from explainers.figures.text.sentences import escape_markdown
from explainers.kinds import Facts, encoding
from pages.state import address

_STANDS = {"": "choose", "there": "where they stand", "last": "behind the others"}
_STANDS["first"] = "before the others"


def counts(facts: Facts, columns: Sequence[str]) -> list[int]:
    """How many numbers a row the columns give, by each of ENCODINGS."""
    return [len(encoding.encoded(facts, columns, how)) for how in encoding.ENCODINGS]


def pick(facts: Facts, columns: Sequence[str], wanted: int) -> list[str] | None:
    """Draw how columns of text become numbers; the inputs that result, None while one must choose.

    Parameters
    ----------
    facts : dict
        Of the table.
    columns : sequence of str
    wanted : int
        How many numbers the network takes; 0: it does not tell.
    """
    texts = [name for name in columns if name in facts["levels"]]
    if not texts:
        return list(columns)
    hows = list(encoding.ENCODINGS)
    fitting = [how for how, n in zip(hows, counts(facts, columns), strict=True) if n == wanted]
    if fitting and address.choices().get("encoding", fitting[0]) not in fitting:
        address.set_choices({"encoding": fitting[0]})
    how = address.select(
        st.selectbox,
        "encoding",
        hows,
        fitting[0] if fitting else hows[0],
        label=f"Columns of text ({escape_markdown(', '.join(texts[:4]))}"
        f"{' …' * (len(texts) > 4)}) become",
        format_func=encoding.ENCODINGS.get,
        help="As they did when the network was trained. Values go in alphabetical order.",
    )
    inputs = encoding.encoded(facts, columns, how)
    numbers = [name for name in columns if name not in texts]
    stands = {
        "there": list(columns),
        "last": [*numbers, *texts],
        "first": [*texts, *numbers],
    }
    if len(inputs) == len(columns) or stands["last"] == stands["first"]:
        return inputs
    place = address.select(
        st.selectbox,
        "stand",
        list(_STANDS),
        "",
        label="In the network's order, their columns come",
        format_func=_STANDS.get,
        help="pandas.get_dummies puts them behind the others.",
    )
    if not place:
        st.warning("Say where the columns of 0 and 1 come in the network's order.")
        return None
    return encoding.encoded(facts, stands[place], how)
