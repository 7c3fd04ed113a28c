"""What reading made of uploads, kept beside them, so that nobody else ever decodes their bytes.

A file holds a digest of how it was made (kind, options, code), then the checked frame. It lies
under the upload's digest and goes with the upload.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import mmap
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from explainers.errors import Cancelled, Problem
from explainers.locations import code_version
from explainers.service.parsing.parser_pool import ParserPool, check_answer
from explainers.service.parsing.parsers import PARSERS, ParsedFile
from explainers.service.storage.folder import Unwritable, demand_present
from explainers.service.storage.store import Store

if TYPE_CHECKING:
    from explainers.service.tasks import Task

logger = logging.getLogger(__name__)
_FIRST = 64
MOST_REMEMBERED = 10_000
_WORDS = {
    "picture": "picture",
    "picture_collection": "file of pictures",
    "table": "table",
    "series": "file of series",
    "sequence": "file of DNA",
    "card": "card",
    "state_dict": "model",
    "onnx": "model",
    "pt2": "model",
    "torchscript": "model",
    "class_names": "list of class names",
}


class ParsedUploads:
    """Uploads in their parsed form: from the store, else parsed once more in the sandbox."""

    def __init__(self, store: Store, pool: ParserPool) -> None:
        self.store, self.pool = store, pool
        self._busy: set[str] = set()
        # Files that were checked, by what they were made of: their number and size on disk.
        self._checked: dict[tuple[str, bytes], tuple[int, int]] = {}
        self._changed = threading.Condition()

    def take(
        self, kind: str, data: bytes, keep: Callable[[], str], turn: str = "", **options: Any
    ) -> str:
        """Read new bytes; if they can be read, `keep` them, and the parsed form under their digest.

        It takes its turn among what else is read for `turn`. Raises Problem where the bytes cannot
        be read, or as `keep` does.
        """
        digest = hashlib.sha256(data).hexdigest()
        with self._alone(digest):
            if parsed(self.store, kind, digest, **options) is not None:
                return keep()
            with self.store.writing(f"{digest}.parsed") as file:
                self._read(kind, data, file, turn=turn, **options)
                keep()
        return digest

    def get(
        self,
        kind: str,
        digest: str,
        stop: Callable[[], bool] = lambda: False,
        turn: str = "",
        **options: Any,
    ) -> ParsedFile:
        """The facts and arrays of a kept upload. Problem where it cannot be read or is not kept.

        Unwritable where the store is not there now.
        """
        with self._alone(digest, stop):
            content = self._got(kind, digest, stop, turn, options)
            if content is None:
                demand_present(self.store.folder)  # it may have come back in between
                content = self._got(kind, digest, stop, turn, options)
        if content is None:
            raise gone(kind)
        return content

    def _got(
        self, kind: str, digest: str, stop: Callable[[], bool], turn: str, options: dict[str, Any]
    ) -> ParsedFile | None:
        content = parsed(self.store, kind, digest, **options)
        source = None if content else self._source(digest)
        if source is not None:
            with self.store.writing(f"{digest}.parsed") as file:
                self._read(kind, source, file, stop, turn, **options)
            if self._source(digest) is None:  # it was deleted meanwhile
                demand_present(self.store.folder)
                self.store.delete(digest)
            content = parsed(self.store, kind, digest, **options)
        return content

    def known(self, task: Task) -> bool:
        """Whether all uploads that the worker needs were parsed and checked, told without a check.

        The worker checks them once more.
        """
        return all(
            self._checked.get((d, _how(k, o))) == _stamp(self.store, k, d, o) is not None
            for k, d, o in task.uploads()
        )

    def failure(self, task: Task, stop: Callable[[], bool], turn: str = "") -> str:
        """Parse what a task needs; "", or a sentence why that could not be done.

        Raises Unwritable where the store is to blame.
        """
        try:
            for kind, digest, options in task.uploads():
                before = _stamp(self.store, kind, digest, options)
                key = digest, _how(kind, options)
                if before is not None and self._checked.get(key) == before:
                    continue
                self.get(kind, digest, stop, turn, **options)
                stamp = _stamp(self.store, kind, digest, options)
                if stamp is not None:
                    self._remember(key, stamp)
        except Cancelled:
            return "Stopped while the upload was read."
        except Unwritable:
            raise
        except Problem as problem:
            return str(problem)
        except Exception:
            logger.exception("an upload could not be parsed")
            return "The upload could not be read; see the server's log."
        return ""

    def _remember(self, key: tuple[str, bytes], stamp: tuple[int, int]) -> None:
        with self._changed:
            self._checked[key] = stamp
            while len(self._checked) > MOST_REMEMBERED:
                del self._checked[next(iter(self._checked))]

    def _source(self, digest: str) -> Path | None:
        """The file with that digest; None where it is not kept."""
        return self.store.path(f"{digest}.blob") if self.store.has_blob(digest) else None

    @contextlib.contextmanager
    def _alone(self, digest: str, stop: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Many jobs may want the same upload; one has it read, the others wait and find it."""
        with self._changed:
            while digest in self._busy:
                if stop():
                    raise Cancelled
                self._changed.wait(0.1)
            self._busy.add(digest)
        try:
            yield
        finally:
            with self._changed:
                self._busy.remove(digest)
                self._changed.notify_all()

    def _read(
        self,
        kind: str,
        upload: bytes | Path,
        file: BinaryIO,
        stop: Callable[[], bool] = lambda: False,
        turn: str = "",
        **options: Any,
    ) -> None:
        file.write(_how(kind, options))
        self.pool.parse_into(kind, upload, file, stop, turn, **options)
        file.flush()
        with _mapped(file.fileno()) as data:
            check_answer(PARSERS[kind], data, _FIRST)


