"""Profiles: every curve drawn, the rows under it, and words for how it runs."""

import numpy as np
import pytest

from explainers.errors import Problem
from explainers.figures.importance.profile_curves import course, profile_curves
from explainers.figures.importance.value_spread import BINS, value_counts

GRID = np.linspace(0, 10, 6)
CURVES = np.stack([GRID, 2 * GRID, 20 - GRID])
HELD = ["minimum", "median", "maximum"]
DATA = np.r_[np.linspace(0, 10, 99), np.nan]


def test_every_curve_is_drawn_over_the_spread_of_the_rows():
    figure = profile_curves("rain", GRID, CURVES, HELD, DATA, measured=1)
    bars, *curves = figure.data
    assert bars.type == "bar" and sum(bars.y) == 99
    assert [curve.name for curve in curves] == HELD
    for drawn, curve in zip(curves, CURVES, strict=True):
        assert np.array_equal(drawn.x, GRID) and np.array_equal(drawn.y, curve)
    assert figure.layout.xaxis.matches == "x2", "curves and rows share their axis"
    widths = [curve.line.width for curve in curves]
    assert widths[1] == max(widths) and widths.count(widths[1]) == 1, "the measured one stands out"
    assert len({curve.line.color for curve in curves}) == 3


def test_the_words_say_how_the_measured_curve_runs_and_where_rows_are():
    alt = profile_curves("rain", GRID, CURVES, HELD, DATA, measured=1).layout.meta["alt"]
    assert "rises from 0 to 20 (range 20)" in alt and "others at their median" in alt
    assert "99 rows lie from 0.5 to 9.5; it is missing in 1" in alt
    centres = profile_curves("rain", GRID, CURVES, ["1", "2", "3"]).layout.meta["alt"]
    assert "the mean of 3 curves" in centres and "range from 10 to 20" in centres


def test_held_points_far_from_all_rows_are_marked():
    figure = profile_curves("rain", GRID, CURVES, HELD, measured=1, far=[1, 1, 8])
    assert figure.data[2].name == "maximum: like no row" and figure.data[2].line.dash == "dot"
    assert "No row is like the others held at: maximum." in figure.layout.meta["alt"]


@pytest.mark.parametrize(
    "values, words",
    [
        ([1, 1, 1], "stays at 1"),
        ([3, 2, 2], "falls from 3 to 2 (range 1)"),
        ([0, 4, 1], "is lowest (0) at 0 and highest (4) at 1 (range 4)"),
        ([np.nan, 1, 2], "rises from 1 to 2 (range 1)"),
        ([np.nan] * 3, "is not known"),
        ([1e16, 1e16 + 2, 1e16], "stays at 1.00e16"),
    ],
)
def test_courses(values, words):
    assert course(np.arange(3.0), np.array(values, float)) == words


def test_bars_hold_every_row_and_few_values_have_one_each():
    places, counts, width = value_counts(np.array([0.0, 1, 1, 5]))
    assert (places.tolist(), counts.tolist(), width) == ([0, 1, 5], [1, 2, 1], 0.5)
    places, counts, _ = value_counts(np.linspace(0, 1, 1000))
    assert len(places) == BINS and counts.sum() == 1000
    places, counts, width = value_counts(np.array([2.0, 2.0]))
    assert (places.tolist(), counts.tolist()) == ([2], [2]) and width > 0


def test_shares_of_ranges_have_their_own_axis_and_no_rows():
    figure = profile_curves("weather", GRID, CURVES, HELD, DATA, measured=1, shares=True)
    assert figure.layout.xaxis.title.text == "Share of the range of weather"
    assert {trace.type for trace in figure.data} == {"scatter"}


def test_letters_stay_letters():
    figure = profile_curves("$x$", GRID, CURVES[:1], ["<b>a</b>"], DATA, "<i>price</i> in $")
    assert figure.data[1].name == "&lt;b&gt;a&lt;/b&gt;"
    assert figure.layout.xaxis2.title.text == "Value of &#36;x&#36;"
    assert "<i>" not in figure.layout.yaxis.title.text
    assert "$" not in figure.layout.yaxis.title.text


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(Problem, match="curves of shape"):
        profile_curves("a", GRID, CURVES, HELD[:2])
