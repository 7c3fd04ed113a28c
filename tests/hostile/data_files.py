"""Hostile tables, series and sequences: bombs, lying headers, objects; made when needed."""

from __future__ import annotations

import bz2
import gzip
import io
import pickle
import struct
import zipfile
from collections.abc import Iterator

import numpy as np

MEGABYTE = 1_000_000


def npy(header: str | bytes, body: bytes = b"", version: int = 1) -> bytes:
    """A .npy file with this header, true or not."""
    text = header if isinstance(header, bytes) else header.encode()
    size = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes((version, 0)) + size + text + body


def described(kind: str, shape: str) -> str:
    """The header of an array of a type and a shape."""
    return f"{{'descr': {kind}, 'fortran_order': False, 'shape': {shape}, }}\n"


def npz(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive with these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method, compresslevel=1) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def array_files(program) -> Iterator[tuple[str, str, bytes]]:
    """Name, suffix and bytes."""
    good = io.BytesIO()
    np.save(good, np.zeros((2, 3, 4)))
    objects = io.BytesIO()
    np.save(objects, np.array([program], dtype=object), allow_pickle=True)
    headers = {
        "asks for 373 GiB": described("'<f8'", "(50000000000,)"),
        "asks for more than there is": described("'<f8'", "(9223372036854775807, 4, 4)"),
        "negative shape": described("'<f8'", "(-1, 4)"),
        "shape of floats": described("'<f8'", "(2.5, 4)"),
        "shape of truth values": described("'<f8'", "(True, 4, 4)"),
        "no shape": described("'<f8'", "'x'"),
        "64 dimensions": described("'<u1'", "(1,) * 64"),
        "fields": described("[('a', '<f8'), ('b', 'O')]", "(2,)"),
        "arrays in an array": described("('<f8', (1000000, 1000000))", "(2,)"),
        "zero bytes a value": described("'<U0'", "(1000000000000,)"),
        "text of a gigabyte": described("'<U300000000'", "(1,)"),
        "time": described("'<M8[s]'", "(2, 4)"),
        "a program as type": described("__import__('os').system('true')", "(2,)"),
        "objects, without saying so": described("'|O'", "(1,)"),
        "deep": "(" * 9000 + ")" * 9000,
        "not text": bytes(range(256)) * 20,
        "long": "{" + " " * 60_000 + "}",
    }
    for name, header in headers.items():
        yield name, ".npy", npy(header, pickle.dumps(program) + bytes(64))
    yield "header of 4 GB", ".npy", b"\x93NUMPY\x02\0" + struct.pack("<I", 2**32 - 1) + b"{"
    yield "Runs: objects", ".npy", objects.getvalue()
    yield "Runs: a bare pickle", ".npy", pickle.dumps(program)
    yield "Runs: objects in an archive", ".npz", npz({"x.npy": objects.getvalue()})
    yield "Runs: a pickle in an archive", ".npz", npz({"x.npy": pickle.dumps(program)})
    zeros = npy(described("'|u1'", "(210000000,)"), bytes(210_000_000))
    yield "zip bomb of many", ".npz", npz({"a.npy": zeros, "b.npy": zeros})
    yield "zip bomb of the right size", ".npz", npz({"a.npy": zeros})
    short = npz({"x.npy": zeros[: 50 * MEGABYTE]})
    at = short.rindex(b"PK\x01\x02") + 24
    lying = short[:at] + struct.pack("<I", 900) + short[at + 4 :]
    yield "zip bomb that says it is small", ".npz", lying
    yield "20,000 members", ".npz", npz(dict.fromkeys(map(str, range(20_000)), b""), 0)
    yield "packed by bzip2", ".npz", npz({"x.npy": good.getvalue()}, zipfile.ZIP_BZIP2)
    yield "climbs out", ".npz", npz({"../../../tmp/x.npy": good.getvalue()})
    yield "the same name twice", ".npz", npz({"x": good.getvalue(), "x.npy": good.getvalue()})
    yield "not an archive", ".npz", bz2.compress(bytes(1000))
    yield "cut off", ".npy", good.getvalue()[:-1]
    yield "something follows", ".npy", good.getvalue() + b"x"


