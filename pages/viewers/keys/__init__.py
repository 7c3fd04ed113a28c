"""Arrow keys as a step back or forward, and a button that presents on the whole screen."""

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from pages.viewers import assets

_FOLDER = Path(__file__).resolve().parent
_mount = st.components.v2.component(
    "evident_keys",
    html='<button type="button" data-testid="present"></button>',
    css=assets.text(_FOLDER, "keys.css"),
    js=assets.text(_FOLDER, "keys.js"),
)


class Pressed(NamedTuple):
    """What was asked for: `step` is 1, −1 or 0; `presenting` whether the whole screen is used."""

    step: int
    presenting: bool


def pressed(key: str, presenting: bool) -> Pressed:
    """Draw the button, and read it and the arrow keys.

    Parameters
    ----------
    key : str
        Of the component.
    presenting : bool
        Whether the whole screen is used now.
    """
    result = _mount(
        key=key,
        data={"presenting": presenting},
        on_step_change=lambda: None,
        on_present_change=lambda: None,
    )
    wanted: bool | None = result.present
    return Pressed(result.step or 0, presenting if wanted is None else wanted)
