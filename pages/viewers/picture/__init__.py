"""The heatmap viewer: a picture with its attribution map, explored in the browser alone.

Opacity, mode, hover, zoom, boxes and blinking send nothing to the server; only a place that is
asked about does. Picture, maps, regions
and colours travel as one parcel of bytes, so that the browser can never draw the map of one call
over the picture of another.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from explainers.figures import colours
from pages.viewers import assets

SIDES = ("opposes", "supports")
"""What scores below and above zero do, in the words of the legend and the readout."""

_ASSETS = assets.FOLDER / "picture"
_read = partial(assets.text, _ASSETS)
_STYLES = ["viewer", "compact", "large", "bar"]
_SCRIPTS = ["viewer", "parcel", "places", "group", "draw", "box", "pointer"]
_SCRIPTS += ["asking", "bar", "copy", "large", "words", "memory"]


_STYLE = _read("../base.css", *(f"{name}.css" for name in _STYLES))
# The scripts share one scope and one default export.
_SCRIPT = _read(*(f"{name}.js" for name in _SCRIPTS))
_BAR = _read("bar.html")
_mount = st.components.v2.component(
    "evident_viewer", html=_read("viewer.html").replace("BAR", _BAR), css=_STYLE, js=_SCRIPT
)
_mount_bar = st.components.v2.component(
    "evident_viewer_bar",
    html='<div class="viewer" data-testid="viewer-bar" data-ready="false"><div class="frame">'
    + _BAR
    + '<p class="unseen" aria-live="polite"></p></div></div>',
    css=_STYLE,
    js=_SCRIPT,
)


def viewer(
    picture: bytes,
    heat: np.ndarray,
    *,
    signed: bool,
    alt: str,
    key: str,
    region: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
    mime: str = "image/png",
    limit: float | None = None,
    method: str = "",
    max_height: int = 560,
    around: int = 0,
    group: str | None = None,
    compact: bool = False,
    masks: Mapping[str, np.ndarray] | None = None,
    sides: tuple[str, str] = SIDES,
    unit: str = "",
    name: str = "",
    other: np.ndarray | None = None,
    other_name: str = "",
    other_limit: float | None = None,
    other_signed: bool | None = None,
    grid: tuple[int, int] | None = None,
    place: tuple[int, int] | None = None,
    on_place: Callable[[int, int], None] | None = None,
) -> None:
    """Draw a heatmap over a picture, with controls and a legend.

    Parameters
    ----------
    picture : bytes
        A PNG, JPEG or WebP file.
    heat : ndarray, shape (H, W)
        The map, of any size.
    signed : bool
        Whether scores below 0 mean something.
    alt : str
        What the map shows, in words.
    key : str
        The same one with new data redraws and keeps the visitor's settings.
    region : tuple of float
        What the network saw of the picture: left, top, width, height as fractions.
    mime : str
        Of the picture.
    limit : float, optional
        The score of the strongest colour (default: `colour_limit`); panels that share a scale get
        the same one.
    method : str
        Its name, for the legend.
    max_height : int
        In px.
    around : int
        Height that the rest of the screen needs, in px: the picture takes what is left where that
        is more than max_height; 0: it does not.
    group : str, optional
        Viewers of one group share settings, zoom, box and the place pointed at, whatever the sizes
        of their maps.
    compact : bool
        For grids: no tool bar (see `viewer_bar`), and a click enlarges.
    masks : mapping of str to ndarray, shape (H, W)
        Regions by name, as shares from 0 to 1, whose part of the evidence can be read.
    sides : tuple of str
        The words for scores below and above zero.
    unit : str
        Follows the numbers.
    name, other_name : str
        Tell the two maps apart; by default `name` is `method`.
    other : ndarray, shape (H, W), optional
        A second map to switch to or blink with.
    other_limit, other_signed : float, bool, optional
        Its own limit and sign; by default the sign of the first.
    grid : (int, int), optional
        Rows and columns of places in what the network sees, of which one can be chosen.
    place : (int, int), optional
        Row and column of the one that is marked.
    on_place : callable, optional
        (row, column) → None: called where a place of the grid was clicked, or chosen by keys.

    Raises
    ------
    ValueError
        Names a map, mask, region, limit or name that cannot be shown.
    """
    maps = [_Map(heat, signed, limit, name or method or "A")]
    if other is not None:
        signed = signed if other_signed is None else other_signed
        maps.append(_Map(other, signed, other_limit, other_name or "B"))
        _check_pair(*maps)
    if not alt.strip():
        raise ValueError("A map needs an alternative text: say in `alt` what it shows.")
    header = {
        "alt": alt,
        "compact": bool(compact),
        "digest": digest(picture, heat, other),
        "group": group,
        "around": int(around),
        "maxHeight": int(max_height),
        "method": method,
        "grid": None if grid is None else list(grid),
        "place": None if grid is None or place is None else list(place),
        "asks": grid is not None and on_place is not None,
        "mime": mime,
        "photo": hashlib.sha256(picture).hexdigest()[:16],
        "slot": key,
        "region": _inside(region),
        "sides": colours.checked_sides(sides),
        "title": name or method,
        "unit": unit,
    }
    parcel = _parcel(header, picture, maps, _packed(masks or {}, maps[0].heat.shape))
    if grid is None or on_place is None:
        _mount(key=key, data=parcel)
        return
    chosen = _mount(key=key, data=parcel, on_chosen_change=lambda: None).chosen
    if chosen is not None:
        row, column = (min(max(int(c), 0), side - 1) for c, side in zip(chosen, grid, strict=True))
        on_place(row, column)


def viewer_bar(
    group: str,
    *,
    key: str,
    signed: bool = True,
    masks: Sequence[str] = (),
    sides: tuple[str, str] = SIDES,
) -> None:
    """Draw the tool bar of a group: what is set there holds for all its viewers, late ones too.

    Parameters
    ----------
    group, key : str
    signed : bool
        Whether any map has a sign; else there are no sides to choose from.
    masks : sequence of str
        Names of the regions to offer: the union of the viewers' own.
    sides : tuple of str
        As for `viewer`.
    """
    words = {"masks": list(masks), "sides": colours.checked_sides(sides), "signed": bool(signed)}
    _mount_bar(key=key, data={"group": group, "words": words})


def digest(picture: bytes, heat: np.ndarray, other: np.ndarray | None = None) -> str:
    """What the page's `data-digest` says once this picture and these maps are on the screen."""
    maps = [heat] if other is None else [heat, other]
    whole = bytes(picture) + b"".join(np.ascontiguousarray(m, dtype="<f8").tobytes() for m in maps)
    return hashlib.sha256(whole).hexdigest()[:16]


