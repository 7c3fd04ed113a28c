"""The picture in a TIFF file: a photo of one page, or channels of any number."""

from __future__ import annotations

import warnings

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files import bands
from explainers.kinds.files.formats import declare
from explainers.kinds.files.pictures import tiff
from explainers.kinds.files.pictures.photo import of_numbers, rgb
from explainers.kinds.files.pictures.white import White, brightness, bytes_white, plain_numbers
from explainers.kinds.registry import ParsedFile

_PHOTO_CHANNELS = 4


def parsed(data: bytes, asked: float = 0) -> ParsedFile:
    """The picture in a TIFF file.

    One page of grey or of red, green and blue is a photo too, for networks of other channels; its
    numbers and those of all other pages count as they are, and shares of 255 where they have 8
    bits. Several pages are the channels in their order.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.
    asked : float
        Which number counts as 1, where people chose one.

    Raises
    ------
    Problem
        Where it cannot be read, or is too large.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> file = io.BytesIO()
    >>> Image.fromarray(np.array([[0, 4095]], np.uint16)).save(file, "TIFF")
    >>> facts, arrays = parsed(file.getvalue())
    >>> arrays["bands"].tolist(), arrays["pixels"][0, :, 0].tolist()
    ([[[0.0, 4095.0]]], [0, 255])
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            directories = tiff.directories(data)
            _demand_sizes(directories)
            pages = list(tiff.pages(data, directories))
            (page, *others) = pages
    except (Problem, MemoryError):
        raise
    except Exception as error:
        raise Problem(
            "This TIFF file cannot be read: it is damaged, or of a form that is not known here. "
            "Save its bands as a NumPy array (height, width, bands) instead. With rasterio: "
            "numpy.save('picture.npy', rasterio.open('picture.tif').read())."
        ) from error
    if not others and page.photo is not None:
        return _of_bytes(page, np.asarray(rgb(page.photo)), asked)
    if not others and page.colours:
        return _of_bytes(page, None, asked) if page.most == 255 else _of_more(page, asked)
    return bands.with_white(bands.joined([page.numbers for page in pages]), asked)


def _demand_sizes(directories: list[tiff.Directory]) -> None:
    shapes = [one.shape for one in directories]
    count, height, width = shapes[0]
    if len(shapes) == 1 and count <= _PHOTO_CHANNELS:
        count = 1
    bands.demand_size((count, height, width))
    for other in shapes[1:]:
        count += other[0]
        bands.demand_size((count, *other[1:]))


def _of_bytes(page: tiff.Page, pixels: np.ndarray | None, asked: float) -> ParsedFile:
    """A photo of 8 bits: shares of 255, unless people chose another white."""
    numbers = np.atleast_3d(page.numbers)
    if numbers.dtype == np.bool_:
        numbers = numbers.astype(np.uint8) * np.uint8(255)
    white = bytes_white(numbers, asked)
    colours, alpha = _split(page, numbers)
    if pixels is None or (white.number != 255 and numbers.shape[2] in (1, 3)):
        found = of_numbers(colours, alpha, white, page.alpha)
        if white.number != 255:
            return found
        pixels = found[1]["pixels"]
    if numbers.size > bands.MOST_VALUES:
        return bands.white_facts(white), {"pixels": pixels}
    channels = np.ascontiguousarray(numbers.transpose(2, 0, 1))
    return bands.with_bands(channels, pixels, white._replace(number=255.0))


def _of_more(page: tiff.Page, asked: float) -> ParsedFile:
    """A photo of more bits: its numbers as they are, and as a photo by what its format says."""
    numbers = np.atleast_3d(page.numbers)
    colours, alpha = _split(page, numbers)
    found = brightness(colours, page.most, page.declared)
    white = plain_numbers(colours, int(found.number), asked)
    if asked not in (0, white.usual):
        return of_numbers(colours, alpha, white, page.alpha)
    facts, arrays = of_numbers(colours, alpha, found, page.alpha)
    if numbers.size > bands.MOST_VALUES:
        return facts | {"notes": [_too_large(found)]}, arrays
    channels = np.ascontiguousarray(numbers.transpose(2, 0, 1), np.float32)
    return bands.with_bands(channels, arrays["pixels"], white, 1 / found.number)


def _split(page: tiff.Page, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Colours, and transparency from 0 to 1."""
    if not page.alpha:
        return numbers, None
    alpha = numbers[:, :, page.colours :].astype(np.float32) / np.float32(page.most)
    return numbers[:, :, : page.colours], alpha


def _too_large(white: White) -> str:
    return (
        f"This picture is too large to be kept in more than 8 bits: it is taken as a photo, in "
        f"which {white.number:,.0f} is white."
    )


declare(
    "pictures",
    "TIFF, BigTIFF",
    *(".tif", ".tiff"),
    says="1 to 64 bits, any number of channels; several pages are channels; 8 bits count as 0–1, "
    "others as they are unless you choose",
)
