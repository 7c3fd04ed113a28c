"""Parsing pictures to their pixels."""

from __future__ import annotations

import io
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from explainers.kinds.files.bands import MOST_BANDS, MOST_VALUES
from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)
from explainers.service.parsing.parsers.validation import demand, demand_texts

_MOST_PIXELS, _MOST_WHITES = 16_000_000, 20
_WHITE = {"white", "usual", "whites", "top", "notes"}
MODULES = (
    "PIL.PngImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.WebPImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.BmpImagePlugin",
    "PIL.MpoImagePlugin",
    "PIL.TiffImagePlugin",
    "PIL.ImageOps",
    "zipfile",
    "encodings.cp437",
    "explainers.kinds.picture",
)
"""What reads pictures."""
_FRAMES = ((1, np.uint8), (2, np.uint8), (3.5, np.float32))


def _parse(untrusted_data: bytes, **options: Any) -> ParsedFile:
    """The array "pixels" (height, width, 3) of uint8: red, green, blue; perhaps "bands" too."""
    from explainers.kinds import picture

    return picture.parse(untrusted_data, **options)


def _check(facts: Facts, arrays: Arrays) -> None:
    bands = arrays.get("bands")
    if set(arrays) != {"pixels"} | ({"bands"} if bands is not None else set()):
        raise ValueError("no pixels")
    pixels = arrays["pixels"]
    if pixels.dtype != np.uint8 or pixels.ndim != 3:
        raise ValueError("no pixels")
    if pixels.shape[2] != 3 or not 1 <= pixels.shape[0] * pixels.shape[1] <= _MOST_PIXELS:
        raise ValueError("no picture has this shape")
    if facts or bands is not None:
        _check_white(facts)
    if bands is None:
        return demand(set(facts) <= _WHITE, "facts")
    others = set(facts) - _WHITE - ({"span"} if bands.dtype == np.float32 else set())
    demand(others == {"photo", "low", "high", "scale"} and type(facts["photo"]) is bool, "facts")
    demand(_number(facts["scale"]), "a scale")
    demand(bands.dtype in (np.uint8, np.float32) and bands.ndim == 3, "bands")
    demand(bands.shape[1:] == pixels.shape[:2] and 1 <= len(bands) <= MOST_BANDS, "bands")
    demand(bands.size <= MOST_VALUES and np.isfinite(bands).all(), "bands")
    sized = ("low", len(bands)), ("high", len(bands)), ("span", 2)
    for name, count in sized:
        if name in facts:
            ends = facts[name]
            demand(isinstance(ends, list) and len(ends) == count, name)
            demand(all(map(_number, ends)), name)
    demand(bands.dtype == np.uint8 or "span" in facts, "a span")


def _check_white(facts: Facts) -> None:
    demand(set(facts) >= _WHITE, "white")
    demand_texts(facts["notes"])
    whites = facts["whites"]
    demand(isinstance(whites, list) and len(whites) <= _MOST_WHITES, "whites")
    numbers = (facts["white"], facts["usual"], *whites)
    demand(all(_number(white) and white > 0 for white in numbers), "white")
    demand(_number(facts["top"]), "top")


def _number(value: Any) -> bool:
    return type(value) is float and math.isfinite(value)


def warm_up_files() -> Iterable[WarmUpFile]:
    """Pictures of every form that is read."""
    from PIL import Image

    for mode in ("RGB", "L", "P", "RGBA", "I;16", "CMYK", "1"):
        for name in _forms():
            buffer, exif = io.BytesIO(), Image.Exif()
            exif[0x0112] = 6
            try:
                Image.new(mode, (8, 6)).save(buffer, name, exif=exif)
            except (OSError, ValueError):
                continue
            yield buffer.getvalue(), {}
    for name in ("GIF", "PNG", "WEBP"):
        buffer, pictures = io.BytesIO(), [Image.new("RGB", (8, 6), one) for one in ("red", "blue")]
        pictures[0].save(buffer, name, save_all=True, append_images=pictures[1:])
        yield buffer.getvalue(), {}
    for name, image in (("PNG", Image.new("I;16", (8, 6), 9)), ("PNG", Image.new("L", (8, 6), 1))):
        buffer = io.BytesIO()
        image.save(buffer, name)
        yield buffer.getvalue(), {"white": 15}
    frames = [Image.fromarray(np.full((6, 8), value, kind)) for value, kind in _FRAMES]
    for packed in ({}, {"compression": "tiff_lzw"}, {"compression": "tiff_adobe_deflate"}):
        buffer = io.BytesIO()
        frames[0].save(buffer, "TIFF", save_all=True, append_images=frames[1:], **packed)
        yield buffer.getvalue(), {}
    four = Image.fromarray(np.full((6, 8, 4), 7, np.uint8), "RGBA")
    for image in (four, four.convert("CMYK"), four.convert("P"), Image.new("I;16", (8, 6), 9)):
        buffer = io.BytesIO()
        image.save(buffer, "TIFF", compression="tiff_lzw")
        yield buffer.getvalue(), {}
        yield buffer.getvalue(), {"white": 10}
    for write in (np.save, np.savez_compressed):
        buffer = io.BytesIO()
        write(buffer, np.ones((6, 8, 4), np.float64))
        yield buffer.getvalue(), {}


def _forms() -> list[str]:
    """What Pillow writes of what is read here."""
    from PIL import features

    from explainers.kinds.files.pictures.photo import FORMATS

    return [name for name in FORMATS if name != "AVIF" or features.check("avif")]


PARSERS["picture"] = Parser(
    parse=_parse,
    check=_check,
    description="a picture",
    limit="picture_megabytes",
    modules=MODULES,
    warm_up_files=warm_up_files,
    most_bytes=160_000_000,
)
