"""TIFF files written down as the standard says, also those that Pillow cannot write."""

import struct
import zlib

import numpy as np


def tiff(*pages: dict, order: str = "<") -> bytes:
    """A TIFF file of pages, each the arguments of `page`."""
    data = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))
    link = 4
    for one in pages:
        link = _append(data, link, order, **one)
    return bytes(data)


def _append(
    data: bytearray,
    link: int,
    order: str,
    *,
    numbers: np.ndarray,
    planar: bool = False,
    deflate: bool = False,
    predictor: int = 1,
    tile: int = 0,
    rows: int = 4,
    tags: dict | None = None,
) -> int:
    """Append a page of numbers (H, W, C); the place of the link to the next."""
    height, width, channels = numbers.shape
    planes = np.split(numbers, channels, axis=2) if planar else [numbers]
    strips = []
    for plane in planes:
        for part in _parts(plane, tile, rows):
            packed = _predicted(part, predictor, order)
            strips.append(zlib.compress(packed) if deflate else packed)
    places = []
    for strip in strips:
        places.append(len(data))
        data += strip + bytes(len(strip) % 2)
    kind = {"u": 1, "i": 2, "f": 3}[numbers.dtype.kind]
    entries = {
        256: (width,),
        257: (height,),
        258: (8 * numbers.dtype.itemsize,) * channels,
        259: (8 if deflate else 1,),
        262: (2 if channels == 3 else 1,),
        277: (channels,),
        284: (2 if planar else 1,),
        317: (predictor,),
        339: (kind,) * channels,
    }
    lengths = tuple(map(len, strips))
    if tile:
        entries |= {322: (tile,), 323: (tile,), 324: tuple(places), 325: lengths}
    else:
        entries |= {273: tuple(places), 278: (rows,), 279: lengths}
    entries |= tags or {}
    more = {}
    for tag, values in entries.items():
        if len(values) > 1:
            more[tag] = len(data)
            data += struct.pack(f"{order}{len(values)}I", *values)
    struct.pack_into(f"{order}I", data, link, len(data))
    data += struct.pack(f"{order}H", len(entries))
    for tag, values in sorted(entries.items()):
        data += struct.pack(f"{order}HHII", tag, 4, len(values), more.get(tag, values[0]))
    data += bytes(4)
    return len(data) - 4


def _parts(plane: np.ndarray, tile: int, rows: int):
    height, width, _ = plane.shape
    if not tile:
        yield from (plane[top : top + rows] for top in range(0, height, rows))
        return
    below, beside = -height % tile, -width % tile
    whole = np.pad(plane, ((0, below), (0, beside), (0, 0)))
    for top in range(0, height, tile):
        for left in range(0, width, tile):
            yield whole[top : top + tile, left : left + tile]


def _predicted(part: np.ndarray, predictor: int, order: str) -> bytes:
    kind = part.dtype.newbyteorder(order)
    if predictor == 1:
        return part.astype(kind).tobytes()
    if predictor == 2:
        return np.diff(part, axis=1, prepend=part[:, :1] * 0).astype(kind).tobytes()
    height, width, channels = part.shape
    raw = part.astype(part.dtype.newbyteorder(">")).tobytes()
    by_place = np.frombuffer(raw, np.uint8).reshape(height, -1, part.dtype.itemsize)
    flat = by_place.swapaxes(1, 2).reshape(height, -1, channels)
    return np.diff(flat, axis=1, prepend=flat[:, :1] * 0).tobytes()
