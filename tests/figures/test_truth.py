"""Found beside true: the diagonal, axes that can be compared, means that are those of the cases."""

import numpy as np
import pytest

from explainers.errors import Problem
from explainers.figures.truth import against_known, beside_known, means_with_cases, side_by_side

RNG = np.random.default_rng(5)
KNOWN = RNG.normal(size=(20, 3)) * [1, 4, 0]
FOUND = KNOWN + 0.1
NAMES = ["a", "b", "<b>"]


def test_every_value_is_a_point_beside_the_diagonal():
    diagonal, points = against_known(FOUND, KNOWN, NAMES).data
    assert diagonal.mode == "lines" and list(diagonal.x) == list(diagonal.y)
    assert diagonal.x[0] == -diagonal.x[1] < -np.abs(FOUND).max()
    np.testing.assert_array_equal(points.x, KNOWN.ravel())
    np.testing.assert_array_equal(points.y, FOUND.ravel())
    assert list(points.customdata[:3]) == ["a", "b", "&lt;b&gt;"]
    assert points.type == "scatter", "no WebGL"


def test_both_axes_have_one_range_and_one_scale():
    layout = against_known(FOUND, KNOWN, NAMES).layout
    assert layout.xaxis.range == layout.yaxis.range
    assert layout.yaxis.scaleanchor == "x"
    low, high = layout.xaxis.range
    assert low == -high and high > max(np.abs(FOUND).max(), np.abs(KNOWN).max())


def test_the_alternative_text_says_how_far_off():
    assert "off by 0.1," in against_known(FOUND, KNOWN, NAMES).layout.meta["alt"]


def test_shapes_that_differ_are_refused():
    with pytest.raises(Problem, match="one shape"):
        against_known(FOUND, KNOWN[:5], NAMES)
    with pytest.raises(Problem, match="not finite"):
        against_known(FOUND * np.nan, KNOWN, NAMES)


def test_lists_side_by_side_share_their_scale():
    figure = side_by_side(["x1", "x2"], {"here": [0.3, 0.01], "there": [0.1, 0.2]}, "Change")
    assert figure.layout.xaxis.range == figure.layout.xaxis2.range
    assert figure.layout.xaxis.range[0] == 0 and figure.layout.xaxis.range[1] > 0.3
    assert [list(bars.x) for bars in figure.data] == [[0.3, 0.01], [0.1, 0.2]]
    assert figure.layout.meta["alt"] == "Change. here: x1 0.3, x2 0.01; there: x1 0.1, x2 0.2."


def test_bars_are_means_of_their_cases_the_highest_on_top():
    cases = [[0.1, 0.3], [0.5, 0.7]]
    figure = means_with_cases(["low", "high"], cases, "Share", ("by chance", 0.25), 100, " %")
    bars, dots = figure.data
    np.testing.assert_allclose(bars.x, [60, 20])
    np.testing.assert_allclose(dots.x, [50, 70, 10, 30])
    assert list(dots.y) == [0, 0, 1, 1]
    assert figure.layout.yaxis.ticktext == ("high", "low")
    (line,) = figure.layout.shapes
    assert line.x0 == line.x1 == 25
    assert figure.layout.meta["alt"] == ("Share, mean of 2: high 60 %; low 20 %. by chance: 25 %.")
    assert figure.layout.xaxis.range[0] == 0 and figure.layout.xaxis.range[1] > 70


def test_marks_stand_where_the_truth_is_in_the_order_of_the_bars():
    figure = beside_known(["a", "b", "c"], [1, 3, 2], [0, 2, 1], [2, 4, 3], [1, 9, 2.5], "share")
    marks = figure.data[-1]
    assert figure.layout.yaxis.ticktext == ("b", "c", "a")
    assert marks.x.tolist() == [9, 2.5, 1] and marks.y.tolist() == [0, 1, 2]
    assert figure.layout.xaxis.range[1] >= 9, "a truth beyond all bars is on the picture"
    assert figure.layout.meta["alt"].endswith("True: b 9; c 2.5; a 1.")


@pytest.mark.parametrize("known", [[1, 2], [1, float("nan"), 2]])
def test_every_input_needs_its_truth(known):
    with pytest.raises(Problem, match="true value"):
        beside_known(["a", "b", "c"], [1, 3, 2], [0, 2, 1], [2, 4, 3], known, "share")
