"""Tables as people save them: dialects of CSV, Parquet, and a sentence for each mistake."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from explainers import Problem
from explainers.kinds import table
from explainers.kinds.files import columns, delimited
from explainers.kinds.files.delimited import escaped


def read(text: str, suffix: str = ".csv", encoding: str = "utf-8", **options):
    return table.read(text.encode(encoding), suffix, **options)


MIXED = "age,city,income\n" + "".join(f"{20 + i},{'AB'[i % 2]},{i * 1.5}\n" for i in range(12))


def test_numbers_and_categories_are_told_apart():
    facts, arrays = read(MIXED)
    assert facts["columns"] == ["age", "city", "income"]
    assert facts["types"] == ["number", "category", "number"]
    assert facts["levels"] == {"city": ["A", "B"]} and facts["missing"] == [0, 0, 0]
    assert facts["rows"] == 12 and facts["sampled"] is False and facts["notes"] == []
    expected = [[20 + i, i % 2, i * 1.5] for i in range(12)]
    assert np.array_equal(arrays["values"], expected)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_every_dialect_gives_what_pandas_gives(delimiter, encoding):
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"größe": draw.normal(size=30), "b": draw.integers(0, 9, 30)})
    frame["wörter"] = draw.choice(["ja", "nein"], 30)
    frame.loc[[3, 7], "größe"] = np.nan
    data = frame.to_csv(index=False, sep=delimiter).encode(encoding)
    facts, arrays = table.read(data, ".csv")
    assert facts["columns"] == list(frame) and facts["missing"] == [2, 0, 0]
    np.testing.assert_array_equal(arrays["values"][:, :2], frame.iloc[:, :2].to_numpy())
    assert [facts["levels"]["wörter"][int(i)] for i in arrays["values"][:, 2]] == [*frame["wörter"]]
    assert any("Latin-1" in note for note in facts["notes"]) == (encoding == "latin-1")


def test_a_decimal_comma_is_read_where_fields_are_separated_by_semicolons():
    facts, arrays = read("a;b\n1,5;2\n-0,25;3\n")
    assert facts["types"] == ["number", "number"]
    assert arrays["values"].tolist() == [[1.5, 2], [-0.25, 3]]


def test_quoted_fields_may_hold_delimiters_quotes_and_new_lines():
    rows = [["name", "x"], *[[f'a, "b"\n{i % 2}', str(i)] for i in range(10)]]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    facts, arrays = read(out.getvalue())
    assert facts["levels"]["name"] == ['a, "b"\n0', 'a, "b"\n1']
    assert arrays["values"][:, 1].tolist() == list(range(10))


@pytest.mark.parametrize(
    "text", ["1,2\n3,4\n", "5.1,3.5,setosa\n4.9,3.0,setosa\n4.8,3.1,virginica\n"]
)
def test_a_table_without_names_gets_some(text):
    facts, arrays = read(text)
    count = text.split("\n")[0].count(",") + 1
    assert facts["columns"] == [f"column {i + 1}" for i in range(count)]
    assert (
        len(arrays["values"]) == text.count("\n") and "first line holds values" in facts["notes"][0]
    )
    assert len(read(text, header="yes")[1]["values"]) == text.count("\n") - 1


def test_names_that_come_twice_or_not_at_all_are_made_unique():
    facts, _ = read("a,a,,a\n1,2,3,4\n")
    assert facts["columns"] == ["a", "a (2)", "column 3", "a (3)"]
    assert any('again got a number: "a"' in note for note in facts["notes"])
    assert any("no name" in note for note in facts["notes"])


def test_what_stands_for_a_missing_value_is_counted():
    cells = ["", "NA", "NaN", "null", "None", "?", "-", " na ", "7"]
    facts, arrays = read("x,y\n" + "".join(f'"{cell}",1\n' for cell in cells))
    assert facts["missing"] == [8, 0] and facts["types"] == ["number", "number"]
    assert np.isnan(arrays["values"][:, 0]).sum() == 8 and arrays["values"][-1, 0] == 7
    assert read("x,y\n,1\nNA,2\n")[0]["types"] == ["empty", "number"]


def test_a_word_in_a_column_of_numbers_is_named_with_its_line():
    text = "age,b\n" + "".join(f"{'abc' if i == 15 else i},0\n" for i in range(30))
    facts, arrays = read(text)
    assert facts["types"][0] == "number" and facts["missing"][0] == 1
    assert facts["notes"] == ['column "age": line 17 holds "abc", taken as missing']
    assert np.isnan(arrays["values"][15, 0]) and arrays["values"][16, 0] == 16


def test_a_column_with_many_words_is_no_column_of_numbers():
    text = "a,b\n" + "".join(f"{'x' if i % 4 == 0 else 1},{i}\n" for i in range(40))
    facts, arrays = read(text)
    assert facts["types"] == ["category", "number"] and facts["levels"]["a"] == ["1", "x"]
    assert arrays["values"][:5, 0].tolist() == [1, 0, 0, 0, 1]


def test_levels_are_few_and_come_again():
    for levels, kind in ((50, "category"), (51, "text")):
        text = "a,b\n" + "".join(f"{f'w{i % levels}' if i else ''},1\n" for i in range(250))
        facts, arrays = read(text)
        assert facts["types"][0] == kind, levels
        assert len(facts["levels"].get("a", [])) == (50 if kind == "category" else 0)
        assert np.isnan(arrays["values"][:, 0]).all() == (kind == "text")
    assert read("a,b\n" + "x,1\ny,2\nz,3\nx,4\n")[0]["types"][0] == "text"


def test_a_ragged_row_is_named_with_its_line_and_fields():
    with pytest.raises(Problem, match="Line 4 has 2 fields, but 3 were expected"):
        read('a,b,c\n1,"two\nlines",3\n1,2\n4,5,6\n')
    with pytest.raises(Problem, match="Line 2500 has 4 fields, but 3 were expected"):
        read("a,b,c\n" + "1,2,3\n" * 2498 + "1,2,3,4\n")


def test_a_wrong_delimiter_is_answered_with_the_likely_one():
    with pytest.raises(Problem, match="separate them by semicolons"):
        read("a;b\n1;2\n3;4\n", delimiter=",")
    with pytest.raises(Problem, match="separated by tabs.*separate them by commas"):
        read("a,b\n1,2\n3,4\n", ".tsv")
    with pytest.raises(Problem, match="separated by commas.*separate them by semicolons"):
        read("a b;c\n1;2\n3;4\n", delimiter=",")
    assert read("a;b\n1;2\n3;4\n", delimiter=";")[0]["columns"] == ["a", "b"]


@pytest.mark.parametrize("bad", ["inf", "-Infinity", "1e999", "1e39"])
def test_an_infinite_value_is_named_with_its_place(bad):
    text = "a,b\n" + "1,2\n" * 10 + f"3,{bad}\n"
    with pytest.raises(Problem, match=f'Column "b", line 12: {bad} is infinite or too large'):
        read(text)


def test_numbers_with_underscores_are_words():
    assert read("a,b\n1_000,1\n2_000,2\n3_000,3\n")[0]["types"] == ["text", "number"]


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("a,b\n", "no rows"),
        ("a,b\n1,\0\n", "not text"),
        ('a,b\n"open,1\n2,3\n', "Line 2 cannot be split"),
        ("x" * 1_000_001, "more than 1,000,000 letters"),
        (",".join("ab" * 1001) + "\n", "2,002 columns"),
    ],
)
def test_what_is_no_table_gets_a_sentence(text, message):
    with pytest.raises(Problem, match=message):
        read(text)


def test_more_cells_than_can_be_read_are_refused(monkeypatch):
    monkeypatch.setattr(delimited, "MOST_CELLS", 1000)
    monkeypatch.setattr(delimited, "BLOCK_CELLS", 100)
    assert read("a,b\n" + "1,2\n" * 500)[0]["rows"] == 500
    with pytest.raises(Problem, match="more than 1,000 cells"):
        read("a,b\n" + "1,2\n" * 600)


def test_a_category_is_the_same_however_its_rows_come(monkeypatch):
    text = "a,b\n" + "".join(f"{'xyz'[i * i % 3]},{i}\n" for i in range(500))
    one = read(text)
    monkeypatch.setattr(delimited, "BLOCK_CELLS", 14)
    other = read(text)
    assert one[0] == other[0] and np.array_equal(one[1]["values"], other[1]["values"])


def test_a_wide_table_keeps_fewer_rows(monkeypatch):
    monkeypatch.setattr(table, "MOST_KEPT", 1000)
    facts, arrays = read("a,b,c,d\n" + "1,2,3,4\n" * 600)
    assert arrays["values"].shape == (250, 4) and facts["sampled"] and facts["rows"] == 600


def test_parquet_gives_what_pandas_holds():
    draw = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "x": draw.normal(size=40),
            "n": draw.integers(0, 9, 40),
            "s": draw.choice(["u", "v"], 40),
            "c": pd.Categorical(draw.choice(["p", "q"], 40)),
            "b": draw.random(40) > 0.5,
            "day": pd.date_range("2024-01-01", periods=40),
            "small": draw.normal(size=40).astype("f4"),
        }
    )
    frame.loc[5, ["x", "s"]] = None
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    facts, arrays = table.read(out.getvalue(), ".parquet")
    kinds = ["number", "number", "category", "category", "category", "text", "number"]
    assert facts["columns"] == list(frame) and facts["types"] == kinds
    assert facts["missing"] == [1, 0, 1, 0, 0, 0, 0] and facts["levels"]["b"] == ["false", "true"]
    for name in ("x", "n", "b", "small"):
        at = facts["columns"].index(name)
        np.testing.assert_array_equal(arrays["values"][:, at], frame[name].to_numpy(float))
    levels = [facts["levels"]["c"][int(i)] for i in arrays["values"][:, 3]]
    assert levels == [*frame["c"]]


def test_parquet_decimals_halves_and_nothing():
    import decimal

    import pyarrow as pa
    import pyarrow.parquet as parquet

    columns = {
        "d": pa.array([decimal.Decimal("1.25"), None, decimal.Decimal("-3.5")]),
        "h": pa.array(np.array([1, 2.5, np.nan], np.float16)),
        "u": pa.array([2**40, None, 3], pa.uint64()),
        "none": pa.nulls(3),
    }
    out = io.BytesIO()
    parquet.write_table(pa.table(columns), out)
    facts, arrays = table.read(out.getvalue(), ".parquet")
    assert facts["types"] == ["number", "number", "number", "empty"]
    expected = [[1.25, 1, 2**40], [np.nan, 2.5, np.nan], [-3.5, np.nan, 3]]
    np.testing.assert_array_equal(arrays["values"][:, :3], expected)


@pytest.mark.parametrize("name", ["list", "struct", "map", "binary"])
def test_nested_parquet_columns_are_refused_by_name(name):
    import pyarrow as pa
    import pyarrow.parquet as parquet

    nested = {
        "list": pa.array([[1.0], [2.0]]),
        "struct": pa.array([{"a": 1}, {"a": 2}]),
        "map": pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
        "binary": pa.array([b"a", b"b"]),
    }[name]
    out = io.BytesIO()
    parquet.write_table(pa.table({"good": [1, 2], "bad one": nested}), out)
    with pytest.raises(Problem, match='Column "bad one" holds'):
        table.read(out.getvalue(), ".parquet")


def test_an_infinite_value_in_parquet_is_named_with_its_row():
    out = io.BytesIO()
    pd.DataFrame({"a": [0.0, 1.0, np.inf]}).to_parquet(out)
    with pytest.raises(Problem, match='Column "a", row 3: inf is infinite'):
        table.read(out.getvalue(), ".parquet")


def test_a_cell_that_a_spreadsheet_would_run_is_escaped():
    for cell in ("=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx"):
        assert escaped(cell) == "'" + cell
    assert escaped("plain") == "plain" and escaped(-1.5) == "-1.5" and escaped("a=b") == "a=b"


def test_float32_bounds_what_is_a_number():
    assert read("a,b\n1,3.4e38\n")[1]["values"][0, 1] == 3.4e38 < columns.LARGEST


def test_long_lines_are_tables_too():
    names = ",".join(f"{'name' * 20}{i}" for i in range(1900))
    facts, arrays = read(names + "\n" + "1," * 1899 + "2\n")
    assert arrays["values"].shape == (1, 1900) and facts["columns"][-1].endswith("1899")
