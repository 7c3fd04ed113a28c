"""Every method gives what it declares on a linear function, and a scaled one of that is told."""

import pytest
import torch

from explainers import IMPORTANCE, explain_dataset

C = torch.tensor([2.0, -1.0, 0.5, 0.0]).double()
OPTIONS = {
    "permutation": {"repeats": 59},
    "input_perturbation": {"repeats": 100},
    "sobol": {"samples": 4096},
    "shapley_effects": {"samples": 4096},
}
DECLARED = [key for key, entry in IMPORTANCE.items() if entry.answers_linear is not None]


def rows() -> torch.Tensor:
    x = torch.randn(60, 4, generator=torch.Generator().manual_seed(0)).double()
    return x * torch.tensor([1.0, 3.0, 0.1, 1.0])


def model(x: torch.Tensor) -> torch.Tensor:
    return x @ C + 3


def test_all_but_those_of_labels_declare_an_answer():
    left = {key for key, entry in IMPORTANCE.items() if entry.family == "retraining"}
    assert set(IMPORTANCE) - set(DECLARED) - left <= {
        "improved_stepwise_1",
        "improved_stepwise_2",
        "garson",
    }


@pytest.mark.parametrize("key", DECLARED)
def test_it_gives_what_it_declares(key):
    entry, x = IMPORTANCE[key], rows()
    layer = torch.nn.Linear(4, 1).double()
    with torch.no_grad():
        layer.weight[0], layer.bias[0] = C, 3.0
    asked = layer if entry.family == "weights" else model
    options = {key: OPTIONS[key]} if key in OPTIONS else None
    table = explain_dataset(asked, x, methods=key, options=options)
    expected = entry.answers_linear(C, x)
    chance = table.sources["monte_carlo"][0]
    if not entry.random or not bool(chance.any()):
        torch.testing.assert_close(table.values[0], expected, rtol=1e-9, atol=1e-9)
    else:
        # The half width of 95 % is about two standard errors.
        assert bool(((table.values[0] - expected).abs() <= 2 * chance + 1e-9).all()), (
            table.values[0],
            expected,
            chance,
        )
        assert bool((chance <= 0.15 * expected.abs().max()).all())
    if not entry.signed:
        assert float(table.values[0, 3].abs()) < 1e-12, "nothing is given to what has no slope"


def test_ranks_follow_what_moves_the_output():
    """|c| sd: 2, 3, 0.05, 0."""
    x = rows()
    table = explain_dataset(
        model,
        x,
        methods=["permutation", "input_perturbation", "sobol", "improved_stepwise_2"],
        options={"sobol": {"samples": 512}},
    )
    assert table.rank.tolist() == [[2, 1, 3, 4]] * 4
    assert table.rank_high[:, 1].tolist() == [1] * 4 and bool((table.top(2)[:, :2] == 1).all())


def test_a_value_in_other_units_changes_what_it_should():
    """Input i in thousandths: slopes are a thousandth, what moves the output stays."""
    x = rows()
    one = torch.tensor([1000.0, 1, 1, 1]).double()
    keys = ["jacobian", "permutation", "morris", "profile", "attribution"]
    before = explain_dataset(model, x, methods=keys)
    after = explain_dataset(lambda z: model(z / one), x * one, methods=keys)
    torch.testing.assert_close(after.values[1:], before.values[1:], rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(after.values[0], before.values[0] / one)
    torch.testing.assert_close(
        after.details["jacobian"]["scaled"], before.details["jacobian"]["scaled"]
    )
