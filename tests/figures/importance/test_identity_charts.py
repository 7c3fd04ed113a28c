"""Receipts and hidden units as charts: what is drawn is what was measured."""

import numpy as np
import pytest

from explainers import Problem
from explainers.figures.importance.identities import CERTAIN, SIDES, identity_sides
from explainers.figures.importance.network.hidden_units import hidden_units
from explainers.figures.importance.slopes import slope_scatter
from explainers.importance.reliability import identities


def test_both_sides_and_the_error_of_their_difference():
    figure = identity_sides(
        "permutation_total", "=", list("abc"), [1, 3, 2], [1.1, 3, 2], [0.1] * 3
    )
    right, left = figure.data
    assert left.x.tolist() == [3, 2, 1] and right.x.tolist() == [3, 2, 1.1], "the largest first"
    assert figure.layout.yaxis.ticktext == ("b", "c", "a")
    np.testing.assert_allclose(right.error_x.array, [CERTAIN * 0.1] * 3)
    assert "a: 1 and 1.1, 1 standard error apart" in figure.layout.meta["alt"]
    exact = identity_sides("shapley_sum", "=", ["sum"], [0.0], [0.0], [0.0])
    assert "the same" in exact.layout.meta["alt"]
    few = identity_sides("permutation_total", "=", list("abc"), [1, 3, 2], [1, 3, 2], [0] * 3, 2)
    assert few.layout.yaxis.title.text == "2 of 3 inputs"
    with pytest.raises(Problem, match="two sides and an error"):
        identity_sides("permutation_total", "=", ["a"], [1, 2], [1, 2], [0, 0])


def test_every_identity_has_words_for_its_sides():
    import torch

    one = torch.ones(1)
    found = [
        identities.permutation_is_total(one, one, one, 1.0, one, ["a"]),
        *identities.effects_between_indices(one, one, one, one, one, one, ["a"]),
        identities.effects_sum_to_one(1.0, 0.1, 1.0, 0.1),
        identities.total_below_slopes(one, one, one, one, ["a"]),
    ]
    assert {identity.key for identity in found} == set(SIDES)


def test_units_stand_in_the_order_of_what_they_do_and_zero_is_neutral():
    slopes = np.arange(12.0).reshape(3, 4) - 5
    figure = hidden_units(list("123"), list("abcd"), slopes, [0, 2, 1], [0, -1, 1], most=2)
    cells, bars = figure.data
    assert figure.layout.yaxis.ticktext == ("2", "3") and bars.x.tolist() == [2, 1]
    # Of the inputs those that move the units shown most.
    assert figure.layout.xaxis.ticktext == ("c", "d") and cells.z.tolist() == [[1, 2], [5, 6]]
    assert figure.layout.yaxis.title.text == "Unit, 2 of 3"
    assert figure.layout.coloraxis.cmin == -figure.layout.coloraxis.cmax == -6
    assert bars.marker.color[0] != bars.marker.color[1]
    idle = hidden_units(["1"], ["a"], [[0.0]], [0.0], [0.0])
    assert "never moved" in idle.layout.meta["alt"]
    with pytest.raises(Problem, match="one size and one mean slope"):
        hidden_units(["1"], ["a"], [[0.0]], [-1.0], [0.0])


def test_bounds_of_slopes_are_drawn_where_there_are_any():
    drawn = slope_scatter("a", [0, 1], [1.0, 2.0], allowed=(-np.inf, 1.5))
    assert [line.y0 for line in drawn.layout.shapes] == [1.5]
    assert not slope_scatter("a", [0, 1], [1.0, 2.0]).layout.shapes
