"""Whose an upload is: who brought it, who may open it, and what goes when it is deleted.

Beside the bytes under their digest lies a small JSON file with the visitors who brought them,
whether one of them shared them by a link, and the answers that were made from them.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import msgspec

from explainers.errors import Problem
from explainers.service.limits import limits
from explainers.service.storage import folder, run_files
from explainers.service.storage.owners import Brought, Entry, Upload
from explainers.service.storage.store import Store

SECONDS_BETWEEN_SWEEPS, SECONDS_BETWEEN_TRIMS = 3600.0, 5.0
LONGEST_NAME = 200

logger = logging.getLogger(__name__)


class Uploads:
    """The uploads in a store, by visitor; safe to use from many threads of one process.

    Parameters
    ----------
    store : Store
        Holds the bytes, and the entries beside them.
    most_bytes : float
        Bytes that the uploads of one visitor may have together.

    Examples
    --------
    >>> import tempfile
    >>> from explainers.service.storage.owners import Brought, Entry, Upload
    >>> from explainers.service.storage.store import Store
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     uploads = Uploads(Store(folder))
    ...     digest = uploads.keep(b"an upload", "ann")
    ...     before = uploads.may_open(digest, "bob")
    ...     uploads.share([digest], "ann")
    ...     before, uploads.may_open(digest, "bob"), uploads.delete("ann")
    (False, True, 1)
    """

    def __init__(self, store: Store, most_bytes: float = float("inf")) -> None:
        self.store, self.most_bytes = store, most_bytes
        self._swept = 0.0
        self._trimmed: dict[str, float] = {}
        self.lock = threading.RLock()

    def keep(
        self,
        data: bytes,
        visitor: str,
        description: str = "file",
        name: str = "",
        use: tuple[str, str] | None = None,
    ) -> str:
        """Keep the bytes as this visitor's; their digest.

        Parameters
        ----------
        data : bytes
            The upload.
        visitor : str
            Who brought it.
        description : str
            What it is, in words.
        name : str
            What the visitor calls it.
        use : (str, str), optional
            Name of the choice that it is used for, and the suffix of the value there, or "".

        Raises
        ------
        Problem
            Where there are no bytes, and where the visitor's uploads would become too many.
        """
        if not data:
            raise Problem(
                f"This {description} is empty (0 bytes). Upload it again, or another one."
            )
        with self.lock:
            self.tidy()
            kept = self.bytes_of(visitor)
            if kept + len(data) > self.most_bytes:
                raise Problem(
                    f"Your uploads have {kept / 1e6:.0f} MB already; with this {description} they "
                    f"would pass the {self.most_bytes / 1e6:.0f} MB that one visitor may keep "
                    "here. Delete your uploads first."
                )
            digest = self.store.put_blob(data)
            with self._changing(digest) as entry:
                entry.owners = sorted({*entry.owners, visitor})
                used = use or getattr(entry.brought.get(visitor), "use", None)
                called = name or getattr(entry.brought.get(visitor), "name", "") or description
                entry.brought[visitor] = Brought(called[:LONGEST_NAME], time.time(), used)
        return digest

    def tidy(self) -> None:
        """Delete what ended processes left, and what nobody opened for long; once in an hour."""
        with self.lock:
            if time.monotonic() - self._swept > SECONDS_BETWEEN_SWEEPS:
                self._swept = time.monotonic()
                self.store.sweep()
                self.delete_unused(limits().days_kept)

    def is_brought(self, digest: str) -> bool:
        """Whether a visitor brought what is under the digest; False for what is no digest."""
        return self._read(digest) is not None

    def may_open(self, digest: str, visitor: str) -> bool:
        """Whether the bytes are kept, and this visitor brought them or an owner shared them.

        Unwritable where the store is not there now.
        """
        if self._is_open(digest, visitor):
            return True
        folder.demand_present(self.store.folder)
        return self._is_open(digest, visitor)  # it may have come back in between

    def _is_open(self, digest: str, visitor: str) -> bool:
        entry = self._read(digest)
        allowed = entry is not None and (visitor in entry.owners or entry.shared)
        return allowed and self.store.has_blob(digest)

    def share(self, digests: Iterable[str], visitor: str) -> None:
        """Let whoever has a link with these digests open them; only their owner can."""
        for digest in digests:
            with self.lock:
                entry = self._read(digest)
                if entry is not None and visitor in entry.owners:
                    with self._changing(digest) as entry:
                        entry.shared = True

    def take_back(self, digests: Iterable[str], visitor: str) -> None:
        """Let nobody but its owners open these any more, links or not; only an owner can."""
        for digest in digests:
            with self.lock:
                entry = self._read(digest)
                if entry is not None and visitor in entry.owners:
                    with self._changing(digest) as entry:
                        entry.shared = False
                    self.store.forget_runs(digest, keep=entry.owners)

    def list_of(self, visitor: str) -> list[Upload]:
        """What the visitor brought, the latest first."""
        found, marks = [], self.store.marks()
        for digest, entry in self._all():
            size = self.store.blob_size(digest)
            if visitor not in entry.owners or not size:
                continue
            brought = entry.brought.get(visitor, Brought())
            use = brought.use and (brought.use[0], digest + brought.use[1])
            name = brought.name or f"upload {digest[:8]}"
            made = len(marks.get(digest, ()))
            found.append(Upload(digest, name, size, brought.when, entry.shared, use, made))
        return sorted(found, key=lambda upload: -upload.when)

    def alone(self, visitor: str, digests: Iterable[str]) -> list[str]:
        """Those of these uploads that nobody else brought, gone when the visitor deletes them."""
        entries = {digest: self._read(digest) for digest in digests}
        return [d for d, entry in entries.items() if entry and entry.owners == [visitor]]

    def shared_by(self, visitor: str) -> list[str]:
        """Digests of what the visitor brought that others may open by a link."""
        return [d for d, entry in self._all() if visitor in entry.owners and entry.shared]

    def record_answer(self, answer: str, digests: Iterable[str]) -> None:
        """Remember that an answer was made from these uploads, to be deleted with them.

        Parameters
        ----------
        answer : str
            The digest under which the answer is kept.
        digests : iterable of str
            Of the uploads.
        """
        for digest in digests:
            with self.lock:
                if self._read(digest) is not None:
                    self.store.mark(answer, [digest])

    def uploads_of(self, visitor: str) -> list[str]:
        """Digests of what the visitor brought."""
        return [digest for digest, entry in self._all() if visitor in entry.owners]

    def bytes_of(self, visitor: str) -> int:
        """How many bytes the visitor's uploads have."""
        return sum(self.store.blob_size(digest) for digest in self.uploads_of(visitor))

    def trim(self, visitor: str) -> None:
        """Let what the visitor's uploads became take no more room than a visitor may have.

        What was used longest ago goes first: parsed forms and answers, which are made again when
        they are asked for. Nobody else's work makes room for it.
        """
        now = time.monotonic()
        if now - self._trimmed.get(visitor, -SECONDS_BETWEEN_TRIMS) < SECONDS_BETWEEN_TRIMS:
            return
        self._trimmed[visitor] = now
        with self.lock:
            uploads = self.uploads_of(visitor)
            total = self.bytes_of(visitor)
            alone, marks = self.alone(visitor, uploads), self.store.marks()
            products, own = list[tuple[float, int, Path]](), set[Path]()
            for digest in uploads:
                made = self.store.products(digest, marks.get(digest, ()))
                products += made
                own |= {path for *_, path in made} if digest in alone else set()
            total += sum(size for _, size, _ in products)
            total += run_files.bytes_of(self.store.folder, visitor)
            for _, size, path in sorted(products):
                if total <= self.most_bytes:
                    break
                if path in own:
                    with contextlib.suppress(OSError):
                        path.unlink()
                    total -= size

    def delete(self, visitor: str, only: Collection[str] | None = None) -> int:
        """Delete the visitor's uploads, or some of them, with their answers; how many there were.

        What another visitor brought too stays for that one, but is no longer shared.
        """
        with self.lock:
            digests = self.uploads_of(visitor)
            digests = [digest for digest in digests if only is None or digest in only]
            marks = self.store.marks()
            for digest in digests:
                self._remove_owner(digest, visitor, marks.get(digest, ()))
        if digests:
            logger.info("a visitor deleted %d uploads", len(digests))
        return len(digests)

    def delete_unused(self, days: float) -> None:
        """Delete uploads that nobody opened for so many days, with their answers."""
        oldest, count = time.time() - 86400 * days, 0
        with self.lock:
            for digest, entry in self._all():
                if self.store.last_used(digest) < oldest:
                    count += 1
                    for owner in entry.owners:
                        self._remove_owner(digest, owner)
            run_files.delete_unused(self.store.folder, oldest)
        if count:
            logger.info("deleted %d uploads that nobody opened for %g days", count, days)

    def _remove_owner(self, digest: str, visitor: str, marks: Iterable[Path] | None = None) -> None:
        """Take the visitor off the upload; it goes with its last owner."""
        entry = self._read(digest)
        if entry is None:
            return
        others = [owner for owner in entry.owners if owner != visitor]
        if others:
            with self._changing(digest) as entry:
                entry.owners, entry.shared = others, False
                entry.brought.pop(visitor, None)
            self.store.forget_runs(digest, keep=others)
            return
        for answer in entry.answers:
            self.store.delete(answer)
        self.store.delete(digest, marks)

    def _path(self, digest: str) -> Path:
        return self.store.path(f"{digest}.own")

    def _read(self, digest: str) -> Entry | None:
        try:
            return msgspec.json.decode(self._path(digest).read_bytes(), type=Entry)
        except (OSError, msgspec.MsgspecError, ValueError):
            return None

    def _all(self) -> Iterator[tuple[str, Entry]]:
        """Digest and entry of every upload."""
        for path in sorted(self.store.folder.glob("*.own")):
            entry = self._read(path.stem)
            if entry is not None:
                yield path.stem, entry

    @contextlib.contextmanager
    def _changing(self, digest: str) -> Iterator[Entry]:
        """The entry to change; written whole when the block ends."""
        with self.lock:
            entry = self._read(digest) or Entry()
            yield entry
            with folder.whole_file(self._path(digest)) as file:
                file.write(msgspec.json.encode(entry))
