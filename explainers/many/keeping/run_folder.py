"""The folder of a run: made, found to be fit, and held by one call at a time."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from explainers.errors import Problem
from explainers.many.keeping import manifest
from explainers.many.remote.location import demand_whole_files, is_remote

LOCK = "lock"


@contextlib.contextmanager
def held(folder: Path) -> Iterator[Path]:
    """While the block runs, no other process of this computer works on the run.

    In an object store nothing can be held: two calls at once do the same work twice. They spoil
    nothing, for each writes whole shards, and the same ones.

    Parameters
    ----------
    folder : Path
        Of the run.

    Yields
    ------
    Path
        A folder on this computer for what says where the run is: its own, or a temporary one.

    Raises
    ------
    Problem
        Where the folder cannot be made or written, holds something else, or another process works
        on the run.
    """
    demand_whole_files(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"{folder} cannot be made: {error.strerror}. Choose another.") from error
    manifest.demand_room(folder)
    if is_remote(folder):
        (folder / LOCK).write_bytes(b"")  # so that it is known before all work that it can be
        with tempfile.TemporaryDirectory(prefix="evident-") as scratch:
            yield Path(scratch)
    else:
        with _locked(folder):
            yield folder


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    if sys.platform == "win32":
        yield
        return
    import fcntl

    with (folder / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Problem(
                f"Another process works on the run in {folder}. Wait for it, or end it first."
            ) from error
        yield
