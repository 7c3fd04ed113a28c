"""Parsing tables."""

from __future__ import annotations

import gzip
import io
import mmap
import zipfile
from collections.abc import Iterable
from typing import Any

import numpy as np

from explainers.kinds import table
from explainers.kinds.files.columns import MOST_LEVELS
from explainers.kinds.files.delimited import MOST_CELLS, MOST_COLUMNS
from explainers.kinds.files.tables.bulk import start_threads
from explainers.service.parsing.parsers.registry import (
    PARSERS,
    Arrays,
    Facts,
    ParsedFile,
    Parser,
    WarmUpFile,
)
from explainers.service.parsing.parsers.validation import demand, demand_texts

_KEYS = {"columns", "types", "missing", "levels", "rows", "sampled", "notes"}
_TYPES = ("number", "category", "text", "empty", "index")


def _parse(untrusted_data: bytes | mmap.mmap, **options: Any) -> ParsedFile:
    """The array "values" (rows, columns) of float64; categories by the index of their level."""
    return table.read(untrusted_data, **options)


def _check(facts: Facts, arrays: Arrays) -> None:
    demand(set(facts) == _KEYS and list(arrays) == ["values"], "facts and arrays")
    values = arrays["values"]
    demand(values.dtype == np.float64 and values.ndim == 2 and values.size, "values")
    kept, width = values.shape
    demand(width <= MOST_COLUMNS and kept <= table.MOST_ROWS, "a size")
    columns, types, missing, levels = (facts[k] for k in ("columns", "types", "missing", "levels"))
    demand_texts(columns, width, distinct=True)
    demand_texts(types, width)
    demand_texts(facts["notes"])
    demand(all(kind in _TYPES for kind in types), "types")
    rows, sampled = facts["rows"], facts["sampled"]
    demand(type(rows) is int and type(sampled) is bool and kept <= rows <= MOST_CELLS, "rows")
    demand(sampled == (kept < rows), "a sample")
    demand(isinstance(missing, list) and len(missing) == width, "missing")
    demand(all(type(n) is int and 0 <= n <= rows for n in missing), "missing")
    chosen = {name for name, kind in zip(columns, types, strict=True) if kind == "category"}
    demand(isinstance(levels, dict) and set(levels) == chosen, "levels")
    demand(not np.isinf(values).any(), "finite values")
    for index, (name, kind) in enumerate(zip(columns, types, strict=True)):
        present = values[~np.isnan(values[:, index]), index]
        if kind in ("text", "empty", "index"):
            demand(not len(present), "values in a column without numbers")
            continue
        gaps = kept - len(present)
        demand(gaps <= missing[index] and (sampled or gaps == missing[index]), "missing")
        if kind == "category":
            demand_texts(levels[name], distinct=True)
            demand(1 <= len(levels[name]) <= MOST_LEVELS, "levels")
            demand(np.isin(present, np.arange(len(levels[name]))).all(), "levels")


def _warm_up_files() -> Iterable[WarmUpFile]:
    import pyarrow as pa
    import pyarrow.parquet

    text = "name;größe;colour\nann;1,5;red\nbob;;blue\ncy;x;red\nd;4;red\n"
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "latin-1"):
        yield text.encode(encoding), {"suffix": ".csv"}
    rows = "".join(f"{i}\t{i / 7}\tc{i % 3}\n" for i in range(300))
    yield f"id\tvalue\tkind\n{rows}".encode(), {"suffix": ".tsv", "most_rows": 100}
    yield b"1,2\n3,4\n", {"suffix": ".csv", "header": "no", "delimiter": ","}
    yield b'# made\n x  "price in euro"\n1 $1,234.50\n2 $7.25\n', {"suffix": ".txt"}
    columns = pa.table(
        {
            "n": pa.array([1, None, 3], pa.int32()),
            "f": pa.array([0.5, None, 2], pa.float32()),
            "s": ["a", None, "c"],
            "l": pa.array(["a", None, "c"], pa.large_string()),
            "d": pa.array(["a", "b", "a"]).dictionary_encode(),
            "b": [True, None, False],
            "day": pa.array([1, 2, None], pa.date32()),
            "at": pa.array([1, 2, None], pa.time32("s")),
            "when": pa.array([1, 2, None], pa.timestamp("us", "UTC")),
            "none": pa.nulls(3),
            "m": pa.array([1, 2, None]).cast(pa.decimal128(21, 2)),
        }
    )
    yield gzip.compress(b"a,b\n1,2\n3,4\n"), {"suffix": ".csv.gz"}
    yield _workbook(), {"suffix": ".xlsx"}
    for codec in ("lz4", "zstd", None):
        out = io.BytesIO()
        options = pa.ipc.IpcWriteOptions(compression=codec)
        with pa.ipc.new_file(out, columns.schema, options=options) as writer:
            writer.write_table(columns)
        yield out.getvalue(), {"suffix": ".feather"}
        out = io.BytesIO()
        with pa.ipc.new_stream(out, columns.schema, options=options) as writer:
            writer.write_table(columns)
        yield out.getvalue(), {"suffix": ".arrow"}
    for packed in ("snappy", "gzip", "zstd", "none"):
        out = io.BytesIO()
        pa.parquet.write_table(columns, out, compression=packed)
        yield out.getvalue(), {"suffix": ".parquet"}


def _workbook() -> bytes:
    """A workbook of one sheet with text, a number, a date and a truth value."""
    names = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="B1" t="str"><v>b</v></c>'
    cells = '<row r="2"><c r="A2" s="1"><v>45293.5</v></c><c r="B2"><v>1.5</v></c>'
    more = '<row r="3"><c r="A3" t="b"><v>1</v></c><c r="B3" t="e"><v>#N/A</v></c>'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Override PartName='
        '"/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><cellXfs><xf numFmtId="0"/>'
        '<xf numFmtId="22"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{names}</row>'
        f"{cells}</row>{more}</row></sheetData></worksheet>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, head + text)
    return out.getvalue()


PARSERS["table"] = Parser(
    parse=_parse,
    check=_check,
    description="a table",
    limit="data_megabytes",
    modules=(
        "pyarrow",
        "pyarrow.parquet",
        "pyarrow.compute",
        "pyarrow.csv",
        "pyarrow.ipc",
        "python_calamine",
        "zipfile",
        "encodings.cp437",
        "encodings.utf_16",
        "encodings.latin_1",
        "encodings.utf_8_sig",
        "encodings.ascii",
    ),
    warm_up_files=_warm_up_files,
    group="tables",
    seconds=60,
    memory=2_000_000_000,
    maps=True,
    start_threads=start_threads,
    most_bytes=100_000_000,
)
