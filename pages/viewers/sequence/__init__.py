"""The DNA view: contributions along a sequence as a logo or a map, explored in the browser alone.

Zoom, panning and hover send nothing to the server. Letters, scores and colours travel as one
parcel of bytes, so that the browser can never draw the scores of one call over another's letters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import streamlit as st

from explainers.figures import colours, sequences
from explainers.kinds.alphabet import checked_codes
from pages.viewers import assets

Span: TypeAlias = tuple[int, int, str]
"""A known stretch: start and stop (from 0, half-open), and its name."""

SIDES = ("opposes", "supports")
"""What scores below and above zero do, in the words of the legend and the readout."""

_MOST_LANES = 6

_ASSETS = assets.FOLDER / "sequence"
_read = partial(assets.text, _ASSETS)
_SCRIPTS = ["logo", "places", "pointer", "draw", "strip", "letters", "words"]


_mount = st.components.v2.component(
    "evident_logo",
    html=_read("logo.html"),
    css=_read("../base.css", "logo.css"),
    # The scripts share one scope and one default export.
    js=_read(*(f"{name}.js" for name in _SCRIPTS)),
)


def logo(
    letters: str | np.ndarray,
    scores: np.ndarray,
    *,
    key: str,
    alt: str,
    signed: bool = True,
    limit: float | None = None,
    spans: Sequence[Span] = (),
    group: str = "",
    title: str = "",
    height: int = 160,
    compact: bool = False,
    sides: tuple[str, str] = SIDES,
    before: int = 0,
) -> None:
    """Draw letters as high as their scores.

    What supports stands above the axis, what opposes hangs below it.

    Parameters
    ----------
    letters : str, or ndarray of codes, shape (L,)
        See `explainers.kinds.alphabet`.
    scores : ndarray, shape (L,) or (4, L)
        Of the letters that are there; or of A, C, G and T, which are then stacked.
    key : str
        The same one with new data redraws and keeps the visitor's window.
    alt : str
        What the logo shows, in words.
    signed : bool
        Else scores are strengths, at least 0.
    limit : float, optional
        The height of the scale, the same up and down (default: as far as the scores reach); logos
        that share a scale get the same one.
    spans : sequence of Span
        Drawn as brackets under the axis.
    group : str
        Logos and maps of one group share the window and the letter pointed at.
    title : str
    height : int
        Of the letters, in px.
    compact : bool
        For grids: no buttons.
    sides : tuple of str
        The words for scores below and above 0.
    before : int
        So many letters of the sequence come before the first one, which positions count.

    Raises
    ------
    ValueError
        Says what cannot be shown.
    """
    codes = checked_codes(letters)
    scores = _checked(scores, codes, rows=(1, 4))
    if not signed and scores.min() < -1e-6 * np.abs(scores).max():
        raise ValueError("A logo without a sign cannot show scores below 0; pass signed=True.")
    if not signed:
        scores = np.maximum(scores, 0.0)
    header = {"kind": "logo", "signed": bool(signed), "strip": True, "before": before}
    header |= _scale(scores, signed, limit)
    _show(header, codes, scores, key, alt, spans, group, title, height, compact, sides)


def mutation_map(
    delta: np.ndarray,
    letters: str | np.ndarray,
    *,
    key: str,
    alt: str,
    limit: float | None = None,
    spans: Sequence[Span] = (),
    group: str = "",
    title: str = "",
    height: int = 112,
    compact: bool = False,
    sides: tuple[str, str] = ("lowers", "raises"),
    before: int = 0,
) -> None:
    """Draw what each letter would do at each place, as colours; the letter that is there is marked.

    Parameters
    ----------
    delta : ndarray, shape (4, L)
        The change of the answer with A, C, G, T in each place.
    letters, key, alt, spans, group, title, height, sides, before
        As for `logo`.
    limit : float, optional
        The score of the strongest colour (default: `colour_limit`).
    compact : bool
        For grids; in a group it has no strip of its own, as under a logo.

    Raises
    ------
    ValueError
        Says what cannot be shown.
    """
    codes = checked_codes(letters)
    delta = _checked(delta, codes, rows=(4,))
    limit = colours.checked_limit(colours.colour_limit(delta) if limit is None else limit)
    peak = float(np.abs(delta).max()) or 1.0
    header = {"kind": "map", "signed": True, "strip": not (compact and group)}
    header |= {"before": before, "limit": limit / peak, "beyond": peak > limit * (1 + 1e-6)}
    _show(header, codes, delta, key, alt, spans, group, title, height, compact, sides)


def _show(
    header: dict[str, Any],
    codes: np.ndarray,
    scores: np.ndarray,
    key: str,
    alt: str,
    spans: Sequence[Span],
    group: str,
    title: str,
    height: int,
    compact: bool,
    sides: tuple[str, str],
) -> None:
    if not alt.strip():
        raise ValueError("A logo needs an alternative text: say in `alt` what it shows.")
    words = colours.checked_sides(sides)
    if not 40 <= height <= 1200:
        raise ValueError(f"A logo is from 40 to 1200 pixels high; got {height}.")
    header |= {
        "alt": alt,
        "compact": bool(compact),
        "group": group,
        "height": int(height),
        "inks": _inks(header["signed"]),
        "sides": words,
        "spans": _lanes(spans, len(codes)),
        "title": title,
    }
    _mount(key=key, data=_parcel(header, codes, scores))


def _parcel(header: dict[str, Any], codes: np.ndarray, scores: np.ndarray) -> bytes:
    """Header length, header, colours, letters, scores: the order in which the script unpacks.

    Scores travel as float32 shares of the largest, so that the numbers read are exact.
    """
    peak = float(np.abs(scores).max()) or 1.0
    table = colours.colour_table(True) if header["kind"] == "map" else np.empty((0, 4), np.uint8)
    table[:, 3] = 255  # no picture shows through: zero is as neutral as in the legend
    shares = (scores / peak).astype("<f4")
    header |= {
        "colours": table.size,
        "digest": digest(codes, scores),
        "flat": not scores.any(),
        "length": len(codes),
        "peak": peak,
        "rows": len(scores),
        "steps": colours.STEPS,
    }
    text = json.dumps(header).encode()
    parts = [len(text).to_bytes(4, "little"), text, table.tobytes(), codes.tobytes()]
    return b"".join([*parts, shares.tobytes()])


def digest(letters: str | np.ndarray, scores: np.ndarray) -> str:
    """What the page's `data-digest` says once these letters and scores are on the screen."""
    scores = np.atleast_2d(np.ascontiguousarray(scores, dtype="<f8"))
    return hashlib.sha256(checked_codes(letters).tobytes() + scores.tobytes()).hexdigest()[:16]


