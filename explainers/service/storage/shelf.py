"""A visitor's shelf: what was asked and answered, in this visit and before, until it is deleted.

An entry holds the question, the link that opens it, a thumbnail and words; the answer itself lies
in the store under its own digest, and is computed again where it made room for others. Entries are
of one visitor alone. They go with the uploads they were made of, and when nobody looks at them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import msgspec

from explainers.service.storage import run_files
from explainers.service.storage.uploads import Uploads

MOST_RUNS, LARGEST_RUN = 200, 200_000
"""Entries of one visitor, and bytes of one: the thumbnail of one has about five thousand."""
LONGEST_NAME, LONGEST_NOTE = 120, 2000


class Subject(msgspec.Struct, frozen=True, omit_defaults=True):
    """One task of a finished question, with what people call its parts.

    Attributes
    ----------
    task : dict
        The task as plain data.
    label : str
        What sets it apart from the others of the same run.
    network, input, file : str
        Names of the network, of the input, and of its file.
    classes : tuple of str
        Names that were given for the outputs; () where the network's own are used.
    """

    task: dict[str, Any]
    label: str = ""
    network: str = ""
    input: str = ""
    file: str = ""
    classes: tuple[str, ...] = ()


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """A finished question on a shelf.

    Attributes
    ----------
    page : str
        The page that asked: "explain", "compare" or "importance".
    link : dict
        Query parameters that open it there.
    subjects : tuple of Subject
    uploads : tuple of str
        Digests of what the visitor brought for it.
    words : dict
        What was chosen, by the name of the choice, in words.
    title, sentence : str
        What it is about, and what was found; the sentence in Markdown.
    thumbnail : bytes
        A small PNG; `alt` says what it shows.
    when : float
        When it was first answered, in seconds since 1970.
    name, note : str
        The visitor's own.
    pinned : bool
    """

    page: str
    link: dict[str, str]
    subjects: tuple[Subject, ...]
    uploads: tuple[str, ...] = ()
    words: dict[str, str] = {}
    title: str = ""
    sentence: str = ""
    thumbnail: bytes = b""
    alt: str = ""
    when: float = 0.0
    name: str = ""
    note: str = ""
    pinned: bool = False

    @property
    def key(self) -> str:
        """SHA-256 of the question: the same for the same question, whatever answers it."""
        asked = [self.page, [subject.task for subject in self.subjects]]
        return hashlib.sha256(msgspec.json.encode(asked, order="sorted")).hexdigest()


class Shelf:
    """The shelves of all visitors, in the store of the uploads.

    Parameters
    ----------
    uploads : Uploads
        Whose owners, limits and deletions hold for the shelves too.

    Examples
    --------
    >>> import tempfile
    >>> from explainers.service.storage.store import Store
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shelf = Shelf(Uploads(Store(folder)))
    ...     key = shelf.keep("ann", Run("explain", {"model": "signs"}, (Subject({"a": 1}),)))
    ...     shelf.change("ann", key, name="A sign")
    ...     [run.name for run in shelf.list_of("ann").values()], shelf.list_of("bob")
    (['A sign'], {})
    """

    def __init__(self, uploads: Uploads) -> None:
        self.uploads, self.folder = uploads, uploads.store.folder

    def keep(self, owner: str, run: Run) -> str:
        """Put a finished question on the owner's shelf; its key, "" where it has no place there.

        What the owner wrote of the same question stays. Where there are too many, what was looked
        at longest ago makes room, but nothing that is pinned.

        Parameters
        ----------
        owner : str
        run : Run
            Of its `uploads` those are left out that nobody brought.

        Raises
        ------
        Unwritable
            Where the store cannot be written now.
        """
        self.uploads.tidy()
        with self.uploads.lock:
            brought = [one for one in run.uploads if self.uploads.is_brought(one)]
            if not all(self.uploads.may_open(one, owner) for one in brought):
                return ""
            path, before = self._path(owner, run.key), self.get(owner, run.key)
            told = {"when": run.when or time.time(), "uploads": tuple(sorted(set(brought)))}
            if before is not None:
                told |= {n: getattr(before, n) for n in ("when", "name", "note", "pinned")}
            data = msgspec.json.encode(msgspec.structs.replace(run, **told))
            if len(data) > LARGEST_RUN or not self._make_room(owner, path, len(data)):
                return ""
            for upload in brought:
                run_files.mark(self.folder, upload, path)
            self._write(path, data)
            if not all(self.uploads.may_open(one, owner) for one in brought):
                self.delete(owner, [run.key])  # it made room for the entry
                return ""
        return run.key

    def get(self, owner: str, key: str) -> Run | None:
        """The entry under that key on the owner's shelf; None where there is none."""
        try:
            return msgspec.json.decode(self._path(owner, key).read_bytes(), type=Run)
        except (OSError, ValueError):
            return None

    def list_of(self, owner: str) -> dict[str, Run]:
        """The owner's entries by key, the latest first; to look at them is to use them."""
        found = {}
        for _, _, path in run_files.entries_of(self.folder, owner):
            key = path.name.partition(".")[0]
            run = self.get(owner, key)
            if run is None or run.key != key:
                continue  # damaged, or of another version
            if not all(self.uploads.may_open(one, owner) for one in run.uploads):
                continue
            with contextlib.suppress(OSError):
                os.utime(path)
            found[key] = run
        return dict(sorted(found.items(), key=lambda item: -item[1].when))

    def change(
        self,
        owner: str,
        key: str,
        *,
        name: str | None = None,
        note: str | None = None,
        pinned: bool | None = None,
    ) -> None:
        """Name, note or pin an entry; nothing where the owner has none under that key."""
        with self.uploads.lock:
            run = self.get(owner, key)
            if run is None:
                return
            own = {
                "name": run.name if name is None else name.strip()[:LONGEST_NAME],
                "note": run.note if note is None else note.strip()[:LONGEST_NOTE],
                "pinned": run.pinned if pinned is None else pinned,
            }
            changed = msgspec.structs.replace(run, **own)
            self._write(self._path(owner, key), msgspec.json.encode(changed))

    def delete(self, owner: str, only: Collection[str] | None = None) -> int:
        """Delete the owner's entries, or some of them; how many there were."""
        count = 0
        with self.uploads.lock:
            for _, _, path in run_files.entries_of(self.folder, owner):
                key = path.name.partition(".")[0]
                if only is None or key in only:
                    run_files.delete(self.folder, path, self._uploads_of(owner, key))
                    count += 1
        return count

    def _make_room(self, owner: str, path: Path, size: int) -> bool:
        """Whether an entry of so many bytes has a place, after others have made room."""
        most = self.uploads.most_bytes - self.uploads.bytes_of(owner) - size
        entries = [one for one in run_files.entries_of(self.folder, owner) if one[2] != path]
        count, total = len(entries), sum(size for _, size, _ in entries)
        for _, size_of_other, other in entries:
            if count < MOST_RUNS and total <= most:
                break
            key = other.name.partition(".")[0]
            run = self.get(owner, key)
            if run is None or not run.pinned:
                run_files.delete(self.folder, other, self._uploads_of(owner, key))
                count, total = count - 1, total - size_of_other
        return count < MOST_RUNS and total <= most

    def _uploads_of(self, owner: str, key: str) -> tuple[str, ...]:
        run = self.get(owner, key)
        return () if run is None else run.uploads

    def _path(self, owner: str, key: str) -> Path:
        return self.uploads.store.path(f"{key}.{run_files.tag(owner)}{run_files.SUFFIX}")

    def _write(self, path: Path, data: bytes) -> None:
        with self.uploads.store.writing(path.name) as file:
            file.write(data)