def text_files() -> dict[str, bytes]:
    """Text that tables and series may come as."""
    return {
        "a million columns": b",".join([b"a"] * MEGABYTE) + b"\n",
        "a million columns below": b"a,b\n1,2\n" + b"," * 900_000 + b"\n",
        "one line of 190 MB": b"a," * (95 * MEGABYTE),
        "one field of 190 MB": b'a,b\n"' + b"x" * (190 * MEGABYTE),
        "one quoted field of many lines": b'a,b\n"' + b"x\n" * (20 * MEGABYTE),
        "null bytes": b"a,b\n1,\0\n",
        "null bytes far down": b"a,b\n" + b"1,2\n" * MEGABYTE + b"\0\0\0\n",
        "UTF-16 with null letters": "a,b\n1,\0\n".encode("utf-16"),
        "half of UTF-16": b"\xff\xfea\0,\0b",
        "UTF-32": "a,b\n1,2\n".encode("utf-32"),
        "only quotes": b'"' * 500_000,
        "only delimiters": b"," * 500_000,
        "only carriage returns": b"\r" * MEGABYTE,
        "a long number": b"a,b\n" + b"9" * 100_000 + b",1\n",
        "names that are links": b"![x](http://evil.example/x.png),b\n![](http://e),2\n" * 9,
        "formulas": b"=cmd|' /C calc'!A0,@SUM(1)\n+1+1,-2+3\n" * 9,
        "names that fill the answer": "".join(
            f"{'💥' * 99}{i % 10}{i}," for i in range(1999)
        ).encode()
        + b"x\n"
        + b"1," * 1999
        + b"2\n",
        "levels that fill the answer": b"a," * 1999
        + b"a\n"
        + b"".join((b"%d" % (i % 50) + b"y" * 190 + b",") * 1999 + b"z\n" for i in range(101)),
        "bytes of every kind": bytes(range(256)) * 100,
        "a picture's head": b"\x89PNG\r\n\x1a\n" * 100,
        "a page": b"<html><script>alert(1)</script></html>",
    }


