"""Pictures: reading files safely, and making of them what a network sees."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from PIL import Image

from explainers.errors import Problem
from explainers.kinds import fitting
from explainers.kinds.files import bands
from explainers.kinds.files.pictures import collection, photo, tiff, tiff_picture
from explainers.kinds.files.pictures.white import AS_THEY_ARE, checked
from explainers.kinds.fitting import crop_region, pixels
from explainers.kinds.registry import KINDS, Facts, InputSpec, Items, Kind, ParsedFile

__all__ = ["crop_region", "display_jpeg", "given", "parse", "pixels", "read", "to_image"]
SHOWN_SIDE = 1200
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".avif"),
    *(".tif", ".tiff", ".npy", ".npz", ".zip"),
)


def parse(data: bytes, white: float = 0) -> ParsedFile:
    """What is in a file of one picture: a photo, or channels of any number.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded: PNG, JPEG, WebP, GIF, BMP, AVIF, TIFF, .npy or .npz.
    white : float
        Which number of the file is white, 1 for numbers as they are; 0 for what the format says
        (see `explainers.kinds.files.pictures.white`).

    Returns
    -------
    facts : dict
        Empty for a photo with nothing to say; else see `explainers.kinds.files.bands.with_bands`.
    arrays : dict of ndarray
        "pixels", uint8 (H, W, 3), as it is drawn; and "bands" (C, H, W), the channels, where these
        are not red, green and blue of 8 bits alone.

    Raises
    ------
    Problem
        Where the file is no such picture, is damaged, or too large.

    Examples
    --------
    >>> buffer = io.BytesIO()
    >>> Image.new("RGB", (4, 2)).save(buffer, "PNG")
    >>> parse(buffer.getvalue())[1]["pixels"].shape
    (2, 4, 3)
    """
    asked = checked(white)
    if data.startswith(bands.ARRAYS):
        return bands.read_bands(data, asked)
    if data.startswith(tiff.HEADS):
        return tiff_picture.parsed(data, asked)
    return photo.parsed(data, asked)


def read(data: bytes) -> Image.Image:
    """The picture in a file of a photo, upright and as RGB.

    Transparent parts become white; grey, CMYK and 16-bit pictures are converted; of an animation
    the first frame is taken.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.

    Returns
    -------
    PIL.Image.Image
        In mode RGB.

    Raises
    ------
    Problem
        Where the file is no such picture, is damaged, or is larger than 16 megapixels.

    Examples
    --------
    >>> buffer = io.BytesIO()
    >>> Image.new("L", (4, 2), 77).save(buffer, "PNG")
    >>> image = read(buffer.getvalue())
    >>> image.size, image.getpixel((0, 0))
    ((4, 2), (77, 77, 77))
    """
    return Image.fromarray(photo.parsed(data)[1]["pixels"])


def display_jpeg(image: Image.Image) -> bytes:
    """The picture as JPEG bytes for the browser, at its own shape, at most 1200 px long."""
    copy = image.copy()
    copy.thumbnail((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    copy.save(buffer, "JPEG", quality=92, subsampling=0)
    return buffer.getvalue()


def to_image(values: np.ndarray) -> Image.Image:
    """Pixels (3, H, W) or grey (1, H, W) from 0 to 1, clipped, as an RGB picture."""
    values = np.broadcast_to(values, (3, *values.shape[1:]))
    return Image.fromarray((np.clip(values, 0, 1).transpose(1, 2, 0) * 255).round().astype("uint8"))


def _inputs(parsed: ParsedFile, spec: InputSpec, items: Items) -> np.ndarray:
    if "stack" in parsed[1]:
        return np.stack([_of_photo(*collection.of_one(parsed, int(k)), spec) for k in items])
    facts, arrays = parsed
    wanted, by_channel = len(spec.mean), _by_channel(parsed, spec)
    if by_channel or _exact(parsed):
        channels = arrays["bands"]
        seen = [fitting.fitted(Image.fromarray(one), spec.sides, spec.fit) for one in channels]
        values = bands.network_scale(np.stack([np.asarray(one) for one in seen]))
        if not by_channel:
            values = np.broadcast_to(
                values * facts["scale"], (max(wanted, len(values)), *values.shape[1:])
            )
    else:
        image = fitting.fitted(Image.fromarray(arrays["pixels"]), spec.sides, spec.fit)
        values = np.asarray(image, dtype=np.float32).transpose(2, 0, 1) / 255
    height, width = arrays["pixels"].shape[:2]
    return np.stack([_finished(values, (width, height), spec) for _ in items])


def _of_photo(fitted: np.ndarray, size: tuple[int, int], spec: InputSpec) -> np.ndarray:
    """What a network gets of a photo (C, H, W) that has been fitted: uint8 (H, W, 3)."""
    if len(spec.mean) not in (1, 3) or spec.depth:
        raise Problem(
            "This network takes other channels than photos have. Explain its pictures one by one."
        )
    if spec.fit == "pad":
        top, bottom, left, right = fitting.padding(size, spec.sides)
        fitted = fitted[top : spec.sides[0] - bottom, left : spec.sides[1] - right]
    return _finished(fitted.astype(np.float32).transpose(2, 0, 1) / 255, size, spec)


def _finished(values: np.ndarray, size: tuple[int, int], spec: InputSpec) -> np.ndarray:
    """Fitted channels (C, h, w), grey where the network sees grey, with padding: float32."""
    if len(spec.mean) == 1 and len(values) == 3:
        values = np.tensordot(_GREY, values, 1)[None]
    if spec.fit == "pad":
        values = fitting.padded(values, size, spec.sides, fitting.neutral(spec))
    return values.astype(np.float32)


def _exact(parsed: ParsedFile) -> bool:
    """Whether a photo has more than 8 bits, as one grey channel or three colours."""
    channels = parsed[1].get("bands")
    return channels is not None and channels.dtype != np.uint8 and len(channels) in (1, 3)


def given(parsed: ParsedFile, spec: InputSpec) -> str:
    """What numbers the network is given of a picture that is no plain 8-bit photo, in a sentence.

    Parameters
    ----------
    parsed : ParsedFile
        As `parse` gives it.
    spec : InputSpec
        Of a network that takes it.

    Returns
    -------
    str
        "" where it is a photo of 8 bits.

    Raises
    ------
    Problem
        Where the network takes no such picture.
    """
    facts = parsed[0]
    if "span" not in facts:
        return ""
    by_channel = _by_channel(parsed, spec)
    scale = 1 if by_channel else facts["scale"]
    low, high = (f"{number * scale:,.4g}" for number in facts["span"])
    white = facts["white"] / scale
    how = f"{white:,.6g} in the file is 1"
    if white == AS_THEY_ARE:
        how = "as they are in the file"
    drawn = "" if facts["photo"] else " It is drawn from its 2nd to its 98th percentile."
    return (
        f"Before its normalisation the network is given numbers from {low} to {high}: {how}.{drawn}"
    )


def _by_channel(parsed: ParsedFile, spec: InputSpec) -> bool:
    """Whether the network gets the file's own channels, not a photo; Problem where neither fits."""
    facts, arrays = parsed
    wanted, given = len(spec.mean), len(arrays.get("bands", ()))
    if given == wanted:
        return True
    if wanted in (1, 3) and facts.get("photo", True) and not spec.depth:
        return False
    if spec.depth:
        raise Problem(_other_volume(wanted, given or 3, spec.depth))
    raise Problem(
        f"The network takes pictures of {wanted} channel{'s' * (wanted != 1)}; this one has "
        f"{given or 3}. Upload an array (height, width, {wanted}) or ({wanted}, height, width) as "
        f".npy, or a TIFF file of {wanted} bands."
    )


