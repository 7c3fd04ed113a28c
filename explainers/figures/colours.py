"""The colours of attribution maps: one table of colours that Python and the browser both draw with.

Signed maps use ColorBrewer's RdBu (11 classes, safe for colour-blind viewers): red supports, blue
opposes, zero is neutral, limits are symmetric. Maps without a sign use one sequential scale
(ColorBrewer's YlOrBr, from white), so that nobody reads a sign into them.
"""

from __future__ import annotations

import numpy as np

STEPS = 255
"""Colour steps from zero to the limit."""

SIGNED: list[tuple[int, int, int]] = [
    (5, 48, 97),
    (33, 102, 172),
    (67, 147, 195),
    (146, 197, 222),
    (209, 229, 240),
    (247, 247, 247),
    (253, 219, 199),
    (244, 165, 130),
    (214, 96, 77),
    (178, 24, 43),
    (103, 0, 31),
]
"""RGB stops at equal distances from -limit (opposes) over 0 to +limit (supports)."""

SEQUENTIAL: list[tuple[int, int, int]] = [
    (255, 255, 255),
    (255, 247, 188),
    (254, 227, 145),
    (254, 196, 79),
    (254, 153, 41),
    (236, 112, 20),
    (204, 76, 2),
    (153, 52, 4),
]
"""RGB stops at equal distances from 0 to the limit, for strengths without a sign."""


def checked_heat(heat: np.ndarray) -> np.ndarray:
    """A heatmap that can be drawn.

    Parameters
    ----------
    heat : array_like, shape (H, W)

    Returns
    -------
    ndarray, float64, shape (H, W)

    Raises
    ------
    ValueError
        Where it has another shape, or scores that are not finite.
    """
    heat = np.asarray(heat, dtype=np.float64)
    if heat.ndim != 2 or heat.size == 0:
        raise ValueError(
            f"A map to draw has rows and columns (H, W); this one has shape {heat.shape}."
        )
    broken = int(heat.size - np.isfinite(heat).sum())
    if broken:
        raise ValueError(f"A map to draw has finite scores only; {broken} of {heat.size} are not.")
    return heat


def checked_limit(limit: float) -> float:
    """A colour limit, or ValueError if colours cannot be spread over it."""
    if not (np.isfinite(limit) and limit > 0):
        raise ValueError(f"A colour limit is a finite number above 0; got {limit}.")
    return float(limit)


def checked_sides(sides: tuple[str, str]) -> list[str]:
    """The words for scores below and above zero, or ValueError if they are not two."""
    low, high = sides
    if not low.strip() or not high.strip() or low == high:
        raise ValueError(f"`sides` are two different words, for below and above zero; got {sides}.")
    return [low, high]


def colour_limit(heat: np.ndarray) -> float:
    """The score that gets the strongest colour: the 99.5th percentile of |heat|, never 0.

    A map that is zero nearly everywhere takes its largest score, an all-zero map takes 1.

    Parameters
    ----------
    heat : ndarray, shape (H, W)

    Examples
    --------
    >>> colour_limit(np.zeros((4, 4))), colour_limit(np.full((4, 4), -3.0))
    (1.0, 3.0)
    """
    strength = np.abs(checked_heat(heat))
    return float(np.percentile(strength, 99.5)) or float(strength.max()) or 1.0


def colour_table(signed: bool) -> np.ndarray:
    """The colours of scores, step by step.

    Alpha is for overlays: 0 at zero, so that the picture shows, and 255 at the limit.

    Parameters
    ----------
    signed : bool
        Whether scores may be below 0.

    Returns
    -------
    ndarray, uint8, shape (2 * STEPS + 1, 4) or (STEPS + 1, 4)
        RGBA from -limit to +limit, or without a sign from 0 to the limit.

    Examples
    --------
    >>> colour_table(signed=True).shape, colour_table(signed=True)[STEPS].tolist()
    ((511, 4), [247, 247, 247, 0])
    """
    stops = np.array(SIGNED if signed else SEQUENTIAL, dtype=np.float64)
    share = np.linspace(-1 if signed else 0, 1, (2 if signed else 1) * STEPS + 1)
    where = np.linspace(share[0], 1, len(stops))
    rgb = [np.interp(share, where, channel) for channel in stops.T]
    alpha = 255 * np.abs(share)
    return np.floor(np.stack([*rgb, alpha], axis=-1) + 0.5).astype(np.uint8)


