"""Whose an upload is: who brought it, who may open it, and what goes when it is deleted.

Beside the bytes under their digest lies a small JSON file with the visitors who brought them,
whether one of them shared them by a link, and the answers that were made from them.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from explainers.errors import Problem
from explainers.service.limits import limits
from explainers.service.storage.store import Store

SECONDS_BETWEEN_SWEEPS = 3600.0


class Uploads:
    """The uploads in a store, by visitor; safe to use from many threads of one process."""

    def __init__(self, store: Store, most_bytes: float = float("inf")) -> None:
        self.store, self.most_bytes = store, most_bytes
        self._swept = 0.0
        self._lock = threading.RLock()

    def keep(self, data: bytes, visitor: str, what: str = "file") -> str:
        """Keep the bytes as this visitor's; their digest.

        Raises Problem where there are none, and where the visitor's uploads would become too many.
        """
        if not data:
            raise Problem(f"This {what} is empty (0 bytes). Upload it again, or another one.")
        with self._lock:
            if time.monotonic() - self._swept > SECONDS_BETWEEN_SWEEPS:
                self._swept = time.monotonic()
                self.forget_old(limits().days_kept)
            kept = self.bytes_of(visitor)
            if kept + len(data) > self.most_bytes:
                raise Problem(
                    f"Your uploads have {kept / 1e6:.0f} MB already; with this {what} they would "
                    f"pass the {self.most_bytes / 1e6:.0f} MB that one visitor may keep here. "
                    "Delete your uploads first."
                )
            digest = self.store.put_blob(data)
            with self._entry(digest) as entry:
                entry["owners"] = sorted({*entry["owners"], visitor})
        return digest

    def may_open(self, digest: str, visitor: str) -> bool:
        """Whether the bytes are kept, and this visitor brought them or their maker shared them."""
        entry = self._read(digest)
        mine = entry is not None and (visitor in entry["owners"] or entry["shared"])
        return mine and self.store.has_blob(digest)

    def share(self, digests: Iterable[str], visitor: str) -> None:
        """Let whoever has a link with these digests open them; only their owner can."""
        for digest in digests:
            with self._lock:
                entry = self._read(digest)
                if entry is not None and visitor in entry["owners"]:
                    with self._entry(digest) as entry:
                        entry["shared"] = True

    def shared_by(self, visitor: str) -> list[str]:
        """Digests of what the visitor brought that others may open by a link."""
        return [d for d, entry in self._all() if visitor in entry["owners"] and entry["shared"]]

    def made(self, answer: str, of: Iterable[str]) -> None:
        """Remember that an answer was made from these uploads, to be deleted with them."""
        for digest in of:
            with self._lock:
                if self._read(digest) is not None:
                    with self._entry(digest) as entry:
                        entry["answers"] = sorted({*entry["answers"], answer})

    def of(self, visitor: str) -> list[str]:
        """Digests of what the visitor brought."""
        return [d for d, entry in self._all() if visitor in entry["owners"]]

    def bytes_of(self, visitor: str) -> int:
        """How many bytes the visitor's uploads have."""
        return sum(self.store.blob_size(digest) for digest in self.of(visitor))

    def delete(self, visitor: str) -> int:
        """Delete the visitor's uploads with their answers; how many there were.

        What another visitor brought too stays for that one, but is no longer shared.
        """
        with self._lock:
            mine = self.of(visitor)
            for digest in mine:
                self._leave(digest, visitor)
        return len(mine)

    def forget_old(self, days: float) -> None:
        """Delete uploads that nobody opened for so many days, with their answers."""
        oldest = time.time() - 86400 * days
        with self._lock:
            for digest, entry in self._all():
                if self.store.last_used(digest) < oldest:
                    for owner in entry["owners"]:
                        self._leave(digest, owner)

    def _leave(self, digest: str, visitor: str) -> None:
        entry = self._read(digest)
        if entry is None:
            return
        left = [owner for owner in entry["owners"] if owner != visitor]
        if left:
            with self._entry(digest) as entry:
                entry.update(owners=left, shared=False)
            return
        for answer in entry["answers"]:
            self.store.delete(answer)
        self.store.delete(digest)
        self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self.store.path(f"{digest}.own")

    def _read(self, digest: str) -> dict | None:
        try:
            return json.loads(self._path(digest).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None

    def _all(self) -> Iterator[tuple[str, dict]]:
        for path in sorted(self.store.folder.glob("*.own")):
            entry = self._read(path.stem)
            if entry is not None:
                yield path.stem, entry

    @contextlib.contextmanager
    def _entry(self, digest: str) -> Iterator[dict]:
        """The entry to change; written whole when the block ends."""
        with self._lock:
            entry = self._read(digest) or {"owners": [], "shared": False, "answers": []}
            yield entry
            handle, temporary = tempfile.mkstemp(dir=self.store.folder)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(entry, file)
            os.replace(temporary, self._path(digest))