def _other_volume(wanted: int, given: int, depth: int) -> str:
    channels = wanted // depth
    of = f" of {channels} channels each" if channels > 1 else ""
    return (
        f"The network takes volumes of {depth} slices{of}, {wanted} in all; this file has {given}. "
        f"Upload an array ({wanted}, height, width) as .npy, slice by slice"
        f"{', the first channel first' if channels > 1 else ''}, or a TIFF of {wanted} pages."
    )


def _items(parsed: ParsedFile, spec: InputSpec) -> np.ndarray:
    """The one picture of a file; of a collection all that can be read."""
    facts, arrays = parsed
    if "stack" not in arrays:
        return np.arange(1)
    return np.array([k for k in range(len(arrays["stack"])) if str(k) not in facts["errors"]])


def _facts(parsed: ParsedFile, spec: InputSpec, item: int = 0) -> dict[str, Any]:
    many = "stack" in parsed[1]
    if many:
        width, height = (int(side) for side in parsed[1]["sizes"][item])
    else:
        height, width = parsed[1]["pixels"].shape[:2]
    facts: Facts = {"region": crop_region((width, height), spec.fit, spec.sides)}
    if spec.fit == "pad":
        around = fitting.padding((width, height), spec.sides)
        facts |= {"padding": list(around)} if any(around) else {}
    if not many and _by_channel(parsed, spec):
        facts |= {name: parsed[0][name] for name in ("low", "high")}
    return facts


def _shown(values: np.ndarray, facts: Facts) -> np.ndarray:
    """A photo (H, W, 3), or each channel as it is drawn (H, W, C)."""
    if "low" not in facts:
        return np.asarray(to_image(values))
    return bands.stretched(values, facts["low"], facts["high"])


# The brightness that people see, ITU-R BT.601.
_GREY = np.array([0.299, 0.587, 0.114])

KINDS["picture"] = Kind(
    "picture",
    "picture",
    "cell",
    "cells",
    dimensions=3,
    scaled_axis=0,
    channels=True,
    default_baseline="zeros",
    inputs=_inputs,
    items=_items,
    facts=_facts,
    shown=_shown,
)
