"""Partial dependence over the rows' own curves."""

import numpy as np
import pytest

from explainers.errors import Problem
from explainers.figures.importance.individual_curves import MOST, individual_curves

GRID = np.array([0.0, 1.0, 2.0])
CURVES = np.array([[0.0, 1, 2], [5.0, 4, 3], [1.0, 3, 5]])
MEAN = CURVES.mean(0)


def drawn(figure, name):
    return next(trace for trace in figure.data if trace.name.endswith(name))


def test_rows_are_parted_by_gaps_and_the_mean_is_on_top():
    figure = individual_curves(
        "a", GRID, CURVES, MEAN, MEAN - 1, MEAN + 1, data=[0, 1, 1, 2], row_numbers=[4, 5, 6]
    )
    thin = drawn(figure, "3 rows")
    parts = thin.y.reshape(3, 4)
    assert np.array_equal(parts[:, :3], CURVES) and np.isnan(parts[:, 3]).all()
    assert thin.customdata.reshape(3, 4)[:, 0].tolist() == [5, 6, 7], "rows count from 1"
    assert np.array_equal(figure.data[-1].y, MEAN)
    low, high = (trace for trace in figure.data if trace.name == "95 % interval")
    assert np.array_equal(low.y, MEAN - 1) and np.array_equal(high.y, MEAN + 1)
    assert (low.showlegend, high.showlegend) == (False, True)
    assert drawn(figure, "rows").type in ("bar", "scatter")


def test_the_words_say_how_it_runs_and_who_runs_against_it():
    alt = individual_curves("a", GRID, CURVES, MEAN).layout.meta["alt"]
    assert "rises from 2 to 3.33" in alt and "33 % of 3 rows run against it" in alt
    same = individual_curves("a", GRID, CURVES[[0, 2]], CURVES[[0, 2]].mean(0)).layout.meta["alt"]
    assert "None of 2 rows runs against it" in same


def test_centred_curves_start_at_zero_and_keep_their_course():
    figure = individual_curves("a", GRID, CURVES, MEAN, MEAN - 1, MEAN + 1, centred=True)
    parts = drawn(figure, "3 rows").y.reshape(3, 4)[:, :3]
    assert np.array_equal(parts, CURVES - CURVES[:, :1])
    assert np.allclose(figure.data[-1].y, MEAN - MEAN[0])
    assert figure.layout.yaxis.title.text == "Change of the output"
    assert "rises from 2 to 3.33" in figure.layout.meta["alt"]


def test_of_very_many_rows_some_are_drawn():
    figure = individual_curves("a", GRID, np.zeros((5000, 3)), np.zeros(3))
    assert drawn(figure, "rows").name == f"{MOST} of 5,000 rows"


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(Problem, match="need shapes"):
        individual_curves("a", GRID, CURVES[:, :2], MEAN)
