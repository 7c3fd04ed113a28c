"""The files of a source in an object store, read some at a time, for each takes a while to come."""

from __future__ import annotations

import contextlib
import posixpath
from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence

from explainers.errors import Problem
from explainers.many.reading.sizes import MOST_BYTES, too_large
from explainers.many.remote.asking import StoreAway
from explainers.many.remote.paths import AHEAD, RemotePath, read_all

BYTES_AHEAD = 2**25
"""So many bytes of files are asked for at once."""


class RemoteFiles:
    """Files in an object store; `root` is left out of their names.

    Where they are read in their order, those that come next are asked for with each, and held until
    they are read: at most AHEAD of them, and BYTES_AHEAD bytes.

    Parameters
    ----------
    root : str
        What their URLs begin with.
    sizes : mapping of str to int
        Name → bytes.

    Attributes
    ----------
    names : list of str

    Examples
    --------
    >>> RemotePath("memory://remote_files/b/1.png").write_bytes(b"one")
    >>> files = files_in(RemotePath("memory://remote_files"))
    >>> files.names, files.size("b/1.png"), files.read("b/1.png")
    (['b/1.png'], 3, b'one')
    """

    def __init__(self, root: str, sizes: Mapping[str, int]) -> None:
        self._root, self.names = root, sorted(sizes)
        self._sizes = array("q", [sizes[name] for name in self.names])
        self._held: dict[str, bytes] = {}
        self._last = -1

    def size(self, name: str) -> int:
        """Bytes of a file, when it was listed."""
        return self._sizes[bisect_left(self.names, name)]

    def read(self, name: str) -> bytes:
        """A file's bytes. Problem where there is none, StoreAway where the store does not say."""
        if self.size(name) > MOST_BYTES:
            raise Problem(too_large(name))
        if name not in self._held:
            self._read_ahead(name)
        data = self._held.pop(name, None)
        if data is not None:
            return data
        try:  # alone, or once more
            return RemotePath(self._root + name).read_bytes()
        except FileNotFoundError as error:
            raise Problem(f"{name} cannot be read: {error.strerror}.") from error

    def _read_ahead(self, name: str) -> None:
        """Hold the next files of the same kind, where the last that was read is near before it."""
        place, last = bisect_left(self.names, name), self._last
        self._held.clear()
        self._last = place
        if not 0 <= place - last <= AHEAD:
            return
        ending, some, room = posixpath.splitext(name)[1], [], BYTES_AHEAD
        for at in range(place, min(place + AHEAD, len(self.names))):
            room -= self._sizes[at]
            if room < 0:
                break
            if self.names[at].endswith(ending):
                some.append(self.names[at])
                self._last = at
        with contextlib.suppress(StoreAway):  # who reads it alone is told
            found = read_all([RemotePath(self._root + one) for one in some])
            self._held = {
                one: data for one, data in zip(some, found, strict=True) if data is not None
            }


def files_in(folder: RemotePath) -> RemoteFiles:
    """All files under a URL."""
    return RemoteFiles(f"{folder}/", dict(folder.files()))


def files_of(paths: Sequence[RemotePath], total: int = 1) -> RemoteFiles:
    """The files of a list of so many. Problem where some are not there, or in another store."""
    parts = [path.url.partition("://") for path in paths]
    if len(paths) < total or len({protocol for protocol, _, _ in parts}) > 1:
        raise Problem("The files of the list lie in several stores. Give those of one.")
    sizes: dict[str, int] = {}
    missing: list[str] = []
    for path, (_, _, name) in zip(paths, parts, strict=True):
        try:
            sizes[name] = path.stat().st_size
        except FileNotFoundError:
            missing.append(path.url)
    if missing:
        raise Problem(f"There is no file {missing[0]}, nor {len(missing) - 1} more of the list.")
    root = posixpath.commonpath([posixpath.dirname(name) for name in sizes])
    root = f"{root}/" if root else ""
    by_name = {name[len(root) :]: size for name, size in sizes.items()}
    return RemoteFiles(f"{parts[0][0]}://{root}", by_name)
