"""Files that are whole or not there at all, whatever ends the process or the machine."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from explainers.errors import Problem
from explainers.many.remote.location import is_remote

PART = ".part"
"""What the name of a file ends in until it is whole."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Write a file so that it is whole or not there, whatever ends the process or the machine.

    In an object store what is put there is whole or not there by itself.

    Parameters
    ----------
    path : Path
    data : bytes

    Raises
    ------
    Problem
        Where the disk is full, or the folder or store cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a"
    >>> write_whole(path, b"all")
    >>> path.read_bytes(), len(list(path.parent.iterdir()))
    (b'all', 1)
    """
    if is_remote(path):
        return path.write_bytes(bytes(data))
    # Of its own name: another machine may still write the same, for a call that has ended.
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _keep_names(path.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno in _FULL:
            raise Problem(
                f"The disk is full: {path.name} does not fit into {path.parent}. What was written "
                "is kept. Make room and start the same again; it goes on from there."
            ) from error
        raise Problem(f"{path} cannot be written: {error.strerror}. Choose another folder.") from (
            error
        )


def _keep_names(folder: Path) -> None:
    """Have the folder's own entries on the disk, where the system can be asked for it."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
