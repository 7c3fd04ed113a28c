"""A folder of uploads and answers, each under its digest, bounded in bytes."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from explainers.service.limits import limits
from explainers.service.storage import folder as folders
from explainers.service.storage import run_files
from explainers.service.storage.folder import Unwritable
from explainers.service.storage.packed_arrays import packed

SHARE_KEPT = 0.8
"""Of the limit, when the folder grew over it."""

logger = logging.getLogger(__name__)


class Store:
    """Blobs by the SHA-256 of their bytes; answers (plain data and arrays) by a request's digest.

    Files are written whole and then renamed, so a reader never sees half of one; what is damaged
    is as good as not there. When the folder grows over its limit, what was used longest ago goes
    first. Answers and entries of shelves go with the uploads that they were made from: beside each
    of these an empty file names them.

    Whatever writes raises Unwritable, a Problem, where that is not possible now.

    Parameters
    ----------
    folder : str or Path
        Made where it is not there; ValueError where it is not this user's alone.
    limit : float, optional
        Bytes that all files together may have; by default the server's `store_megabytes`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder)
    ...     digest = store.put_blob(b"an upload")
    ...     store.blob(digest), store.blob_size(digest), store.size()
    (b'an upload', 9, 9)
    """

    def __init__(self, folder: str | Path, limit: float | None = None) -> None:
        self.folder = Path(folder)
        self.limit = 1e6 * limits().store_megabytes if limit is None else limit
        folders.claim(self.folder)
        self._lock = threading.Lock()

    def put_blob(self, data: bytes) -> str:
        """Keep the bytes; their digest."""
        digest = hashlib.sha256(data).hexdigest()
        if self._digest_of_blob(digest) == digest:
            self._used(self.path(f"{digest}.blob"))
        else:
            self._write(f"{digest}.blob", bytes(data))
        return digest

    def _digest_of_blob(self, digest: str) -> str:
        """Of the bytes that are kept, which may have been damaged since; "" for none."""
        try:
            with self.path(f"{digest}.blob").open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    def blob(self, digest: str) -> bytes | None:
        """The bytes, or None where they are not (or no longer) kept."""
        return self._read(f"{digest}.blob")

    def has_blob(self, digest: str) -> bool:
        """Whether the bytes are kept; False for what is no digest."""
        return self.blob_size(digest) > 0

    def blob_size(self, digest: str) -> int:
        """How many bytes are kept under the digest; 0 for none."""
        try:
            return self.path(f"{digest}.blob").stat().st_size
        except (OSError, ValueError):
            return 0

    def last_used(self, digest: str) -> float:
        """When the bytes were last put or read, in seconds since 1970; 0 for none."""
        try:
            return self.path(f"{digest}.blob").stat().st_mtime
        except OSError:
            return 0.0

    def delete(self, digest: str, marks: Iterable[Path] | None = None) -> None:
        """Delete whatever is kept under the digest, and the answers that were made from it.

        The bytes go first: an answer that is being written looks for them afterwards. `marks` are
        the files that name these answers, where they are known.
        """
        brought = self.path(f"{digest}.own").exists()
        for suffix in ("blob", "npz", "own", "parsed"):
            self._delete(self.path(f"{digest}.{suffix}"))
        if brought:
            self.forget_runs(digest)
        for mark in self._marks(digest) if marks is None else marks:
            self._delete(self.path(f"{mark.name.rpartition('.')[2]}.npz"))
            self._delete(mark)

    def forget_runs(self, upload: str, keep: Iterable[str] = ()) -> None:
        """Take what was made of an upload off all shelves, but off those of these owners."""
        run_files.forget(self.folder, upload, keep)

    def mark(self, answer: str, uploads: Iterable[str]) -> None:
        """Remember that an answer is made from these uploads, before it is written."""
        for upload in uploads:
            self.path(f"{answer}.npz")  # a digest
            path = self.path(f"{upload}.made.{answer}")
            if not path.exists():
                try:
                    path.touch(mode=0o600)
                except OSError as error:
                    raise Unwritable from error

    def made_from(self, upload: str) -> list[str]:
        """Digests of the answers that were made from an upload."""
        return sorted(mark.name.rpartition(".")[2] for mark in self._marks(upload))

    def marks(self) -> dict[str, list[Path]]:
        """Of every upload the files that name the answers made from it; one look at the folder."""
        found: dict[str, list[Path]] = {}
        with contextlib.suppress(OSError):
            for name in os.listdir(self.folder):
                upload, made, _ = name.partition(".made.")
                if made:
                    found.setdefault(upload, []).append(self.folder / name)
        return found

    def products(self, upload: str, marks: Iterable[Path]) -> list[tuple[float, int, Path]]:
        """What was made of an upload and can be made again: when used last, bytes, and path."""
        paths = [self.path(f"{upload}.parsed")]
        paths += [self.path(f"{mark.name.rpartition('.')[2]}.npz") for mark in marks]
        found = []
        for path in paths:
            with contextlib.suppress(OSError):
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        return found

    def put_answer(
        self, digest: str, facts: dict[str, Any], /, *, made_from: Iterable[str] = (), **arrays: Any
    ) -> None:
        """Keep an answer.

        Parameters
        ----------
        digest : str
            Of the question.
        facts : dict
            Plain data that JSON can hold.
        made_from : iterable of str
            Digests of the uploads; where one of them is no longer kept, nor is the answer.
        **arrays : ndarray
            By name; none is called "facts".
        """
        made_from = list(made_from)
        self.mark(digest, made_from)
        self._write(f"{digest}.npz", packed({"facts": np.array(json.dumps(facts)), **arrays}))
        if not all(map(self._is_kept, made_from)):
            self._delete(self.path(f"{digest}.npz"))

    def answer(self, digest: str) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """The answer's plain data and arrays; None where there is none, or it is damaged."""
        data = self._read(f"{digest}.npz")
        if data is None:
            return None
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            facts = json.loads(str(arrays.pop("facts")))
            if not isinstance(facts, dict):
                raise ValueError("the facts are none")
        except Exception as error:  # whatever a reader of archives raises on a damaged one
            logger.warning("an answer is damaged (%s) and is computed anew", type(error).__name__)
            with contextlib.suppress(Unwritable):
                self._delete(self.path(f"{digest}.npz"))
            return None
        return facts, arrays

    def has_answer(self, digest: str) -> bool:
        """Whether an answer is kept under the digest."""
        with contextlib.suppress(OSError):
            return self.path(f"{digest}.npz").exists()
        return False

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A file to fill; it takes its name when the block ends, and is gone where that raises."""
        path = self.path(name)
        with folders.whole_file(path) as file:
            yield file
        with self._lock:
            self._evict(keep=path)

    def sweep(self) -> None:
        """Delete what ended processes left: pieces of files, and what no upload is there for."""
        folders.sweep(self.folder)
        with contextlib.suppress(OSError, Unwritable):
            names = ("*.parsed", "*.made.*", f"*{run_files.MARK}*")
            for path in (path for name in names for path in list(self.folder.glob(name))):
                upload = path.name.partition(".")[0]
                if not self.has_blob(upload):
                    self.delete(upload)
                    self.forget_runs(upload)

    def is_writable(self) -> bool:
        """Whether something can be kept now."""
        return folders.is_writable(self.folder)

    def size(self) -> int:
        """Bytes kept."""
        return sum(size for _, size, _ in self._files())

    def path(self, name: str) -> Path:
        """The file of that name, which starts with a digest; ValueError for any other."""
        digest = name.split(".")[0]
        if len(digest) != 64 or set(digest) - set("0123456789abcdef"):
            raise ValueError(f"{digest!r} is not a digest")
        return self.folder / name

    def _read(self, name: str) -> bytes | None:
        path = self.path(name)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        self._used(path)
        return data

    def _is_kept(self, upload: str) -> bool:
        return any(self.path(f"{upload}.{suffix}").exists() for suffix in ("blob", "parsed"))

    def _used(self, path: Path) -> None:
        with contextlib.suppress(OSError):  # nobody may write now: it counts as used before
            os.utime(path)

    def _delete(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise Unwritable from error

    def _marks(self, upload: str) -> list[Path]:
        self.path(upload)
        try:
            return list(self.folder.glob(f"{upload}.made.*"))
        except OSError:
            return []

    def _write(self, name: str, data: bytes) -> None:
        with self.writing(name) as file:
            file.write(data)

    def _evict(self, keep: Path) -> None:
        files = sorted(self._files())
        before = total = sum(size for _, size, _ in files)
        if total <= self.limit:
            return
        marks = self.marks()
        for _, size, path in files:
            if total <= SHARE_KEPT * self.limit:
                break
            if path.stem != keep.stem:
                with contextlib.suppress(Unwritable):
                    self._delete(path)
                    self.delete(path.stem, marks.get(path.stem, ()))
                total -= size
        logger.info("the store was full: of %d bytes %d were deleted", before, before - total)

    def _files(self) -> list[tuple[float, int, Path]]:
        """When each file was last used, its bytes, and its path."""
        files = []
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                if path.suffix not in (".blob", ".npz", ".parsed", run_files.SUFFIX):
                    continue
                with contextlib.suppress(FileNotFoundError):
                    status = path.stat()
                    files.append((status.st_mtime, status.st_size, path))
        return files
