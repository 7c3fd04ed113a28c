"""What the visitor chose, kept over pages and reruns, and written into the link."""

import json
import time
from collections.abc import Callable
from typing import Any

import streamlit as st

# So long after an address was replaced, a busy browser may still send it.
SECONDS_ON_THE_WAY = 5.0


def choice() -> dict[str, Any]:
    """The visitor's choices by name; read from the link when one was opened."""
    kept = st.session_state.setdefault("choice", {})
    found = st.query_params.to_dict()
    if found and found != st.session_state.get("link") and not _late(found):
        for name in list(kept):
            _anew(name)
        kept.clear()
        kept.update({name: _value(text) for name, text in found.items()})
        st.session_state["link"] = found
        st.session_state["refused"] = {}
        st.session_state.pop("asked_of", None)  # the link's question is about the link's input
    return kept


def _late(address: dict[str, str]) -> bool:
    """Whether the browser sent it before it got the address that has replaced it.

    Going back in the browser sends an old address too, but not so soon.
    """
    replaced = st.session_state.setdefault("replaced", [])
    now = time.monotonic()
    replaced[:] = [(at, old) for at, old in replaced if now - at < SECONDS_ON_THE_WAY]
    return any(address == old for _, old in replaced)


def put(choices: dict[str, Any]) -> None:
    """Choose for the visitor, whatever the widgets of those names hold; None leaves it open."""
    for name, value in choices.items():
        choice()[name] = value
        _anew(name)


def _anew(name: str) -> None:
    """Let the next widget of that name be another one.

    A browser sends its widgets' values with every run, also those that it has not drawn anew yet;
    to another key they cannot come back.
    """
    st.session_state.pop(key_of(name), None)
    rounds = st.session_state.setdefault("rounds", {})
    rounds[name] = rounds.get(name, 0) + 1


def key_of(name: str) -> str:
    """The key of the widget for the choice `name`, another one after each link that is opened."""
    return f"w_{name}.{st.session_state.get('rounds', {}).get(name, 0)}"


def file_key(name: str) -> str:
    """The key of an uploader, another one after the visitor's uploads were deleted.

    A browser sends its files with every run, also those that it has not yet put away.
    """
    return f"{name}.{st.session_state.get('deletions', 0)}"


def write() -> None:
    """Put the choices into the address, so that a reload and a copied link show the same."""
    usual = st.session_state.get("usual", {})
    params = {
        name: _text(value)
        for name, value in choice().items()
        if value is not None and usual.get(name) != value
    }
    if params != (old := st.query_params.to_dict()):
        # What the browser said, and what it was told and may not have heard yet.
        for gone in (old, st.session_state.get("link")):
            st.session_state.setdefault("replaced", []).append((time.monotonic(), gone))
        st.session_state["link"] = params
        st.query_params.from_dict(params)


def chosen(name: str, options: list, default: Any) -> Any:
    """The choice where it is one of the options, else the default."""
    value = choice().get(name, default)
    return value if value in options else default


def widget(draw, name: str, *, start: Any, clean: Callable | None = None, **arguments: Any) -> Any:
    """Draw a Streamlit widget whose value is the choice `name`; the link leaves out the start.

    `clean(value)` returns the value to use, or raises ValueError for one that is not possible,
    which a link may hold; by default it must be of the start's type.
    """
    key = key_of(name)
    st.session_state.setdefault("usual", {})[name] = start
    refused = st.session_state.setdefault("refused", {})
    if key not in st.session_state:
        value = choice().get(name, start)
        try:
            st.session_state[key] = (clean or _like(start))(value)
        except (ValueError, TypeError, OverflowError):
            refused[name] = _refusal(arguments["label"], value)
            st.session_state[key] = start
    value = draw(key=key, **_shown(draw, st.session_state[key], arguments), **arguments)
    if value != start:
        refused.pop(name, None)
    if name in refused:
        st.warning(refused[name])
    choice()[name] = value
    return value


def select(draw, name: str, options: list, start: Any, **arguments: Any) -> Any:
    """Like `widget`, for widgets with options; a choice that is no option becomes the start."""
    if key_of(name) in st.session_state and st.session_state[key_of(name)] not in options:
        del st.session_state[key_of(name)]
    asked = choice().get(name, start)
    if asked not in options and name in st.session_state.get("link", {}):
        st.session_state.setdefault("refused", {})[name] = _refusal(arguments["label"], asked)
    choice()[name] = chosen(name, options, start)
    return widget(draw, name, options=options, start=start, clean=lambda value: value, **arguments)


def several(draw, name: str, options: list, start: list, **arguments: Any) -> list:
    """Like `widget`, for several of the options; what is no option (any more) is left out."""
    key = key_of(name)
    known = [value for value in start if value in options]

    def possible(values: Any) -> list:
        if not isinstance(values, list):
            raise ValueError
        return [value for value in values if value in options]

    if key in st.session_state:
        st.session_state[key] = possible(st.session_state[key])
    return widget(draw, name, options=options, start=known, clean=possible, **arguments)


def _refusal(label: str, value: Any) -> str:
    return f"The link asks for “{label}” = {value!r}, which is not possible. The usual is used."


def _shown(draw, value: Any, arguments: dict) -> dict[str, Any]:
    """The value as the widget's own default: what a browser shows that draws it anew.

    Without it a widget that moves on the page sends back its lowest value as if it were chosen.
    """
    name = getattr(draw, "func", draw).__name__
    if name == "selectbox":
        return {"index": list(arguments["options"]).index(value)}
    if name in ("multiselect", "pills", "segmented_control"):
        return {"default": value}
    return {"value": value}


def _like(start: Any) -> Callable:
    def clean(value: Any) -> Any:
        if type(value) is not type(start):
            raise ValueError
        return value

    return clean


def _text(value: Any) -> str:
    return value if isinstance(value, str) and _value(value) == value else json.dumps(value)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
