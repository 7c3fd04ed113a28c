"""What lies in a run's folder, on a disk or in an object store."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from explainers.many.remote.location import is_remote
from explainers.many.remote.paths import AHEAD, read_all


def names_in(folder: Path) -> list[str]:
    """Names of what lies in a folder, in their order; none where there is no folder.

    Examples
    --------
    >>> names_in(Path("no such folder"))
    []
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return sorted(path.name for path in folder.iterdir())
    return []


def opened(path: Path) -> IO[bytes]:
    """A file, opened; one of an object store is read at once. FileNotFoundError where it is not."""
    return io.BytesIO(path.read_bytes()) if is_remote(path) else path.open("rb")


def opened_each(paths: Sequence[Path]) -> Iterator[IO[bytes] | None]:
    """Files one after the other, opened; None where one cannot be.

    Of an object store some are asked for at once, so that many small ones take little time.
    """
    for start in range(0, len(paths), AHEAD):
        some = paths[start : start + AHEAD]
        remote = [path for path in some if is_remote(path)]
        if remote:
            for data in read_all(remote):
                yield None if data is None else io.BytesIO(data)
            continue
        for path in some:
            file = None
            with contextlib.suppress(OSError):
                file = path.open("rb")
            yield file


def remove_folder(folder: Path) -> None:
    """Delete a folder with all that lies in it, where there is one."""
    if is_remote(folder):
        folder.remove_all()
    else:
        shutil.rmtree(folder, ignore_errors=True)
