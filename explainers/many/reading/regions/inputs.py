"""The regions of a BED file as inputs of a network that takes DNA."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeGuard

import numpy as np

from explainers.errors import Problem
from explainers.kinds.alphabet import INVALID, codes_of_text, one_hot, reverse_complement
from explainers.many.reading.inputs import Input
from explainers.many.reading.listing import Listing, SourceChanged, listed_bytes, sha256
from explainers.many.reading.members import Source
from explainers.many.reading.regions.bed import SUFFIXES, Bed, Region
from explainers.many.reading.regions.genome import PACKED, Genome
from explainers.many.reading.sampling import even_sample
from explainers.many.reading.sizes import MOST_BYTES, too_large
from explainers.many.remote.asking import StoreAway
from explainers.many.remote.location import is_alone, location
from explainers.models.spec import ModelSpec

MOST_CHANGES = 500
"""So often a packed genome may be gone through, to come to another chromosome."""


def names_regions(source: Source, kind: str) -> TypeGuard[Sequence[str | Path]]:
    """Whether a source is a BED file with its genome.

    Raises
    ------
    Problem
        For a BED file alone.

    Examples
    --------
    >>> names_regions(("peaks.bed", "genome.fa"), "sequence"), names_regions("a.fa", "sequence")
    (True, False)
    """
    if kind != "sequence":
        return False
    alone = is_alone(source)
    files = [str(source)] if is_alone(source) else [str(one) for one in source]
    if not files or not files[0].lower().endswith(SUFFIXES):
        return False
    if alone or len(files) != 2:
        raise Problem(
            f"{files[0]} names regions of a genome. Give the genome's FASTA, too: source="
            f'("{Path(files[0]).name}", "genome.fa"); or --genome genome.fa at the command line.'
        )
    return True


class Regions:
    """The regions of a BED file, each resized to the letters that the network takes.

    A region on the strand "-" is given as its reverse complement. One that runs off its
    chromosome, or lies on one that the genome does not have, has a sentence instead of letters.

    Parameters
    ----------
    source : (path, path)
        A BED file, packed by gzip or not, and the genome's FASTA.
    spec : ModelSpec
        Of a network that takes DNA. Where it takes any length, all get the first region's.
    listing : Listing, optional
        What was found before, perhaps on another machine; by default both files are listed now.

    Raises
    ------
    Problem
        Where a file cannot be read, holds no region, or no chromosome.
    SourceChanged
        Where a file is not the one that was listed.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.bed").write_text("c\\t2\\t4\\tpeak\\t0\\t-\\n")
    >>> _ = (folder / "g.fa").write_text(">c\\nAACGTT\\n")
    >>> spec = ModelSpec("upload", "", kind="sequence", shape=(4, 4))
    >>> regions = Regions((folder / "a.bed", folder / "g.fa"), spec)
    >>> [(one.name, one.values.argmax(0).tolist()) for one in regions.read([0])]
    [('peak::c:1-5(-)', [0, 1, 2, 3])]
    """

    def __init__(
        self, source: Sequence[str | Path], spec: ModelSpec, listing: Listing | None = None
    ) -> None:
        bed, genome = (location(one) for one in source)
        if listing is None:
            data = _bytes_of(bed)
            self._bed, self._genome = Bed(data, bed.name), Genome(genome)
            self.spec = self._completed(spec)
            self.digests = [sha256(data), self._genome.digest]
        else:
            self.spec, self.digests = listing.spec, list(listing.digests)
            data = listed_bytes(bed.name, self.digests[0], lambda name: _bytes_of(bed))
            self._bed = Bed(data, bed.name)
            self._genome = Genome(genome, (self.digests[1], listing.chromosomes))
        self.files = [bed.name, genome.name]
        self.left_out: list[str] = []
        self.notes = [
            f"Each region is resized to {self._length:,} letters around its centre. Names say "
            "which letters are explained: from 0, the end excluded, as in BED."
        ]
        if genome.suffix.lower() == PACKED:
            self._demand_order()

    def __len__(self) -> int:
        return len(self._bed)

    @property
    def digest(self) -> str:
        """SHA-256 over the names and digests of both files."""
        return self.listing.digest

    @property
    def listing(self) -> Listing:
        """What was found, for whoever reads the same elsewhere."""
        found = tuple(self.files), tuple(self.digests), (len(self), 0)
        return Listing(self.spec, True, *found, chromosomes=self._genome.places)

    def file_of(self, index: int) -> int:
        """The BED file holds them all."""
        return 0

    def name(self, index: int) -> str:
        """The region's own name, and which letters of which strand, as bedtools writes it."""
        region = self._bed.looked_up(index)
        if isinstance(region, str):
            return f"line {self._bed.line_number(index)}"
        start, stop = region.resized(self._length)
        strand = f"({region.strand})" if region.strand else ""
        named = f"{region.name}::" if region.name else ""
        return f"{named}{region.chromosome}:{start}-{stop}{strand}"

    def read(
        self, indices: Sequence[int], reading: Callable[[int], None] = lambda index: None
    ) -> Iterator[Input]:
        """Those regions, one after the other; `reading` is called with each before it is read."""
        for index in indices:
            reading(index)
            yield self._one(index)

    def sample(self, most: int) -> np.ndarray:
        """At most so many of the regions, evenly spread over the file: float32 (M, 4, L)."""
        return even_sample(len(self), most, lambda index: self._one(index).values)

    @property
    def _length(self) -> int:
        return self.spec.shape[1]

    def _completed(self, spec: ModelSpec) -> ModelSpec:
        if len(spec.shape) == 2 and spec.shape[1]:
            return spec
        for index in range(len(self._bed)):
            region = self._bed.looked_up(index)
            if isinstance(region, Region) and region.stop > region.start:
                return replace(spec, shape=(4, region.stop - region.start))
        raise Problem("No region has a letter, so it is not known how many the network is given.")

    def _demand_order(self) -> None:
        """Problem where a packed genome would be unpacked again and again."""
        changes, last = 0, ""
        for index in range(len(self._bed)):
            region = self._bed.looked_up(index)
            if isinstance(region, Region) and region.chromosome != last:
                changes, last = changes + 1, region.chromosome
        if changes > MOST_CHANGES:
            raise Problem(
                f"{self.files[1]} is packed, and the regions change their chromosome {changes:,} "
                "times, so that it would be unpacked as often. Sort the BED file by chromosome "
                "(sort -k1,1 -k2,2n), or unpack the genome with gunzip."
            )

    def _one(self, index: int) -> Input:
        name, digest = self.name(index), self.digests[0]
        try:
            values = self._values(self._bed[index])
        except (SourceChanged, StoreAway):
            raise
        except Problem as problem:
            return Input(index, name, digest, problem=str(problem))
        return Input(index, name, digest, values, {})

    def _values(self, region: Region) -> np.ndarray:
        start, stop = region.resized(self._length)
        whole = self._genome.length(region.chromosome)
        if start < 0 or stop > whole:
            raise Problem(
                f"Resized to {self._length:,} letters, it runs from {start:,} to {stop:,}: off "
                f"{region.chromosome}, which has {whole:,}."
            )
        codes = codes_of_text(self._genome.letters(region.chromosome, start, stop))
        if (codes == INVALID).any():
            place = start + int((codes == INVALID).argmax())
            raise Problem(f"Letter {place + 1:,} of {region.chromosome} is no DNA.")
        return one_hot(reverse_complement(codes) if region.strand == "-" else codes)


def _bytes_of(bed: Path) -> bytes:
    """What is in a BED file."""
    try:
        if bed.stat().st_size > MOST_BYTES:
            raise Problem(too_large(bed.name))
        return bed.read_bytes()
    except OSError as error:
        raise Problem(f"{bed} cannot be read: {error.strerror}.") from error
