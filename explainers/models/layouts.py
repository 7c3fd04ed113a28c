"""How the answer of a network of pictures lies: one for all, one at each place, or boxes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from explainers.errors import ModelProblem
from explainers.models.answers import PICKED_BOXES
from explainers.models.spec import Places

MANY = 1000
"""No answer to a picture is a series of so many steps."""
_LEVELS = ((8, 16, 32), (16, 32), (8, 16, 32, 64), (4, 8, 16, 32), (8, 16, 32, 64, 128))
_SSD = {8732: "8,732, as of SSD at 300 px", 24564: "24,564, as of SSD at 512 px"}
_LABELS = (
    "This network answers with the number of a class at each place, and not with scores: numbers "
    "change in steps, so nothing leads back to the input. Export it without its last step (argmax)."
)
_RAW = (
    "These are the raw maps of a detector, before its boxes are put together: not all numbers are "
    "scores of classes, and of several scales only one would be explained. Export the network "
    "with its decoding (one answer of (N, 4 + classes, boxes))."
)
_COCO = (255, 425)
"""Numbers at each place of detectors of COCO: 3 or 5 boxes of 4 + 1 + 80."""
_LEAST_CELLS = 36
"""A head with fewer may as well be a series."""
_COARSE = 8
"""px from place to place, from which on a map may be that of a detector."""
_MAYBE_BOXES = (
    " (so coarse a map may also be the raw answer of a detector, which describes "
    "boxes and no classes: then export it with its decoding)"
)
_Shape = tuple[int | None, ...] | None


class Layout(NamedTuple):
    """How an answer lies, and a sentence that says by what that was recognised."""

    places: Places | None
    sentence: str


def read_layout(output: Tensor, sides: tuple[int, int], beside: Sequence[_Shape] = ()) -> Layout:
    """How the answer of a network of pictures lies.

    Parameters
    ----------
    output : Tensor, shape (N, …)
        Its answer to some pictures.
    sides : (int, int)
        Height and width of the pictures, in px.
    beside : sequence of tuple
        Shapes of the other answers of the file, with N first.

    Returns
    -------
    Layout
        `places` None: one answer for the whole picture (N, K), or a series of them.

    Raises
    ------
    ModelProblem
        For answers that cannot be followed: boxes that were picked already, class numbers, raw maps
        of a detector.

    Examples
    --------
    >>> import torch
    >>> read_layout(torch.zeros(1, 21, 64, 64), (64, 64)).places
    Places()
    >>> print(read_layout(torch.zeros(1, 84, 8400), (640, 640)).sentence)
    a detector: 8,400 boxes (80 × 80 + 40 × 40 + 20 × 20), each with 4 numbers of where it is \
