"""Integrated Gradients to a tolerance: points where the slopes bend, none asked twice."""

import math

import pytest
import torch

from explainers import explain
from explainers.methods.integrated_gradients import refinement

KINK = 0.3137


def asked_by(function):
    """The function, and the list of all points that it was asked about."""
    asked = []

    def model(x):
        asked.extend(map(tuple, x.detach().flatten(1).tolist()))
        return function(x)

    return model, asked


def bent(x):
    """Flat up to a kink of the first value, then steep; the second value is linear."""
    return 5 * torch.relu(x[:, 0] - KINK) + x[:, 1]


X = torch.tensor([[1.0, 1.0]], dtype=torch.float64)
EXACT = torch.tensor([[5 * (1 - KINK), 1.0]], dtype=torch.float64)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-3, 1e-4])
def test_a_kink_is_closed_in_on(tolerance):
    answer = explain(bent, X, tolerance=tolerance)
    assert answer.gap.abs() <= tolerance and not answer.notes
    torch.testing.assert_close(answer.scores, EXACT, rtol=0, atol=1.01 * tolerance * 4.4315)
    # Halving alone: two points a halving of the piece with the kink, and of one beside it.
    assert answer.passes / 2 < 12 + 8 * torch.log2(torch.tensor(1 / tolerance))


def test_no_point_is_asked_twice():
    model, asked = asked_by(bent)
    explain(model, X, tolerance=1e-3)
    inside = [point for point in asked if 1e-4 < point[1] < 1 - 1e-4 and point[0] == point[1]]
    assert len(inside) == len(set(inside)) > 20


def test_an_input_needs_what_it_needs_alone():
    inputs = torch.tensor([[1.0, 1.0], [0.2, 3.0], [2.0, -1.0]], dtype=torch.float64)
    together = explain(bent, inputs, tolerance=1e-3)
    alone = [explain(bent, one[None], tolerance=1e-3) for one in inputs]
    expected = torch.cat([one.scores for one in alone])
    torch.testing.assert_close(together.scores, expected, rtol=0, atol=1e-12)
    assert together.passes <= max(one.passes for one in alone)


def test_few_maps_are_held_where_memory_is_short(monkeypatch):
    held = []
    ask = refinement._Refinement._halve

    def halve(self):
        ask(self)
        held.append(len(self._points.rows))

    monkeypatch.setattr(refinement._Refinement, "_halve", halve)
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(6, 40), torch.nn.ReLU(), torch.nn.Linear(40, 1))
    x = 3 * torch.rand(4, 6)
    usual = explain(net, x, tolerance=1e-3)
    most = max(held)
    held.clear()
    monkeypatch.setattr(refinement, "VALUES_HELD", 6 * 40)
    short = explain(net, x, tolerance=1e-3)
    assert max(held) < 80 < most
    assert short.gap.abs().max() <= 1e-3
    exact = explain(net.double(), x.double(), steps=4096, rule="midpoint").scores
    for answer in (usual, short):
        torch.testing.assert_close(answer.scores.double(), exact, rtol=0.02, atol=0.005)


def test_a_small_gap_cannot_come_from_two_large_errors():
    """A rise in the first half and a fall in the second cancel in the sum at the first look."""

    def model(x):
        return x[:, 0] + ((x[:, 1] - 0.2) * 10).clamp(0, 1) - ((x[:, 2] - 0.7) * 10).clamp(0, 1)

    answer = explain(model, torch.ones(1, 3, dtype=torch.float64), tolerance=1e-2)
    exact = torch.tensor([[1.0, 1.0, -1.0]], dtype=torch.float64)
    torch.testing.assert_close(answer.scores, exact, rtol=0, atol=0.05)


def test_slopes_beside_the_ends_count_as_far_as_the_ends():
    weights = torch.tensor([3.0, -1.0], dtype=torch.float64)
    answer = explain(lambda x: x @ weights, 2 * X, tolerance=1e-9)
    torch.testing.assert_close(answer.scores, 2 * weights[None], rtol=1e-14, atol=0)
    assert answer.passes <= 12


def test_without_end_it_says_so():
    answer = explain(bent, X, tolerance=1e-9, most_steps=16)
    assert answer.passes / 2 <= 20
    assert "was not reached within 16 steps" in " ".join(answer.notes)


@pytest.mark.parametrize("most", [8, 100, 301])
def test_never_more_points_than_allowed_are_asked(most):
    model, asked = asked_by(lambda x: torch.relu(torch.sin(50 * x)).sum(1))
    (note,) = explain(model, X, tolerance=1e-9, most_steps=most).notes
    inside = [point for point in asked if 1e-6 < point[0] < 1 - 1e-6 and point[0] == point[1]]
    assert most - 4 < len(inside) <= most
    assert "tolerance of 1e-07 %" in note


def test_what_is_rounded_too_coarsely_for_the_tolerance_is_said():
    """100 to 103 in steps of ½ and of less: only the first cannot tell 1 % of 3."""

    def net(x):
        return 100 + (x**3).sum(1)

    x = torch.tensor([[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
    exact = explain(net, x)
    assert not exact.notes and exact.gap[0].abs() < 0.01
    coarse = explain(net, x.bfloat16() * 0.9)
    assert coarse.gap[0].abs() > 0.01
    (note,) = coarse.notes
    assert "1 % was not reached in bfloat16, which rounds too coarsely" in note


def test_a_gap_that_is_small_by_chance_alone_is_said_to_be():
    """Two kinks whose errors cancel: the gap is none, but each value's share is off."""

    def net(x):
        return torch.relu(x[:, 0] - 0.7) + torch.relu(x[:, 1] - 0.3) + x[:, 2] / 2

    x = torch.ones(1, 3, dtype=torch.float64)
    answer = explain(net, x, tolerance=0.02, most_steps=8)
    assert answer.gap.abs() < 0.02 and (answer.scores[0, 0] - 0.3).abs() > 0.02
    (note,) = answer.notes
    assert "errors of both signs cancel" in note


def cancelling(x):
    """Two steps at one place, of opposite sign: between equal inputs it is 0 all along the way."""
    up, down = (torch.tanh(50 * (x[:, k] - 0.6)) for k in (0, 1))
    return (up - down)[:, None]


@pytest.mark.parametrize("beside", [0, 2])
def test_what_cancels_all_along_the_way_is_seen(beside):
    others = torch.tensor([[0.3, 0.9], [1.0, 0.2]])[:beside]
    x = torch.cat([torch.ones(1, 2), others])
    found = explain(cancelling, x, "integrated_gradients", target=0)
    step = math.tanh(20) + math.tanh(30)
    torch.testing.assert_close(found.scores[0], torch.tensor([step, -step]), rtol=0.02, atol=0)
    assert not found.notes


def test_where_nothing_matters_few_points_are_asked():
    model, asked = asked_by(lambda x: (1 + 1e-9 * torch.sin(40 * x)).sum(1, keepdim=True))
    explain(model, torch.ones(1, 3), "integrated_gradients", target=0)
    assert len(asked) < 20
