"""The numbers of 16-bit PNG files in full, of which Pillow gives the upper byte of colours."""

from __future__ import annotations

import io
import struct
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

_HEAD = b"\x89PNG\r\n\x1a\n"
# By colour type: how many numbers a pixel has, and whether the last is its transparency.
_SAMPLES = {0: (1, False), 2: (3, False), 4: (2, True), 6: (4, True)}
_MOST = 65535


class DeepPicture(NamedTuple):
    """A picture of 16 bits.

    Attributes
    ----------
    numbers : ndarray, uint16, shape (H, W, 1 or 3)
        Grey, or red, green and blue.
    alpha : ndarray or None, float32, shape (H, W, 1)
        How opaque each pixel is, from 0 to 1; None where all are.
    alpha_channel : bool
        Whether that is a channel of the file, not one colour that stands for "transparent".
    declared : int
        The white that the file declares by its sBIT chunk; 0 where it declares none.
    """

    numbers: np.ndarray
    alpha: np.ndarray | None
    alpha_channel: bool
    declared: int


def is_deep_png(data: bytes) -> bool:
    """Whether a file begins as a PNG of 16 bits.

    Examples
    --------
    >>> is_deep_png(b"\\x89PNG\\r\\n\\x1a\\n")
    False
    """
    head = data[:26]
    whole = head.startswith(_HEAD) and head[12:16] == b"IHDR" and len(head) == 26
    return whole and head[24] == 16 and head[25] in _SAMPLES


def read_deep_png(data: bytes) -> DeepPicture:
    """All 16 bits of a PNG, upright.

    Colours are decoded twice, once for their upper and once for their lower bytes, since Pillow has
    no mode for 16-bit colours.

    Parameters
    ----------
    data : bytes
        A file of which `is_deep_png` holds, and whose size has been checked.

    Raises
    ------
    Exception
        Whatever Pillow raises for a damaged file.
    """
    count, has_alpha = _SAMPLES[data[25]]
    numbers: np.ndarray
    if count == 1:
        image = _upright(data, None)
        numbers = np.asarray(image).astype(np.uint16)[:, :, None]
    elif count == 2:  # grey and transparency, two bytes each, as four channels of a byte
        four = np.asarray(_upright(data, "RGBA")).astype(np.uint16)
        numbers = four[:, :, ::2] << 8 | four[:, :, 1::2]
    else:
        mode = "RGB" if count == 3 else "RGBA"
        upper, lower = (np.asarray(_upright(data, f"{mode};16{end}")) for end in "BL")
        numbers = upper.astype(np.uint16) << 8 | lower
    alpha: np.ndarray | None = None
    if has_alpha:
        alpha = numbers[:, :, -1:] / np.float32(_MOST)
        numbers = numbers[:, :, :-1]
    chunks = _chunks(data)
    clear = chunks.get(b"tRNS", b"")
    if not has_alpha and len(clear) == 2 * count:
        alpha = (numbers != np.frombuffer(clear, ">u2")).any(2, keepdims=True).astype(np.float32)
    bits = max(chunks.get(b"sBIT", b"")[: numbers.shape[2]], default=16)
    return DeepPicture(numbers, alpha, has_alpha, _declared(numbers, bits))


def _declared(numbers: np.ndarray, bits: int) -> int:
    """The white of so many significant bits; 0 where they fill all 16, as the standard asks.

    By the standard numbers of 12 bits are scaled up to 16 and sBIT tells of it; many cameras write
    them as they are. Where all lie below 2^12 and not all are multiples of 2^4, none was scaled.
    """
    if (
        not 1 <= bits < 16
        or numbers.max() >= 1 << bits
        or not (numbers & ((1 << 16 - bits) - 1)).any()
    ):
        return _MOST if 1 <= bits < 16 else 0
    return (1 << bits) - 1


def _upright(data: bytes, raw_mode: str | None) -> Image.Image:
    image = Image.open(io.BytesIO(data), formats=("PNG",))
    if raw_mode is not None:
        image.tile = [tile._replace(args=raw_mode) for tile in image.tile]
    image.load()
    return ImageOps.exif_transpose(image)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The small chunks before the pixels, by name."""
    found: dict[bytes, bytes] = {}
    place = len(_HEAD)
    while place + 8 <= len(data) and len(found) < 100:
        length, name = struct.unpack_from(">I4s", data, place)
        if name == b"IDAT":
            break
        if length < 100:
            found[name] = data[place + 8 : place + 8 + length]
        place += 12 + length
    return found
