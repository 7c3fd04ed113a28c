"""A folder of uploads and answers, each under its digest, bounded in bytes."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from explainers.service.limits import limits

SHARE_KEPT = 0.8
"""Of the limit, when the folder grew over it."""

logger = logging.getLogger(__name__)


class Store:
    """Blobs by the SHA-256 of their bytes; answers (plain data and arrays) by a request's digest.

    Files are written whole and then renamed, so a reader never sees half of one. When the folder
    grows over its limit, what was used longest ago goes first.

    Parameters
    ----------
    folder : str or Path
        Made where it is not there.
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
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = threading.Lock()

    def put_blob(self, data: bytes) -> str:
        """Keep the bytes; their digest."""
        digest = hashlib.sha256(data).hexdigest()
        try:
            os.utime(self.path(f"{digest}.blob"))
        except FileNotFoundError:
            self._write(f"{digest}.blob", bytes(data))
        return digest

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
        except (FileNotFoundError, ValueError):
            return 0

    def last_used(self, digest: str) -> float:
        """When the bytes were last put or read, in seconds since 1970; 0 for none."""
        try:
            return self.path(f"{digest}.blob").stat().st_mtime
        except FileNotFoundError:
            return 0.0

    def delete(self, digest: str) -> None:
        """Delete whatever is kept under the digest."""
        for suffix in ("blob", "npz", "own", "parsed"):
            self.path(f"{digest}.{suffix}").unlink(missing_ok=True)

    def put_answer(self, digest: str, facts: dict[str, Any], **arrays: np.ndarray) -> None:
        """Keep an answer.

        Parameters
        ----------
        digest : str
            Of the question.
        facts : dict
            Plain data that JSON can hold.
        **arrays : ndarray
            By name; none is called "facts".
        """
        buffer = io.BytesIO()
        content: dict[str, Any] = {"facts": np.array(json.dumps(facts)), **arrays}
        np.savez_compressed(buffer, **content)
        self._write(f"{digest}.npz", buffer.getvalue())

    def answer(self, digest: str) -> tuple[dict[str, Any], dict[str, np.ndarray]] | None:
        """The answer's plain data and arrays, or None."""
        data = self._read(f"{digest}.npz")
        if data is None:
            return None
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return json.loads(str(arrays.pop("facts"))), arrays

    def has_answer(self, digest: str) -> bool:
        """Whether an answer is kept under the digest."""
        return self.path(f"{digest}.npz").exists()

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[BinaryIO]:
        """A file to fill; it takes its name when the block ends, and is gone where that raises."""
        path = self.path(name)
        handle, temporary = tempfile.mkstemp(dir=self.folder)
        try:
            with os.fdopen(handle, "w+b") as file:
                yield file
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        with self._lock:
            self._evict(keep=path)

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
            os.utime(path)
        except FileNotFoundError:
            return None
        return data

    def _write(self, name: str, data: bytes) -> None:
        with self.writing(name) as file:
            file.write(data)

    def _evict(self, keep: Path) -> None:
        files = sorted(self._files())
        before = total = sum(size for _, size, _ in files)
        if total <= self.limit:
            return
        for _, size, path in files:
            if total <= SHARE_KEPT * self.limit:
                break
            if path.stem != keep.stem:
                self.delete(path.stem)
                total -= size
        logger.info("the store was full: of %d bytes %d were deleted", before, before - total)

    def _files(self) -> list[tuple[float, int, Path]]:
        """When each file was last used, its bytes, and its path."""
        files = []
        for path in self.folder.iterdir():
            if path.suffix not in (".blob", ".npz", ".parsed"):
                continue
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
        return files
