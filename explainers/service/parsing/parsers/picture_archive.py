"""Unpacking .zip files of pictures, each of which is then an upload of its own."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable

import numpy as np

from explainers.kinds.files.pictures.archive import MOST_BYTES, MOST_BYTES_ALL, MOST_PICTURES
from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)
from explainers.service.parsing.parsers.validation import demand, demand_texts


def _parse(untrusted_data: bytes, place: int | None = None) -> ParsedFile:
    """Arrays "0", "1", … of the pictures' bytes as they were packed, in the order of the names.

    With `place` only that picture, as `collection.parse` numbers them.
    """
    from explainers.kinds.files.pictures.archive import unpacked
    from explainers.kinds.files.pictures.collection import one_of

    pictures, notes = unpacked(untrusted_data) if place is None else one_of(untrusted_data, place)
    contents = (np.frombuffer(content, np.uint8) for content in pictures.values())
    return (
        {"names": list(pictures), "notes": notes},
        {str(place): content for place, content in enumerate(contents)},
    )


def _check(facts: Facts, arrays: Arrays) -> None:
    demand(set(facts) == {"names", "notes"} and 1 <= len(arrays) <= MOST_PICTURES, "facts")
    demand(list(arrays) == [str(place) for place in range(len(arrays))], "arrays")
    demand_texts(facts["names"], len(arrays), distinct=True)
    demand_texts(facts["notes"])
    for content in arrays.values():
        demand(content.dtype == np.uint8 and content.ndim == 1, "bytes")
        demand(content.size <= MOST_BYTES, "bytes")


def _warm_up_files() -> Iterable[WarmUpFile]:
    for packed in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", packed) as archive:
            archive.writestr("größe/a.png", b"a picture")
            archive.writestr("b.txt", b"none")
        yield buffer.getvalue(), {}
        yield buffer.getvalue(), {"place": 0}


PARSERS["picture_archive"] = Parser(
    parse=_parse,
    check=_check,
    description="an archive of pictures",
    limit="data_megabytes",
    modules=("zipfile", "encodings.cp437", "explainers.kinds.files.pictures.collection"),
    warm_up_files=_warm_up_files,
    most_bytes=MOST_BYTES_ALL + 1_000_000,
)
