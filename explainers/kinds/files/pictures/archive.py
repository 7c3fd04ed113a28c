"""Several pictures in one .zip file: their bytes by name, unpacked within limits, not decoded."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from explainers.errors import Problem
from explainers.kinds.files.formats import declare
from explainers.kinds.files.labels import label, listed, unique

MOST_PICTURES, MOST_MEMBERS = 100, 1000
MOST_BYTES, MOST_BYTES_ALL = 40_000_000, 150_000_000
PICTURE_NAMES = re.compile(r"\.(png|jpe?g|webp|gif|bmp|avif|tiff?|npy)$", re.IGNORECASE)
_ARCHIVES = re.compile(r"\.(zip|npz|gz|tar|tgz|bz2|xz|7z|rar)$", re.IGNORECASE)
UNSAFE = re.compile(r"^([/\\]|[A-Za-z]:)|(^|[/\\])\.\.([/\\]|$)|\0")
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ADVICE = "Make a .zip of the pictures alone and upload that."


def unpacked(data: bytes) -> tuple[dict[str, bytes], list[str]]:
    """The pictures in a .zip file.

    Parameters
    ----------
    data : bytes
        The file as it was uploaded.

    Returns
    -------
    pictures : dict of str to bytes
        Their bytes by name, without folders, as they were packed.
    notes : list of str
        Sentences about members that were left out.

    Raises
    ------
    Problem
        Where it is no such file, is damaged, holds no picture, an archive, a name that points out
        of its folder, or more than is accepted.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> with zipfile.ZipFile(file, "w") as archive:
    ...     archive.writestr("cats/tom.png", b"bytes")
    >>> unpacked(file.getvalue())
    ({'tom.png': b'bytes'}, [])
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _unpacked(archive)
    except Problem:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as error:
        raise Problem(f"This .zip file is damaged, or packed with a password. {_ADVICE}") from error
    except (NotImplementedError, KeyError, IndexError) as error:
        raise Problem(f"This .zip file is packed in an unusual way. {_ADVICE}") from error


def holds_pictures(data: bytes) -> bool:
    """Whether a file is a .zip of pictures rather than of arrays, by the names in it.

    Examples
    --------
    >>> holds_pictures(b"no archive")
    False
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if PICTURE_NAMES.search(name)]
    except Exception:
        return False
    return any(not name.lower().endswith(".npy") for name in names)


def _unpacked(archive: zipfile.ZipFile) -> tuple[dict[str, bytes], list[str]]:
    members = [one for one in archive.infolist() if not one.is_dir() and not is_hidden(one)]
    if len(archive.infolist()) > MOST_MEMBERS:
        raise Problem(f"This .zip file holds more than {MOST_MEMBERS:,} files. {_ADVICE}")
    for one in members:
        if UNSAFE.search(one.filename):
            raise Problem(f"This .zip file names a file outside of its folder. {_ADVICE}")
        if _ARCHIVES.search(one.filename):
            raise Problem(
                f'This .zip file holds another archive, "{label(one.filename, 60)}", which is not '
                f"unpacked. {_ADVICE}"
            )
    pictures = [one for one in members if PICTURE_NAMES.search(one.filename)]
    if not 1 <= len(pictures) <= MOST_PICTURES:
        raise Problem(
            f"This .zip file holds {len(pictures)} pictures; 1 to {MOST_PICTURES} are accepted. "
            f"{_ADVICE}"
        )
    _demand_room(pictures)
    names, _ = unique(label(one.filename.replace("\\", "/").rsplit("/", 1)[-1]) for one in pictures)
    found = {name: _content(archive, one) for name, one in zip(names, pictures, strict=True)}
    others = [one.filename for one in members if one not in pictures]
    left_out = f"These files are no pictures and are left out: {listed(others)}."
    return found, [left_out] if others else []


def _content(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    if member.compress_type not in _PACKINGS:
        raise NotImplementedError
    with archive.open(member) as file:
        return file.read(member.file_size)


def _demand_room(pictures: list[zipfile.ZipInfo]) -> None:
    sizes = [one.file_size for one in pictures]
    if max(sizes) > MOST_BYTES or sum(sizes) > MOST_BYTES_ALL:
        raise Problem(
            f"The pictures in this .zip file take {sum(sizes) / 1e6:,.0f} MB, the largest "
            f"{max(sizes) / 1e6:,.0f}; up to {MOST_BYTES_ALL / 1e6:.0f} MB in all and "
            f"{MOST_BYTES / 1e6:.0f} MB each are accepted. Pack fewer, or smaller ones."
        )


def is_hidden(member: zipfile.ZipInfo) -> bool:
    """Whether it is what systems put beside pictures: "__MACOSX/", ".DS_Store", "Thumbs.db"."""
    parts = member.filename.replace("\\", "/").split("/")
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1] in _BESIDE


_BESIDE = (".DS_Store", "Thumbs.db", "desktop.ini")

declare(
    "pictures",
    "several in a ZIP",
    ".zip",
    says=f"where several are compared; up to {MOST_PICTURES} pictures, no archives within",
)
