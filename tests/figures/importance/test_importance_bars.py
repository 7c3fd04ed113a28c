"""Bars of importance: ordered by size, with their intervals, honest about signs and gaps."""

import numpy as np
import pytest

from explainers.errors import Problem
from explainers.figures.chart_style import OPPOSE, STRENGTH, SUPPORT
from explainers.figures.importance.importance_bars import importance_bars

NAMES = ["a", "b", "c"]
VALUES, LOW, HIGH = [1.0, -3.0, 2.0], [0.5, -4.0, 2.0], [1.75, -2.5, 2.0]


def test_bars_are_ordered_by_size_and_carry_their_intervals():
    figure = importance_bars(NAMES, VALUES, LOW, HIGH, "slope", signed=True)
    bars, cores = figure.data
    assert figure.layout.yaxis.ticktext == ("b", "c", "a")
    assert bars.x.tolist() == [-3, 2, 1]
    assert bars.error_x.array.tolist()[::2] == [0.5, 0.75]
    assert bars.error_x.arrayminus.tolist()[::2] == [1.0, 0.5]
    assert np.array_equal(cores.error_x.array, bars.error_x.array, equal_nan=True)
    assert cores.error_x.color != bars.error_x.color and cores.hoverinfo == "skip"
    assert np.isnan(bars.error_x.array[1]), "both ends at the value: no interval is known"
    assert list(bars.marker.color) == [OPPOSE, SUPPORT, SUPPORT]
    assert bars.customdata[0][2] == "<br>95 % interval −4 to −2.5" and bars.customdata[1][2] == ""


def test_a_signed_axis_is_symmetric_and_says_what_colours_mean():
    figure = importance_bars(NAMES, VALUES, LOW, HIGH, "slope", signed=True)
    low, high = figure.layout.xaxis.range
    assert low == -high and high > 4, "the interval's end lies inside"
    assert "red raises" in figure.layout.xaxis.title.text
    assert figure.layout.xaxis.title.text.startswith("Slope")


def test_strengths_have_one_colour_and_no_sign():
    figure = importance_bars(NAMES, np.abs(VALUES), [0] * 3, [5] * 3, "share", signed=False)
    assert set(figure.data[0].marker.color) == {STRENGTH}
    assert figure.layout.xaxis.range[0] == 0
    falls = importance_bars(NAMES, [2, -3, 1], [1, -4, 0], [3, -2, 2], "rise of the error", False)
    assert set(falls.data[0].marker.color) == {STRENGTH}, "an error that falls has no other colour"
    assert falls.layout.xaxis.range[0] < -4 and "red" not in falls.layout.xaxis.title.text


def test_an_interval_of_a_strength_may_reach_below_zero_and_is_seen():
    figure = importance_bars(["a"], [0.1], [-0.4], [0.6], "rise of the error", signed=False)
    assert figure.layout.xaxis.range[0] < -0.4


def test_places_are_points_and_the_smallest_is_on_top():
    figure = importance_bars(NAMES, [2, 1, 3], [1, 1, 3], [2, 2, 3], "rank", False, ascending=True)
    (points,) = figure.data
    assert points.type == "scatter" and points.x.tolist() == [1, 2, 3]
    assert figure.layout.yaxis.ticktext == ("b", "a", "c")
    assert figure.layout.xaxis.range == (0.5, 3.5)


def test_what_is_not_known_comes_last_without_a_bar():
    figure = importance_bars(NAMES, [np.nan, 1, -2], [np.nan] * 3, [np.nan] * 3, "slope", True)
    assert figure.layout.yaxis.ticktext == ("c", "b", "a")
    assert figure.data[0].x.tolist() == [-2, 1, 0]
    assert [note.text for note in figure.layout.annotations] == ["−2", "+1", "missing"]
    assert np.isfinite(figure.layout.xaxis.range).all()
    nothing = importance_bars(NAMES, [np.nan] * 3, [0] * 3, [0] * 3, "slope", True)
    assert nothing.layout.xaxis.range[1] > 0


def test_how_many_are_shown_is_said():
    many = np.arange(50.0)
    figure = importance_bars([f"x{i}" for i in range(50)], many, many, many, "s", False, most=20)
    assert len(figure.data[0].x) == 20
    assert figure.layout.yaxis.title.text == "Input (20 first of 50)"
    assert "the first 20" in figure.layout.meta["alt"]


def test_letters_stay_letters_and_the_words_name_the_first():
    figure = importance_bars(["<b>a</b>", "$b$"], [1, 2], [1, 1], [1, 3], "mean <i>$x$</i>", False)
    assert figure.layout.yaxis.ticktext == ("&#36;b&#36;", "&lt;b&gt;a&lt;/b&gt;")
    assert "<i>" not in figure.layout.xaxis.title.text and "$" not in figure.layout.xaxis.title.text
    assert "$b$ 2, 95 % interval 1 to 3; <b>a</b> 1." in figure.layout.meta["alt"]


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(Problem, match="one value each"):
        importance_bars(NAMES, [1, 2], LOW, HIGH, "slope", True)
