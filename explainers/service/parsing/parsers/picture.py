"""Reading pictures."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np

from explainers.service.parsing.parsers.registry import PARSERS, ParsedFile, Parser


def _read_picture(data: bytes) -> ParsedFile:
    from explainers.kinds import picture

    return {}, {"pixels": np.asarray(picture.read(data))}


def _check_picture(facts: dict, arrays: dict) -> None:
    pixels = arrays.get("pixels")
    if list(arrays) != ["pixels"] or pixels.dtype != np.uint8 or pixels.ndim != 3:
        raise ValueError("no pixels")
    if pixels.shape[2] != 3 or not 1 <= pixels.shape[0] * pixels.shape[1] <= 16_000_000:
        raise ValueError("no picture has this shape")


def _pictures() -> Iterable[tuple[bytes, dict]]:
    from PIL import Image

    for mode in ("RGB", "L", "P", "RGBA", "I;16", "CMYK", "1"):
        for name in ("PNG", "JPEG", "WEBP"):
            buffer, exif = io.BytesIO(), Image.Exif()
            exif[0x0112] = 6
            try:
                Image.new(mode, (8, 6)).save(buffer, name, exif=exif)
            except OSError:
                continue
            yield buffer.getvalue(), {}


PARSERS["picture"] = Parser(
    _read_picture,
    _check_picture,
    "a picture",
    "picture_megabytes",
    (
        "PIL.PngImagePlugin",
        "PIL.JpegImagePlugin",
        "PIL.WebPImagePlugin",
        "PIL.MpoImagePlugin",
        "PIL.TiffImagePlugin",
        "PIL.ImageOps",
        "explainers.kinds.picture",
    ),
    _pictures,
)
