"""All inputs of a source: listed once with their digests, then read when their turn comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from explainers.errors import Problem
from explainers.kinds import KINDS, ParsedFile
from explainers.many.reading.completion import all_items, completed, item_name, parsed_file
from explainers.many.reading.listing import Listing, SourceChanged, listed_bytes, sha256
from explainers.many.reading.members import Source, members_of, suffix_of
from explainers.many.reading.sampling import even_sample
from explainers.many.remote.asking import StoreAway
from explainers.models.spec import ModelSpec


class Parse(Protocol):
    """Reads a file; `parsed_file` does."""

    def __call__(
        self, spec: ModelSpec, data: bytes, suffix: str, *, start: int | None = None
    ) -> ParsedFile:
        """What is in it. Of a table that has more rows than are read at once, those from `start`
        on; no other file is asked for a start."""


@dataclass(frozen=True)
class Input:
    """One input as the network takes it, or why it cannot be read.

    Attributes
    ----------
    index : int
        Its place in the source, from 0.
    name, digest : str
        SHA-256 of its file.
    values : ndarray, float32, or None
    facts : dict
        What must be known to draw it.
    problem : str
        A sentence where there are no values.
    """

    index: int
    name: str
    digest: str
    values: np.ndarray | None = None
    facts: dict[str, Any] | None = None
    problem: str = ""


def input_of(
    content: ParsedFile, spec: ModelSpec, item: int, index: int, name: str, digest: str
) -> Input:
    """One input of a file's content, or why there is none.

    Parameters
    ----------
    content : ParsedFile
    spec : ModelSpec
        Complete for it.
    item : int
        Its number in the file, as `all_items` gives it.
    index, name, digest
        See `Input`.
    """
    kind = KINDS[spec.kind]
    try:
        values = kind.inputs(content, spec, [item])[0]
        if not np.isfinite(values).all():
            raise Problem("It holds NaN or infinite values.")
    except Problem as problem:
        return Input(index, name, digest, problem=str(problem))
    return Input(index, name, digest, values, kind.facts(content, spec, item))


class InputSource(Protocol):
    """The inputs of a source, in an order that does not change.

    Reading raises SourceChanged where a file is not what it was when it was listed.

    spec        completed by what the source holds.
    files       names of its files; `digests`: SHA-256 of their bytes.
    left_out    names of files that are of another kind.
    notes       sentences about all inputs.
    digest      SHA-256 over the names and digests of all files.
    listing     what was found, for whoever reads the same elsewhere.
    """

    spec: ModelSpec
    files: list[str]
    digests: list[str]
    left_out: list[str]
    notes: list[str]

    def __len__(self) -> int: ...

    @property
    def digest(self) -> str: ...

    @property
    def listing(self) -> Listing: ...

    def file_of(self, index: int) -> int:
        """The number of the file that holds an input."""

    def name(self, index: int) -> str:
        """What an input is called."""

    def read(
        self, indices: Sequence[int], reading: Callable[[int], None] = lambda index: None
    ) -> Iterator[Input]:
        """Those inputs, one after the other; `reading` is called with each before it is read."""

    def sample(self, most: int) -> np.ndarray:
        """At most so many of the inputs, evenly spread over the source: float32 (M, …)."""


class Inputs:
    """The inputs of a source, in an order that does not change.

    Parameters
    ----------
    source : str, Path, or sequence of them
        See `members_of`.
    spec : ModelSpec
        How an input is prepared.
    parse : callable
        Reads a file.
    listing : Listing, optional
        What was found before, perhaps on another machine; by default the source is listed now.

    Attributes
    ----------
    spec : ModelSpec
        Completed by the first file that can be read.
    files, digests : list of str
        Of each file that holds inputs: its name, and SHA-256 of its bytes.
    left_out : list of str
        Names of files that are of another kind.

    Raises
    ------
    Problem
        Where the source is missing, empty, or holds nothing readable.
    """

    def __init__(
        self,
        source: Source,
        spec: ModelSpec,
        parse: Parse = parsed_file,
        listing: Listing | None = None,
    ) -> None:
        self.spec, self._parse = spec, parse
        self.notes: list[str] = []
        self._members, self.left_out = members_of(source, spec.kind)
        self._known = spec.kind == "picture"
        self._open: _Open | None = None
        self._pieces: dict[int, int] = {}
        if listing is None:
            self.files, self.digests = list(self._members.names), []
            self._counts = [self._listed(number) for number in range(len(self.files))]
        else:
            self.spec, self._known = listing.spec, listing.complete
            self.files, self.digests = list(listing.files), list(listing.digests)
            self._counts, self._pieces = list(listing.counts), dict(listing.pieces)
        self._starts = np.concatenate([[0], np.cumsum(self._counts)]).astype(np.int64)

    def _listed(self, number: int) -> int:
        """How many inputs a file holds; keeps its digest."""
        data, count = b"", 1
        try:
            data = self._members.read(self.files[number])
            if self.spec.kind != "picture":
                count = self._counted(number, data)
        except StoreAway:
            raise
        except Problem:
            if len(self.files) == 1:
                raise
            self._open = None
        self.digests.append(sha256(data))
        return count

    def __len__(self) -> int:
        return int(self._starts[-1])

    @property
    def digest(self) -> str:
        """SHA-256 over the names and digests of all files."""
        return self.listing.digest

    @property
    def listing(self) -> Listing:
        """What was found, for whoever reads the same elsewhere."""
        found = tuple(self.files), tuple(self.digests), tuple(self._counts)
        return Listing(self.spec, self._known, *found, dict(self._pieces))

    def file_of(self, index: int) -> int:
        """The number of the file that holds an input."""
        return int(np.searchsorted(self._starts, index, "right")) - 1

    def name(self, index: int) -> str:
        """What an input is called, without reading it where its file is not open."""
        number = self.file_of(index)
        place = index - int(self._starts[number])
        if self.spec.kind == "picture":
            return self.files[number]
        start, item = self._piece(number, place)
        if self._open is None or self._open.key != (number, start):
            return f"{self.files[number]}, input {place + 1}"
        return self._called(number, self._open, item)

    def read(
        self, indices: Sequence[int], reading: Callable[[int], None] = lambda index: None
    ) -> Iterator[Input]:
        """Those inputs, one after the other; `reading` is called with each before it is read."""
        for index in indices:
            reading(index)
            yield self._one(index)

    def sample(self, most: int) -> np.ndarray:
        """At most so many of the inputs, evenly spread over the source: float32 (M, …)."""
        return even_sample(len(self), most, lambda index: self._one(index).values)

    def _one(self, index: int) -> Input:
        number = self.file_of(index)
        digest = self.digests[number]
        try:
            start, item = self._piece(number, index - int(self._starts[number]))
            opened = self._opened(number, start)
        except (SourceChanged, StoreAway):
            raise
        except Problem as problem:
            return Input(index, self.name(index), digest, problem=str(problem))
        name = self._called(number, opened, item)
        return input_of(opened.content, self.spec, int(opened.items[item]), index, name, digest)

    def _called(self, number: int, opened: _Open, item: int) -> str:
        place = int(opened.items[item]) + (opened.start or 0)
        named = item_name(opened.content, self.spec, place)
        return ": ".join(filter(None, (self.files[number] if self._several else "", named)))

    @property
    def _several(self) -> bool:
        return self.spec.kind == "picture" or len(self.files) > 1

    def _counted(self, number: int, data: bytes) -> int:
        """How many inputs a file holds; of more rows than are read at once, it has pieces."""
        opened = self._opened(number, None, data)
        facts, arrays = opened.content
        if not facts.get("sampled"):
            return len(opened.items)
        self._open = None
        self._pieces[number] = len(arrays["values"])
        return int(facts["rows"])

    def _piece(self, number: int, place: int) -> tuple[int | None, int]:
        """Where the piece of a file starts that holds an input, and its place in that."""
        if number not in self._pieces:
            return None, place
        item = place % self._pieces[number]
        return place - item, item

    def _opened(self, number: int, start: int | None, data: bytes | None = None) -> _Open:
        """A file, or the piece of it from a row on; the last one opened is kept."""
        if self._open is None or self._open.key != (number, start):
            name = self.files[number]
            if data is None:
                data = listed_bytes(name, self.digests[number], self._members.read)
            suffix = suffix_of(name, self.spec.kind)
            if start is None:
                content = self._parse(self.spec, data, suffix)
            else:
                content = self._parse(self.spec, data, suffix, start=start)
            if not self._known:
                self.spec = completed(self.spec, content, name)
                self._known = True
            self._open = _Open(number, start, content, all_items(content, self.spec))
        return self._open


@dataclass(frozen=True)
class _Open:
    """A file that was read, or a piece of it, with the numbers of its inputs."""

    number: int
    start: int | None
    content: ParsedFile
    items: np.ndarray

    @property
    def key(self) -> tuple[int, int | None]:
        """What tells it from other files and pieces."""
        return self.number, self.start
