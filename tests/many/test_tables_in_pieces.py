"""Tables of more rows than are read at once: every row is as it is when read in one piece."""

import gzip
import io
import pickle
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from small_runs import TABLE

from explainers import Problem, explain_many
from explainers.kinds import table
from explainers.kinds.registry import KINDS
from explainers.many.reading.inputs import Inputs
from explainers.many.reading.listing import SourceChanged
from explainers.models.spec import ModelSpec
from explainers.service.parsing.parsers.registry import PARSERS

ROWS = 240_001


def numbers() -> np.ndarray:
    rng = np.random.default_rng(7)
    return np.column_stack([np.round(rng.normal(size=ROWS), 4), rng.integers(0, 999, ROWS)])


def as_csv(values, end="\n") -> bytes:
    lines = [f"{a},{int(b)}" for a, b in values.tolist()]
    return ("a,b" + end + end.join(lines) + end).encode()


def as_parquet(values) -> bytes:
    buffer = io.BytesIO()
    columns = pa.table({"a": values[:, 0], "b": values[:, 1].astype(np.int64)})
    pq.write_table(columns, buffer, row_group_size=70_000)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "suffix, written", [(".csv", as_csv), (".parquet", as_parquet)], ids=["csv", "parquet"]
)
def test_pieces_of_a_large_table_are_its_rows(suffix, written):
    values = numbers()
    data = written(values)
    starts = (0, table.MOST_ROWS, 2 * table.MOST_ROWS)
    pieces = [table.read(data, suffix, start=start) for start in starts]
    assert [len(arrays["values"]) for _, arrays in pieces] == [100_000, 100_000, 40_001]
    assert (np.concatenate([arrays["values"] for _, arrays in pieces]) == values).all()
    for facts, arrays in pieces:
        assert (facts["rows"], facts["types"]) == (ROWS, ["number"] * 2)
        PARSERS["table"].check(facts, arrays)
    with pytest.raises(Problem, match="ends after 240,001 rows"):
        table.read(data, suffix, start=ROWS)
    with pytest.raises(Problem, match="counted from 0"):
        table.read(data, suffix, start=-1)


def mixed(count: int) -> list[str]:
    """Rows whose last level comes late, with a gap, and words in a column of numbers."""
    rng = np.random.default_rng(8)
    colours = [("red", "blue")[k] for k in rng.integers(0, 2, count)]
    colours[count - 3 :] = ["amber"] * 3
    rows = [f"{n / 8},{colour},{n % 5}" for n, colour in enumerate(colours)]
    rows[30], rows[count - 1] = "3.75,,0", "?,amber,1"
    return rows


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet", ".xlsx"])
def test_a_run_in_pieces_is_a_run_in_one(suffix, tmp_path, monkeypatch):
    rows = mixed(95)
    text = ("n,colour,k\n" + "\n".join(rows) + "\n").encode()
    path = tmp_path / f"rows{suffix}"
    if suffix == ".xlsx":
        openpyxl = pytest.importorskip("openpyxl")
        book = openpyxl.Workbook()
        for line in text.decode().splitlines():
            book.active.append([_cell(cell) for cell in line.split(",")])
        book.save(path)
    elif suffix == ".parquet":
        cells = [line.split(",") for line in rows]
        numeric = [None if n == "?" else float(n) for n, _, _ in cells]
        columns = {"n": numeric, "colour": [c or None for _, c, _ in cells]}
        columns["k"] = [int(k) for *_, k in cells]
        pq.write_table(pa.table(columns), path, row_group_size=30)
    else:
        path.write_bytes(gzip.compress(text) if suffix.endswith(".gz") else text)
    names = ("n", "colour = amber", "colour = red", "k")
    spec = ModelSpec(
        "upload", "sum", kind="table", mean=(0.0,), std=(1.0,), answers="numbers", columns=names
    )
    weights = np.array([1.0, 100.0, 10.0, 0.5], np.float32)

    def asked(to):
        run = explain_many(
            lambda x: (x * x.new_tensor(weights)).sum(1),
            path,
            "gradient_x_input",
            "data_mean",
            to=tmp_path / to,
            spec=spec,
            shard=16,
        )
        return [{**row, "seconds": 0} for row in run.rows()], dict(run.maps())

    whole, maps = asked("whole")
    parsed: list[int] = []
    real = table.read
    monkeypatch.setattr(table, "MOST_KEPT", 3 * 40)  # forty rows at once
    monkeypatch.setattr(table, "read", lambda *a, **k: parsed.append(k["start"]) or real(*a, **k))
    pieces, again = asked("pieces")
    assert {0, 40, 80} <= set(parsed)
    assert pieces == whole and [row["name"] for row in pieces] == [
        f"row {k + 1}" for k in range(95)
    ]
    assert list(again) == list(maps) and all((again[k] == maps[k]).all() for k in maps)
    failed = [k for k, row in enumerate(whole) if row["error"]]
    assert failed == [30, 94] and whole[93]["answer"] == 93 / 8 + 100 + 0.5 * (93 % 5)


def _cell(text: str):
    try:
        return float(text)
    except ValueError:
        return text or None


def test_pieces_are_read_in_turn_and_each_once(tmp_path, monkeypatch):
    for name, count in (("a.csv", 50), ("b.csv", 130), ("c.csv", 20)):
        lines = "\n".join(f"{n},{n % 3}" for n in range(count))
        (tmp_path / name).write_text(f"a,b\n{lines}\n")
    monkeypatch.setattr(table, "MOST_KEPT", 2 * 60)
    inputs = Inputs(tmp_path, TABLE)
    assert len(inputs) == 200 and KINDS["table"].one == "row"
    starts: list[int | None] = []
    real = table.read
    monkeypatch.setattr(
        table, "read", lambda *a, **k: starts.append(k.get("start")) or real(*a, **k)
    )
    found = list(inputs.read(range(200)))
    assert starts == [None, 0, 60, 120, None]
    assert [one.name for one in found[49:52]] == ["a.csv: row 50", "b.csv: row 1", "b.csv: row 2"]
    assert found[50 + 129].values.tolist() == [129, 0] and found[50 + 129].name == "b.csv: row 130"
    assert inputs.name(50 + 125) == "b.csv, input 126", "its piece is not open"
    assert len(inputs.sample(10)) == 10
    # Whoever is told what was found reads the same without listing it again.
    starts.clear()
    told = Inputs(
        tmp_path, replace(TABLE, columns=()), listing=pickle.loads(pickle.dumps(inputs.listing))
    )
    assert starts == [] and (len(told), told.spec) == (200, inputs.spec)
    again = list(told.read([0, 49, 50, 109, 110, 179, 180, 199]))
    assert [one.name for one in again] == [found[one.index].name for one in again]
    assert all((one.values == found[one.index].values).all() for one in again)
    assert starts == [None, 0, 60, 120, None]
    (tmp_path / "b.csv").write_text((tmp_path / "b.csv").read_text().replace("129,0", "129,9"))
    with pytest.raises(SourceChanged, match="b.csv is not what it was"):
        list(told.read([50]))
