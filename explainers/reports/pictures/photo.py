"""A picture with its map over it, as a sheet; and the bare map, which can lie over anything."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from explainers.figures import colours

if TYPE_CHECKING:
    from explainers.reports.explanation import Explanation
    from explainers.reports.pictures.sheet import Sheet

OPACITY, UNSEEN = 0.85, 0.62
"""Of the strongest colour, and of the white over what the network does not see: as on screen."""

TALLEST, WIDEST = 1200, 1480
"""Dots of the drawn picture: as large as fits, never squashed."""


def composite(
    explanation: Explanation,
    limit: float | None = None,
    most: tuple[int, int] = (TALLEST, WIDEST),
) -> np.ndarray:
    """The picture in grey with the map over it: uint8 (H, W, 3), as the screen shows it at first.

    Without its own colours, the only colours are the map's.

    Parameters
    ----------
    explanation : Explanation
        With a photo.
    limit : float, optional
        The score of the strongest colour; by default the explanation's, else
        `colours.colour_limit`.
    most : (int, int)
        Dots down and across into which it fits.
    """
    limit = explanation.limit if limit is None else limit
    photo = explanation.photo
    assert photo is not None
    height, width = photo.shape[:2]
    factor = min(most[0] / height, most[1] / width)
    sides = max(1, round(width * factor)), max(1, round(height * factor))
    how = Image.Resampling.NEAREST if factor >= 6 else Image.Resampling.LANCZOS
    grey = Image.fromarray(photo).convert("L").convert("RGB").resize(sides, how)
    drawn = np.array(grey)
    left, top, across, down = explanation.region
    first, last = round(left * sides[0]), round((left + across) * sides[0])
    upper, lower = round(top * sides[1]), round((top + down) * sides[1])
    seen = drawn[upper:lower, first:last].copy()
    drawn = np.floor((1 - UNSEEN) * drawn + UNSEEN * 255 + 0.5).astype(np.uint8)
    heat, signed = explanation.shown_heat, explanation.signed
    drawn[upper:lower, first:last] = colours.overlay(seen, heat, signed, limit, OPACITY)
    return drawn


def draw(sheet: Sheet, explanation: Explanation) -> None:
    """The picture with its map, dot for dot."""
    from explainers.reports.pictures.sheet import DPI, WIDTH

    drawn = composite(explanation)
    height, width = drawn.shape[0] / DPI, drawn.shape[1] / DPI
    # On whole dots, so that no dot of the map is a mixture of two.
    left = round((WIDTH - width) / 2 * DPI) / DPI
    axes = sheet.place(left, 0, width, height)
    axes.imshow(drawn, interpolation="none", aspect="auto")
    axes.set_axis_off()


def height_of(explanation: Explanation) -> float:
    """Inches that the picture takes."""
    from explainers.reports.pictures.sheet import DPI

    return composite(explanation).shape[0] / DPI


def bare_map(explanation: Explanation, limit: float | None = None) -> bytes:
    """The map alone as PNG: strong scores cover what it is laid on, zero is clear.

    Each cell is a square of as many dots as make the longer side about 1000.
    """
    heat, limit = explanation.shown_heat, explanation.limit if limit is None else limit
    dots = max(1, 1000 // max(heat.shape))
    painted = colours.paint_clear(heat, explanation.signed, limit)
    image = Image.fromarray(painted.repeat(dots, axis=0).repeat(dots, axis=1))
    told = PngInfo()
    told.add_text("Title", f"{explanation.method_name} for {explanation.about}")
    told.add_text("Software", "Evident")
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=told)
    return buffer.getvalue()
