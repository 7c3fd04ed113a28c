"""The numbers of a TIFF page from its strips or tiles, unpacked as bytes by Pillow.

Pillow is shown a page of grey bytes, as wide as the bytes of a row: it then unpacks every packing
that it knows and looks at nothing else. Prediction, channels and bits are undone here.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import TiffImagePlugin

UPRIGHT: dict[int | None, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, 2).swapaxes(0, 1),
    8: lambda a: np.rot90(a, 1),
}
"""What makes a page upright, by its orientation in the standard."""


def samples_of(
    file: io.BytesIO, end: int, tags: dict[str, Any], dtype: np.dtype[Any]
) -> np.ndarray:
    """The numbers of a page, shape (H, W, C).

    Parameters
    ----------
    file : BytesIO
        The TIFF file; its head and what lies behind `end` are written over.
    end : int
        How long the file is.
    tags : dict
        Of the page, by the names of `explainers.kinds.files.pictures.tiff`.
    dtype : dtype
        Of its numbers, in the file's order of bytes.

    Raises
    ------
    Exception
        Whatever Pillow raises for damaged strips.
    """
    count = tags["samples"] or 1
    planes = count if tags["planar"] == 2 else 1
    each = count // planes
    tiled = tags["tiles"] is not None
    places = tags["tiles" if tiled else "strips"]
    lengths = tags["tile_bytes" if tiled else "strip_bytes"]
    share = len(places) // planes
    width = tags["width"]
    piece = tags["tile_width"] if tiled else width
    padded = -(-width // piece) * piece
    parts = []
    for plane in range(planes):
        some = slice(plane * share, (plane + 1) * share)
        grey = {
            256: padded * each * dtype.itemsize,
            257: tags["height"],
            258: 8,
            259: tags["packing"] or 1,
            262: 1,
            266: tags["fill_order"] or 1,
            277: 1,
        }
        if tiled:
            grey[322], grey[323] = piece * each * dtype.itemsize, tags["tile_height"]
            lists = {324: places[some], 325: lengths[some]}
        else:
            grey[278] = min(tags["rows"] or tags["height"], tags["height"])
            lists = {273: places[some], 279: lengths[some]}
        rows = _unpacked(file, end, grey, lists, dtype.byteorder != ">")
        rows = rows.reshape(tags["height"], -1, piece * each * dtype.itemsize)
        numbers = unpredicted(rows, tags["predictor"] or 1, each, dtype)
        parts.append(numbers.reshape(tags["height"], padded, each)[:, :width])
    whole = parts[0] if planes == 1 else np.concatenate(parts, axis=2)
    return whole.astype(dtype.newbyteorder("="), copy=False)


def unpredicted(rows: np.ndarray, predictor: int, each: int, dtype: np.dtype[Any]) -> np.ndarray:
    """Numbers from the bytes of rows, each as wide as a tile.

    Parameters
    ----------
    rows : ndarray, uint8, shape (…, bytes)
    predictor : int
        1: the numbers; 2: their differences to the left; 3: differences of bytes, which lie by
        their place in the number, highest first.
    each : int
        How many channels lie beside one another.
    dtype : dtype

    Returns
    -------
    ndarray, shape (…, numbers)

    Examples
    --------
    >>> steps = np.array([[1, 0, 1, 0, 255, 255]], np.uint8)
    >>> unpredicted(steps, 2, 1, np.dtype("<u2")).tolist()
    [[1, 2, 1]]
    """
    if predictor == 1:
        return rows.view(dtype)
    flat = rows.reshape(-1, rows.shape[-1])
    if predictor == 2:
        whole = np.dtype(f"{dtype.byteorder}u{dtype.itemsize}")
        steps = flat.view(whole).astype(whole.newbyteorder("=")).reshape(len(flat), -1, each)
        sums = np.cumsum(steps, axis=1, dtype=steps.dtype)
        return sums.astype(whole).view(dtype).reshape(*rows.shape[:-1], -1)
    if predictor == 3:
        sums = np.cumsum(flat.reshape(len(flat), -1, each), axis=1, dtype=np.uint8)
        highest_first = sums.reshape(len(flat), dtype.itemsize, -1).swapaxes(1, 2)
        numbers = np.ascontiguousarray(highest_first).view(dtype.newbyteorder(">"))
        return numbers.astype(dtype).reshape(*rows.shape[:-1], -1)
    raise ValueError(f"predictor {predictor}")


def _unpacked(
    file: io.BytesIO, end: int, tags: dict[int, int], lists: dict[int, Any], little: bool
) -> np.ndarray:
    """The bytes of a page, uint8 (H, bytes)."""
    order = "<" if little else ">"
    entries = {tag: (number,) for tag, number in tags.items()} | lists
    place = end + end % 2
    behind = place + 2 + 12 * len(entries) + 4
    directory, more = struct.pack(f"{order}H", len(entries)), b""
    for tag, numbers in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            at = behind + len(more)
            more += packed
            packed = struct.pack(f"{order}I", at)
        directory += struct.pack(f"{order}HHI", tag, 4, len(numbers)) + packed
    file.seek(place)
    file.write(directory + bytes(4) + more)
    file.truncate()
    head = b"II*\0" if little else b"MM\0*"
    file.seek(0)
    file.write(head + struct.pack(f"{order}I", place))
    file.seek(0)
    # Its size has been checked; as bytes it may be larger than Pillow wants pictures to be.
    with TiffImagePlugin.TiffImageFile(file) as image:
        image.load()
        return np.array(image)
