"""A file or folder of an object store, asked as a `pathlib.Path` is.

What runs ask of a `Path` is here, over fsspec, and no more. Three things are otherwise than where
fsspec is asked directly. Whether a file is there is never answered by an error, so that a run's
file is not written anew because the store was away for a moment. Listings are never remembered, for
other machines write into the same folder. And what fails is told as `asked` tells it.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any, NamedTuple

from explainers.errors import Problem
from explainers.many.remote.asking import asked

AHEAD = 32
"""So many files are asked for at once."""
BLOCK = 2**20
"""So many bytes are fetched at least, where a file is read in pieces."""
_VERSIONS = ("ETag", "etag", "generation", "md5Hash", "LastModified", "last_modified", "size")
"""What stores call that by which a file's versions are told apart."""


class Size(NamedTuple):
    """Of a file, in bytes."""

    st_size: int


@dataclass(frozen=True, order=True)
class RemotePath:
    """A file or folder in an object store.

    Attributes
    ----------
    url : str
        protocol://bucket/…, without a slash at its end.

    Examples
    --------
    >>> path = RemotePath("memory://bucket/run") / "rows" / "00000.parquet"
    >>> path.write_bytes(b"all")
    >>> print(path.parent, path.name, path.stem, path.exists(), path.read_bytes())
    memory://bucket/run/rows 00000.parquet 00000 True b'all'
    >>> [one.name for one in path.parent.parent.iterdir()]
    ['rows']
    """

    url: str

    def __str__(self) -> str:
        return self.url

    def __truediv__(self, name: str) -> RemotePath:
        return RemotePath(f"{self.url}/{name}")

    def joinpath(self, *names: str) -> RemotePath:
        """What lies in it under these names."""
        return RemotePath("/".join([self.url, *names]))

    @property
    def name(self) -> str:
        """The last part."""
        return PurePosixPath(self.url).name

    @property
    def stem(self) -> str:
        """The name without its ending."""
        return PurePosixPath(self.url).stem

    @property
    def suffix(self) -> str:
        """The ending, with its dot."""
        return PurePosixPath(self.url).suffix

    @property
    def parent(self) -> RemotePath:
        """The folder that it lies in; of a bucket itself."""
        above = self.url.rpartition("/")[0]
        return self if above.endswith("/") else RemotePath(above)

    def absolute(self) -> RemotePath:
        """Itself."""
        return self

    def exists(self) -> bool:
        """Whether there is a file, or a folder that holds one. StoreAway where none can say."""
        return self._kind() is not None

    def is_file(self) -> bool:
        """Whether it is a file."""
        return self._kind() == "file"

    def is_dir(self) -> bool:
        """Whether it holds files."""
        return self._kind() == "directory"

    def stat(self) -> Size:
        """Its bytes. FileNotFoundError where there is none."""
        return Size(int(self._ask("info").get("size") or 0))

    def stamp(self) -> str:
        """What differs where it was written anew."""
        told = self._ask("info")
        return str({name: told[name] for name in _VERSIONS if name in told} or told)

    def iterdir(self) -> Iterator[RemotePath]:
        """What lies in it. FileNotFoundError where there is nothing."""
        own = self.found()[1].strip("/")
        for told in self._ask("ls", detail=True):
            name = str(told["name"]).strip("/")
            if name != own:  # consoles keep a folder as an empty file
                yield self / name.rpartition("/")[2]

    def files(self) -> Iterator[tuple[str, int]]:
        """(name within it, bytes) of each file in it and in its folders."""
        own = self.found()[1].rstrip("/") + "/"
        for name, told in self._ask("find", detail=True).items():
            if name.startswith(own) and not name.endswith("/") and told.get("type") == "file":
                yield name[len(own) :], int(told.get("size") or 0)

    def read_bytes(self) -> bytes:
        """What is in it."""
        return bytes(self._ask("cat_file"))

    def read_part(self, start: int, stop: int) -> bytes:
        """Some of its bytes."""
        return bytes(self._ask("cat_file", start=start, end=stop)) if stop > start else b""

    def read_text(self, encoding: str = "utf-8") -> str:
        """The same as text."""
        return self.read_bytes().decode(encoding)

    def open(self, mode: str = "rb") -> IO[bytes]:
        """Read it in pieces. It may be moved about in."""
        if mode != "rb":
            raise ValueError("A file of an object store is opened to be read; write_bytes writes.")
        return io.BufferedReader(_Reader(self.url, self._ask("open", "rb", block_size=BLOCK)))

    def write_bytes(self, data: bytes) -> None:
        """Put it there, whole; until then, and where this process ends, what was there stays.

        Large files go up in parts, which a store keeps for itself until the last is there; what is
        left of them where a process ended, its rules for unfinished uploads delete.
        """
        try:
            self._ask("pipe_file", data)
        except FileNotFoundError as error:
            bucket = self.url.split("/")[2]
            raise Problem(
                f"{self.url} cannot be written: there is no bucket “{bucket}”. Make it first, or "
                "give `to` another."
            ) from error

    def unlink(self, missing_ok: bool = False) -> None:
        """Delete the file."""
        try:
            self._ask("rm_file")
        except FileNotFoundError:
            if not missing_ok:
                raise

    def mkdir(self, parents: bool = False, exist_ok: bool = False) -> None:
        """Nothing: a folder is there where a file is in it."""

    def remove_all(self) -> None:
        """Delete it with all that lies in it."""
        for name, _ in list(self.files()):
            (self / name).unlink(missing_ok=True)

    def _kind(self) -> str | None:
        try:
            return str(self._ask("info")["type"])
        except FileNotFoundError:
            return None

    def found(self) -> tuple[Any, str]:
        """The file system of fsspec, which keeps those that it made, and the path there."""
        from fsspec.core import url_to_fs

        found: tuple[Any, str] = url_to_fs(self.url)
        return found

    def _ask(self, what: str, *given: Any, **options: Any) -> Any:
        def call() -> Any:
            system, path = self.found()
            system.invalidate_cache()
            try:
                return getattr(system, what)(path, *given, **options)
            finally:
                system.invalidate_cache()

        return asked(self.url, call)


def read_all(paths: Sequence[RemotePath]) -> list[bytes | None]:
    """What is in some files of one store, asked for at once; None for what is not there.

    Parameters
    ----------
    paths : sequence of RemotePath

    Examples
    --------
    >>> here = RemotePath("memory://read_all")
    >>> (here / "a").write_bytes(b"A")
    >>> read_all([here / "a", here / "b"])
    [b'A', None]
    """
    if not paths:
        return []

    def call() -> list[Any]:
        system = paths[0].found()[0]
        names = [path.found()[1] for path in paths]
        return list(system.cat_ranges(names, None, None))

    found: list[bytes | None] = []
    for path, given in zip(paths, asked(paths[0].url, call), strict=True):
        if isinstance(given, FileNotFoundError):
            found.append(None)
        elif isinstance(given, Exception):
            asked(path.url, _raising(given))
        else:
            found.append(bytes(given))
    return found


def _raising(error: Exception) -> Any:
    def call() -> None:
        raise error

    return call


class _Reader(io.RawIOBase):
    """A file of fsspec's, whose failures are told in sentences."""

    def __init__(self, url: str, file: Any) -> None:
        self._url, self._file = url, file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def readinto(self, buffer: Any) -> int:
        data = asked(self._url, lambda: self._file.read(len(buffer)))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()
