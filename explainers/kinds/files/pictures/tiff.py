"""TIFF files: pages of any number of channels and bits, where Pillow knows only the common ones."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, TiffImagePlugin

from explainers.kinds.files.pictures.tiff_samples import UPRIGHT, samples_of

HEADS = (b"II*\0", b"MM\0*", b"II+\0")
"""How TIFF files begin, and BigTIFF."""
MOST_PAGES = 1000
_TAGS = {
    "kind": 254,
    "width": 256,
    "height": 257,
    "bits": 258,
    "packing": 259,
    "photometric": 262,
    "fill_order": 266,
    "strips": 273,
    "orientation": 274,
    "samples": 277,
    "rows": 278,
    "strip_bytes": 279,
    "most": 281,
    "planar": 284,
    "predictor": 317,
    "tile_width": 322,
    "tile_height": 323,
    "tiles": 324,
    "tile_bytes": 325,
    "extra": 338,
    "format": 339,
}
"""The standard's numbers of the tags that are used."""
_SMALLER, _MASK = 1, 4
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _SEPARATED = 0, 1, 2, 5
_PACKINGS = (1, 5, 8, 32773, 32946, 34925, 50000)
"""None, LZW, deflate, PackBits, deflate by its old number, LZMA, Zstandard."""
_FORMATS = {1: "u", 2: "i", 3: "f", 4: "u"}
_MODES = ("1", "L", "LA", "RGB", "RGBA", "RGBX", "CMYK", "P", "I", "F", "I;16", "I;16B", "I;16L")


class Page(NamedTuple):
    """One page of a TIFF file.

    Attributes
    ----------
    numbers : ndarray, shape (H, W) or (H, W, C)
        As they are in the file, upright.
    photo : Image or None
        The page as Pillow reads it, where that is a photo of 8 bits.
    colours : int
        How many channels are a photo's of more bits: 1 for grey, 3 for red, green and blue; else 0.
    alpha : bool
        Whether the channel behind these is transparency.
    most, declared : int
        The largest number that fits, and the largest that the file declares; 0 for none.
    """

    numbers: np.ndarray
    photo: Image.Image | None = None
    colours: int = 0
    alpha: bool = False
    most: int = 0
    declared: int = 0


class Directory(NamedTuple):
    """Where a page's tags lie in the file, and those of them that are used, by name."""

    place: int
    tags: dict[str, Any]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width."""
        return self.tags["samples"] or 1, self.tags["height"], self.tags["width"]


def directories(data: bytes) -> list[Directory]:
    """The pages in full size: no smaller copies of another, no masks, where there are others.

    Raises
    ------
    Exception
        Whatever Pillow raises for a damaged file.
    """
    file, found = io.BytesIO(data), []
    big = data.startswith(HEADS[2])
    directory = TiffImagePlugin.ImageFileDirectory_v2(data[: 16 if big else 8])
    place, seen = directory.next, set[int]()
    while place and place not in seen and len(seen) < MOST_PAGES:
        seen.add(place)
        file.seek(place)
        directory.load(file)
        found.append(Directory(place, {name: directory.get(tag) for name, tag in _TAGS.items()}))
        place = directory.next
    whole = [one for one in found if not (one.tags["kind"] or 0) & (_SMALLER | _MASK)]
    return whole or found


def pages(data: bytes, chosen: list[Directory]) -> Iterator[Page]:
    """Those pages of a TIFF file, whose sizes have been checked.

    Raises
    ------
    Exception
        Whatever Pillow raises for a page that is damaged or that it does not know.
    """
    file = io.BytesIO(data)
    for directory in chosen:
        if _is_plain(directory.tags):
            yield _in_full(file, data, directory.tags)
        else:
            yield _by_pillow(file, data, directory)


def _is_plain(tags: dict[str, Any]) -> bool:
    """Whether a page is numbers of whole bytes that Pillow would cut or refuse."""
    bits, count = tags["bits"] or (1,), tags["samples"] or 1
    same = len(set(bits)) == 1 and len(bits) in (1, count)
    formats = set(tags["format"] or (1,))
    simple = tags["photometric"] in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _SEPARATED)
    known = simple and (tags["packing"] or 1) in _PACKINGS and bits[0] in (8, 16, 32, 64)
    usual = count in (1, 3) or (count == 4 and tags["photometric"] == _SEPARATED)
    common = bits[0] == 8 and formats <= {1, 4} and usual and tags["planar"] != 2
    return bool(same and known and len(formats) == 1 and formats <= set(_FORMATS) and not common)


def _in_full(file: io.BytesIO, data: bytes, tags: dict[str, Any]) -> Page:
    """A page from its bytes, whatever its number of channels and bits."""
    count, bits = tags["samples"] or 1, tags["bits"][0]
    form = _FORMATS[(tags["format"] or (1,))[0]]
    order = "<" if data.startswith(b"II") else ">"
    numbers = samples_of(file, len(data), tags, np.dtype(f"{order}{form}{bits // 8}"))
    numbers = UPRIGHT.get(tags["orientation"], lambda same: same)(numbers)
    most = 2**bits - 1 if form == "u" else 0
    if most and tags["photometric"] == _WHITE_IS_ZERO and count == 1:
        numbers = numbers.dtype.type(most) - numbers
    colours = {_WHITE_IS_ZERO: 1, _BLACK_IS_ZERO: 1, _RGB: 3}.get(tags["photometric"], 0)
    alpha = count == colours + 1 and (tags["extra"] or (0,))[0] in (1, 2)
    if not most or count != colours + alpha:
        colours = 0
    declared = tags["most"] or 0
    declared = max(declared) if isinstance(declared, tuple) else declared
    return Page(numbers, None, colours, bool(colours and alpha), most, int(declared))


def _by_pillow(file: io.BytesIO, data: bytes, directory: Directory) -> Page:
    """A page that Pillow knows: 8 bits and fewer, palettes, JPEG, 12 bits."""
    order = "<" if data.startswith(b"II") else ">"
    big = data.startswith(HEADS[2])
    file.seek(0)
    file.write(
        data[: 8 if big else 4] + struct.pack(order + ("Q" if big else "I"), directory.place)
    )
    file.seek(0)
    image: Image.Image = Image.open(file, formats=("TIFF",))
    image.load()
    if image.mode not in _MODES:
        raise ValueError(image.mode)
    if image.mode == "P":
        image = image.convert("RGB")
    numbers = np.array(image)
    if image.mode.startswith("I;16"):
        bits = directory.tags["bits"][0]
        return Page(numbers, None, 1, False, 2**16 - 1, 2**bits - 1 if bits < 16 else 0)
    photo = image if image.mode in ("L", "LA", "RGB", "RGBA", "CMYK", "1") else None
    return Page(numbers, photo)
