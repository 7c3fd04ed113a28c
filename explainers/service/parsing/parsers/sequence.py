"""Parsing DNA sequences."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from explainers.kinds import sequence
from explainers.kinds.alphabet import LETTERS
from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)
from explainers.service.parsing.parsers.validation import demand, demand_texts


def _parse(untrusted_data: bytes, **options: Any) -> ParsedFile:
    """The array "letters" (L,) of uint8 of all sequences together; sequence i: starts[i:i+2]."""
    return sequence.read(untrusted_data, **options)


def _check(facts: Facts, arrays: Arrays) -> None:
    demand(set(arrays) == {"letters", "starts"} and set(facts) == {"names", "notes"}, "names")
    letters, starts = arrays["letters"], arrays["starts"]
    demand(letters.dtype == np.uint8 and letters.ndim == 1, "letters")
    demand(0 < len(letters) <= sequence.MOST_LETTERS and letters.max() < len(LETTERS), "letters")
    demand(starts.dtype == np.int64 and starts.ndim == 1, "starts")
    demand(2 <= len(starts) <= sequence.MOST_SEQUENCES + 1, "starts")
    demand(starts[0] == 0 and starts[-1] == len(letters), "starts")
    demand((starts[1:] > starts[:-1]).all(), "starts")
    demand_texts(facts["names"], len(starts) - 1)
    demand_texts(facts["notes"])


def _warm_up_files() -> Iterable[WarmUpFile]:
    yield ">größe 1\nACGTN\nacgu\n>b\nGG\n".encode(), {"suffix": ".fa"}
    yield b"ACGT\r\nTTTT\r\n", {"suffix": ".txt"}
    yield b"@r1 x\nACGTRYK\n+\n@IIIIII\n@r2\nAC\n+\nII\n", {"suffix": ".fq"}
    yield gzip.compress(b">a\nAC\n>b\n>c\nA!\n"), {"suffix": ".fa.gz"}
    letters = np.tile(np.eye(4, dtype=np.uint8), (2, 1, 3))
    out = io.BytesIO()
    np.save(out, letters)
    yield out.getvalue(), {"suffix": ".npy"}
    out = io.BytesIO()
    np.savez_compressed(
        out, x=letters.swapaxes(1, 2).astype(np.float32), names=np.array(["a", "b"])
    )
    yield out.getvalue(), {"suffix": ".npz"}


PARSERS["sequence"] = Parser(
    parse=_parse,
    check=_check,
    description="DNA",
    limit="data_megabytes",
    modules=("zipfile", "gzip", "encodings.latin_1", "encodings.cp437"),
    warm_up_files=_warm_up_files,
    seconds=30,
    most_bytes=4_000_000,
)
