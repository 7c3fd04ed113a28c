"""Pictures of any number of channels: NumPy arrays, and what they look like."""

from __future__ import annotations

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files.arrays import read_arrays
from explainers.kinds.files.formats import declare
from explainers.kinds.files.pictures.archive import holds_pictures
from explainers.kinds.files.pictures.white import White, bytes_white, plain_numbers
from explainers.kinds.registry import Facts, ParsedFile

MOST_PIXELS, MOST_VALUES, MOST_BANDS = 16_000_000, 24_000_000, 1000
ARRAYS = (b"\x93NUMPY", b"PK\x03\x04")
"""How files of arrays begin."""
_SAVE = "In Python: numpy.save('picture.npy', array)."
# What lies beyond these percentiles of a band is drawn black or white.
_DARK, _BRIGHT = 2, 98


def read_bands(data: bytes, asked: float = 0) -> ParsedFile:
    """The picture in a .npy or .npz file, of one channel or many.

    An array is (H, W), (H, W, C) or (C, H, W): where two sides are equal, the third is that of the
    channels, else the shortest of first and last. Several arrays of one shape are the channels in
    their order. Whole numbers of 8 bits are kept, and mean shares of 255 as in a photo;
    all others become float32, and mean what they are.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.
    asked : float
        Which number counts as 1, where people chose one.

    Returns
    -------
    facts : dict
        See `with_bands`.
    arrays : dict of ndarray
        "bands", uint8 or float32 (C, H, W), and "pixels", uint8 (H, W, 3), to be drawn.

    Raises
    ------
    Problem
        Where it cannot be read, is too large, or has gaps.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> np.save(file, np.ones((5, 7, 4), np.uint8))
    >>> facts, arrays = read_bands(file.getvalue())
    >>> arrays["bands"].shape, arrays["pixels"].shape, facts["high"]
    ((4, 5, 7), (5, 7, 3), [1.0, 1.0, 1.0, 1.0])
    """
    if holds_pictures(data):
        raise Problem(
            "This is a .zip file of pictures. Upload them one by one, or the .zip where several "
            "pictures are compared."
        )
    given = read_arrays(data, ".npy" if data.startswith(ARRAYS[0]) else ".npz")
    numbers = [array for array in given.values() if array.dtype.kind != "U"]
    return with_white(joined(numbers), asked)


def with_white(numbers: np.ndarray, asked: float) -> ParsedFile:
    """Channels (C, H, W) that are no photo, uint8 or float32, with the white that was asked or 0.

    Examples
    --------
    >>> float(with_white(np.full((1, 2, 2), 500.0, np.float32), 1000)[1]["bands"].max())
    0.5
    """
    if numbers.dtype == np.uint8:
        return with_bands(numbers, white=bytes_white(numbers, asked))
    return with_bands(numbers, white=plain_numbers(numbers, 0, asked))


def with_bands(
    bands: np.ndarray,
    pixels: np.ndarray | None = None,
    white: White | None = None,
    scale: float = 1.0,
) -> ParsedFile:
    """A picture's parsed form with its channels.

    Parameters
    ----------
    bands : ndarray, uint8 or float32, shape (C, H, W)
        As they are in the file.
    pixels : ndarray, uint8, shape (H, W, 3), optional
        The same as a photo, which networks of one or three channels may have in its place.
    white : White, optional
        Which number counts as 1; the usual one without it.
    scale : float
        By what the channels are multiplied to be brightness from 0 to 1, after `white`.

    Returns
    -------
    facts : dict
        photo (whether it may stand for one); scale; low and high: what is drawn black and white,
        for each channel, on the scale that networks get; and what `white_facts` gives, with span,
        the least and largest number on that scale, unless it is a photo of 8 bits.
    arrays : dict of ndarray
        "bands", divided by what is white, and "pixels".
    """
    white = white or (bytes_white if bands.dtype == np.uint8 else plain_numbers)(bands)
    if bands.dtype != np.uint8 or white.number != 255:
        bands = bands.astype(np.float32) / np.float32(white.number)
    photo = pixels is not None
    low, high = _range(bands)
    if photo:
        low, high = [0.0] * len(bands), [max(1.0, white.top / white.number)] * len(bands)
    facts: Facts = {"photo": photo, "low": low, "high": high, "scale": scale} | white_facts(white)
    if bands.dtype != np.uint8:
        facts["span"] = [float(bands.min()), float(bands.max())]
    if pixels is None:
        pixels = in_colour(stretched(network_scale(bands), low, high))
    return facts, {"bands": bands, "pixels": pixels}


def white_facts(white: White) -> Facts:
    """What people are told of a picture's white: it, the usual one, choices, and notes."""
    return {
        "white": white.number,
        "usual": white.usual,
        "whites": white.choices,
        "top": white.top,
        "notes": [white.note] if white.note else [],
    }


def network_scale(values: np.ndarray) -> np.ndarray:
    """What networks get of channels, float32: of 8 bits shares of 255, of others the numbers.

    Examples
    --------
    >>> network_scale(np.array([255], np.uint8)), network_scale(np.array([255.0], np.float32))
    (array([1.], dtype=float32), array([255.], dtype=float32))
    """
    shares = values.dtype == np.uint8
    return values.astype(np.float32) / 255 if shares else values.astype(np.float32)