def _checked(scores: np.ndarray, codes: np.ndarray, rows: tuple[int, ...]) -> np.ndarray:
    """Scores as float64 (1 or 4, L)."""
    scores = np.asarray(scores, dtype=np.float64)
    if scores.ndim == 1 and 1 in rows:
        scores = scores[None]
    if scores.ndim != 2 or len(scores) not in rows or scores.shape[1] != len(codes):
        shapes = " or ".join(["(L,)"] * (1 in rows) + ["(4, L)"])
        raise ValueError(
            f"The scores of {len(codes)} letters have the shape {shapes}; got {scores.shape}."
        )
    return colours.checked_heat(scores)


def _scale(scores: np.ndarray, signed: bool, limit: float | None) -> dict[str, float]:
    """How far the scale of a logo reaches up and down, in shares of the largest score."""
    peak = float(np.abs(scores).max()) or 1.0
    if limit is not None:
        reach = colours.checked_limit(limit) / peak
        return {"top": reach, "bottom": reach if signed else 0.0}
    top = float(np.maximum(scores, 0.0).sum(0).max()) / peak
    bottom = float(np.maximum(-scores, 0.0).sum(0).max()) / peak
    return {"top": top, "bottom": bottom} if top or bottom else {"top": 1.0, "bottom": 0.0}


def _inks(signed: bool) -> dict[str, dict[str, Any]]:
    """Colours on light and on dark ground; strengths without a sign are neither red nor blue."""
    inks = {}
    for ground, letters in sequences.LETTER_COLOURS.items():
        supports, opposes = sequences.SIGN_COLOURS[ground]
        if not signed:
            supports = colours.SEQUENTIAL[5]
        inks[ground] = {
            "letters": letters,
            "supports": "rgb({}, {}, {})".format(*supports),
            "opposes": "rgb({}, {}, {})".format(*opposes),
        }
    return inks


def _lanes(spans: Sequence[Span], length: int) -> list[tuple[int, int, str, int]]:
    """Spans from left to right, each in the first lane where it overlaps no other, if there is one.

    Without one they share the last lane, where names that have no room are read by pointing.
    """
    ends: list[int] = []
    placed = []
    for start, stop, name in sorted((int(start), int(stop), name) for start, stop, name in spans):
        if not (0 <= start < stop <= length and name.strip()):
            raise ValueError(
                f"A span has a name and lies within the {length} letters, start before stop;"
                f" got {(start, stop, name)}."
            )
        free = (lane for lane, end in enumerate(ends) if end <= start)
        lane = next(free, min(len(ends), _MOST_LANES - 1))
        ends[lane : lane + 1] = [stop]
        placed.append((start, stop, name, lane))
    return placed
