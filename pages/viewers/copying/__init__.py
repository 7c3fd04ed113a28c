"""A button that puts a picture, drawn by the server when it is asked for, into the clipboard."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import streamlit as st

from explainers.errors import Problem
from pages.viewers import assets

_read = partial(assets.text, assets.FOLDER / "copying")
_mount = st.components.v2.component(
    "evident_copying",
    html='<button type="button" class="copying" data-testid="copy" hidden>Copy</button>',
    css=_read("copying.css"),
    js=_read("copying.js"),
)


def copying(make: Callable[[], bytes], key: str, what: str = "this picture") -> None:
    """Draw the button; it is hidden where the browser offers no clipboard.

    Parameters
    ----------
    make : callable
        () → a PNG file; called when it is asked for.
    key : str
        Of the button.
    what : str
        What it copies, for screen readers.
    """
    slot = f"{key}_wanted"

    def want() -> None:
        st.session_state[slot] = True

    made = None
    if st.session_state.pop(slot, False):
        try:
            made = make()
        except Problem as problem:
            st.error(str(problem))
    # Of the two kinds of data that a component takes, bytes travel alone.
    given = json.dumps({"what": what}).encode()
    data = len(given).to_bytes(4, "little") + given + (made or b"")
    _mount(key=key, data=data, on_asked_change=want, width="content")
