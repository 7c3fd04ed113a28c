"""The store's folder: nobody else's, written in whole files; what is said where it cannot be."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from explainers.errors import Problem

if sys.platform != "win32":
    import fcntl

PIECE = "piece."
"""What the names of files start with that are being written."""
_SECONDS_OF_A_PIECE = 3600.0
"""After which a piece is nobody's, where no lock tells."""
_ABOUT_THE_FOLDER = {
    getattr(errno, name, None) for name in ("ENOSPC", "EROFS", "EDQUOT", "EIO", "EFBIG", "ESTALE")
}
"""Errors of whoever fills a file that the folder is to blame for."""
UNWRITABLE = (
    "The server cannot keep anything now: its folder is full or cannot be written. It goes on by "
    "itself as soon as that is mended; whoever runs the server finds the reason in its log."
)

logger = logging.getLogger(__name__)


class Unwritable(Problem):
    """The folder cannot be written now; what was asked is not to blame, and may be tried again."""

    def __init__(self) -> None:
        super().__init__(UNWRITABLE)


def claim(folder: Path) -> None:
    """Make the folder, for its owner's eyes alone, where it is not there.

    Raises
    ------
    ValueError
        Where it cannot be made, is another user's, or others may look into it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(
            f"{folder}, where uploads and answers are to be kept, cannot be made "
            f"({error.strerror}). Name another folder with EVIDENT_STORE."
        ) from error
    if not hasattr(os, "getuid"):
        return
    status = folder.stat()
    if status.st_uid != os.geteuid():
        raise ValueError(
            f"{folder} belongs to another user, who could change what is kept there. Name another "
            "folder with EVIDENT_STORE; the server makes it."
        )
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ValueError(
            f"{folder} can be opened by other users of this computer, and uploads are kept there. "
            f"Run `chmod 700 {folder}`, or name another folder with EVIDENT_STORE; the server "
            "makes it."
        )


def user_folder() -> Path:
    """Where this user's programs keep their data, as the system has it: a folder for Evident."""
    home = Path.home()
    usual = {"darwin": home / "Library" / "Application Support", "win32": home / "AppData/Local"}
    variable = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_DATA_HOME"
    named = os.environ.get(variable, "")
    base = Path(named) if os.path.isabs(named) else usual.get(sys.platform, home / ".local/share")
    return base / "evident"


def store_folder() -> Path:
    """Where the server keeps uploads and answers: EVIDENT_STORE, or in this user's folder."""
    return Path(os.environ.get("EVIDENT_STORE") or user_folder() / "store")


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to fill; it takes its name when the block ends, and is gone where that raises.

    Raises
    ------
    Unwritable
        Where the folder cannot be made or written.
    """
    temporary, filling = "", False
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=PIECE)
        with os.fdopen(handle, "w+b") as file:
            _lock(file.fileno())
            filling = True
            yield file
            filling = False
            file.flush()
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError) and (error.errno in _ABOUT_THE_FOLDER or not filling):
            logger.warning("the store cannot be written: %s", error.strerror or type(error))
            raise Unwritable from error
        raise


def sweep(folder: Path) -> int:
    """Delete pieces of files whose writer was ended; how many there were.

    A piece that is being written, by this process or another, is locked by its writer.
    """
    count = 0
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name.startswith((PIECE, "tmp")) and path.is_file() and _is_left(path):
                with contextlib.suppress(OSError):
                    path.unlink()
                    count += 1
    if count:
        logger.info("deleted %d pieces of files that were not written to their end", count)
    return count


def is_writable(folder: Path) -> bool:
    """Whether a file can be written there now; the folder is made where it is gone."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=PIECE) as file:
            _lock(file.fileno())
            file.write(bytes(4096))
    except OSError:
        return False
    return True


def demand_present(folder: Path) -> None:
    """Unwritable where the folder is not there now: then what is kept in it cannot be told."""
    if not folder.is_dir():
        raise Unwritable


class HeldFolder:
    """A folder that is held open, so that one that is made in its place has another number."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._handle = folder, -1
        self.renew()

    def renew(self) -> None:
        """Hold the one that is there now."""
        self.release()
        if hasattr(os, "O_DIRECTORY"):
            with contextlib.suppress(OSError):
                self._handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def was_replaced(self) -> bool:
        """Whether there is none under its name any more, or another one."""
        if self._handle < 0:
            return False
        try:
            return not os.path.samestat(os.fstat(self._handle), self._folder.stat())
        except OSError:
            return True

    def release(self) -> None:
        """Hold it no longer."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _lock(descriptor: int) -> None:
    if sys.platform != "win32":
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _is_left(path: Path) -> bool:
    if sys.platform == "win32":
        return time.time() - path.stat().st_mtime > _SECONDS_OF_A_PIECE
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
