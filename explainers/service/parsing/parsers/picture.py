"""Parsing pictures to their pixels."""

from __future__ import annotations

import io
from collections.abc import Iterable

import numpy as np

from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)

_MOST_PIXELS = 16_000_000


def _parse(untrusted_data: bytes) -> ParsedFile:
    """The array "pixels" (height, width, 3) of uint8: red, green, blue."""
    from explainers.kinds import picture

    return {}, {"pixels": np.asarray(picture.read(untrusted_data))}


def _check(facts: Facts, arrays: Arrays) -> None:
    if list(arrays) != ["pixels"]:
        raise ValueError("no pixels")
    pixels = arrays["pixels"]
    if pixels.dtype != np.uint8 or pixels.ndim != 3:
        raise ValueError("no pixels")
    if pixels.shape[2] != 3 or not 1 <= pixels.shape[0] * pixels.shape[1] <= _MOST_PIXELS:
        raise ValueError("no picture has this shape")


def _warm_up_files() -> Iterable[WarmUpFile]:
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
    parse=_parse,
    check=_check,
    description="a picture",
    limit="picture_megabytes",
    modules=(
        "PIL.PngImagePlugin",
        "PIL.JpegImagePlugin",
        "PIL.WebPImagePlugin",
        "PIL.MpoImagePlugin",
        "PIL.TiffImagePlugin",
        "PIL.ImageOps",
        "explainers.kinds.picture",
    ),
    warm_up_files=_warm_up_files,
)
