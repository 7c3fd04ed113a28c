"""What a source is: files of inputs, or regions of a genome."""

from __future__ import annotations

from explainers.many.reading.completion import parsed_file
from explainers.many.reading.inputs import Inputs, InputSource, Parse
from explainers.many.reading.listing import Listing
from explainers.many.reading.members import Source
from explainers.many.reading.regions.bed import SUFFIXES
from explainers.many.reading.regions.inputs import Regions, names_regions
from explainers.many.remote.location import is_alone, location
from explainers.models.spec import ModelSpec


def inputs_of(
    source: Source, spec: ModelSpec, parse: Parse = parsed_file, listing: Listing | None = None
) -> InputSource:
    """The inputs of a source, listed now or before; see `Inputs` and `Regions`."""
    if names_regions(source, spec.kind):
        return Regions(source, spec, listing)
    return Inputs(source, spec, parse, listing)


def words_of(source: Source) -> str:
    """A source in words.

    Examples
    --------
    >>> words_of("photos"), words_of(["a.png", "b.png"]), words_of(("a.bed", "b.fa"))
    ('photos', 'a list of 2 files', 'a.bed in b.fa')
    """
    if is_alone(source):
        return str(location(source)) if "://" in str(source) else str(source)
    if len(source) == 2 and str(source[0]).lower().endswith(SUFFIXES):
        return f"{source[0]} in {source[1]}"
    return f"a list of {len(source)} files"
