"""How series lie in a file is decided by what the network takes; gaps and labels are said."""

import gzip
import io

import numpy as np
import pytest

from explainers import Problem
from explainers.kinds import KINDS, series
from explainers.models.spec import ModelSpec

RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(size=(7, 31)).round(3)


def spec(*shape: int) -> ModelSpec:
    return ModelSpec("upload", "", kind="series", shape=shape, mean=(0.0,), std=(1.0,))


def text(rows, separator="\t") -> bytes:
    return "".join(separator.join(map(str, row)) + "\n" for row in rows).encode()


def npy(values: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, values)
    return out.getvalue()


def labelled(labels) -> bytes:
    return text([label, *row] for label, row in zip(labels, VALUES.tolist(), strict=False))


@pytest.mark.parametrize("takes", [(31, 1), (0, 1), (0, 0)])
@pytest.mark.parametrize("labels", [[1, 2, 1, 2, 2, 1, 1], [-1, 1, 1, -1, 1, 1, -1], [3] * 7])
def test_a_label_before_the_values_is_a_label(labels, takes):
    facts, arrays = series.read(labelled(labels), ".tsv", takes=takes)
    np.testing.assert_array_equal(arrays["values"][..., 0], VALUES)
    assert facts["labels"] == [str(label) for label in labels]
    assert "label" in facts["notes"][-1] and "does not see" in facts["notes"][-1]
    given = KINDS["series"].inputs((facts, arrays), spec(31, 1), [6])
    np.testing.assert_array_equal(given, VALUES[6:, :, None].astype(np.float32))


@pytest.mark.parametrize(
    "labels", [[1, 2, 3, 4, 5, 6, 7], [0.5, 2.5, 1, 1, 1, 1, 1], list("ababaab")]
)
def test_a_declared_length_tells_a_label_whatever_it_looks_like(labels):
    facts, arrays = series.read(labelled(labels), ".tsv", takes=(31, 1))
    np.testing.assert_array_equal(arrays["values"][..., 0], VALUES)
    assert facts["labels"] == [str(label) for label in labels]


def test_without_a_label_every_number_is_a_step():
    facts, arrays = series.read(text(VALUES.tolist()), ".tsv", takes=(31, 1))
    np.testing.assert_array_equal(arrays["values"][..., 0], VALUES)
    assert facts["labels"] == [] and facts["sure"]


def test_columns_with_names_of_their_own_are_not_taken_for_steps_unasked():
    head, numbered = "rain,wind,heat,cloud", "label,t0,t1,t2"
    rows = "\n".join("1,0.5,0.25,1.5" for _ in range(8))
    facts, arrays = series.read(f"{head}\n{rows}\n".encode(), ".csv", takes=(3, 1))
    assert arrays["values"].shape == (1, 8, 4) and not facts["sure"]
    facts, arrays = series.read(f"{numbered}\n{rows}\n".encode(), ".csv", takes=(3, 1))
    assert arrays["values"].shape == (8, 3, 1) and facts["sure"] and facts["labels"] == ["1"] * 8


def test_what_the_network_takes_turns_the_same_table():
    one = text(VALUES.tolist(), ",")
    _, rows = series.read(one, ".csv", takes=(7, 31))
    np.testing.assert_array_equal(rows["values"], VALUES[None])
    _, columns = series.read(one, ".csv", takes=(31, 7))
    np.testing.assert_array_equal(columns["values"], VALUES.T[None])
    facts, windows = series.read(one, ".csv", takes=(5, 31))
    assert windows["values"].shape == (1, 7, 31) and facts["sure"]


def test_a_table_that_fits_both_ways_is_not_read_without_asking():
    square = RANDOM.normal(size=(5, 5)).round(3)
    facts, _ = series.read(text(square.tolist()), ".tsv", takes=(5, 5))
    assert not facts["sure"]
    for layout, wanted in (("time first", square), ("variables first", square.T)):
        facts, arrays = series.read(text(square.tolist()), ".tsv", takes=(5, 5), layout=layout)
        np.testing.assert_array_equal(arrays["values"][0], wanted)
        assert facts["sure"]


def test_a_table_that_fits_in_no_way_is_told_so():
    with pytest.raises(Problem, match="150 steps and 1 variable; this table has 7 rows and 32 col"):
        series.read(labelled([1, 2] * 4), ".tsv", takes=(150, 1))


@pytest.mark.parametrize(
    "shape, takes, wanted",
    [
        ((6, 1, 31), (31, 1), (0, 2, 1)),
        ((6, 31, 1), (31, 1), (0, 1, 2)),
        ((6, 3, 31), (31, 3), (0, 2, 1)),
        ((6, 3, 31), (3, 31), (0, 1, 2)),
        ((6, 3, 31), (0, 3), (0, 2, 1)),
        ((6, 3, 31), (0, 0), (0, 1, 2)),
    ],
)
def test_what_the_network_takes_turns_arrays(shape, takes, wanted):
    values = RANDOM.normal(size=shape)
    facts, arrays = series.read(npy(values), ".npy", takes=takes)
    np.testing.assert_array_equal(arrays["values"], values.transpose(wanted))
    assert facts["sure"] and len(facts["notes"]) == (wanted == (0, 2, 1))


def test_rows_of_an_array_are_series_of_a_network_of_one_variable():
    facts, arrays = series.read(npy(VALUES), ".npy", takes=(31, 1))
    np.testing.assert_array_equal(arrays["values"][..., 0], VALUES)
    assert "row" in facts["notes"][0]
    _, arrays = series.read(npy(VALUES), ".npy", takes=(7, 31))
    np.testing.assert_array_equal(arrays["values"], VALUES[None])


