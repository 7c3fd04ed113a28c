"""What the visitor chose: kept over pages and reruns, and written into the page's address.

Every choice has a name, which is the query parameter that holds it in a link; its value is the text
itself, or JSON for what is no text. Choices that have their default value are left out.

Streamlit's own `bind="query-params"` (1.67) cannot carry this: it drops an impossible value without
a word, where whoever opens a link must be told; it writes the labels of options, not their keys, so
that old links would break; and nothing else can set the parameter, as presets and cards do.
`persist_state="session"` keeps a value over pages, but knows nothing of links.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

Value = TypeVar("Value")
SECONDS_ON_THE_WAY = 5.0
"""So long after an address was replaced, a busy browser may still send it."""


@dataclass
class AddressState:
    """What a session knows of its address; `st.session_state["address"]` holds it.

    Attributes
    ----------
    choices : dict
        The visitor's choices by name; None: left open.
    link : dict or None
        The query parameters that were last read or written.
    links_opened : int
        How many links this session has opened.
    replaced : list of (seconds, query parameters or None)
        Addresses that were replaced a moment ago, and when.
    widget_versions, upload_versions : dict, int
        How often each choice was set by something else than its widget, and uploads were deleted.
    defaults, refusals : dict
        What widgets start from, and sentences about impossible values in the link, by name.
    """

    choices: dict[str, Any] = field(default_factory=dict)
    link: dict[str, str] | None = None
    links_opened: int = 0
    replaced: list[tuple[float, dict[str, str] | None]] = field(default_factory=list)
    widget_versions: dict[str, int] = field(default_factory=dict)
    upload_versions: int = 0
    defaults: dict[str, Any] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)


def _state() -> AddressState:
    state: AddressState = st.session_state.setdefault("address", AddressState())
    return state


def choices() -> dict[str, Any]:
    """The visitor's choices by name, to read and to change; from the link when one was opened."""
    state, address = _state(), st.query_params.to_dict()
    if address and address != state.link and not _replaced_just_now(address):
        for name in state.choices:
            _replace_widget(name)
        state.choices.clear()
        state.choices.update({name: _decode(text) for name, text in address.items()})
        state.link, state.refusals = address, {}
        state.links_opened += 1
    return state.choices


def kept_choices() -> dict[str, Any]:
    """The choices as they were kept, for what does not belong to a page with a link of its own."""
    return _state().choices


def links_opened() -> int:
    """How many links this session has opened; another number says that all choices are new."""
    return _state().links_opened


def set_choices(new: dict[str, Any]) -> None:
    """Choose for the visitor, whatever the widgets of those names hold; None leaves it open."""
    for name, value in new.items():
        choices()[name] = value
        _replace_widget(name)


def is_refused(name: str) -> bool:
    """Whether the widget of that name has to say that a link's choice is not possible."""
    return name in _state().refusals


def forget_uploads(names: Iterable[str]) -> None:
    """Drop the choices of those names, which hold uploads, and start with empty uploaders."""
    _state().upload_versions += 1
    for name in names:
        _state().choices.pop(name, None)
        st.query_params.pop(name, None)


def write() -> None:
    """Put the choices into the address, so that a reload and a copied link show the same."""
    state, old = _state(), st.query_params.to_dict()
    new = {
        name: _encode(value)
        for name, value in choices().items()
        if value is not None and state.defaults.get(name) != value
    }
    if new != old:
        # What the browser has sent, and what it was sent and may not have received yet.
        state.replaced += [(time.monotonic(), old), (time.monotonic(), state.link)]
        state.link = new
        st.query_params.from_dict(new)


def _replaced_just_now(address: dict[str, str]) -> bool:
    """Whether the browser sent this address before it received the one that has replaced it.

    Going back in the browser sends an old address too, but not so soon.
    """
    state, now = _state(), time.monotonic()
    state.replaced = [
        (when, old) for when, old in state.replaced if now - when < SECONDS_ON_THE_WAY
    ]
    return any(address == old for _, old in state.replaced)


def _encode(value: Any) -> str:
    return value if isinstance(value, str) and _decode(value) == value else json.dumps(value)


def _decode(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


# Keys of widgets


def widget_key(name: str) -> str:
    """The key of the widget for the choice `name`, another one after each link that is opened."""
    return f"w_{name}.{_state().widget_versions.get(name, 0)}"


def uploader_key(name: str) -> str:
    """The key of an uploader, another one after the visitor's uploads were deleted.

    A browser sends its files with every run, also those that it has not yet put away.
    """
    return f"{name}.{_state().upload_versions}"


def _replace_widget(name: str) -> None:
    """Let the next widget of that name be another one.

    A browser sends its widgets' values with every run, also those that it has not drawn anew yet;
    to another key they cannot come back.
    """
    st.session_state.pop(widget_key(name), None)
    versions = _state().widget_versions
    versions[name] = versions.get(name, 0) + 1


# Widgets whose values are choices


def widget(
    draw: Callable[..., Any],
    name: str,
    *,
    default: Value,
    validate: Callable[[Any], Any] | None = None,
    **arguments: Any,
) -> Value:
    """Draw a Streamlit widget whose value is a choice.

    Parameters
    ----------
    draw : callable
        Such as `st.toggle`.
    name : str
        Of the choice, and of the query parameter.
    default : Value
        What the widget starts from; the link leaves it out.
    validate : callable, optional
        value → the value to use; raises ValueError for one that is not possible, which a link may
        hold. By default it must be of the default's type.
    **arguments
        For the widget; its label among them.

    Returns
    -------
    Value
        What the widget holds.
    """
    state, key = _state(), widget_key(name)
    state.defaults[name] = default
    if key not in st.session_state:
        chosen = choices().get(name)
        wanted = default if chosen is None else chosen
        try:
            st.session_state[key] = (validate or _of_type(default))(wanted)
        except (ValueError, TypeError, OverflowError):
            state.refusals[name] = _refusal(arguments["label"], wanted)
            st.session_state[key] = default
    initial = _initial_value(draw, st.session_state[key], arguments)
    value: Value = draw(key=key, **initial, **arguments)
    if value != default:
        state.refusals.pop(name, None)
    if name in state.refusals:
        st.warning(state.refusals[name])
    choices()[name] = value
    return value


def select(
    draw: Callable[..., Any], name: str, options: Sequence[Value], default: Value, **arguments: Any
) -> Value:
    """Like `widget`, for one of the options; a choice that is no option becomes the default."""
    key = widget_key(name)
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]
    wanted, state = choices().get(name, default), _state()
    if wanted not in options and name in (state.link or {}):
        state.refusals[name] = _refusal(arguments["label"], wanted)
    choices()[name] = valid_choice(name, options, default)
    return widget(
        draw, name, default=default, validate=lambda value: value, options=options, **arguments
    )


def multiselect(
    draw: Callable[..., Any],
    name: str,
    options: Sequence[Value],
    default: Sequence[Value],
    **arguments: Any,
) -> list[Value]:
    """Like `widget`, for several; what is no option is left out, a link to nothing else told so."""
    key = widget_key(name)

    def only_options(values: Any) -> list[Value]:
        if not isinstance(values, list):
            raise ValueError
        return [value for value in values if value in options]

    def some_options(values: Any) -> list[Value]:
        known = only_options(values)
        if values and not known and name in (_state().link or {}):
            raise ValueError
        return known

    if key in st.session_state:
        st.session_state[key] = only_options(st.session_state[key])
    known = only_options(list(default))
    return widget(draw, name, default=known, validate=some_options, options=options, **arguments)


def valid_choice(name: str, options: Sequence[Value], default: Value) -> Value:
    """The choice where it is one of the options, else the default."""
    value: Value = choices().get(name, default)
    return value if value in options else default


def _refusal(label: str, value: Any) -> str:
    return f"The link asks for “{label}” = {value!r}, which is not possible. The usual is used."


def _initial_value(
    draw: Callable[..., Any], value: Any, arguments: dict[str, Any]
) -> dict[str, Any]:
    """The value as the widget's own default: what a browser shows that draws it anew.

    Without it a widget that moves on the page sends back its lowest value as if it were chosen.
    """
    kind = getattr(draw, "func", draw).__name__
    if kind == "selectbox":
        return {"index": list(arguments["options"]).index(value)}
    if kind in ("multiselect", "pills", "segmented_control"):
        return {"default": value}
    return {"value": value}


def _of_type(default: Value) -> Callable[[Any], Value]:
    """Accepts only values of exactly the default's type: True is no number."""

    def validate(value: Any) -> Value:
        if type(value) is not type(default):
            raise ValueError
        return value

    return validate
