"""Which channels of a picture are drawn, and which slice of a volume; the network gets all."""

import functools
from typing import Any

import numpy as np
import streamlit as st

from explainers.kinds import ParsedFile
from explainers.kinds.files import bands
from pages.state import address

PHOTO_CHANNELS = (1, 3)


def pick_channels(parsed: ParsedFile) -> None:
    """Ask which channels of a picture that is no photo are drawn; the network gets all."""
    facts, arrays = parsed
    count = len(arrays.get("bands", ()))
    if facts.get("photo", True) or count in PHOTO_CHANNELS:
        return
    chosen = address.multiselect(
        st.multiselect,
        "bands",
        list(range(count)),
        list(range(3 if count > 3 else 1)),
        label="Drawn as red, green and blue, or one in grey",
        format_func=lambda place: f"Channel {place + 1}",
        max_selections=3,
        help=f"The network gets all {count} channels; this is only what you see.",
    )
    if len(chosen) not in PHOTO_CHANNELS:
        st.caption("Choose one channel, or three.")


def pick_slice(depth: int) -> None:
    """Ask which slice of a volume is drawn, with its map."""
    if depth == 1:
        address.choices()["bands"] = [0]
        return
    chosen = address.widget(
        st.slider,
        "slice",
        default=depth // 2 + 1,
        label="Slice that is drawn",
        min_value=1,
        max_value=depth,
        validate=functools.partial(_within, depth),
        help="The network gets all slices; the map is drawn on this one.",
    )
    address.choices()["bands"] = [chosen - 1]


def _within(depth: int, value: Any) -> int:
    if isinstance(value, bool) or not 1 <= int(value) <= depth:
        raise ValueError
    return int(value)


def drawn_slice(depth: int) -> int:
    """The slice of a volume that is drawn, from 0."""
    chosen = chosen_bands()
    return chosen[0] if len(chosen) == 1 and 0 <= chosen[0] < depth else depth // 2


def in_colour(shown: np.ndarray) -> np.ndarray:
    """A picture as tasks draw it (H, W, C), in the channels that are chosen: (H, W, 3)."""
    if shown.shape[2] == 3:
        return shown
    return bands.in_colour(shown, chosen_bands())


def chosen_bands() -> tuple[int, ...]:
    """The channels that are drawn, from 0; () for the usual ones."""
    chosen = address.choices().get("bands")
    numbers = isinstance(chosen, list) and all(type(place) is int for place in chosen)
    return tuple(chosen or ()) if numbers else ()
