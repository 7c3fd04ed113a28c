"""Arrays in .npy and .npz files: plain numbers and short text, sizes checked before the data."""

from __future__ import annotations

import io
import math
import zipfile
import zlib

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files.labels import label

MOST_BYTES, MOST_MEMBERS, LONGEST_TEXT = 400_000_000, 64, 200
ARCHIVE_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    ValueError,
    RuntimeError,
    KeyError,
    IndexError,
)
"""What zipfile raises where an archive is damaged, or packed in a way that it does not know."""
_ACCEPTED = "Accepted are .npy and .npz files with arrays of numbers, as numpy.savez writes them."
_HEADS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
    # It differs in the letters that names of fields may have, and fields are refused.
    (3, 0): np.lib.format.read_array_header_2_0,
}
_HEAD_BYTES = 20_000


def read_arrays(data: bytes, suffix: str) -> dict[str, np.ndarray]:
    """The arrays in a .npz or .npy file, whose headers are checked before their data are taken.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.
    suffix : str
        ".npz" or ".npy".

    Returns
    -------
    dict of str to ndarray
        The arrays of a .npz file by name, or the one in a .npy file, named "".

    Raises
    ------
    Problem
        Where a header contradicts the bytes that follow, where an array is of another type than
        float, int, bool or short text (never an object), or where all are too large.

    Examples
    --------
    >>> buffer = io.BytesIO()
    >>> np.save(buffer, np.eye(2))
    >>> read_arrays(buffer.getvalue(), ".npy")[""].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if suffix == ".npy":
        return {"": _array(data, "")}
    if suffix != ".npz":
        raise Problem(f"This is no file of arrays. {_ACCEPTED}")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _members(archive)
    except ARCHIVE_ERRORS as error:
        if isinstance(error, Problem):
            raise
        raise Problem(f"This .npz file is damaged. {_ACCEPTED} Save it again.") from error


def _members(archive: zipfile.ZipFile) -> dict[str, np.ndarray]:
    members = archive.infolist()
    if not 1 <= len(members) <= MOST_MEMBERS:
        raise Problem(f"This file holds {len(members)} arrays; 1 to {MOST_MEMBERS} are accepted.")
    _demand_room(sum(member.file_size for member in members))
    arrays: dict[str, np.ndarray] = {}
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Problem(f"This .npz file is packed in an unusual way. {_ACCEPTED} Save it again.")
        name = label(member.filename.removesuffix(".npy"))
        if name in arrays:
            raise Problem(f'The array "{name}" is there twice. {_ACCEPTED} Save it again.')
        with archive.open(member) as file:
            arrays[name] = _array(file.read(member.file_size), name)
    return arrays


def _array(data: bytes, name: str) -> np.ndarray:
    """The array in the bytes of one .npy file."""
    called = f'The array "{name}"' if name else "The array in this file"
    file = io.BytesIO(data[:_HEAD_BYTES])
    try:
        shape, fortran, kind = _HEADS[np.lib.format.read_magic(file)](file)
    except Exception as error:
        raise Problem(f"{called} has a damaged header. {_ACCEPTED} Save it again.") from error
    _demand_plain(kind, called)
    if any(type(side) is not int or side < 0 for side in shape) or len(shape) > 8:
        raise Problem(f"{called} has a shape that no array has. {_ACCEPTED} Save it again.")
    size = math.prod(shape) * kind.itemsize
    _demand_room(size)
    start = file.tell()
    if len(data) - start != size:
        raise Problem(
            f"{called} says that it has {size:,} bytes (shape {shape}), but {len(data) - start:,} "
            "follow: it is damaged or cut off. Save it again."
        )
    values = np.frombuffer(data, kind, math.prod(shape), start)
    if kind.kind == "b":
        values = values.view(np.uint8) != 0
    return values.reshape(shape, order="F" if fortran else "C")


def _demand_plain(kind: np.dtype, called: str) -> None:
    if kind.hasobject or kind.kind not in "fiubU" or kind.names or kind.subdtype:
        raise Problem(
            f"{called} holds {label(kind, 60)}; plain numbers are accepted (float, int, bool), and "
            "text for names. Objects may be programs and are never read: convert them with "
            "array.astype(float)."
        )
    most = 4 * LONGEST_TEXT if kind.kind == "U" else 8
    if not 1 <= kind.itemsize <= most:
        raise Problem(
            f"{called} has {kind.itemsize} bytes a value; numbers of up to 8 bytes and "
            f"text of up to {LONGEST_TEXT} letters are accepted."
        )


def _demand_room(size: int) -> None:
    if size > MOST_BYTES:
        raise Problem(
            f"The arrays in this file take {size / 1e6:,.0f} MB; up to "
            f"{MOST_BYTES / 1e6:.0f} are accepted. Save less, or float32."
        )