class _Map:
    """One map to draw: scores (H, W), whether they have a sign, the colour limit, a name."""

    def __init__(self, heat: np.ndarray, signed: bool, limit: float | None, name: str) -> None:
        self.heat = _drawable(heat, signed)
        self.signed = bool(signed)
        self.limit = colours.checked_limit(
            colours.colour_limit(self.heat) if limit is None else limit
        )
        self.name = name


def _parcel(
    header: dict[str, Any], picture: bytes, maps: list[_Map], masks: dict[str, bytes]
) -> bytes:
    """Header length, header, colours and scores of each map, masks, picture: as unpacked.

    A map travels as float32 shares of its largest score: hover is then exact, and one extreme
    score cannot swallow the colours of the others, as it would in whole-number steps.
    """
    described, body = [], []
    for each in maps:
        peak = float(np.abs(each.heat).max())
        table = colours.colour_table(each.signed)
        described.append(
            {
                "colours": table.size,
                "limit": each.limit,
                "name": each.name,
                "peak": peak,
                "signed": each.signed,
            }
        )
        body += [table.tobytes(), (each.heat / (peak or 1.0)).astype("<f4").tobytes()]
    body += masks.values()
    header |= {
        "maps": described,
        "masks": list(masks),
        "shape": maps[0].heat.shape,
        "steps": colours.STEPS,
        # A header that is the same says that everything is the same.
        "regions": hashlib.sha256(b"".join(masks.values())).hexdigest()[:16],
    }
    text = json.dumps(header).encode()
    return b"".join([len(text).to_bytes(4, "little"), text, *body, bytes(picture)])


def _drawable(heat: np.ndarray, signed: bool) -> np.ndarray:
    heat = colours.checked_heat(heat)
    if signed:
        return heat
    if heat.min() < -1e-6 * np.abs(heat).max():
        raise ValueError("A map without a sign cannot hold scores below 0; pass signed=True.")
    return np.maximum(heat, 0.0)


def _check_pair(first: _Map, second: _Map) -> None:
    if first.heat.shape != second.heat.shape:
        raise ValueError(
            "Two maps in one viewer have the same rows and columns; these have"
            f" {first.heat.shape} and {second.heat.shape}."
        )
    if first.name == second.name:
        raise ValueError(f"Two maps in one viewer need different names; both are “{first.name}”.")


def _packed(masks: Mapping[str, np.ndarray], shape: tuple[int, int]) -> dict[str, bytes]:
    """Masks as bytes, 0 to 255 a cell: finer than anyone reads a share."""
    packed = {}
    for name, mask in masks.items():
        mask = np.asarray(mask, dtype=np.float64)
        if not name.strip():
            raise ValueError("A region needs a name.")
        if mask.shape != shape:
            raise ValueError(f"The mask of {name} has shape {mask.shape}, the map {shape}.")
        if not (mask.min() >= -1e-6 and mask.max() <= 1 + 1e-6):
            raise ValueError(f"The mask of {name} must hold shares from 0 to 1.")
        packed[name] = np.floor(mask.clip(0, 1) * 255 + 0.5).astype(np.uint8).tobytes()
    return packed


def _inside(region: tuple[float, float, float, float]) -> list[float]:
    left, top, width, height = (float(side) for side in region)
    across = -1e-6 <= left < left + width <= 1 + 1e-6
    down = -1e-6 <= top < top + height <= 1 + 1e-6
    if not (across and down):
        raise ValueError(
            "A region is (left, top, width, height) in fractions of the picture, inside it;"
            f" got {tuple(region)}."
        )
    return [left, top, width, height]
