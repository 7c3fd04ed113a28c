"""Importance by lag: a panel a variable, one scale, the end at the right."""

import numpy as np
import pytest

from explainers.errors import Problem
from explainers.figures.importance.lag_importance import lag_importance

VALUES = np.array([[0.1, 0.0, 0.0], [3.0, 1.0, np.nan], [0.0, 0.0, 0.5]])


def test_every_variable_has_a_panel_and_the_strongest_is_on_top():
    figure = lag_importance(["a", "b", "c"], VALUES, VALUES - 0.1, VALUES + 0.2)
    assert [trace.name for trace in figure.data] == ["b", "c", "a"]
    assert np.array_equal(figure.data[0].y, VALUES[1], equal_nan=True)
    assert np.allclose(figure.data[1].error_y.array, 0.2)
    assert np.allclose(figure.data[1].error_y.arrayminus, 0.1)
    ranges = {figure.layout[axis].range for axis in ("yaxis", "yaxis2", "yaxis3")}
    assert len(ranges) == 1 and ranges.pop()[1] > 3.2, "one scale, intervals inside"
    early, end = figure.layout.xaxis3.range
    assert early > end, "the end of the series is at the right"
    assert [note.text for note in figure.layout.annotations] == ["b", "c", "a"]


def test_the_words_say_at_which_lag_each_is_strongest():
    alt = lag_importance(["a", "b", "c"], VALUES).layout.meta["alt"]
    assert "b is strongest at lag 0 (3); c at lag 2 (0.5); a at lag 0 (0.1)" in alt


def test_long_series_are_lines_with_bands():
    values = np.random.default_rng(0).random((2, 120))
    figure = lag_importance(["a", "b"], values, values - 0.1, values + 0.1)
    assert {trace.type for trace in figure.data} == {"scatter"} and len(figure.data) == 6
    line = next(trace for trace in figure.data if trace.name == "a")
    assert np.array_equal(line.y, values[0])


def test_of_many_variables_the_strongest_are_shown_and_it_is_said():
    figure = lag_importance([f"x{i}" for i in range(9)], np.diag(np.arange(9.0)), most=2)
    assert [trace.name for trace in figure.data] == ["x8", "x7"]
    assert "2 of 9 variables" in figure.layout.xaxis2.title.text


def test_letters_stay_letters():
    figure = lag_importance(["<b>%{x}</b>"], [[1.0, 2.0]], unit="<i>$u$</i>")
    (bar,) = figure.data
    assert "<b>" not in bar.hovertemplate and "%{x}</b>" not in bar.hovertemplate
    assert "&lt;b&gt;" in figure.layout.annotations[0].text
    assert "<i>" not in figure.layout.xaxis.title.text and "$" not in figure.layout.xaxis.title.text


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(Problem, match="that shape"):
        lag_importance(["a"], VALUES)
    with pytest.raises(Problem, match="finite"):
        lag_importance(["a"], [[np.nan, np.nan]])
    with pytest.raises(Problem, match="Intervals"):
        lag_importance(["a", "b", "c"], VALUES, VALUES[:2], VALUES[:2])