and 80 scores
    """
    shape = tuple(output.shape[1:])
    if len(shape) == 2:
        return _rows(output, sides, beside)
    if len(shape) == 3:
        return _maps(shape, sides, beside)
    if len(shape) == 4 and shape[0] < 10 and _fits(shape[1:3], sides):
        raise ModelProblem(_RAW)
    return Layout(None, "")


def read_volume(output: Tensor, classes_last: bool = False) -> Layout:
    """How the answer of a network of volumes lies: at each of the places of a volume.

    Parameters
    ----------
    output : Tensor, shape (N, K, D, H, W) or (N, D, H, W, K)
        Of others `places` is None.
    classes_last : bool

    Examples
    --------
    >>> import torch
    >>> read_volume(torch.zeros(1, 2, 4, 8, 8)).places
    Places()
    """
    if output.ndim != 5:
        return Layout(None, "")
    count, grid = output.shape[1], output.shape[2:]
    if classes_last:
        count, grid = output.shape[-1], output.shape[1:-1]
    numbers = f"a score of each of {count} classes" if count > 1 else "one number"
    where = " × ".join(map(str, grid))
    what = "a segmentation of volumes, it seems: " if count > 1 else ""
    return Layout(Places(-1 if classes_last else 1), f"{what}{numbers} at each of {where} places")


def _maps(shape: tuple[int, ...], sides: tuple[int, int], beside: Sequence[_Shape]) -> Layout:
    first, last = _fits(shape[1:], sides), _fits(shape[:2], sides)
    classes = -1 if last and not first else 1
    count, grid = (shape[-1], shape[:2]) if classes < 0 else (shape[0], shape[1:])
    scales = [s for s in beside if s and len(s) == 4 and s[1] == shape[0] and s[2] != shape[1]]
    coarse = sides[0] >= _COARSE * grid[0] and sides[1] >= _COARSE * grid[1]
    if count > 5 and scales or (count in _COCO and coarse):
        raise ModelProblem(_RAW)
    what = "a segmentation, it seems: " if count > 1 else ""
    numbers = f"a score of each of {count} classes" if count > 1 else "one number"
    sentence = f"{what}{numbers} at each of {grid[0]} × {grid[1]} places"
    boxes = coarse and any(count % each == 0 and count // each > 5 for each in (2, 3, 5))
    return Layout(Places(classes), sentence + _MAYBE_BOXES * boxes)


def _rows(output: Tensor, sides: tuple[int, int], beside: Sequence[_Shape]) -> Layout:
    rows, columns = output.shape[1:]
    if (rows, columns) == sides:
        if bool((output == output.round()).all()):
            raise ModelProblem(_LABELS)
        return Layout(Places(0), f"one number at each of {rows} × {columns} places")
    if _picked(output):
        raise ModelProblem(PICKED_BOXES)
    if any(s is not None and len(s) == 3 and s[1:] == (rows, 4) for s in beside):
        where = f"a detector: {rows:,} boxes, whose places are another answer of the file, each "
        return Layout(Places(-1), f"{where}with {columns} scores")
    grids = _grids(sides)
    for count, numbers, classes in ((columns, rows, 1), (rows, columns, -1)):
        if count in grids and count >= numbers > 4:
            return _detector(classes, count, numbers, f" ({grids[count]})")
    for count, numbers, classes in ((columns, rows, 1), (rows, columns, -1)):
        for stride in (1, 2, 4, 8, 16, 32):
            grid = (sides[0] // stride, sides[1] // stride)
            if math.prod(grid) == count and count > numbers:
                found = f"a score of each of {numbers} classes at each of {count:,} places"
                places = Places(classes, grid=grid)
                return Layout(places, f"{found} ({grid[0]} × {grid[1]})")
    classes, count, numbers = (1, columns, rows) if columns > rows else (-1, rows, columns)
    pixels = _in_pixels(output if classes < 0 else output.movedim(1, -1))
    if numbers > 4 and (pixels or count >= MANY):
        why = ", by the numbers that they give" if pixels else ""
        return _detector(classes, count, numbers, why)
    return Layout(None, "")


def _detector(classes: int, count: int, numbers: int, why: str) -> Layout:
    """Those that put their classes last mostly give each box its own score; COCO has 80 classes."""
    box = 5 if (classes < 0 or numbers == 85) and numbers != 84 else 4
    if numbers <= box:
        box = 4
    own = ", a score of its own" if box == 5 else ""
    return Layout(
        Places(classes, box),
        f"a detector: {count:,} boxes{why}, each with 4 numbers of where it is{own} and "
        f"{numbers - box} scores",
    )


def _picked(output: Tensor) -> bool:
    """Whether rows are boxes that the network has picked: place, score, number of the class."""
    rows, columns = output.shape[1:]
    if columns not in (6, 7) or rows > MANY:
        return False
    score, number = (
        (output[..., 4], output[..., 5])
        if columns == 6
        else (
            output[..., 6],
            output[..., 5],
        )
    )
    whole = bool((number == number.round()).all()) and bool((number >= -1).all())
    return whole and bool(((score >= -1) & (score <= 1)).all())


def _in_pixels(rows: Tensor) -> bool:
    """Whether four numbers of each row (N, rows, numbers) may be in px, and all others shares."""
    if rows.shape[-1] < 5:
        return False
    place, rest = rows[..., :4], rows[..., 4:]
    shares = bool(((rest >= 0) & (rest <= 1)).all())
    return shares and float(place.abs().max()) > 2


def _fits(grid: tuple[int, ...], sides: tuple[int, int]) -> bool:
    """Whether a grid has the shape of the picture, and is not finer."""
    (height, width), (rows, columns) = sides, grid
    alike = abs(rows * width - columns * height) <= max(height, width)
    return alike and 1 < rows <= height and 1 < columns <= width


def _grids(sides: tuple[int, int]) -> dict[int, str]:
    """How many boxes detectors of a picture's size have, and how they come to that number."""
    found = dict(_SSD)
    for strides in _LEVELS:
        cells = [(-(-sides[0] // stride), -(-sides[1] // stride)) for stride in strides]
        words = " + ".join(f"{rows} × {columns}" for rows, columns in cells)
        for each in (9, 3, 2, 1):
            times = f"{each} at each of " if each > 1 else ""
            found[each * sum(map(math.prod, cells))] = times + words
    for stride in (8, 16, 32, 64):  # a head alone; one at each place is a segmentation
        rows, columns = -(-sides[0] // stride), -(-sides[1] // stride)
        for each in (9, 6, 5, 4, 3) if rows * columns >= _LEAST_CELLS else ():
            found.setdefault(each * rows * columns, f"{each} at each of {rows} × {columns}")
    return found
