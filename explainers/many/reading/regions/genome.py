"""A genome's FASTA: indexed in one pass, then read where letters are asked for."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from explainers.errors import Problem
from explainers.kinds.files.gzipped import PACKED
from explainers.many.reading.listing import SourceChanged
from explainers.many.reading.regions.indexing import Index, Place
from explainers.many.remote.location import is_remote

CHUNK = 2**24
MOST_HELD = 1_000_000_000
"""Bytes of one chromosome of a packed genome, which is held unpacked."""


class Genome:
    """Chromosomes by name.

    Of a file that is not packed only a number or two a chromosome are held, and letters are read
    where they lie. One that is packed by gzip or bgzip is unpacked chromosome by chromosome: the
    last one that was asked for is held. Where the file is another one by its date, it must still
    have its digest.

    Parameters
    ----------
    path : Path
    listed : (str, mapping of str to Place), optional
        Its digest and where its chromosomes lie, found before; by default they are found now.

    Attributes
    ----------
    digest : str
        SHA-256 of the file.
    places : mapping of str to Place
        Where its chromosomes lie.

    Raises
    ------
    Problem
        Where it cannot be read, or is no FASTA.
    SourceChanged
        Where it is not the one that was listed, now or whenever letters are read.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "genome.fa"
    >>> _ = path.write_text(">chr1 first\\nACGT\\nAC\\n>chr2\\nTTT\\n")
    >>> genome = Genome(path)
    >>> genome.lengths, genome.letters("chr1", 3, 6)
    ({'chr1': 6, 'chr2': 3}, b'TAC')
    """

    def __init__(self, path: Path, listed: tuple[str, Mapping[str, Place]] | None = None) -> None:
        self.path = path
        self._packed = path.suffix.lower() == PACKED
        self._held: tuple[str, bytes] = "", b""
        self._stamp: tuple[int | str, ...] = ()
        if listed is None:
            self.digest, self.places = self._indexed()
            return
        self.digest, self.places = listed
        self._opened().close()

    def _indexed(self) -> tuple[str, Mapping[str, Place]]:
        """Its digest and its chromosomes, in one pass."""
        path, index, whole = self.path, Index(self.path.name), hashlib.sha256()
        try:
            with path.open("rb") as file:
                self._stamp = _stamp(path, file)
                if not self._packed:
                    for chunk in _chunks(file):
                        whole.update(chunk)
                        index.add(chunk)
                else:
                    for chunk in _chunks(file):
                        whole.update(chunk)
                    file.seek(0)
                    with gzip.GzipFile(fileobj=file) as text:
                        for chunk in _chunks(text):
                            index.add(chunk)
        except OSError as error:
            raise self._unreadable(error) from error
        except (EOFError, zlib.error) as error:
            raise Problem(f"{path.name} is damaged, or cut off. Pack the genome again.") from error
        return whole.hexdigest(), index.finished()

    def _opened(self) -> IO[bytes]:
        """Its file, at its begin. SourceChanged where it is no longer what was listed."""
        try:
            with contextlib.ExitStack() as stack:
                file = stack.enter_context(self.path.open("rb"))
                stamp = _stamp(self.path, file)
                if stamp != self._stamp:
                    whole = hashlib.sha256()
                    for chunk in _chunks(file):
                        whole.update(chunk)
                    if whole.hexdigest() != self.digest:
                        raise SourceChanged(self.path.name)
                    self._stamp = stamp
                    file.seek(0)
                stack.pop_all()
        except OSError as error:
            raise SourceChanged(self.path.name) from error
        return file

    @property
    def lengths(self) -> dict[str, int]:
        """Letters of each chromosome."""
        return {name: place.letters for name, place in self.places.items()}

    def length(self, name: str) -> int:
        """Letters of a chromosome. Problem where there is none of that name."""
        place = self.places.get(name)
        if place is not None:
            return place.letters
        other = name.removeprefix("chr") if name.startswith("chr") else f"chr{name}"
        known = f"; it calls it “{other}”" if other in self.places else ""
        raise Problem(f"{self.path.name} has no chromosome “{name[:60]}”{known}.")

    def letters(self, name: str, start: int, stop: int) -> bytes:
        """Letters of a chromosome as they stand in the file, from 0, the stop excluded.

        Raises
        ------
        Problem
            Where there is no such chromosome, it ends before, or its lines are of several lengths.
        SourceChanged
            Where the file is no longer what was listed, or cannot be read any more.
        """
        length = self.length(name)
        if not 0 <= start <= stop <= length:
            raise Problem(f"“{name}” has the letters 0 to {length:,}; not {start:,} to {stop:,}.")
        found = (
            self._held_letters(name, start, stop) if self._packed else self._read(name, start, stop)
        )
        if len(found) != stop - start:
            raise Problem(
                f"“{name}” in {self.path.name} holds spaces or ends of lines that cannot be "
                "counted. Write it anew, and start again."
            )
        return found

    def _read(self, name: str, start: int, stop: int) -> bytes:
        """Letters from where they lie in a file that is not packed."""
        place = self.places[name]
        if not place.even:
            raise Problem(
                f"The lines of “{name}” in {self.path.name} are of several lengths, so that no "
                "letter can be found in it. Write the file anew with lines of one length."
            )
        first, last = place.byte_of(start), place.byte_of(stop)
        try:
            return self._part(first, last).translate(None, b"\r\n")
        except OSError as error:
            raise SourceChanged(self.path.name) from error

    def _part(self, first: int, last: int) -> bytes:
        """Some of its bytes."""
        if is_remote(self.path):
            if (self.path.stamp(),) != self._stamp:
                self._opened().close()
            return self.path.read_part(first, last)
        with self._opened() as file:
            file.seek(first)
            return file.read(last - first)

    def _held_letters(self, name: str, start: int, stop: int) -> bytes:
        """Letters of a packed genome, whose chromosome is unpacked and held."""
        if self._held[0] == name:
            return self._held[1][start:stop]
        place = self.places[name]
        if place.bytes > MOST_HELD:
            raise Problem(
                f"“{name}” is too large to be held: unpack {self.path.name} with gunzip, and give "
                "the unpacked genome."
            )
        self._held = "", b""
        try:
            with self._opened() as file, gzip.GzipFile(fileobj=file) as text:
                text.seek(place.offset)
                letters = text.read(place.bytes).translate(None, b"\r\n \t")
        except (OSError, EOFError, zlib.error) as error:
            raise SourceChanged(self.path.name) from error
        self._held = name, letters
        return letters[start:stop]

    def _unreadable(self, error: OSError) -> Problem:
        if isinstance(error, gzip.BadGzipFile):
            return Problem(f"{self.path.name} ends in .gz, but is not packed by gzip.")
        return Problem(f"{self.path} cannot be read: {error.strerror or error}.")


def _stamp(path: Path, file: IO[bytes]) -> tuple[int | str, ...]:
    """What differs where a file was written anew, or is another one."""
    if is_remote(path):
        return (path.stamp(),)
    told = os.fstat(file.fileno())
    return told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns


def _chunks(file: IO[bytes] | gzip.GzipFile) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk
