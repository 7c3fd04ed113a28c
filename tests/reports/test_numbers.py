"""Numbers that leave: what other programs read back is what was computed, and runs nowhere."""

import csv
import io
import json

import numpy as np
import pandas as pd
import pytest
import torch

from explainers import explain
from explainers.errors import Problem
from explainers.reports import numbers
from explainers.reports.explanation import Explanation, explanation_of

SHAPES = {
    "table": (3,),
    "series": (5, 2),
    "sequence": (4, 6),
    "picture": (3, 2, 4),
    "": (2, 2, 2, 2),
}


def answer_about(kind: str, count: int = 2):
    """An exact attribution of Σ c·x over `count` inputs of that kind."""
    torch.manual_seed(0)
    inputs = torch.rand(count, *SHAPES[kind])
    if kind == "sequence":
        inputs = torch.eye(4)[torch.arange(6 * count) % 4].reshape(count, 6, 4).transpose(1, 2)
    weights = torch.randn(SHAPES[kind])
    answer = explain(
        lambda x: (x * weights).flatten(1).sum(1, keepdim=True),
        inputs.contiguous(),
        "gradient_x_input",
        kind=kind or None,
        target=0,
    )
    return answer, inputs * weights


@pytest.mark.parametrize("kind", SHAPES)
@pytest.mark.parametrize("suffix", [".npz", ".csv", ".parquet"])
def test_numbers_come_back_as_they_were(tmp_path, kind, suffix):
    answer, wanted = answer_about(kind)
    path = answer.save(tmp_path / f"answer{suffix}")
    wanted = wanted.numpy()
    if suffix == ".npz":
        with np.load(path, allow_pickle=False) as found:
            assert np.array_equal(found["scores"], answer.scores.numpy())
            assert np.array_equal(found["input"], answer.inputs.numpy())
            assert not found["baseline"].any() and found["output"].shape == (2,)
            assert json.loads(str(found["settings"]))["method"] == "gradient_x_input"
        return
    read = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    exact = answer.scores.sum(1) if kind == "sequence" else answer.scores
    assert np.array_equal(read["score"].to_numpy(np.float32), exact.numpy().ravel())
    assert read["score"].to_numpy() == pytest.approx(
        (wanted.sum(1) if kind == "sequence" else wanted).ravel(), rel=1e-5
    )
    assert list(read["of"].unique()) == ["input 0", "input 1"]


def test_every_row_names_its_place():
    pixel = explanation_of(answer_about("picture", 1)[0])
    rows = pd.DataFrame(numbers.table(pixel)).set_index(["row", "column", "channel"])
    assert rows.loc[(2, 3, "green"), "score"] == pixel.scores[1, 1, 2]
    step = explanation_of(answer_about("series", 1)[0], names=["rain", "wind"], steps=list("abcde"))
    rows = pd.DataFrame(numbers.table(step)).set_index(["step", "variable"])
    assert rows.loc[("d", "wind"), "input"] == step.input[3, 1]
    letters = pd.DataFrame(numbers.table(explanation_of(answer_about("sequence", 1)[0])))
    assert "".join(letters["letter"]) == "ACGTAC" and list(letters["position"]) == [*range(1, 7)]


HOSTILE = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    '"q", \n x',
    "＝1+1",
    "名前",
    "−5",
]


def test_no_text_of_a_csv_is_a_formula():
    scores = np.arange(len(HOSTILE), dtype=np.float32) - 3
    one = Explanation("table", "saliency", scores, True, "y", 0.0, names=tuple(HOSTILE))
    data = numbers.as_csv([one])
    assert data.startswith("\ufeff".encode()), "Excel must be told that the names are UTF-8"
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))[1:]
    assert [float(score) for _, score in rows] == scores.tolist(), "numbers stay numbers"
    for name, (written, _) in zip(HOSTILE, rows, strict=True):
        assert not written.startswith(tuple("=+-@\t＝"))
        assert written.removeprefix("'") == name
    table = pd.read_parquet(io.BytesIO(numbers.as_parquet([one])))
    assert table["feature"].tolist() == HOSTILE


def test_steps_that_are_numbers_stay_numbers():
    scores = np.ones((3, 1), np.float32)
    one = Explanation(
        "series", "saliency", scores, True, "y", 0.0, names=("v",), steps=("-1", "0", "+1.5")
    )
    read = pd.read_csv(io.BytesIO(numbers.as_csv([one])))
    assert read["step"].tolist() == [-1, 0, 1.5]


def test_dna_goes_to_a_browser_of_genomes_and_to_modisco():
    letters = np.eye(4, dtype=np.float32)[np.arange(40) % 4].T
    scores = letters * np.where((np.arange(40) >= 10) & (np.arange(40) < 18), 1, 0.01)
    scores[:, 30:36] = -letters[:, 30:36]
    more = {"hypothetical": np.random.default_rng(0).random((4, 40)).astype(np.float32)}
    one = Explanation(
        "sequence", "deeplift", scores, True, "y", 0.0, input=letters, parts=more, start=100
    )
    lines = [line.split("\t") for line in numbers.as_bed(one, "chr1").splitlines()[1:]]
    assert [line[:4] for line in lines] == [
        ["chr1", "110", "118", "GTACGTAC"],
        ["chr1", "130", "136", "GTACGT"],
    ]
    assert float(lines[1][6]) == pytest.approx(-6)
    first, second = (np.load(io.BytesIO(part))["arr_0"] for part in numbers.modisco_pair([one]))
    assert np.array_equal(first[0], letters) and np.array_equal(second[0], more["hypothetical"])
    with pytest.raises(Problem, match="reads DNA"):
        numbers.modisco_pair([explanation_of(answer_about("table")[0])])


def test_refusals_say_what_is_accepted(tmp_path):
    answer, _ = answer_about("table")
    with pytest.raises(Problem, match=r"saved as \.npz, \.csv, \.parquet"):
        answer.save(tmp_path / "answer.xls")
    with pytest.raises(Problem, match="2 names were given for 3 features"):
        answer.save(tmp_path / "answer.csv", names=["a", "b"])
