"""Expected signs and ranges: found violated in exactly the rows where they are."""

import pandas
import pytest
import torch
from small_networks import mlp, network, rows

from explainers import Problem
from explainers.importance.reading.expectations import Expectation, read_expectations
from explainers.importance.reliability.plausibility import plausibility


def lorenz(x):
    """dxᵢ/dt = (xᵢ₊₁ − xᵢ₋₂) xᵢ₋₁ − xᵢ + 8, in a circle."""
    return (x.roll(-1, 1) - x.roll(2, 1)) * x.roll(1, 1) - x + 8


def test_lorenz_96():
    """∂fᵢ/∂xᵢ₊₁ = xᵢ₋₁, ∂fᵢ/∂xᵢ₋₂ = −xᵢ₋₁, ∂fᵢ/∂xᵢ = −1, and no slope farther away."""
    x = 3 * rows(80, 8) + 2
    expected = [
        {"input": "x4", "sign": "+", "output": 3},
        {"input": "x1", "sign": "-", "output": 3},
        {"input": "x3", "sign": "-", "output": 3},
        {"input": "x3", "low": -1, "high": -1, "output": 3},
        {"input": "x3", "sign": "+", "output": 3},
        {"input": "x6", "sign": "0", "output": 3},
        {"input": "x2", "sign": "0", "output": 3},
        {"input": "x2", "low": -5, "high": 5, "output": 3},
    ]
    found = plausibility(lorenz, x, expected)
    below = (x[:, 2] < 0).nonzero().flatten()
    assert 5 < len(below) < 60
    for check in found.checks[:2]:
        assert sorted(check.rows.tolist()) == below.tolist()
        assert check.share == pytest.approx(len(below) / 80)
        assert int(check.rows[0]) == int(x[:, 2].argmin()), "the worst first"
    torch.testing.assert_close(found.checks[0].slopes, x[:, 2], rtol=0, atol=1e-12)
    assert [check.holds for check in found.checks[2:7]] == [True, True, False, True, False]
    assert found.checks[4].share == 1 and found.checks[4].rows.tolist() == list(range(80))
    away = (x[:, 4] - x[:, 1]).abs() > 5
    assert sorted(found.checks[7].rows.tolist()) == away.nonzero().flatten().tolist()
    assert [check.share for check in found.violations] == sorted(
        (check.share for check in found.checks if not check.holds), reverse=True
    )
    assert f"in {len(below)} of 80 rows" in found.checks[0].sentence
    assert found.checks[2].sentence == "x3 should lower output 3: it does in all 80 rows."


def test_what_must_not_matter_is_also_tried_where_there_is_no_slope():
    """A step has slope 0 everywhere, and moves the answer all the same."""
    x = rows(60, 3)

    def model(x):
        return (x[:, 0] > 0).double() + x[:, 1]

    found = plausibility(model, x, {"x0": "0", "x1": "+", "x2": "0"})
    assert [check.holds for check in found.checks] == [False, True, True]
    assert found.checks[0].share > 0.8 and found.checks[0].flat == 1


def test_flat_rows_do_not_violate_a_sign_but_are_counted():
    x = rows(60, 2)
    found = plausibility(lambda x: x[:, 0].relu(), x, {"x0": "+", "x1": "-"})
    share = float((x[:, 0] < 0).double().mean())
    assert found.checks[0].holds and found.checks[0].flat == pytest.approx(share)
    assert "though in" in found.checks[0].sentence
    assert found.checks[1].holds and found.checks[1].flat == 1


def test_rounding_violates_nothing():
    """A wide float32 network with a large offset, that ignores the last column."""
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(3, 200), torch.nn.ReLU(), torch.nn.Linear(200, 1))
    with torch.no_grad():
        net[0].weight[:, 2] = 0
        net[2].bias += 1e4
    found = plausibility(net, rows(200, 3).float() * 50, {"x2": "0", "x1": "0"})
    assert found.checks[0].holds and found.checks[1].share > 0.9


def test_models_without_gradients():
    def model(x):
        return torch.from_numpy(x.numpy()[:, 0] ** 2 - x.numpy()[:, 1])

    x = rows(60, 3)
    found = plausibility(model, x, {"x0": "+", "x1": "-", "x2": "0"})
    below = (x[:, 0] < 0).nonzero().flatten().tolist()
    assert sorted(found.checks[0].rows.tolist()) == below
    assert found.checks[1].holds and found.checks[2].holds
    assert any("no gradient" in note for note in found.notes)


