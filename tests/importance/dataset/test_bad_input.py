"""What cannot be asked gets one sentence: what was wrong, and what to do."""

import numpy as np
import pandas
import pytest
import torch
from torch import nn

from explainers import Problem, explain_dataset


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def mlp(outputs: int = 1) -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, outputs))


def holding(value: float) -> torch.Tensor:
    x = rows(60, 3)
    x[3, 1] = x[4, 1] = value
    return x


DAYS = pandas.DataFrame({"day": pandas.date_range("2020", periods=40)})
TEXT = pandas.DataFrame({"a": [1.0] * 50, "b": ["warm"] * 50, "c": [2.0] * 50})


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        (holding(float("nan")), "2 of 60 rows hold NaN or infinite values, in the column number 1"),
        (holding(float("inf")), "2 of 60 rows hold NaN or infinite values"),
        (rows(60), "at least two rows. One column is"),
        (rows(1, 3), "One row alone is no data set"),
        (rows(0, 3), "at least two rows"),
        (rows(60, 0), "at least two rows"),
        (torch.complex(rows(60, 3), rows(60, 3)), "complex"),
        (TEXT, "The column 'b' holds 'warm', which is no number"),
        ([[1, "x", 2]] * 40, "The column number 1 holds 'x', which is no number"),
        ([[1, 2, 3], [1, 2]], "every row as long as the others"),
        ("a file.csv", "which is no number"),
        (None, "at least two rows"),
        (pandas.DataFrame({"a": [1, None] * 20, "b": 1.0}).convert_dtypes(), "columns? 'a'"),
        (DAYS, "dates are no numbers"),
        (DAYS.assign(a=1.0), "'day' holds Timestamp"),
        (rows(60, 4), "inputs of shape"),
    ],
)
def test_rows(inputs, says):
    with pytest.raises(Problem, match=says):
        explain_dataset(mlp(), inputs, methods="permutation")


def test_columns_with_gaps_are_named_and_few_of_many():
    frame = pandas.DataFrame(np.zeros((40, 8)), columns=list("abcdefgh"))
    frame.iloc[5, 1:] = np.nan
    with pytest.raises(Problem, match=r"1 of 40 rows .* columns 'b', 'c', 'd', 'e', 'f', …"):
        explain_dataset(lambda x: x[:, 0], frame)


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (["yes", "no"] * 30, "labels are text, such as 'yes'"),
        ([1.0] * 59, "59 labels were given for 60 rows"),
        (3.0, "one number. Give one for each row"),
        ([float("nan")] * 60, "60 labels are NaN or infinite"),
        ([None] * 60, "60 labels are NaN or infinite"),
        (rows(60, 5), r"labels have shape \(60, 5\); the network's outputs on the rows"),
        ([2, 0, 1] * 20, None),
        ([7] * 60, "Label 7 is no class of a network with outputs 0 to 2"),
        ([-1] * 60, "Label -1 is no class"),
        ([0.5] * 60, "several outputs: say by output= which one"),
    ],
)
def test_labels(labels, says):
    def asked():
        return explain_dataset(mlp(3), rows(60, 3), labels=labels, methods="permutation")

    if says is None:
        assert asked().details["permutation"]["about"] == "error"
    else:
        with pytest.raises(Problem, match=says):
            asked()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"methods": ["garsen"]}, "no method of importance 'garsen'.* Did you mean 'garson'"),
        ({"methods": "garsen"}, "Did you mean 'garson'"),
        ({"methods": []}, "No method was chosen; there are"),
        ({"methods": 3}, "give a list of names"),
        ({"methods": [3]}, "no method of importance 3"),
        ({"options": {"garson": {"varient": "goh"}}}, "no option 'varient'; its options are"),
        ({"options": {"garson": {"variant": "gooh"}}}, "is not one of 'weighted', 'goh'"),
        ({"options": {"garsen": {}}}, "Did you mean 'garson'"),
        ({"options": {"garson": "goh"}}, "dictionary of dictionaries"),
        ({"options": ["garson"]}, "dictionary of dictionaries"),
        ({"methods": "jacobian", "options": {"garson": {}}}, "not among the methods asked"),
        ({"options": {"permutation": {"repeats": 0}}}, "repeats=0 is not"),
        ({"options": {"input_perturbation": {"sigma": "much"}}}, "sigma='much' is not a"),
        ({"names": ["a", "b"]}, "2 names were given for 3 columns"),
        ({"names": ["a", "b", "b"]}, "Two columns are called 'b'"),
        ({"names": "abc"}, "1 names were given for 3 columns"),
        ({"groups": {"g": ["x9"]}}, "no column 'x9' for a group; there are x0, x1, x2"),
        ({"groups": [[0, 3]]}, "no column 3 for a group"),
        ({"groups": [[0, True]]}, "no column True for a group"),
        ({"groups": [[0, 1], [1, 2]]}, "'x1' is in two groups"),
        ({"groups": [["x0", 0]]}, "A group names a column twice: x0, 0"),
        ({"groups": {"g": 3}}, "A group is a list of columns"),
        ({"groups": {"g": []}}, "A group is a list of columns"),
        ({"groups": {"x2": [0, 1]}}, "'x2' names a group and something else"),
        ({"seed": "a"}, "seed='a' is not a whole number"),
        ({"seed": 1.5}, "seed=1.5 is not a whole number"),
        ({"draws": 10}, "at least 100 draws"),
        ({"kind": "tables"}, "no kind of input 'tables'.* Did you mean 'table'"),
        ({"kind": "picture"}, "need inputs of 3 dimensions"),
        ({"score": "odds"}, "score='odds' is not known"),
        ({"output": 2}, "no class 2"),
    ],
)
def test_questions(arguments, says):
    with pytest.raises(Problem, match=says):
        explain_dataset(mlp(), rows(60, 3), **arguments)


