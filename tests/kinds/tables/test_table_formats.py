"""Tables in the formats that people have: Excel, gzip, Feather, Arrow; the same values in each."""

import gzip
import io
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import feather

from explainers import Problem
from explainers.kinds import table
from explainers.kinds.files.tables import excel

DRAW = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "x": DRAW.normal(size=40) * 10.0 ** DRAW.integers(-8, 8, 40),
        "n": DRAW.integers(-9, 9, 40),
        "s": DRAW.choice(["u", "v w"], 40),
        "b": DRAW.random(40) > 0.5,
    }
)
FRAME.loc[[5, 9], ["x", "s"]] = None


def stream() -> bytes:
    out, content = io.BytesIO(), pa.Table.from_pandas(FRAME)
    with pa.ipc.new_stream(out, content.schema) as writer:
        writer.write_table(content, 7)
    return out.getvalue()


def written(suffix: str) -> bytes:
    out = io.BytesIO()
    if suffix == ".xlsx":
        FRAME.to_excel(out, index=False)
    elif suffix == ".parquet":
        FRAME.to_parquet(out)
    elif suffix == ".feather":
        FRAME.to_feather(out)
    elif suffix == ".arrow":
        return stream()
    else:
        text = FRAME.to_csv(index=False, sep="\t" if "tsv" in suffix else ",").encode()
        return gzip.compress(text) if suffix.endswith("gz") else text
    return out.getvalue()


@pytest.mark.parametrize("suffix", [s for s in table.SUFFIXES if s not in (".txt", ".dat")])
def test_every_format_gives_the_same_table(suffix):
    facts, arrays = table.read(written(suffix), suffix)
    assert facts["columns"] == list(FRAME) and facts["notes"] == []
    assert facts["types"] == ["number", "number", "category", "category"]
    assert facts["missing"] == [2, 0, 2, 0]
    # Workbooks hold 15 digits.
    close = 1e-15 if suffix == ".xlsx" else 0
    np.testing.assert_allclose(
        arrays["values"][:, :2], FRAME[["x", "n"]].to_numpy(float), rtol=close, atol=0
    )
    levels = [facts["levels"]["s"][int(i)] for i in arrays["values"][:, 2] if i == i]
    assert levels == list(FRAME["s"].dropna())
    np.testing.assert_array_equal(arrays["values"][:, 3], FRAME["b"].to_numpy(float))


def workbook(*sheets) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    book.remove(book.active)
    for place, rows in enumerate(sheets):
        sheet = book.create_sheet(f"sheet {place}")
        for row in rows:
            sheet.append(row)
    book.save(out)
    return out.getvalue()


def test_the_first_sheet_with_something_on_it_is_read_and_said():
    facts, arrays = table.read(workbook([], [["a", "b"], [1, 2], [3, 4]], [["z"], [9]]), ".xlsx")
    assert facts["columns"] == ["a", "b"] and arrays["values"].tolist() == [[1, 2], [3, 4]]
    assert facts["notes"] == ['The workbook has 3 sheets; "sheet 1" is read.']


def test_titles_units_years_and_blank_rows_of_a_sheet():
    rows = [["Catch of the year"], [None], ["place", 1960, 1961]]
    rows += [[f"p{i}", i * 3, i * 4] for i in range(9)] + [[None, None, None]]
    facts, arrays = table.read(workbook(rows), ".xlsx")
    assert facts["columns"] == ["place", "1960", "1961"] and facts["rows"] == 9
    assert arrays["values"][2, 1:].tolist() == [6, 8]
    assert '"Catch of the year"' in facts["notes"][0]
    with_units = [["a", "b"], ["cm", "kg"], *[[i, i / 7] for i in range(9)]]
    assert table.read(workbook(with_units), ".xlsx")[1]["values"].shape == (9, 2)


def test_a_share_in_per_cent_is_the_fraction_that_it_is():
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in [["a", "b"], [0.05, 1], [0.125, 2]]:
        book.active.append(row)
    book.active["A2"].number_format = "0%"
    book.save(out)
    text = table.read(b"a,b\n5%,1\n12.5%,2\n", ".csv")
    assert np.array_equal(table.read(out.getvalue(), ".xlsx")[1]["values"], text[1]["values"])


def test_formulas_without_results_are_said():
    facts, arrays = table.read(workbook([["a", "b"], [1, "=A2*2"], [3, "=A3*2"]]), ".xlsx")
    assert "2 formulas have no result" in facts["notes"][0] and facts["types"][1] == "empty"


def test_a_bad_cell_is_named_with_its_row():
    rows = [["a", "b"], *[[i, "bad" if i == 11 else i] for i in range(20)]]
    facts, _ = table.read(workbook(rows), ".xlsx")
    assert facts["notes"] == ['column "b": row 13 holds "bad", taken as missing']


def sheet_of(text: str) -> bytes:
    """A workbook whose sheet is this XML."""
    out = io.BytesIO(workbook([["a"]]))
    with zipfile.ZipFile(out) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["xl/worksheets/sheet1.xml"] = text.encode()
    with zipfile.ZipFile(out := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return out.getvalue()


FAR = '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">'
FAR += '<c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "damaged"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "locked with a password"),
        (workbook([]), "empty"),
        (workbook([["a"]])[:900], "damaged"),
        (sheet_of(FAR), "reach to row 1,048,576 and column 16,384"),
        (sheet_of("<worksheet" + " " * 2_000_000), "more than 1 MB"),
        (sheet_of("<worksheet><sheetData><row"), "cannot be read|empty"),
    ],
)
def test_hostile_workbooks_end_in_a_sentence(data, message, monkeypatch):
    monkeypatch.setattr(excel, "MOST_UNPACKED", 1_000_000)
    with pytest.raises(Problem, match=message):
        table.read(data, ".xlsx")


@pytest.mark.parametrize(
    "data, message",
    [
        (b"a,b\n1,2\n", "not packed by gzip"),
        (gzip.compress(b"a,b\n1,2\n")[:-9], "cut off"),
        (gzip.compress(bytes(1_000_001)), "more than 1 MB"),
        (gzip.compress(gzip.compress(b"a,b\n1,2\n")), "packed twice"),
    ],
)
def test_hostile_gzip_files_end_in_a_sentence(data, message, monkeypatch):
    monkeypatch.setattr(table, "MOST_UNPACKED", 1_000_000)
    with pytest.raises(Problem, match=message):
        table.read(data, ".csv.gz")


def test_hostile_arrow_files_end_in_a_sentence():
    good = stream()
    for data in (b"", b"ARROW1" + bytes(50), good[: len(good) // 2], b"\xff" * 100):
        with pytest.raises(Problem, match="damaged|no rows"):
            table.read(data, ".arrow")
    with pytest.raises(Problem, match="version 1"):
        table.read(b"FEA1" + bytes(50), ".feather")
    out = io.BytesIO()
    feather.write_feather(pa.table({"bad one": [[1.0], [2.0]]}), out)
    with pytest.raises(Problem, match='Column "bad one" holds'):
        table.read(out.getvalue(), ".feather")
