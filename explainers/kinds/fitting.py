"""How a picture of any shape gets the shape that a network takes: cut, stretched, or padded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

if TYPE_CHECKING:
    from explainers.kinds.registry import InputSpec

FITS = ("crop", "stretch", "pad")


def crop_region(
    size: tuple[int, int], fit: str, sides: tuple[int, int] = (1, 1)
) -> tuple[float, float, float, float]:
    """Which part of a picture the network sees.

    Parameters
    ----------
    size : (int, int)
        The picture's width and height, in px.
    fit : str
        "crop": the largest centred part of the shape that the network sees; "stretch" and "pad":
        the whole picture.
    sides : (int, int)
        Height and width of what the network sees.

    Returns
    -------
    left, top, width, height : float
        As fractions of the picture's width and height.

    Examples
    --------
    >>> crop_region((200, 100), "crop")
    (0.25, 0.0, 0.5, 1.0)
    >>> crop_region((200, 100), "crop", (100, 400))
    (0.0, 0.25, 1.0, 0.5)
    """
    width, height = size
    if fit != "crop":
        return 0.0, 0.0, 1.0, 1.0
    high, wide = sides
    across, down = min(width, height * wide / high), min(height, width * high / wide)
    return (width - across) / 2 / width, (height - down) / 2 / height, across / width, down / height


def padding(size: tuple[int, int], sides: tuple[int, int]) -> tuple[int, int, int, int]:
    """What lies around a whole picture that keeps its shape, in px of the network's input.

    Parameters
    ----------
    size : (int, int)
        The picture's width and height, in px.
    sides : (int, int)
        Height and width of what the network sees.

    Returns
    -------
    top, bottom, left, right : int
        The picture takes at least one pixel each way.

    Examples
    --------
    >>> padding((200, 100), (64, 64))
    (16, 16, 0, 0)
    >>> padding((100, 300), (10, 40))
    (0, 0, 18, 19)
    """
    (width, height), (high, wide) = size, sides
    scale = min(wide / width, high / height)
    down, across = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (high - down) // 2, (wide - across) // 2
    return top, high - down - top, left, wide - across - left


def neutral(spec: InputSpec) -> np.ndarray:
    """What the network gets as 0 after its normalisation, per channel of the picture (C,).

    Examples
    --------
    >>> from explainers.models.spec import ModelSpec
    >>> neutral(ModelSpec("upload", "")).tolist()
    [0.485, 0.456, 0.406]
    """
    mean = np.asarray(spec.mean, dtype=np.float64) / spec.white
    return mean[::-1] if spec.order == "BGR" else mean


def pixels(
    image: Image.Image, size: int | tuple[int, int], fit: str, around: Sequence[float] = (0.0,)
) -> np.ndarray:
    """What the network sees of a photo, scaled with antialiasing.

    Parameters
    ----------
    image : PIL.Image.Image
        In mode RGB.
    size : int or (int, int)
        Height and width, in px; one number for a square.
    fit : str
        "crop", "stretch" or "pad", see `crop_region` and `padding`.
    around : sequence of float
        The colour of the padding, from 0 to 1: one number, or one a channel.

    Returns
    -------
    ndarray, float32, shape (3, height, width)
        Values from 0 to 1.

    Examples
    --------
    >>> pixels(Image.new("RGB", (20, 10), "white"), 5, "crop").shape
    (3, 5, 5)
    >>> pixels(Image.new("RGB", (20, 10), "white"), 4, "pad", (0.5,))[0].tolist()
    [[0.5, 0.5, 0.5, 0.5], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0], [0.5, 0.5, 0.5, 0.5]]
    """
    sides = (size, size) if isinstance(size, int) else size
    seen = np.asarray(fitted(image, sides, fit), dtype=np.float32).transpose(2, 0, 1) / 255
    return padded(seen, image.size, sides, around) if fit == "pad" else seen


def fitted(image: Image.Image, sides: tuple[int, int], fit: str) -> Image.Image:
    """The part that the network sees, scaled; of "pad" without what lies around it."""
    if fit == "pad":
        top, bottom, left, right = padding(image.size, sides)
        sides = sides[0] - top - bottom, sides[1] - left - right
    x, y, wide, high = crop_region(image.size, fit, sides)
    width, height = image.size
    box = (x * width, y * height, (x + wide) * width, (y + high) * height)
    return image.resize((sides[1], sides[0]), Image.Resampling.BILINEAR, box=box)


def padded(
    values: np.ndarray, size: tuple[int, int], sides: tuple[int, int], around: ArrayLike
) -> np.ndarray:
    """A fitted picture (C, h, w) with its padding: (C, height, width); `size` is the photo's."""
    top, bottom, left, right = padding(size, sides)
    whole = np.empty((len(values), *sides), np.float32)
    whole[:] = np.asarray(around, np.float32).reshape(-1, 1, 1)
    whole[:, top : sides[0] - bottom, left : sides[1] - right] = values
    return whole


def in_frame(
    photo: Image.Image, sides: tuple[int, int], colour: tuple[int, int, int]
) -> Image.Image:
    """A photo with its padding, in its own resolution, as the network sees it.

    Examples
    --------
    >>> in_frame(Image.new("RGB", (200, 100)), (64, 64), (9, 9, 9)).size
    (200, 200)
    """
    top, bottom, left, right = padding(photo.size, sides)
    across = photo.width / (sides[1] - left - right)
    down = photo.height / (sides[0] - top - bottom)
    whole = Image.new("RGB", (round(sides[1] * across), round(sides[0] * down)), colour)
    whole.paste(photo, (round(left * across), round(top * down)))
    return whole


def without_padding(values: np.ndarray, around: Sequence[int]) -> np.ndarray:
    """A copy of values (…, H, W) that is 0 in the padding; `around` as `padding` gives it.

    Examples
    --------
    >>> without_padding(np.ones((2, 3)), (0, 1, 1, 0)).tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    """
    inside = inside_padding(values.shape[-2:], around)
    return np.where(inside, values, np.zeros((), values.dtype))


def inside_padding(sides: Sequence[int], around: Sequence[int]) -> np.ndarray:
    """Where the picture itself lies, as truth values (height, width)."""
    height, width = sides
    top, bottom, left, right = around
    inside = np.zeros((height, width), bool)
    inside[top : height - bottom, left : width - right] = True
    return inside


def padding_sentence(around: Sequence[int]) -> str:
    """The padding in words.

    Examples
    --------
    >>> print(padding_sentence((16, 16, 0, 0)))
    The picture is padded with 16 px above and 16 px below, in the colour that the network gets as \
0. What it is compared with has the same padding, so no score lies there.
    """
    top, bottom, left, right = around
    parts = [(top, "above"), (bottom, "below"), (left, "on the left"), (right, "on the right")]
    where = " and ".join(f"{many} px {side}" for many, side in parts if many)
    return (
        f"The picture is padded with {where}, in the colour that the network gets as 0. What it is "
        "compared with has the same padding, so no score lies there."
    )
