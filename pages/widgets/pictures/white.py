"""Which number of a picture is white, asked where its format does not say it plainly."""

from __future__ import annotations

from typing import Any

import streamlit as st

from explainers.errors import Problem
from explainers.kinds.files.pictures.white import AS_THEY_ARE
from explainers.service.parsing.upload_keys import WHITE
from pages.state import address
from pages.widgets import files


def pick(digest: str, choice: str) -> str:
    """Draw what was noticed of a kept picture, and the question where there is one.

    Parameters
    ----------
    digest : str
        Of the picture.
    choice : str
        Name of the choice of its white.

    Returns
    -------
    str
        The picture's name in the store, with the white that was chosen.
    """
    try:
        facts, _ = files.content("picture", _name(digest, address.choices().get(choice)))
    except Problem as problem:
        st.error(str(problem))
        return digest
    files.notes(facts)
    if not facts.get("whites"):
        return digest
    white = address.select(
        st.selectbox,
        choice,
        facts["whites"],
        facts["usual"],
        label="White is",
        format_func=lambda number: words(number, facts["top"], facts.get("scale", 1)),
        help="Which number in the file counts as 1.",
    )
    return _name(digest, white)  # the usual one too: one name, so that it is read once


def words(number: float, top: float, scale: float = 1) -> str:
    """What is white, in words, of a picture whose numbers end at `top`.

    Numbers that are multiplied by `scale` where the picture is taken as a photo are so only there.

    Examples
    --------
    >>> words(4095.0, 2191.0), words(2191.0, 2191.0), words(1.0, 2191.0)
    ('4,095 (12 bits)', '2,191 (the brightest)', '1: the numbers as they are')
    """
    if number == AS_THEY_ARE and scale != 1:
        return f"1: the numbers as they are; as a photo {1 / scale:,.10g}"
    if number == AS_THEY_ARE:
        return "1: the numbers as they are"
    whole = int(number)
    if whole == number and not whole & (whole + 1):
        return f"{whole:,} ({whole.bit_length()} bits)"
    return f"{number:,.10g}{' (the brightest)' * (number == top)}"


def _name(digest: str, white: Any) -> str:
    asked = isinstance(white, (int, float)) and not isinstance(white, bool) and white > 0
    return f"{digest}.{WHITE}{float(white)!r}" if asked else digest
