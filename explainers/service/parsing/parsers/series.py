"""Parsing time series."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable
from typing import Any

import numpy as np

from explainers.kinds import series
from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)
from explainers.service.parsing.parsers.validation import demand, demand_texts

_FACTS = {"variables", "steps", "names", "labels", "time", "sure", "notes"}


def _parse(untrusted_data: bytes, **options: Any) -> ParsedFile:
    """The arrays "values" (series, steps, variables), float64, and "lengths" (series,), int64."""
    return series.read(untrusted_data, **options)


def _check(facts: Facts, arrays: Arrays) -> None:
    demand(list(arrays) == ["values", "lengths"] and set(facts) == _FACTS, "facts and arrays")
    values, lengths = arrays["values"], arrays["lengths"]
    demand(values.dtype == np.float64 and values.ndim == 3 and values.size, "values")
    demand(lengths.dtype == np.int64 and lengths.shape == values.shape[:1], "lengths")
    demand((lengths > 0).all() and lengths.max() == values.shape[1], "lengths")
    demand_texts(facts["names"], values.shape[0])
    demand_texts(facts["steps"], values.shape[1])
    demand_texts(facts["variables"], values.shape[2], distinct=True)
    demand(isinstance(facts["labels"], list), "labels")
    demand_texts(facts["labels"], values.shape[0] if facts["labels"] else 0)
    demand(isinstance(facts["time"], list), "time")
    demand_texts(facts["time"], min(1, len(facts["time"])))
    demand(type(facts["sure"]) is bool, "sure")
    demand_texts(facts["notes"])
    demand(np.isfinite(values).all(), "finite values")


def _warm_up_files() -> Iterable[WarmUpFile]:
    yield b"time;rain;wind\n1;0,5;2\n2;1,5;3\n3;2,5;3\n", {"suffix": ".csv"}
    yield b"id,time,x,y\na,1,0,1\na,2,1,1\nb,1,2,2\nb,2,3,4\n", {"suffix": ".csv"}
    yield (
        b"id\ttime\tvariable\tvalue\na\t2024-01-01\tx\t1\na\t2024-01-02\tx\t2\n",
        {"suffix": ".tsv"},
    )
    yield "jahr;größe\n2001;1\n2002;2\n".encode("utf-16"), {"suffix": ".txt"}
    yield "größe\n1\n2\n".encode("latin-1"), {"suffix": ".csv", "header": "yes"}
    yield "\ufeffa,b\n1,2\n".encode(), {"suffix": ".csv", "delimiter": ","}
    yield b"1\t0.5\t1.5\tNaN\n2\t.1\t.2\t.3\n1\t.4\t.5\t.6\n", {"suffix": ".tsv", "takes": (3, 1)}
    yield b"1,2,3\n4,5,6\n", {"suffix": ".csv", "layout": "variables first"}
    yield gzip.compress(b"t,x\n1,0.5\n2,\n3,1\n"), {"suffix": ".csv.gz"}
    yield b"@classLabel true a b\n@data\n1,2:3,4:a\n5,?:7,8:b\n", {"suffix": ".ts"}
    yield (
        b"@attribute s relational\n@attribute a real\n@end s\n@attribute class {x,y}\n@data\n"
        b"'1,2\\n3,4',x\n",
        {"suffix": ".arff"},
    )
    yield b"@attribute a real\n@attribute b real\n@data\n1,2\n3,?\n", {"suffix": ".arff"}
    values = np.zeros((2, 3, 4), np.float32)
    out = io.BytesIO()
    np.save(out, values)
    yield out.getvalue(), {"suffix": ".npy", "layout": "variables first"}
    out = io.BytesIO()
    np.savez_compressed(out, values=values, variables=np.array(list("abcd")))
    yield out.getvalue(), {"suffix": ".npz"}


PARSERS["series"] = Parser(
    parse=_parse,
    check=_check,
    description="time series",
    limit="data_megabytes",
    modules=(
        "zipfile",
        "gzip",
        "encodings.utf_16",
        "encodings.latin_1",
        "encodings.utf_8_sig",
        "encodings.ascii",
        "encodings.cp437",
    ),
    warm_up_files=_warm_up_files,
    seconds=60,
    memory=2_000_000_000,
    most_bytes=170_000_000,
)