def stretched(values: np.ndarray, low: list[float], high: list[float]) -> np.ndarray:
    """Channels (C, H, W) as drawn: uint8 (H, W, C), `low` black and `high` white.

    Examples
    --------
    >>> stretched(np.array([[[0.0, 5.0, 20.0]]]), [0.0], [10.0]).tolist()
    [[[0], [128], [255]]]
    """
    dark = np.array(low, np.float64)[:, None, None]
    reach = np.array(high, np.float64)[:, None, None] - dark
    shares = np.clip((values - dark) / np.where(reach > 0, reach, 1), 0, 1)
    return (shares.transpose(1, 2, 0) * 255).round().astype(np.uint8)


def in_colour(shown: np.ndarray, chosen: tuple[int, ...] = ()) -> np.ndarray:
    """Three channels of a drawn picture, uint8 (H, W, 3).

    Parameters
    ----------
    shown : ndarray, uint8, shape (H, W, C)
    chosen : tuple of int
        The channels to show as red, green and blue, or one in grey; without it the first three,
        or the first where there are fewer.

    Examples
    --------
    >>> in_colour(np.zeros((2, 2, 2), np.uint8)).shape
    (2, 2, 3)
    """
    count = shown.shape[2]
    if len(chosen) not in (1, 3) or not all(0 <= place < count for place in chosen):
        chosen = (0, 1, 2) if count >= 3 else (0,)
    return np.ascontiguousarray(shown[:, :, list(chosen * (3 // len(chosen)))])


def _range(bands: np.ndarray) -> tuple[list[float], list[float]]:
    """What is black and white of each channel, on the scale that networks get."""
    if bands.dtype == np.uint8:
        return [0.0] * len(bands), [1.0] * len(bands)
    flat = bands.reshape(len(bands), -1)[:, :: max(1, bands[0].size // 1_000_000)]
    low, high = np.percentile(flat.astype(np.float64), (_DARK, _BRIGHT), axis=1)
    high = np.where(high > low, high, flat.max(1))
    return low.tolist(), high.tolist()


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """Several arrays, each one channel or several, as one: (C, H, W), uint8 or float32.

    Examples
    --------
    >>> joined([np.zeros((5, 7)), np.zeros((5, 7, 2))]).shape
    (3, 5, 7)
    """
    if not parts:
        raise Problem(f"This file holds no array of numbers. {_SAVE}")
    bands = [_channels_first(part) for part in parts]
    shapes = sorted({band.shape[1:] for band in bands})
    if len(shapes) > 1:
        raise Problem(
            f"The channels in this file have different sizes: {shapes[0][0]} × {shapes[0][1]} and "
            f"{shapes[1][0]} × {shapes[1][1]} pixels. Bring them to one size and save them again."
        )
    if len({band.dtype for band in bands}) > 1:
        bands = [band.astype(np.float32) for band in bands]
    whole = np.ascontiguousarray(np.concatenate(bands))
    demand_size(whole.shape)
    return whole


def _channels_first(array: np.ndarray) -> np.ndarray:
    """One array as channels (C, H, W), uint8 or float32; Problem where it is no picture."""
    if array.ndim == 4 and array.shape[0] == 1:
        array = array[0]
    if array.ndim not in (2, 3) or not array.size:
        raise Problem(
            f"The array in this file has the shape {array.shape}; a picture is (height, width), "
            "(height, width, channels) or (channels, height, width). Save one picture a file."
        )
    if array.ndim == 2:
        array = array[None]
    elif _last_is_channels(array.shape):
        array = array.transpose(2, 0, 1)
    demand_size(array.shape)
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    if array.dtype == np.uint8:
        return array
    with np.errstate(over="ignore"):
        values = array.astype(np.float32)
    if not np.isfinite(values).all():
        channel, row, column = np.argwhere(~np.isfinite(values))[0]
        raise Problem(
            f"Channel {channel + 1} has {array[channel, row, column]} at row {row + 1}, column "
            f"{column + 1}; every pixel needs a finite number. Fill the gaps and save it again."
        )
    return values


def _last_is_channels(shape: tuple[int, ...]) -> bool:
    first, middle, last = shape
    if first == middle != last:
        return True
    if middle == last != first:
        return False
    return last < first


def demand_size(shape: tuple[int, ...]) -> None:
    """Problem where a picture (C, H, W) has too many channels, pixels or numbers."""
    count, height, width = shape
    if height * width > MOST_PIXELS or count * height * width > MOST_VALUES or count > MOST_BANDS:
        raise Problem(
            f"This picture has {count} channels of {height} × {width} pixels; up to "
            f"{MOST_PIXELS // 10**6} megapixels and {MOST_VALUES // 10**6} million numbers in all "
            "are accepted. Cut out a part and save it again."
        )


declare(
    "pictures",
    "NumPy",
    *(".npy", ".npz"),
    says="channels first or last; 8 bits count as 0–1, others as they are unless you choose",
)