def paint(heat: np.ndarray, signed: bool, limit: float | None = None) -> np.ndarray:
    """A heatmap as a picture in its colours.

    Parameters
    ----------
    heat : ndarray, shape (H, W)
    signed : bool
        Whether scores may be below 0.
    limit : float, optional
        The score of the strongest colour; by default `colour_limit`. Scores beyond it get its
        colour.

    Returns
    -------
    ndarray, uint8, shape (H, W, 3)

    Examples
    --------
    >>> paint(np.array([[-1.0, 0.0, 1.0]]), signed=True).tolist()
    [[[5, 48, 97], [247, 247, 247], [103, 0, 31]]]
    """
    return paint_clear(heat, signed, limit)[..., :3]


def overlay(
    picture: np.ndarray,
    heat: np.ndarray,
    signed: bool,
    limit: float | None = None,
    opacity: float = 0.8,
) -> np.ndarray:
    """A heatmap over a picture: the stronger the score, the less of the picture shows.

    Parameters
    ----------
    picture : ndarray, uint8, shape (H, W, 3)
    heat : ndarray, shape (h, w)
        Stretched over the picture in true cells, without smoothing.
    signed : bool
        Whether scores may be below 0.
    limit : float, optional
        The score of the strongest colour; by default `colour_limit`.
    opacity : float
        Of the strongest colour, from 0 to 1.

    Returns
    -------
    ndarray, uint8, shape (H, W, 3)

    Raises
    ------
    ValueError
        Where the picture, the heatmap or the opacity cannot be drawn.

    Examples
    --------
    >>> grey = np.full((2, 4, 3), 100, np.uint8)
    >>> overlay(grey, np.array([[0.0, 1.0]]), signed=True, opacity=1)[0, ::3].tolist()
    [[100, 100, 100], [103, 0, 31]]
    """
    picture = np.asarray(picture)
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        raise ValueError(
            f"The picture must be uint8 (H, W, 3); got {picture.dtype} {picture.shape}."
        )
    if not 0 <= opacity <= 1:
        raise ValueError(f"Opacity lies between 0 and 1; got {opacity}.")
    colours = paint_clear(heat, signed, limit).astype(np.float64)
    colours = colours[_cells(picture.shape[0], colours.shape[0])]
    colours = colours[:, _cells(picture.shape[1], colours.shape[1])]
    alpha = opacity * colours[..., 3:] / 255
    return np.floor((1 - alpha) * picture + alpha * colours[..., :3] + 0.5).astype(np.uint8)


def paint_clear(heat: np.ndarray, signed: bool, limit: float | None = None) -> np.ndarray:
    """As `paint`, and clear at zero, as an overlay is: uint8 (H, W, 4), red, green, blue, alpha.

    Examples
    --------
    >>> paint_clear(np.array([[0.0, 1.0]]), signed=True).tolist()
    [[[247, 247, 247, 0], [103, 0, 31, 255]]]
    """
    heat = checked_heat(heat)
    limit = checked_limit(colour_limit(heat) if limit is None else limit)
    share = np.clip(heat / limit, -1 if signed else 0, 1)
    # Rounding by size, then sign, so that a score and its opposite get mirrored colours.
    step = np.floor(np.abs(share) * STEPS + 0.5) * np.sign(share)
    return colour_table(signed)[step.astype(np.intp) + (STEPS if signed else 0)]


def _cells(pixels: int, cells: int) -> np.ndarray:
    """Which of the map's cells each pixel along one side falls into."""
    return np.arange(pixels) * cells // pixels
