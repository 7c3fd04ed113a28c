"""The files of a visitor's shelf: an entry a finished question, and marks beside its uploads.

`{question}.{owner}.run` is the entry. `{upload}.shelf.{question}.{owner}` is empty, and says that
the entry was made of the upload, with which it goes. Owners stand in names as digests.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from explainers.service.storage.folder import Unwritable

SUFFIX, MARK = ".run", ".shelf."


def tag(owner: str) -> str:
    """An owner in the name of a file.

    Examples
    --------
    >>> len(tag("ann")), tag("ann") == tag("bob")
    (32, False)
    """
    return hashlib.sha256(owner.encode()).hexdigest()[:32]


def entries_of(folder: Path, owner: str) -> list[tuple[float, int, Path]]:
    """An owner's entries: when each was used last, its bytes, its path; longest ago first."""
    ending, found = f".{tag(owner)}{SUFFIX}", []
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):
            if name.endswith(ending):
                with contextlib.suppress(OSError):
                    status = (folder / name).stat()
                    found.append((status.st_mtime, status.st_size, folder / name))
    return sorted(found)


def bytes_of(folder: Path, owner: str) -> int:
    """Bytes that an owner's entries have."""
    return sum(size for _, size, _ in entries_of(folder, owner))


def mark(folder: Path, upload: str, entry: Path) -> None:
    """Remember that an entry was made of an upload; Unwritable where that is not possible."""
    try:
        (folder / f"{upload}{MARK}{entry.stem}").touch(mode=0o600)
    except OSError as error:
        raise Unwritable from error


def delete(folder: Path, entry: Path, uploads: Iterable[str]) -> None:
    """Delete an entry and its marks; Unwritable where that is not possible."""
    _unlink(entry)
    for upload in uploads:
        _unlink(folder / f"{upload}{MARK}{entry.stem}")


def forget(folder: Path, upload: str, keep: Iterable[str] = ()) -> None:
    """Delete what was made of an upload from all shelves, but from those of some owners.

    Parameters
    ----------
    folder : Path
        The store's.
    upload : str
        Its digest.
    keep : iterable of str
        Owners who still have the upload.

    Raises
    ------
    Unwritable
        Where nothing can be deleted now.
    """
    kept = {tag(owner) for owner in keep}
    for path in folder.glob(f"{upload}{MARK}*"):
        entry = path.name.partition(MARK)[2]
        if entry.partition(".")[2] not in kept:
            _unlink(folder / f"{entry}{SUFFIX}")
            _unlink(path)


def delete_unused(folder: Path, oldest: float) -> int:
    """Delete entries that nobody looked at since then, in seconds since 1970; how many."""
    count = 0
    with contextlib.suppress(OSError):
        for path in folder.glob(f"*{SUFFIX}"):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
                    count += 1
    return count


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise Unwritable from error