def test_seeds_of_any_size():
    model = mlp()
    for seed in (-1, 2**63, np.int64(7)):
        one, again, other = (
            explain_dataset(model, rows(400, 3), methods="input_perturbation", seed=each).values
            for each in (seed, seed, 3)
        )
        assert torch.equal(one, again) and not torch.equal(one, other)


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (None, "a NoneType, cannot be called. Give a torch module"),
        (type("Net", (), {"predict": lambda self, x: x})(), r"model.predict\(x.numpy\(\)\)"),
        (lambda x: x.numpy()[:, 0], "not a tensor"),
        (lambda x: x[:, 0] / 0, "not finite|NaN|infinite"),
        (lambda x: x[:5, 0], "shape|rows"),
    ],
)
def test_models(model, says):
    with pytest.raises(Problem, match=says):
        explain_dataset(model, rows(60, 3), methods="permutation")


def test_what_is_read_as_classes_is_said():
    x = rows(60, 3)
    table = explain_dataset(mlp(3), x, labels=[0.0, 1.0, 2.0] * 20, methods="permutation")
    assert any("read as classes" in note for note in table.notes)
    hot = explain_dataset(mlp(3), x, labels=torch.eye(3)[[0, 1, 2] * 20], methods="permutation")
    assert any("one-hot classes" in note for note in hot.notes)
    whole = explain_dataset(mlp(3), x, labels=[0, 1, 2] * 20, methods="permutation")
    assert torch.equal(table.values, whole.values) and torch.equal(hot.values, whole.values)


class Fussy(nn.Module):
    """Answers all rows of the data, and fails at others."""

    def forward(self, x):
        if ((x[:, 0] > 1) & (x[:, 1] < -1)).any():
            raise ValueError("no such place")
        return x.sum(1, keepdim=True)


def test_a_network_that_fails_beyond_the_data_is_not_told_of_its_inputs_size():
    x = rows(300, 3)
    x = x[~((x[:, 0] > 1) & (x[:, 1] < -1))]
    options = {"sobol": {"samples": 256}}
    methods = ["sobol", "permutation", "jacobian"]
    table = explain_dataset(Fussy(), x, methods=methods, options=options, strict=False)
    assert table.methods == ("jacobian",)
    (note,) = (note for note in table.notes if note.startswith("Left out"))
    assert "(sobol), Permutation (permutation)" in note and "ValueError: no such place." in note
    assert "answers the rows themselves" in note and "Check the input" not in note
    with pytest.raises(Problem, match="but not others"):
        explain_dataset(Fussy(), x, methods="permutation")


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision(dtype):
    table = explain_dataset(mlp().to(dtype), rows(40, 3), methods=["permutation", "jacobian"])
    assert table.values.isfinite().all()
