"""Equations between methods: they hold on any network, and what breaks them is noticed."""

import math

import pytest
import torch
from known_variances import F64, KNOWN
from torch import nn

from explainers import explain_dataset
from explainers.importance.reliability import identities

KEYS = [
    "permutation_total",
    "first_below_shapley",
    "shapley_below_total",
    "shapley_sum",
    "total_below_slopes",
]


def checked(function, rows, **arguments):
    table = explain_dataset(
        function, rows, methods="sobol", options={"sobol": {"check": True}}, **arguments
    )
    return {identity.key: identity for identity in table.details["sobol"]["identities"]}


def rows_of(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(3), dtype=F64)


@pytest.mark.parametrize("name", KNOWN)
def test_both_sides_are_the_known_ones(name):
    """Permutation 2 V T; Σ 1; and on even rows ν is the published one of the Ishigami function."""
    known = KNOWN[name]
    found = checked(known.function, known.even_rows())
    assert list(found) == KEYS and all(identity.holds for identity in found.values())
    truth = 2 * known.variance * known.total
    change = found["permutation_total"]
    for side in (change.left, change.right):
        assert (side - truth).abs().le(3.5 * change.error + 1e-4).all()
    assert found["shapley_sum"].left.item() == pytest.approx(1, abs=0.1)
    if name == "ishigami":
        assert (truth - torch.tensor([15.4392, 12.25, 6.7474], dtype=F64)).abs().max() < 1e-4
        nu = torch.tensor([7.719588, 24.5, 10.987305], dtype=F64)
        slopes = found["total_below_slopes"]
        # ν (b − a)²/π², b − a = 2π
        assert (slopes.right - 4 * nu).abs().le(4 * slopes.error + 0.01).all()


@pytest.mark.parametrize("layers", [0, 1, 4])
@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
def test_they_hold_on_networks_of_any_depth(layers, activation):
    torch.manual_seed(layers)
    inner = [part for _ in range(layers) for part in (activation(), nn.Linear(6, 6))]
    net = nn.Sequential(nn.Linear(4, 6), *inner, nn.Linear(6, 1))
    found = checked(net, rows_of(300, 4).float())
    assert list(found) == KEYS and all(identity.holds for identity in found.values())
    assert all("it holds" in identity.sentence for identity in found.values())


def test_they_hold_for_correlated_rows_groups_and_series():
    rows = rows_of(300, 4)
    rows[:, 1] = rows[:, 0] + 0.1 * rows[:, 1]
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    for arguments in ({}, {"groups": {"both": [0, 1]}}):
        assert all(identity.holds for identity in checked(net, rows, **arguments).values())
    series = nn.Sequential(nn.Flatten(), nn.Linear(12, 6), nn.Tanh(), nn.Linear(6, 1)).double()
    assert all(identity.holds for identity in checked(series, rows_of(200, 6, 2)).values())


def test_a_jump_that_slopes_do_not_see_is_found():
    found = checked(lambda x: (x[:, 0] > 0).double() * 5 + 0.01 * x[:, 1], rows_of(300, 2))
    slopes = found.pop("total_below_slopes")
    assert not slopes.holds and "jumps" in slopes.sentence and "x0" in slopes.sentence
    assert all(identity.holds for identity in found.values())


def test_without_slopes_the_others_are_checked():
    def steps(x):
        return x.detach().round().sum(1)

    assert list(checked(steps, rows_of(200, 3))) == KEYS[:-1]


def test_a_network_that_never_changes_is_no_alarm():
    assert all(i.holds for i in checked(lambda x: 0 * x[:, 0] + 2, rows_of(60, 2)).values())


def off_by(standard_errors: float, relation: str = "=") -> identities.Identity:
    left, error = torch.zeros(3, dtype=F64), torch.full((3,), 0.1, dtype=F64)
    right = torch.tensor([0.0, 0.0, -0.1 * standard_errors], dtype=F64)
    return identities.compared(
        "test", relation, left, right, error, ["a", "b", "c"], "A is B", "Look."
    )


@pytest.mark.parametrize("relation", ["=", "≤"])
def test_what_is_off_by_more_than_its_error_is_broken_and_named(relation):
    assert off_by(3, relation).holds and "3.0 standard errors" in off_by(3, relation).sentence
    broken = off_by(6, relation)
    assert not broken.holds
    assert (
        "c (0 and -0.6, 6.0 standard errors off)" in broken.sentence and "Look." in broken.sentence
    )
    assert off_by(-6, "≤").holds and not off_by(-6, "=").holds


def test_chance_alone_breaks_one_in_ten_thousand():
    draws = torch.randn(2000, 5, generator=torch.Generator().manual_seed(1), dtype=F64)
    one = torch.ones(5, dtype=F64)
    broken = sum(
        not identities.compared("t", "=", row, 0 * row, one, list("abcde"), "", "").holds
        for row in draws
    )
    assert broken <= 3


def test_each_check_notices_a_wrong_side():
    known = KNOWN["ishigami"]
    zero, names = torch.zeros(3, dtype=F64), list("abc")
    exact = 2 * known.variance * known.total

    def permutation(change):
        return identities.permutation_is_total(
            change, zero + 0.01, known.total, known.variance, zero + 0.01, names
        )

    assert permutation(exact).holds and not permutation(exact * 1.01).holds
    low, high = identities.effects_between_indices(
        known.first, zero + 0.001, known.effects, zero + 0.001, known.total, zero + 0.001, names
    )
    assert low.holds and high.holds
    low, high = identities.effects_between_indices(
        known.total, zero + 0.001, known.effects, zero + 0.001, known.first, zero + 0.001, names
    )
    assert not low.holds and not high.holds
    assert identities.effects_sum_to_one(2.0, 0.01, 2.01, 0.01).holds
    assert not identities.effects_sum_to_one(1.8, 0.01, 2.0, 0.01).holds
    unit = torch.ones(1, dtype=F64)
    nu = unit / math.pi**2
    assert not identities.total_below_slopes(unit, 0.01 * unit, nu, 0.01 * unit, ["a"]).holds