def test_series_and_groups_are_moved_as_one():
    x = rows(50, 4, 2)
    found = plausibility(
        lambda x: 2 * x[:, 0, 0] - 3 * x[:, 3, 0], x, {"a": "-", "b": "0"}, names=["a", "b"]
    )
    assert found.checks[0].slopes.unique().tolist() == [-1]
    assert all(check.holds for check in found.checks)
    pair = plausibility(
        lambda x: x[:, 0] - x[:, 1], rows(50, 3), {"pair": "0", "x2": "0"}, groups={"pair": [0, 1]}
    )
    assert [check.holds for check in pair.checks] == [False, True]


CSV = "feature;sign;min;max\nx0;+;;\nx1;\N{MINUS SIGN};;\n\nx2;;-0,5;0,5\n"


@pytest.mark.parametrize(
    "given",
    [
        {"x0": "+", "x1": "-", "x2": (-0.5, 0.5)},
        {"x0": 1, "x1": -1, "x2": [-0.5, 0.5]},
        {"x0": {"sign": "+"}, "x1": {"sign": "falls"}, "x2": {"low": -0.5, "high": "0.5"}},
        [
            {"Input": "x0", "Sign": "+"},
            {"input": "x1", "sign": "-"},
            {"column": "x2", "from": -0.5, "to": 0.5},
        ],
        pandas.DataFrame(
            {
                "input": ["x0", "x1", "x2"],
                "sign": ["+", "-", None],
                "low": [None, None, -0.5],
                "high": [None, None, 0.5],
            }
        ),
        "input,sign,low,high\nx0,+,,\nx1,-,,\nx2,,-0.5,0.5\n",
        "\ufeff" + CSV,
        CSV.replace(";", "\t"),
    ],
)
def test_a_table_in_any_form(given):
    assert read_expectations(given) == (
        Expectation("x0", "+"),
        Expectation("x1", "-"),
        Expectation("x2", "", -0.5, 0.5),
    )


@pytest.mark.parametrize(
    ("expected", "says"),
    [
        (
            {"elevaton": "+", "x1": "-", "rain": "0"},
            r"about 'elevaton', 'rain', which the data do not have; they have x0, x1, elevation\. "
            "Did you mean 'elevation' for 'elevaton'",
        ),
        ({"x0": "up and down"}, "x0: 'up and down' is no sign. Give"),
        ({"x0": (2, 1)}, "x0: the range from 2 to 1 is empty"),
        ({"x0": (1, 2, 3)}, "a range is a pair"),
        ({"x0": {"sign": "+", "high": -1}}, "contradict each other"),
        ({"x0": {"sine": "+"}}, "there is no 'sine' in an expectation"),
        ({"x0": None}, "neither a sign nor a bound is given"),
        ({"x0": {"low": "much"}}, "the bound 'much' is no number"),
        ({"x0": {"sign": "+", "output": 1.5}}, "the output 1.5 is no whole number"),
        ({"x0": {"sign": "+", "output": 3}}, "no class 3"),
        ({}, "the table is empty"),
        ([], "the table is empty"),
        (7, "no table of expectations"),
        ([7], "7 is no row"),
        ("x0,+", "a line of names, such as input,sign,low,high"),
        ("input,sing\nx0,+\n", "has a column 'sing'; its columns are input, sign"),
        ("sign,low\n+,1\n", "has no column"),
    ],
)
def test_what_cannot_be_expected(expected, says):
    with pytest.raises(Problem, match=says):
        plausibility(mlp().double(), rows(40, 3), expected, names=["x0", "x1", "elevation"])


def test_several_outputs_ask_which_one():
    model, x = network("ten outputs")
    with pytest.raises(Problem, match="10 outputs. Choose which one"):
        plausibility(model, x, {"x0": "+"})
    pair = plausibility(model, x, {"x0": "+"}, output=(1, 2)).checks[0]
    leaf = x.clone().requires_grad_()
    (slopes,) = torch.autograd.grad((model(leaf)[:, 1] - model(leaf)[:, 2]).sum(), leaf)
    torch.testing.assert_close(pair.slopes, slopes[:, 0], rtol=0, atol=1e-10)
    assert sorted(pair.rows.tolist()) == (slopes[:, 0] < 0).nonzero().flatten().tolist()
