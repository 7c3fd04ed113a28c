"""The files of a source: those of a folder, of a .zip, of a list, or one alone; read one by one."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias, cast

from explainers.errors import Problem
from explainers.kinds import KINDS, picture, sequence, series, table
from explainers.many.reading.remote_files import files_in, files_of
from explainers.many.reading.sizes import MOST_BYTES, too_large
from explainers.many.remote.location import is_alone, is_remote, location
from explainers.many.remote.paths import RemotePath

Source: TypeAlias = "str | Path | Sequence[str | Path]"
"""A folder, a .zip, a file, or a list of files; each a path or a URL."""

SUFFIXES: dict[str, tuple[str, ...]] = {
    # An array or an archive may hold many; a run counts its pictures file by file.
    "picture": tuple(s for s in picture.SUFFIXES if s != ".zip"),
    "table": table.SUFFIXES,
    "series": series.SUFFIXES,
    "sequence": sequence.SUFFIXES,
}


class Members(Protocol):
    """Files by name, in the order in which they are explained."""

    @property
    def names(self) -> Sequence[str]:
        """Their names, each once."""

    def read(self, name: str) -> bytes:
        """A file's bytes. Problem where it cannot be read."""


class Files:
    """Files on a disk; `root` is left out of their names."""

    def __init__(self, paths: Iterable[Path], root: Path) -> None:
        self._root = root
        self.names = sorted({os.path.relpath(path, root) for path in paths})

    def read(self, name: str) -> bytes:
        """A file's bytes. Problem where it cannot be read."""
        path = self._root / name
        try:
            if path.stat().st_size > MOST_BYTES:
                raise Problem(too_large(name))
            return path.read_bytes()
        except OSError as error:
            raise Problem(f"{name} cannot be read: {error.strerror}.") from error


class Zipped:
    """Files in a .zip, unpacked one at a time into memory, never onto the disk."""

    def __init__(self, path: Path) -> None:
        try:
            self._archive = zipfile.ZipFile(path.open("rb") if is_remote(path) else path)
        except (zipfile.BadZipFile, OSError) as error:
            raise Problem(f"{path} is damaged, or no .zip file. Pack the files again.") from error
        self.names = sorted(
            {
                one.filename
                for one in self._archive.infolist()
                if not one.is_dir() and not _hidden(one.filename)
            }
        )

    def read(self, name: str) -> bytes:
        """A file's bytes. Problem where it cannot be read."""
        try:
            with self._archive.open(name) as file:
                data = file.read(MOST_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, KeyError) as error:
            raise Problem(f"{name} is damaged in the .zip, or packed with a password.") from error
        except NotImplementedError as error:
            raise Problem(f"{name} is packed in an unusual way. Pack it again.") from error
        if len(data) > MOST_BYTES:
            raise Problem(too_large(name))
        return data


def members_of(source: Source, kind: str) -> tuple[Members, list[str]]:
    """The files of a source that may hold inputs of a kind, and the names of all others.

    Parameters
    ----------
    source : str, Path, or sequence of them
        A folder, with all folders in it; a .zip; a file; or a list of files; or their URLs in an
        object store, see `explainers.many.remote.location.location`.
    kind : str
        A key of KINDS.

    Raises
    ------
    Problem
        Where there is no such source, where it is empty, or holds nothing that can be read.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("b.png", "a.jpg", "notes.md"):
    ...     _ = (folder / name).write_bytes(b"")
    >>> members, others = members_of(folder, "picture")
    >>> members.names, others
    (['a.jpg', 'b.png'], ['notes.md'])
    """
    all_files = _all_files(source)
    names = list(all_files.names)
    if not names:
        raise Problem(f"{_shown(source)} is empty. Give one that holds {KINDS[kind].one} files.")
    wanted = [name for name in names if suffix_of(name, kind)]
    others = [name for name in names if not suffix_of(name, kind)]
    if not wanted:
        found = ", ".join(sorted({Path(name).suffix or "no ending" for name in others})[:8])
        raise Problem(
            f"{_shown(source)} holds nothing readable as a {KINDS[kind].one}: of its "
            f"{len(others):,} file{'s' * (len(others) > 1)} ({found}) none ends in "
            f"{', '.join(SUFFIXES[kind])}."
        )
    return _Some(all_files, wanted), others


class _Some:
    """Some of the files."""

    def __init__(self, whole: Members, names: list[str]) -> None:
        self._whole, self.names = whole, names

    def read(self, name: str) -> bytes:
        return self._whole.read(name)


def suffix_of(name: str, kind: str) -> str:
    """The longest ending of a name that files of a kind may have; "" for none.

    Examples
    --------
    >>> suffix_of("rows.CSV.gz", "table"), suffix_of("notes.md", "table")
    ('.csv.gz', '')
    """
    fitting = [suffix for suffix in SUFFIXES[kind] if name.lower().endswith(suffix)]
    return max(fitting, key=len, default="")


def _all_files(source: Source) -> Members:
    if not is_alone(source):
        paths = [location(one).absolute() for one in source]
        remote = [path for path in paths if is_remote(path)]
        if remote:
            return files_of(remote, len(paths))
        missing = [str(path) for path in paths if not path.is_file()]
        if missing:
            raise Problem(
                f"There is no file {missing[0]}, nor {len(missing) - 1} more of the list."
            )
        root = Path(os.path.commonpath([path.parent for path in paths])) if paths else Path()
        return Files(paths, root)
    path = location(source)
    if is_remote(path):
        return _at(path)
    if path.is_dir():
        inside = (Path(folder) / name for folder, _, names in os.walk(path) for name in names)
        seen = (p for p in inside if not _hidden(os.path.relpath(p, path)))
        return Files((p for p in seen if p.is_file() or p.is_symlink()), path)
    if not path.is_file():
        raise Problem(f"There is no file or folder {path}. Give a folder, a .zip or a file.")
    return Zipped(path) if path.suffix.lower() == ".zip" else Files([path], path.parent)


def _at(path: RemotePath) -> Members:
    """The files under a URL."""
    if path.is_dir():
        found = files_in(path)
        return _Some(found, [name for name in found.names if not _hidden(name)])
    if not path.is_file():
        raise Problem(f"There is nothing at {path}. Give the URL of a folder, a .zip or a file.")
    return Zipped(cast(Path, path)) if path.suffix.lower() == ".zip" else files_of([path])


def _hidden(name: str) -> bool:
    parts = Path(name.replace("\\", "/")).parts
    beside = ("__MACOSX", "Thumbs.db", "desktop.ini")
    return any(part.startswith(".") or part in beside for part in parts)


def _shown(source: Source) -> str:
    return str(source) if is_alone(source) else "The list of files"