def test_labels_of_an_array_come_along():
    out = io.BytesIO()
    np.savez(out, X=VALUES[:, None], y=np.arange(7) % 2)
    facts, arrays = series.read(out.getvalue(), ".npz", takes=(31, 1))
    assert facts["labels"] == ["0", "1"] * 3 + ["0"] and arrays["values"].shape == (7, 31, 1)


def test_columns_of_years_are_the_steps_of_a_series_a_row():
    lines = (
        "name,kind,"
        + ",".join(map(str, range(1990, 2021)))
        + "\n"
        + "".join(
            f"land {i},{'ab'[i % 2]},{','.join(map(str, row))}\n"
            for i, row in enumerate(VALUES.tolist())
        )
    )
    facts, arrays = series.read(lines.encode(), ".csv", header="yes", takes=(31, 1))
    np.testing.assert_array_equal(arrays["values"][..., 0], VALUES)
    assert facts["names"][:2] == ["land 0", "land 1"] and facts["labels"] == list("abababa")
    assert facts["steps"] == [str(year) for year in range(1990, 2021)]


def test_columns_of_text_are_left_out_by_name():
    facts, arrays = series.read(b"time (s),x,state,y\n0,1,on,2\n1,3,off,4\n", ".csv")
    assert arrays["values"].tolist() == [[[1, 2], [3, 4]]] and facts["time"] == ["time (s)"]
    assert any('left out: "state"' in note for note in facts["notes"])
    facts, arrays = series.read(b"id,time,x,state\na,0,1,on\na,1,3,off\n", ".csv")
    assert facts["variables"] == ["x"] and any('"state"' in note for note in facts["notes"])


def test_rows_that_run_backwards_in_time_are_turned():
    facts, arrays = series.read(b"date,x\n2024-01-03,3\n2024-01-02,2\n2024-01-01,1\n", ".csv")
    assert arrays["values"].ravel().tolist() == [1, 2, 3] and facts["steps"][0] == "2024-01-01"
    assert "backwards" in facts["notes"][-1]


def test_gaps_are_filled_by_straight_lines_and_said():
    facts, arrays = series.read(b"t,x,y\n0,1,\n1,,5\n2,NA,5\n3,4,7\n4,8,\n", ".csv")
    assert arrays["values"][0].tolist() == [[1, 5], [2, 5], [3, 5], [4, 7], [8, 7]]
    note = facts["notes"][-1]
    assert "4 missing values (40 %)" in note and '"x", "y"' in note and "gap has 2 steps" in note
    values = np.array([[[1.0], [np.nan], [3.0]], [[5.0], [7.0], [np.nan]]])
    facts, arrays = series.read(npy(values), ".npy")
    assert arrays["values"][0].ravel().tolist() == [1, 2, 3], "inside it is a gap"
    assert arrays["lengths"].tolist() == [3, 2], "at the end the series has ended"
    assert "1 missing values" in facts["notes"][-1]


def test_what_has_no_number_to_fill_a_gap_from_is_refused():
    for data in (b"t,x,y\n0,1,\n1,2,\n", b"id,time,x,y\na,0,1,\na,1,2,\n"):
        with pytest.raises(Problem, match='no number at all of the variable "y"'):
            series.read(data, ".csv")


def test_series_that_end_earlier_are_shorter_and_left_out_where_they_must_be():
    rows = VALUES.tolist()
    rows[2] = rows[2][:20] + ["NaN"] * 11
    parsed = facts, arrays = series.read(text([[1, *row] for row in rows]), ".tsv", takes=(31, 1))
    assert arrays["lengths"].tolist() == [31, 31, 20, 31, 31, 31, 31]
    assert KINDS["series"].items(parsed, spec(31, 1)).tolist() == [0, 1, 3, 4, 5, 6]
    with pytest.raises(Problem, match='takes series of 31 steps; "3" has 20'):
        KINDS["series"].inputs(parsed, spec(31, 1), [2])
    alone = KINDS["series"].inputs(parsed, spec(0, 1), [2])
    np.testing.assert_array_equal(alone, VALUES[2:3, :20, None].astype(np.float32))


def test_longer_series_come_in_windows():
    parsed = series.read(npy(VALUES[:2, :, None]), ".npy")
    items = KINDS["series"].items(parsed, spec(10, 1))
    assert [series.place_of(parsed, item) for item in items] == [
        (row, start) for row in (0, 1) for start in (0, 5, 10, 15, 20, 21)
    ]
    seen = KINDS["series"].inputs(parsed, spec(10, 1), items)[..., 0]
    for window, item in zip(seen, items, strict=True):
        row, start = series.place_of(parsed, item)
        np.testing.assert_array_equal(window, VALUES[row, start : start + 10].astype(np.float32))
    with pytest.raises(Problem, match="ends behind"):
        KINDS["series"].inputs(parsed, spec(10, 1), [2 * 22])


def test_a_packed_table_is_read_as_what_was_packed():
    data = labelled([1, 2, 1, 2, 2, 1, 1])
    facts, arrays = series.read(gzip.compress(data), ".tsv.gz", takes=(31, 1))
    theirs, numbers = series.read(data, ".tsv", takes=(31, 1))
    assert facts == theirs and np.array_equal(arrays["values"], numbers["values"])
