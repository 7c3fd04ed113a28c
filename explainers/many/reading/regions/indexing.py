"""Where each chromosome of a FASTA file lies, found in a pass over its bytes.

As `samtools faidx` does: where all lines of a record but its last are of one length, a letter's
byte can be computed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explainers.errors import Problem

LONGEST_HEAD = 10_000
_NEWLINE, _RETURN, _HEAD = 10, 13, ord(">")


@dataclass
class Place:
    """Where the letters of one chromosome lie.

    Attributes
    ----------
    offset : int
        Of its first letter, in bytes.
    bytes, lines : int
        Of its letters, ends of lines included.
    line : int
        Bytes of its first line; 0 where it has none.
    ends : int
        Bytes of the end of a line: 1, or 2 as Windows writes them.
    even : bool
        Whether all its lines but the last are of one length.
    """

    offset: int
    bytes: int = 0
    lines: int = 0
    line: int = 0
    ends: int = 1
    even: bool = True
    last: bool = False

    @property
    def letters(self) -> int:
        """How many it has."""
        return self.bytes - self.lines * self.ends

    def byte_of(self, letter: int) -> int:
        """Where in the file a letter lies.

        Examples
        --------
        >>> Place(10, 12, 2, 7).byte_of(8)
        19
        """
        line, within = divmod(letter, max(self.line - self.ends, 1))
        return self.offset + line * self.line + within

    def add(self, lines: np.ndarray, ends: int) -> None:
        """Take lines of so many bytes; `ends` is how the first of them ends."""
        if not self.lines:
            self.line, self.ends = int(lines[0]), ends
        self.bytes += int(lines.sum())
        self.lines += len(lines)
        others = np.flatnonzero(lines != self.line)
        if self.last:
            self.even = self.even and not (lines > self.ends).any()
        elif len(others):
            longer = lines[others[0]] > self.line
            self.even = not longer and not (lines[others[0] + 1 :] > self.ends).any()
            self.last = True


class Index:
    """Chromosomes as their bytes come.

    Parameters
    ----------
    file : str
        Its name.

    Examples
    --------
    >>> index = Index("genome.fa")
    >>> for part in (b">a x\\nAC", b"GT\\nAC\\n>b\\nT"):
    ...     index.add(part)
    >>> {name: (place.offset, place.letters) for name, place in index.finished().items()}
    {'a': (5, 6), 'b': (16, 1)}
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._places: dict[str, Place] = {}
        self._place: Place | None = None
        self._base = self._start = 0
        self._first = self._before = _NEWLINE
        self._head = b""

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        text = np.frombuffer(data, np.uint8)
        if self._start == self._base:
            self._first = int(text[0])
        ends = np.flatnonzero(text == _NEWLINE)
        starts = np.concatenate([[self._start], ends + 1 + self._base])
        within = starts[1:] - self._base
        firsts = np.full(len(starts), self._first)
        known = within < len(text)
        firsts[1:][known] = text[within[known]]
        heads = np.flatnonzero(firsts[:-1] == _HEAD)
        lengths = np.diff(starts)
        for begin, stop in zip([-1, *heads.tolist()], [*heads.tolist(), len(ends)], strict=True):
            if begin >= 0:
                at = int(starts[begin])
                head = data[max(at - self._base, 0) : ends[begin]]
                self._begin(head if begin else self._head + head, at, int(lengths[begin]))
            if stop > begin + 1:
                before = data[ends[begin + 1] - 1] if ends[begin + 1] else self._before
                self._lines(lengths[begin + 1 : stop], 2 if before == _RETURN else 1)
        self._start = int(starts[-1])
        if len(ends):
            self._head = b""
        if self._start < self._base + len(data):
            self._first = int(firsts[-1])
            if self._first == _HEAD:
                self._head += data[max(self._start - self._base, 0) :]
                if len(self._head) > LONGEST_HEAD:
                    raise self._no_fasta()
        self._before = int(text[-1])
        self._base += len(data)

    def finished(self) -> dict[str, Place]:
        """All that there are, by the first word of their names; of two alike the first."""
        if self._start < self._base:  # a last line without an end
            length = self._base - self._start
            if self._first == _HEAD:
                self._begin(self._head, self._start, length)
            else:
                ends = 1 if self._place is None or not self._place.lines else self._place.ends
                self._lines(np.array([length + ends]), ends)
        if not self._places:
            raise self._no_fasta()
        return self._places

    def _begin(self, head: bytes, start: int, length: int) -> None:
        words = head[1:].decode("utf-8", "replace").split()
        self._place = Place(start + length)
        self._places.setdefault(words[0] if words else "", self._place)

    def _lines(self, lengths: np.ndarray, ends: int) -> None:
        if self._place is not None:
            self._place.add(lengths, ends)
        elif (lengths > 2).any():
            raise self._no_fasta()

    def _no_fasta(self) -> Problem:
        return Problem(
            f"{self._file} is no FASTA file: it does not begin with “>” and a chromosome's name."
        )
