"""Photos in PNG, JPEG, WebP, GIF, BMP and AVIF files: opened safely, upright, in full depth."""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError, features

from explainers.errors import Problem
from explainers.kinds.files import bands
from explainers.kinds.files.formats import declare
from explainers.kinds.files.pictures.deep_png import is_deep_png, read_deep_png
from explainers.kinds.files.pictures.foreign import refuse_foreign
from explainers.kinds.files.pictures.white import White, brightness, bytes_white
from explainers.kinds.registry import ParsedFile

FORMATS: tuple[str, ...] = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
with contextlib.suppress(ImportError):  # since Pillow 11.3
    from PIL import AvifImagePlugin

    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # another could not be started behind the wall
    FORMATS += ("AVIF",)
ANIMATED = ("PNG", "WEBP", "GIF", "AVIF")
MOST_MEGAPIXELS = 16
ACCEPTED = (
    "Accepted are PNG, JPEG, WebP, GIF, BMP and AVIF files of up to 16 megapixels, and TIFF files "
    "and NumPy arrays."
)
_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr")
_MOST, _ROWS = 65535, 256
_ANIMATION = "This is an animation or holds several pictures; the first is taken."
_Array: TypeAlias = np.ndarray


def parsed(data: bytes, asked: float = 0) -> ParsedFile:
    """The photo in a file, and its channels where these say more than 8 bits of RGB.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.
    asked : float
        Which of its numbers is white, where people chose one; 0 for what the format says.

    Raises
    ------
    Problem
        Where it is no picture, is damaged, or has more than MOST_MEGAPIXELS.

    Examples
    --------
    >>> buffer = io.BytesIO()
    >>> Image.fromarray(np.array([[0, 4095]], np.uint16)).save(buffer, "PNG")
    >>> facts, arrays = parsed(buffer.getvalue())
    >>> facts["white"], arrays["bands"].tolist()
    (4095.0, [[[0.0, 1.0]]])
    """
    image = _opened(data)
    found = _decoded(data, image, asked)
    if image.format in ANIMATED and getattr(image, "is_animated", False):
        plain = bands.white_facts(White(255.0, 255.0, [], 255.0, ""))
        facts = found[0] or plain
        return facts | {"notes": [_ANIMATION, *facts["notes"]]}, found[1]
    return found


def _decoded(data: bytes, image: Image.Image, asked: float) -> ParsedFile:
    try:
        if is_deep_png(data):
            deep = read_deep_png(data)
            white = brightness(deep.numbers, _MOST, deep.declared, asked)
            return of_numbers(deep.numbers, deep.alpha, white, deep.alpha_channel)
        image.load()
        bitmap = image.format == "BMP"
        image = ImageOps.exif_transpose(image)
        if bitmap and image.mode == "RGBA" and not np.asarray(image)[:, :, 3].any():
            image = image.convert("RGB")  # the fourth byte is often left empty
        if image.mode not in _MODES:
            raise ValueError(image.mode)
    except Problem:
        raise
    except Exception as error:
        raise Problem(f"This picture is damaged or cut off. {ACCEPTED}") from error
    pixels = np.asarray(rgb(image))
    if image.mode in ("RGBA", "LA"):
        clear = np.asarray(image).transpose(2, 0, 1).copy()
        return bands.with_bands(clear, pixels, bytes_white(np.array([255])))
    if image.mode in ("L", "RGB") and "transparency" not in image.info:
        white = bytes_white(pixels, asked)
        if white.number != 255:
            return of_numbers(np.atleast_3d(np.asarray(image)), None, white)
        if white.note:
            return bands.white_facts(white), {"pixels": pixels}
    return {}, {"pixels": pixels}


def _opened(data: bytes) -> Image.Image:
    """The picture in a file, not yet decoded, its size checked."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError as error:
        refuse_foreign(data)
        if data[4:8] == b"ftyp" and b"avif" in data[8:64]:
            raise Problem(_damaged_avif()) from error
        raise Problem(f"This file is not a picture that can be read. {ACCEPTED}") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise Problem(f"This picture is far too large. {ACCEPTED}") from error
    except Exception as error:
        raise Problem(f"This picture is damaged. {ACCEPTED}") from error
    width, height = image.size
    if width * height > MOST_MEGAPIXELS * 1_000_000:
        raise Problem(
            f"This picture has {width} × {height} pixels, {width * height / 1e6:.0f} megapixels. "
            f"{ACCEPTED} Make it smaller and upload it again."
        )
    return image


def _damaged_avif() -> str:
    if features.check("avif"):
        return f"This picture is damaged or cut off. {ACCEPTED}"
    return (
        "AVIF files are read with Pillow 11.3 and newer, which is not installed here. Save this "
        "picture as PNG or JPEG."
    )


def rgb(image: Image.Image) -> Image.Image:
    """The picture of 8 bits in mode RGB, transparent parts over white.

    Examples
    --------
    >>> rgb(Image.new("LA", (1, 1), (0, 0))).getpixel((0, 0))
    (255, 255, 255)
    """
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        image = Image.alpha_composite(white, clear)
    return image.convert("RGB")


def of_numbers(
    numbers: _Array, alpha: _Array | None, white: White, alpha_channel: bool = False
) -> ParsedFile:
    """A photo of more than 8 bits, or of another white.

    One that is too large to be kept in full is kept in 8 bits. Where numbers above white are meant,
    the largest is drawn white.

    Parameters
    ----------
    numbers : ndarray of whole numbers, shape (H, W, 1 or 3)
    alpha : ndarray or None, float32, shape (H, W, 1)
        How opaque each pixel is, from 0 to 1; drawn over white.
    white : White
    alpha_channel : bool
        Whether networks of a channel more may have `alpha`.

    Raises
    ------
    Problem
        Where one that is too large has numbers above white.

    Examples
    --------
    >>> white = White(10.0, 10.0, [], 10.0, "")
    >>> of_numbers(np.array([[[0], [5]]]), None, white)[1]["bands"].tolist()
    [[[0.0, 0.5]]]
    """
    brightest = max(white.number, white.top)
    pixels = np.empty((*numbers.shape[:2], 3), np.uint8)
    for start in range(0, len(pixels), _ROWS):
        rows = slice(start, start + _ROWS)
        over = numbers[rows].astype(np.float32) / np.float32(brightest)
        if alpha is not None:
            over = over * alpha[rows] + (1 - alpha[rows])
        pixels[rows] = (np.clip(over, 0, 1) * 255).round()
    if numbers.size > bands.MOST_VALUES:
        white = white._replace(choices=[one for one in white.choices if one >= white.top])
        if white.number < brightest:
            raise Problem(
                f"White is {white.number:g}, and the numbers in this picture go up to "
                f"{white.top:g}: it is too large to be kept in more than 8 bits. Choose another "
                "white, or make it smaller."
            )
        return bands.white_facts(white), {"pixels": pixels}
    whole = numbers
    if alpha is not None:
        transparent = np.where(alpha == 0, white.number, numbers)
        whole = np.concatenate((numbers, alpha * white.number), 2) if alpha_channel else transparent
    channels = np.ascontiguousarray(whole.transpose(2, 0, 1), np.float32)
    return bands.with_bands(channels, pixels, white)


declare("pictures", "PNG", ".png", says="8 and 16 bits; sBIT is heeded; the first of an animation")
declare("pictures", "JPEG", ".jpg", ".jpeg", says="upright by its EXIF")
declare("pictures", "WebP, GIF", ".webp", ".gif", says="the first of an animation, said")
declare("pictures", "BMP", ".bmp")
declare("pictures", "AVIF", ".avif", says="with Pillow 11.3 and newer; the first of an animation")
