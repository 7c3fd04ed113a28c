"""Slopes row by row, and their means against their spread."""

import numpy as np
import pytest

from explainers.errors import Problem
from explainers.figures.chart_style import OPPOSE, QUIET, SUPPORT
from explainers.figures.importance.slopes import slope_scatter, slope_spread


def test_every_row_is_a_point_in_the_colour_of_its_sign():
    figure = slope_scatter("a", [1, 2, 3, np.nan], [0.5, -1, 0, 9], [7, 8, 9, 10])
    (points,) = figure.data
    assert points.x.tolist() == [1, 2, 3] and points.y.tolist() == [0.5, -1, 0]
    assert list(points.marker.color) == [SUPPORT, OPPOSE, QUIET]
    assert list(points.customdata) == [7, 8, 9] and points.text[0] == "row 8"
    alt = figure.layout.meta["alt"]
    assert "above 0 in 33 % of rows; 1 rows are left out" in alt and "from −1 to 0.5" in alt
    assert figure.layout.yaxis.zeroline


def test_slopes_without_rows_are_refused():
    with pytest.raises(Problem, match="No row"):
        slope_scatter("a", [np.nan], [1.0])
    with pytest.raises(Problem, match="one each"):
        slope_scatter("a", [1, 2], [1.0])


def test_means_lie_across_and_deviations_up_the_farthest_first():
    figure = slope_spread(["a", "b", "c", "d"], [0.1, -3, 1, np.nan], [0, 1, 2, 1])
    (points,) = figure.data
    assert points.x.tolist() == [-3, 1, 0.1] and points.y.tolist() == [1, 2, 0]
    assert list(points.marker.color) == [OPPOSE, SUPPORT, SUPPORT]
    assert points.text == ("b", "c", "a")
    low, high = figure.layout.xaxis.range
    assert low == -high and high > 3
    alt = figure.layout.meta["alt"]
    assert "Farthest from 0: b, mean −3, deviation 1; c" in alt and "1 inputs have no slope" in alt


def test_names_that_would_meet_are_left_to_hovering():
    names = [f"a rather long name {i}" for i in range(30)]
    figure = slope_spread(names, np.linspace(1, 1.01, 30), np.ones(30), most=30)
    (points,) = figure.data
    assert 1 <= sum(bool(text) for text in points.text) <= 4
    assert len(points.customdata) == 30
    apart = slope_spread(["one", "two"], [-1, 1], [0, 1])
    assert all(apart.data[0].text)


def test_letters_stay_letters():
    figure = slope_scatter("<b>a</b>", [1, 2], [1, 2], output="$y$")
    assert "<b>" not in figure.layout.xaxis.title.text.replace("<br>", "")
    assert "$" not in figure.layout.yaxis.title.text
    assert slope_spread(["<b>a</b>"], [1], [1]).data[0].text == ("&lt;b&gt;a&lt;/b&gt;",)


def test_no_slope_at_all_is_drawn_at_the_origin():
    figure = slope_spread(["a", "b"], [0, 0], [0, 0])
    assert figure.layout.xaxis.range[1] > 0 and list(figure.data[0].marker.color) == [QUIET] * 2
    with pytest.raises(Problem, match="No input"):
        slope_spread(["a"], [np.nan], [1])
