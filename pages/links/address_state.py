"""What a session knows of its address: the choices, the link they came from, what was refused."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import streamlit as st


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
    widget_versions : dict
        How often each choice was set by something else than its widget.
    upload_versions : int
        How often the visitor's uploads were deleted.
    defaults : dict
        What the widgets start from, by name.
    malformed : dict
        Values in the link that are of another type than the choice has, by name, as texts; whoever
        draws the choice says so.
    refusals : dict
        Sentences about values in the link that are not possible, by name.
    below : list of str or None
        Those that are said below the part of the page that is drawn, as it may be folded.
    """

    choices: dict[str, Any] = field(default_factory=dict)
    link: dict[str, str] | None = None
    links_opened: int = 0
    replaced: list[tuple[float, dict[str, str] | None]] = field(default_factory=list)
    widget_versions: dict[str, int] = field(default_factory=dict)
    upload_versions: int = 0
    defaults: dict[str, Any] = field(default_factory=dict)
    malformed: dict[str, str] = field(default_factory=dict)
    refusals: dict[str, str] = field(default_factory=dict)
    below: list[str] | None = None


def address_state() -> AddressState:
    """This session's."""
    state: AddressState = st.session_state.setdefault("address", AddressState())
    return state
