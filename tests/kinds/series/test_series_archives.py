"""Files of the UCR and UEA archives come out as they were written, with their labels and gaps."""

import io

import numpy as np
import pytest
from scipy.io import arff

from explainers import Problem
from explainers.kinds import series

RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(size=(4, 9, 3)).round(4)
LABELS = ["up", "down", "up", "flat"]
HEAD = "# made here\n@problemName Made\n@timeStamps false\n@univariate false\n"


def ts(parts, labels=LABELS) -> bytes:
    """Each dimension's values, joined as sktime joins them."""
    lines = [
        ":".join([*(",".join(map(str, one)) for one in series), *([label] if labels else [])])
        for series, label in zip(parts, labels or [""] * len(parts), strict=True)
    ]
    flag = f"@classLabel true {' '.join(sorted(set(labels)))}" if labels else "@classLabel false"
    return "\n".join([HEAD + flag, "@data", *lines, ""]).encode()


def flat_arff(values) -> bytes:
    names = [f"@attribute att{at} numeric" for at in range(values.shape[1])]
    rows = [
        ",".join(map(str, (*row, name))) for row, name in zip(values.tolist(), LABELS, strict=True)
    ]
    head = ["% made here", "@relation Made", *names, "@attribute target {up,down,flat}", "@data"]
    return "\n".join([*head, *rows, ""]).encode()


@pytest.mark.parametrize("labels", [LABELS, []])
def test_a_ts_file_comes_back(labels):
    data = ts(VALUES.swapaxes(1, 2).tolist(), labels)
    facts, arrays = series.read(data, ".ts", takes=(9, 3))
    np.testing.assert_array_equal(arrays["values"], VALUES)
    assert facts["labels"] == labels and len(facts["notes"]) == bool(labels)
    assert facts["variables"] == ["dimension 1", "dimension 2", "dimension 3"]


def test_unequal_lengths_and_gaps_of_a_ts_file():
    facts, arrays = series.read(ts([[[1, 2, 3, 4]], [[1, "?"]], [[1, "?", 3]], [[5]]]), ".ts")
    assert arrays["lengths"].tolist() == [4, 1, 3, 1]
    assert arrays["values"][2, :3, 0].tolist() == [1, 2, 3] and "1 missing" in facts["notes"][-1]


def test_an_arff_file_of_one_variable_is_what_scipy_reads():
    data = flat_arff(VALUES[..., 0])
    facts, arrays = series.read(data, ".arff", takes=(9, 1))
    theirs, meta = arff.loadarff(io.StringIO(data.decode()))
    numbers = np.array([[row[name] for name in meta.names()[:-1]] for row in theirs])
    np.testing.assert_array_equal(arrays["values"][..., 0], numbers)
    assert facts["labels"] == [row["target"].decode() for row in theirs]


def test_an_arff_file_of_a_relation_has_a_row_a_dimension():
    rows = [
        "'" + "\\n".join(",".join(map(str, one)) for one in part) + f"',{name}"
        for part, name in zip(VALUES.swapaxes(1, 2).tolist(), LABELS, strict=True)
    ]
    inner = [f"@attribute t{at} numeric" for at in range(9)]
    head = ["@attribute all relational", *inner, "@end all", "@attribute class {up,down,flat}"]
    data = "\n".join(["@relation Made", *head, "@data", *rows]).encode()
    facts, arrays = series.read(data, ".arff", takes=(9, 3))
    np.testing.assert_array_equal(arrays["values"], VALUES)
    assert facts["labels"] == LABELS


@pytest.mark.parametrize(
    "data, suffix, message",
    [
        (b"1,2,3\n", ".ts", "no @data"),
        (b"@data\n", ".ts", "no series"),
        (b"@timestamps true\n@data\n(0,1),(1,2)\n", ".ts", "time beside each value"),
        (b"@data\n1,2\n3,x\n", ".ts", "Line 3 holds what is no number"),
        (b"@data\n1,2:3,4\n3,1\n", ".ts", "1 to 2 dimensions"),
        (b"@data\n?,?\n", ".ts", "no number at all"),
        (b"@attribute a {x,y}\n@data\nx\n", ".arff", "holds no series"),
        (b"@attribute a real\n@data\n{0 1}\n", ".arff", "sparse"),
        (b"@attribute a real\n@attribute b real\n@data\n1\n", ".arff", "1 fields"),
        (b"@attribute a real\n@data\n1e999\n", ".arff", "infinite"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(data, suffix, message):
    with pytest.raises(Problem, match=message):
        series.read(data, suffix)
