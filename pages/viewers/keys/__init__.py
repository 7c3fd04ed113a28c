"""Arrow keys as a step back or forward, for pages that are shown like slides."""

from pathlib import Path

import streamlit as st

_SCRIPT = Path(__file__).resolve().parent / "keys.js"
_mount = st.components.v2.component(
    "evident_keys", html="<span></span>", js=_SCRIPT.read_text(encoding="utf-8")
)


def step(key: str) -> int:
    """1 after the right arrow, −1 after the left one, else 0."""
    step: int | None = _mount(key=key, on_step_change=lambda: None).step
    return step or 0