def parsed(store: Store, kind: str, digest: str, **options: Any) -> ParsedFile | None:
    """The parsed form of an upload, or None where it is not kept or the code has changed.

    The arrays lie in the mapped file; they may be written to, which changes no file.
    """
    try:
        path = store.path(f"{digest}.parsed")
        with path.open("rb") as file:
            if file.read(_FIRST) != _how(kind, options):
                return None
            data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    except (OSError, ValueError):  # not there, or no digest
        return None
    for used in (path, store.path(f"{digest}.blob")):
        with contextlib.suppress(OSError):
            os.utime(used)
    try:
        return check_answer(PARSERS[kind], data, _FIRST)
    except Problem:  # changed on disk: read it again
        return None


def _stamp(store: Store, kind: str, digest: str, options: dict[str, Any]) -> tuple[int, int] | None:
    """Of the file that was made so: its number and size; None where there is no such file."""
    try:
        with store.path(f"{digest}.parsed").open("rb") as file:
            status = os.fstat(file.fileno())
            return (
                (status.st_ino, status.st_size)
                if file.read(_FIRST) == _how(kind, options)
                else None
            )
    except (OSError, ValueError):
        return None


def put(store: Store, kind: str, digest: str, content: ParsedFile, **options: Any) -> None:
    """Keep what was made of one's own bytes, for scripts and tests without a parser pool."""
    from explainers.service import codec

    with store.writing(f"{digest}.parsed") as file:
        file.write(_how(kind, options))
        file.flush()
        codec.send(file.fileno(), *content)


def gone(kind: str) -> Problem:
    """The sentence for an upload that is no longer kept."""
    return Problem(f"This {_WORDS.get(kind, 'file')} is no longer kept here. Upload it again.")


def _how(kind: str, options: dict[str, Any]) -> bytes:
    text = json.dumps([code_version(), kind, options], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest().encode()


@contextlib.contextmanager
def _mapped(descriptor: int) -> Iterator[mmap.mmap]:
    data = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
    try:
        yield data
    finally:
        with contextlib.suppress(BufferError):  # arrays still lie in it; they go first
            data.close()
