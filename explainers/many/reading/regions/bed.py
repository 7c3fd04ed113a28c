"""BED files: a region of a genome a line, looked up by number; nothing but the text is held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explainers.errors import Problem
from explainers.kinds.files.gzipped import PACKED, packed_too, unpacked
from explainers.kinds.files.labels import label

SUFFIXES = packed_too((".bed",))
MOST_UNPACKED = 400_000_000
_STRAND = 5


@dataclass(frozen=True)
class Region:
    """A line of a BED file.

    Attributes
    ----------
    chromosome : str
    start, stop : int
        From 0, the stop excluded.
    name : str
        "" where it has none.
    strand : str
        "+" or "-"; "" where the file does not say.
    """

    chromosome: str
    start: int
    stop: int
    name: str = ""
    strand: str = ""

    def resized(self, length: int) -> tuple[int, int]:
        """Start and stop of as many letters around its centre.

        Examples
        --------
        >>> Region("chr1", 10, 20).resized(4), Region("chr1", 10, 13).resized(4)
        ((13, 17), (9, 13))
        """
        start = self.start + (self.stop - self.start) // 2 - length // 2
        return start, start + length


class Bed:
    """The regions of a file, in its order. Comments and "track" and "browser" lines are none.

    Parameters
    ----------
    data : bytes
        The file's; packed by gzip or not.
    name : str
        Of the file.

    Raises
    ------
    Problem
        Where it holds no region at all.

    Examples
    --------
    >>> bed = Bed(b"# peaks\\nchr1\\t5\\t9\\tpeak\\t0\\t-\\n\\nchr2\\t0\\t4\\n", "a.bed")
    >>> len(bed), bed[0]
    (2, Region(chromosome='chr1', start=5, stop=9, name='peak', strand='-'))
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._data = unpacked(data, MOST_UNPACKED) if name.lower().endswith(PACKED) else data
        text = np.frombuffer(self._data, np.uint8)
        ends = np.flatnonzero(text == ord("\n"))
        starts = np.concatenate([[0], ends + 1])
        starts = starts[starts < len(text)]
        firsts = text[starts]
        kept = ~np.isin(firsts, np.frombuffer(b"#\r\n", np.uint8))
        for place in np.flatnonzero(np.isin(firsts, np.frombuffer(b"tb \t", np.uint8))):
            first = self._line(int(starts[place])).split(maxsplit=1)[:1]
            kept[place] = first not in ([], [b"track"], [b"browser"])
        self._numbers = np.flatnonzero(kept)
        self._starts = starts[kept]
        if not len(self):
            raise Problem(f"{name} names no region. A BED file has chromosome, start, end a line.")
        if all(isinstance(self.looked_up(at), str) for at in range(min(len(self), 100))):
            raise Problem(f"{name} is no BED file: {self.looked_up(0)}")

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, index: int) -> Region:
        found = self.looked_up(index)
        if isinstance(found, str):
            raise Problem(found)
        return found

    def line_number(self, index: int) -> int:
        """In the file, from 1."""
        return int(self._numbers[index]) + 1

    def looked_up(self, index: int) -> Region | str:
        """The region of that number, or a sentence that says what is wrong with its line."""
        text = self._line(int(self._starts[index])).decode("utf-8", "replace")
        parts = text.split("\t") if "\t" in text else text.split()
        parts = [part.strip() for part in parts]
        at = f"Line {self.line_number(index):,}"
        try:
            chromosome, start, stop = parts[0], int(parts[1]), int(parts[2])
        except (IndexError, ValueError):
            return f"{at} does not begin with a chromosome, a start and an end in whole numbers."
        if not 0 <= start <= stop:
            said = "a start is 0 or more, and no end is before it"
            return f"{at} has a region from {start:,} to {stop:,}; {said}."
        strand = parts[_STRAND] if len(parts) > _STRAND else "."
        if strand not in ("+", "-", "."):
            return f'{at} has the strand "{label(strand, 20)}"; it is +, - or a dot.'
        name = label(parts[3], 60) if len(parts) > 3 and parts[3] != "." else ""
        return Region(chromosome, start, stop, name, strand.strip("."))

    def _line(self, start: int) -> bytes:
        stop = self._data.find(b"\n", start)
        return self._data[start : stop if stop >= 0 else len(self._data)].rstrip(b"\r")
