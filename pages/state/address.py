"""What the visitor chose: kept over pages and reruns, and written into the page's address.

Every choice has a name, which is the query parameter that holds it in a link; `links.schema` says
what it may hold. Choices that have their default value are left out.

Streamlit's `bind="query-params"` (1.67) cannot carry this: it drops an impossible value without a
word, writes labels, not keys, and nothing else can set the parameter, as presets and cards do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, TypeVar

import streamlit as st

from pages.links import refusals, schema
from pages.links.address_state import address_state
from pages.links.schema import options_of, within

Value = TypeVar("Value")
SECONDS_ON_THE_WAY = 5.0
"""So long after an address was replaced, a busy browser may still send it."""


def choices() -> dict[str, Any]:
    """The visitor's choices by name, to read and to change; from the link when one was opened."""
    state, address = address_state(), st.query_params.to_dict()
    if address and address != state.link and not _replaced_just_now(address):
        for name in state.choices:
            _replace_widget(name)
        state.choices.clear()
        values, state.malformed = schema.parse(address)
        state.choices.update(values)
        state.link, state.refusals = address, {}
        state.links_opened += 1
    return state.choices


def kept_choices() -> dict[str, Any]:
    """The choices as they were kept, for what does not belong to a page with a link of its own."""
    return address_state().choices


def links_opened() -> int:
    """How many links this session has opened; another number says that all choices are new."""
    return address_state().links_opened


def set_choices(new: dict[str, Any]) -> None:
    """Choose for the visitor, whatever the widgets of those names hold; None leaves it open."""
    for name, value in new.items():
        choices()[name] = value
        _replace_widget(name)


def refuse(name: str, label: str, sentence: str = "") -> None:
    """Drop a choice that is not possible; its widget says so, until something else is chosen.

    `sentence` is said instead of the usual.
    """
    address_state().refusals[name] = sentence or refusals.refusal(label, choices().get(name))
    set_choices({name: None})


def show_refusal(name: str, label: str) -> None:
    """Say what a link asks that is not possible, for a choice that no widget of `widget` has."""
    _claim(name, label)
    refusals.say(name)


def is_refused(name: str) -> bool:
    """Whether the widget of that name has to say that a choice is not possible."""
    return name in address_state().refusals


def always_written(name: str) -> None:
    """Let the link hold the choice also where it is the usual, which elsewhere may be another."""
    address_state().defaults.pop(name, None)


def forget_uploads(names: Iterable[str]) -> None:
    """Drop the choices of those names, which hold uploads, and start with empty uploaders."""
    address_state().upload_versions += 1
    for name in names:
        address_state().choices.pop(name, None)
        st.query_params.pop(name, None)


def link(only: Collection[str] = ()) -> dict[str, str]:
    """The choices, or `only` these, as query parameters of a link that opens them."""
    defaults = address_state().defaults
    return {
        name: schema.encode(value)
        for name, value in choices().items()
        if value is not None and defaults.get(name) != value
        if (name in only if only else name not in schema.OF_ONE_PAGE)
    }


def write(only: Collection[str] = ()) -> None:
    """Put the link of the choices into the address: a reload and a copied link show the same."""
    state, old, new = address_state(), st.query_params.to_dict(), link(only)
    if new != old:
        # What the browser has sent, and what it was sent and may not have received yet.
        state.replaced += [(time.monotonic(), old), (time.monotonic(), state.link)]
        state.link = new
        st.query_params.from_dict(new)


def _replaced_just_now(address: dict[str, str]) -> bool:
    """Whether the browser sent this address before it received the one that has replaced it.

    Going back in the browser sends an old address too, but not so soon.
    """
    state, now = address_state(), time.monotonic()
    state.replaced = [
        (when, old) for when, old in state.replaced if now - when < SECONDS_ON_THE_WAY
    ]
    return any(address == old for _, old in state.replaced)


# Keys of widgets


def widget_key(name: str) -> str:
    """The key of the widget for the choice `name`, another one after each link that is opened."""
    return f"w_{name}.{address_state().widget_versions.get(name, 0)}"


def uploader_key(name: str) -> str:
    """The key of an uploader, another one after the visitor's uploads were deleted.

    A browser sends its files with every run, also those that it has not yet put away.
    """
    return f"{name}.{address_state().upload_versions}"


def _replace_widget(name: str) -> None:
    """Let the next widget of that name be another one.

    A browser sends its widgets' values with every run, also those that it has not drawn anew yet;
    to another key they cannot come back.
    """
    st.session_state.pop(widget_key(name), None)
    versions = address_state().widget_versions
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
    state, low, high = address_state(), arguments.get("min_value"), arguments.get("max_value")
    state.defaults[name] = default
    chosen = choices().get(name)
    _claim(name, arguments["label"])
    if not within(st.session_state.get(widget_key(name), default), low, high):
        chosen = None  # of another file, which is longer
        _replace_widget(name)
    key = widget_key(name)
    if key not in st.session_state:
        wanted = default if chosen is None else chosen
        try:
            st.session_state[key] = (validate or _of_type(default))(wanted)
            if not within(st.session_state[key], low, high):
                raise ValueError
        except (ValueError, TypeError, OverflowError):
            state.refusals[name] = refusals.refusal(arguments["label"], wanted)
            st.session_state[key] = default
    initial = _initial_value(draw, st.session_state[key], arguments)
    value: Value = draw(key=key, **initial, **arguments)
    if value != default:
        state.refusals.pop(name, None)
    refusals.say(name)
    choices()[name] = value
    return value


def select(
    draw: Callable[..., Any], name: str, options: Sequence[Value], default: Value, **arguments: Any
) -> Value:
    """Like `widget`, for one of the options; a choice that is no option becomes the default."""
    key = widget_key(name)
    if key in st.session_state and st.session_state[key] not in options:
        del st.session_state[key]
    wanted, state = choices().get(name), address_state()
    choices()[name] = valid = valid_choice(name, options, default)
    if wanted is not None and valid != wanted and name in (state.link or {}):
        state.refusals[name] = refusals.refusal(arguments["label"], wanted)
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
        known = [option for value in values for option in options_of(value, options)]
        return list(dict.fromkeys(known))[: arguments.get("max_selections")]

    def some_options(values: Any) -> list[Value]:
        known = only_options(values)
        if values and not known and name in (address_state().link or {}):
            raise ValueError
        return known

    if key in st.session_state:
        st.session_state[key] = only_options(st.session_state[key])
    known = only_options(list(default))
    return widget(draw, name, default=known, validate=some_options, options=options, **arguments)


def valid_choice(name: str, options: Sequence[Value], default: Value) -> Value:
    """The choice where it is one of the options, else the default."""
    wanted = choices().get(name)
    known: list[Value] = [] if wanted is None else options_of(wanted, options)
    return known[0] if known else default


def _claim(name: str, label: str) -> None:
    """What a link holds for the choice is of no use; whoever draws it says so."""
    if name in address_state().malformed:
        address_state().refusals[name] = refusals.refusal(
            label, address_state().malformed.pop(name)
        )


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
