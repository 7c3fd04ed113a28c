"""Parsing .zip files of many pictures, each to the pixels that a network sees."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence

import numpy as np

from explainers.kinds.files.pictures.collection import MOST_PICTURES, MOST_VALUES
from explainers.kinds.fitting import FITS
from explainers.service.parsing.parsers.picture import MODULES, warm_up_files
from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)
from explainers.service.parsing.parsers.validation import demand, demand_texts

_LONGEST_SENTENCE = 1000


def _parse(untrusted_data: bytes, sides: Sequence[int], fit: str) -> ParsedFile:
    """The arrays "stack" (N, H, W, 3) of uint8 and "sizes" (N, 2) of int32; names and errors."""
    from explainers.kinds import picture
    from explainers.kinds.files.pictures import collection

    return collection.parse(untrusted_data, (sides[0], sides[1]), fit, picture.parse)


def _check(facts: Facts, arrays: Arrays) -> None:
    demand(set(facts) == {"names", "errors", "notes"}, "facts")
    demand(list(arrays) == ["stack", "sizes"], "arrays")
    stack, sizes = arrays["stack"], arrays["sizes"]
    demand(stack.dtype == np.uint8 and stack.ndim == 4 and stack.shape[3] == 3, "pixels")
    demand(1 <= len(stack) <= MOST_PICTURES and stack.size <= MOST_VALUES, "pixels")
    demand(sizes.dtype == np.int32 and sizes.shape == (len(stack), 2), "sizes")
    demand((sizes >= 1).all(), "sizes")
    demand_texts(facts["names"], len(stack), distinct=True)
    demand_texts(facts["notes"])
    errors = facts["errors"]
    demand(isinstance(errors, dict) and len(errors) < len(stack), "errors")
    for place, sentence in errors.items():
        demand(place.isdecimal() and str(int(place)) == place, "a place")
        demand(int(place) < len(stack), "a place")
        demand(isinstance(sentence, str) and len(sentence) <= _LONGEST_SENTENCE, "a sentence")


def _warm_up_files() -> Iterable[WarmUpFile]:
    for fit in FITS:
        for packed in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            buffer = io.BytesIO()
            with zipfile.ZipFile(buffer, "w", packed) as archive:
                for place, (data, options) in enumerate(warm_up_files()):
                    if not options:
                        archive.writestr(f"größe/{place}.png", data)
                archive.writestr("b.txt", b"none")
            yield buffer.getvalue(), {"sides": (4, 6), "fit": fit}


PARSERS["picture_collection"] = Parser(
    parse=_parse,
    check=_check,
    description="an archive of pictures",
    limit="data_megabytes",
    modules=MODULES,
    warm_up_files=_warm_up_files,
    seconds=300,
    memory=1_000_000_000 + MOST_VALUES,
    most_bytes=MOST_VALUES + 8 * MOST_PICTURES + 1_000_000,
)
