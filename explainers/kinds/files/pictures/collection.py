"""A .zip of many pictures, of which each is kept as a network sees it: small, and all alike."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from explainers.errors import Problem
from explainers.kinds import fitting
from explainers.kinds.files.formats import declare
from explainers.kinds.files.labels import checked_size, label, listed, unique
from explainers.kinds.files.pictures.archive import MOST_BYTES, PICTURE_NAMES, UNSAFE, is_hidden
from explainers.kinds.registry import ParsedFile

MOST_PICTURES, MOST_VALUES = 20_000, 600_000_000
LONGEST_NAME = 90
_ADVICE = "Make a .zip of the pictures alone and upload that."
_COLOURS_ALONE = (
    "This picture has more than 8 bits, or other channels than a photo. Explain it by itself."
)
Read = Callable[[bytes], ParsedFile]


def parse(data: bytes, sides: tuple[int, int], fit: str, read: Read) -> ParsedFile:
    """All pictures of a .zip file, fitted to what a network takes.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded; folders in it stay a part of the names.
    sides : (int, int)
        Height and width of what the network sees.
    fit : str
        One of FITS.
    read : callable
        bytes → what is in a file of one picture, as `explainers.kinds.picture.parse` gives it.

    Returns
    -------
    facts : dict
        "names" of all, by their order in the file's listing; "errors": of those that cannot be
        read a sentence, by their place as text; "notes".
    arrays : dict of ndarray
        "stack", uint8 (N, H, W, 3), black where a picture cannot be read or, for "pad", around it;
        and "sizes", int32 (N, 2): width and height of each as it was.

    Raises
    ------
    Problem
        Where it is no such file, is damaged, holds no picture that can be read, or too many.
    """
    with _opened(data) as archive:
        return _read_all(archive, sides, fit, read)


def one_of(data: bytes, place: int) -> tuple[dict[str, bytes], list[str]]:
    """The bytes of one picture of a .zip file, by its name; and no notes.

    Parameters
    ----------
    data : bytes
    place : int
        Of the picture, as `parse` numbers them.

    Raises
    ------
    Problem
        Where there is none, or it is damaged.
    """
    with _opened(data) as archive:
        pictures, _ = _members(archive)
        if not 0 <= place < len(pictures):
            raise Problem(f"There is no picture {place + 1} in this .zip file.")
        return {label(pictures[place].filename): _content(archive, pictures[place])}, []


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            yield archive
    except Problem:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise Problem(f"This .zip file is damaged, or packed with a password. {_ADVICE}") from error


def _members(
    archive: zipfile.ZipFile,
) -> tuple[list[zipfile.ZipInfo], list[str]]:
    """The pictures, in the order of their names, and the names of what is none."""
    members = [one for one in archive.infolist() if not one.is_dir() and not is_hidden(one)]
    if any(UNSAFE.search(one.filename) for one in members):
        raise Problem(f"This .zip file names a file outside of its folder. {_ADVICE}")
    pictures = [one for one in members if PICTURE_NAMES.search(one.filename)]
    others = [one.filename for one in members if one not in pictures]
    return sorted(pictures, key=lambda one: one.filename), others


def _read_all(archive: zipfile.ZipFile, sides: tuple[int, int], fit: str, read: Read) -> ParsedFile:
    pictures, others = _members(archive)
    values = 3 * sides[0] * sides[1]
    most = min(MOST_PICTURES, MOST_VALUES // values)
    if not 1 <= len(pictures) <= most:
        raise Problem(
            f"This .zip file holds {len(pictures):,} pictures; 1 to {most:,} of {sides[1]} × "
            f"{sides[0]} px are accepted here. For more, use `python -m explainers many`, which "
            "has no such limit."
            if pictures
            else f"This .zip file holds no pictures. {_ADVICE}"
        )
    stack = np.zeros((len(pictures), *sides, 3), np.uint8)
    sizes = np.ones((len(pictures), 2), np.int32)
    errors: dict[str, str] = {}
    for place, one in enumerate(pictures):
        try:
            sizes[place] = _put(stack[place], _content(archive, one), fit, read)
        except Problem as problem:
            errors[str(place)] = str(problem)
    if len(errors) == len(pictures):
        raise Problem(f"None of the {len(pictures):,} pictures can be read. {errors['0']}")
    names, _ = unique(_name(one.filename) for one in pictures)
    notes = [f"These files are no pictures and are left out: {listed(others)}."] if others else []
    facts = {"names": names, "errors": errors, "notes": notes}
    return checked_size(facts), {"stack": stack, "sizes": sizes}


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.file_size > MOST_BYTES:
        raise Problem(f"This picture takes more than {MOST_BYTES / 1e6:.0f} MB. Make it smaller.")
    try:
        with archive.open(member) as file:
            return file.read(member.file_size)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise Problem("This picture is damaged in the .zip, or packed with a password.") from error
    except NotImplementedError as error:
        raise Problem("This picture is packed in an unusual way. Pack it again.") from error


def _put(place: np.ndarray, content: bytes, fit: str, read: Read) -> tuple[int, int]:
    """Fit one picture into its place (H, W, 3); its width and height."""
    _, arrays = read(content)
    if "bands" in arrays:
        raise Problem(_COLOURS_ALONE)
    image = Image.fromarray(arrays["pixels"])
    sides = place.shape[0], place.shape[1]
    inside = place
    if fit == "pad":
        top, bottom, left, right = fitting.padding(image.size, sides)
        inside = place[top : sides[0] - bottom, left : sides[1] - right]
    inside[:] = np.asarray(fitting.fitted(image, sides, fit))
    return image.size


def of_one(content: ParsedFile, item: int) -> tuple[np.ndarray, tuple[int, int]]:
    """One picture's fitted pixels, uint8 (H, W, 3), and its width and height as it was.

    Raises
    ------
    Problem
        Where it could not be read; the sentence says why.
    """
    facts, arrays = content
    if not 0 <= item < len(arrays["stack"]):
        raise Problem(f"There is no picture {item + 1} among these {len(arrays['stack']):,}.")
    if problem := facts["errors"].get(str(item)):
        raise Problem(problem)
    width, height = arrays["sizes"][item]
    return arrays["stack"][item], (int(width), int(height))


def _name(path: str) -> str:
    """A member's name with its folders, cut at the front where it is long."""
    name = label(re.sub(r"[/\\]+", "/", path), 4 * LONGEST_NAME)
    return name if len(name) <= LONGEST_NAME else f"…{name[1 - LONGEST_NAME :]}"


declare(
    "pictures",
    "many in a ZIP",
    ".zip",
    says=f"on Many; photos of 8 bits, up to {MOST_PICTURES:,}, with folders",
)