def parquet_files() -> Iterator[tuple[str, bytes]]:
    """Parquet files that unpack to more than they say, or hold what they should not."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    def saved(**columns) -> bytes:
        out = io.BytesIO()
        parquet.write_table(pa.table(columns), out, compression="zstd")
        return out.getvalue()

    text = pa.array(["x" * 100_000]).dictionary_encode()
    many = pa.DictionaryArray.from_arrays(pa.array(np.zeros(100_000, np.int32)), text.dictionary)
    good = saved(a=[1.0, 2.0], b=["x", "y"])
    yield "10 GB of text from one word", saved(a=many)
    yield "a column of 30 million zeros", saved(a=np.zeros(30_000_000, np.int8))
    yield "more cells than are read", saved(a=np.zeros(41_000_000, np.int8))
    yield "3,000 columns", saved(**{f"c{i}": [0] for i in range(3000)})
    nested = pa.array([[1]])
    for _ in range(60):
        nested = pa.ListArray.from_arrays(pa.array([0, len(nested)], pa.int32()), nested)
    yield "60 lists in one another", saved(a=nested)
    yield "text that is not UTF-8", saved(a=pa.array([b"\xff\xfe", b"a"]).view(pa.utf8()))
    yield "no columns", saved()
    yield "no rows", saved(a=pa.array([], pa.float64()))
    yield "cut off", good[: len(good) // 2] + good[-8:]
    for length in (0, 4, 2**31 - 1, 2**32 - 1):
        yield f"footer of {length}", good[:-8] + struct.pack("<I", length) + b"PAR1"
    yield "only marks", b"PAR1" * 3
    yield "encrypted", good[:-4] + b"PARE"
    flipped = bytearray(good)
    for at in range(4, len(good) - 8, 7):
        flipped[at] ^= 0xFF
    yield "flipped", bytes(flipped)


def packed_tables() -> Iterator[tuple[str, str, bytes]]:
    """Workbooks, Arrow and gzip files that unpack to more than they say, or are cut off."""
    import gzip

    import pyarrow as pa

    from explainers.service.parsing.parsers.table import _workbook

    def changed(old: str, new: str) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(_workbook())) as good, zipfile.ZipFile(out, "w") as bad:
            for name in good.namelist():
                bad.writestr(name, good.read(name).decode().replace(old, new))
        return out.getvalue()

    yield "a cell at the far end", ".xlsx", changed('r="B3"', 'r="XFD1048576"')
    yield "a cell at the far end, hidden", ".xlsx", changed('r="B3"', 'r = "XFD1048576"')
    yield "a cell beyond all ends", ".xlsx", changed('r="B3"', 'r="ZZZZZZ99999999999"')
    yield (
        "a billion laughs",
        ".xlsx",
        changed(
            "?><worksheet",
            '?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet',
        ),
    )
    yield "a sheet elsewhere", ".xlsx", changed("worksheets/sheet1.xml", "../../../etc/passwd")
    yield "cut off", ".xlsx", _workbook()[:-30]
    yield "a bomb", ".csv.gz", gzip.compress(b"1," * (250 * MEGABYTE), 1)
    yield "a bomb in a bomb", ".csv.gz", gzip.compress(gzip.compress(bytes(10 * MEGABYTE)))
    yield "cut off", ".gz", gzip.compress(b"a,b\n1,2\n" * 1000)[:-20]
    content = pa.table({"a": np.zeros(100_000), "b": ["x"] * 100_000})
    for compression in ("zstd", None):
        out = io.BytesIO()
        options = pa.ipc.IpcWriteOptions(compression=compression)
        with pa.ipc.new_file(out, content.schema, options=options) as writer:
            writer.write_table(content)
        good = out.getvalue()
        yield "cut off", ".feather", good[: len(good) // 2]
        for at in (16, 40, 90, 200, 400, len(good) - 40, len(good) - 100):
            yield (
                f"{compression}, flipped at {at}",
                ".arrow",
                (good[:at] + bytes(255 - byte for byte in good[at : at + 4]) + good[at + 4 :]),
            )


def sequences() -> dict[str, bytes]:
    """Text that DNA may come as."""
    return {
        "190 MB of A": b">a\n" + b"A" * (190 * MEGABYTE),
        "a million records": b">a\nA\n" * MEGABYTE,
        "only heads": b">" * MEGABYTE,
        "heads on lines": b">\n" * MEGABYTE,
        "a head of 10 MB": b">" + b"a" * (10 * MEGABYTE) + b"\nACGT\n",
        "bytes of every kind": bytes(range(256)) * 100,
        "letters of many bytes": ">a\nACGТ\n".encode(),
        "names that are links": b">![x](http://evil.example)\nACGT\n>](http://e)\nZ\n",
        "a million heads of FASTQ": b"@\n" * MEGABYTE,
        "FASTQ of qualities": b"@a\nACGT\n+\n" + b"I" * (10 * MEGABYTE),
        "a FASTQ of plus signs": b"@a\n" + b"+\n" * MEGABYTE,
    }


def packed_files() -> dict[str, bytes]:
    """What may come as .gz: more than it says, cut off, packed again, and no text at all."""
    good = gzip.compress(b"a,b\n1,2\n")
    return {
        "zip bomb of gzip": gzip.compress(bytes(60 * MEGABYTE), 1),
        "a gzip bomb in a bomb": gzip.compress(gzip.compress(bytes(50 * MEGABYTE))),
        "50,000 empty members": gzip.compress(b"") * 50_000,
        "gzip that is cut off": good[:-5],
        "gzip with a wrong sum": good[:-8] + b"\0\0\0\0" + good[-4:],
        "gzip and more": good + b"more",
        "only the mark of gzip": b"\x1f\x8b",
        "not packed": b"a,b\n1,2\n",
    }


def everything(program) -> Iterator[tuple[str, tuple[str, dict, bytes]]]:
    """(kind, options, bytes) by name; `program` is a thing that acts when it is unpickled."""
    arrays = list(array_files(program))
    for kind in ("series", "sequence"):
        for name, suffix, data in arrays:
            yield f"{kind}: {name}", (kind, {"suffix": suffix}, data)
    for kind in ("table", "series"):
        for name, data in text_files().items():
            yield f"{kind}: {name}", (kind, {"suffix": ".csv"}, data)
    for name, data in parquet_files():
        yield f"Parquet: {name}", ("table", {"suffix": ".parquet"}, data)
    for name, suffix, data in packed_tables():
        yield f"{suffix}: {name}", ("table", {"suffix": suffix}, data)
    for name, data in sequences().items():
        yield f"DNA: {name}", ("sequence", {"suffix": ".fa"}, data)
    for kind, suffix in (("series", ".csv.gz"), ("sequence", ".fa.gz")):
        for name, data in packed_files().items():
            yield f"{kind}: {name}", (kind, {"suffix": suffix}, data)
    yield (
        "series: a network that takes no such thing",
        (
            "series",
            {"suffix": ".csv", "takes": (10**8, 10**8)},
            b"1,2\n3,4\n",
        ),
    )
    yield "DNA: no such suffix", ("sequence", {"suffix": "/../x"}, b"ACGT")
    yield (
        "table: options of other types",
        ("table", {"suffix": ".csv", "most_rows": "9"}, b"a\n1\n"),
    )
