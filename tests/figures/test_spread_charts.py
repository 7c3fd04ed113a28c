"""Swarms and dependence: every row is a point, at its contribution, in its value's colour."""

import numpy as np
import pytest

from explainers.errors import Problem
from explainers.figures.chart_style import OPPOSE, QUIET, SUPPORT
from explainers.figures.spread import DOT, ROW, beeswarm, dependence_plot, swarm_offsets

RNG = np.random.default_rng(3)
VALUES = RNG.normal(size=(200, 5))
SCORES = VALUES * [1, -5, 3, 0.1, 2]
NAMES = list("abcde")


def test_every_row_of_every_feature_is_a_point():
    values = VALUES.copy()
    values[:7, 1] = np.nan
    figure = beeswarm(NAMES, SCORES, values)
    assert figure.layout.yaxis.ticktext == ("b", "c", "e", "a", "d"), "by mean strength"
    for name, column in zip(NAMES, SCORES.T, strict=True):
        drawn = np.concatenate([trace.x for trace in figure.data if trace.name == name])
        assert np.array_equal(np.sort(drawn), np.sort(column))
    grey = [trace for trace in figure.data if trace.marker.coloraxis is None]
    (grey,) = grey
    assert (len(grey.x), grey.name, grey.marker.color) == (7, "b", QUIET)
    assert "grey: missing" in figure.layout.coloraxis.colorbar.title.text


def test_colours_rise_with_the_value():
    trace = beeswarm(NAMES, SCORES, VALUES).data[0]
    order = np.argsort(trace.customdata)
    assert (np.diff(trace.marker.color[order]) >= 0).all()
    assert (trace.marker.color.min(), trace.marker.color.max()) == (0, 1)
    assert "feature value" in beeswarm(NAMES, SCORES, VALUES).layout.coloraxis.colorbar.title.text


def test_a_swarm_is_symmetric_and_says_what_it_leaves_out():
    figure = beeswarm(NAMES, SCORES, VALUES, most=2)
    low, high = figure.layout.xaxis.range
    assert low == -high and high > np.abs(SCORES).max()
    assert figure.layout.yaxis.title.text == "Feature (2 strongest of 5)"
    assert len(figure.data) == 2


def test_points_step_aside_and_stay_in_their_line():
    scores = np.repeat([0.0, 0.5, -0.5], [9, 4, 1])
    offset = swarm_offsets(scores, 1.0, np.random.default_rng(0))
    for group in (offset[:9], offset[9:13], offset[13:]):
        gaps = np.diff(np.sort(group)) * ROW
        assert (gaps >= 0.99 * DOT).all(), "no two points of a slot meet"
    assert offset[13] == 0
    crowd = swarm_offsets(np.zeros(5000), 1.0, np.random.default_rng(0))
    assert np.abs(crowd).max() <= 0.421 and len(np.unique(crowd)) == 5000


def test_the_same_seed_gives_the_same_swarm():
    one, two, other = (beeswarm(NAMES, SCORES, VALUES, seed=seed).data[0].y for seed in (0, 0, 1))
    assert np.array_equal(one, two) and not np.array_equal(one, other)


def test_a_full_swarm_draws_all_its_points_without_webgl():
    scores = RNG.normal(size=(2000, 12))
    figure = beeswarm([f"f{i}" for i in range(12)], scores, scores)
    assert sum(len(trace.x) for trace in figure.data) == 24_000
    assert {trace.type for trace in figure.data} == {"scatter"}


def test_dependence_draws_every_row_and_colours_the_sign():
    figure = dependence_plot("a", VALUES[:, 0], SCORES[:, 0])
    (trace,) = figure.data
    assert np.array_equal(trace.x, VALUES[:, 0]) and np.array_equal(trace.y, SCORES[:, 0])
    assert [c == SUPPORT for c in trace.marker.color] == list(SCORES[:, 0] > 0)
    assert OPPOSE in trace.marker.color
    assert figure.layout.yaxis.zeroline and figure.layout.xaxis.title.text == "Value of a"
    assert figure.layout.yaxis.title.text == "Contribution"


def test_dependence_loses_no_row_whose_value_is_missing():
    values, other = VALUES[:, 0].copy(), VALUES[:, 1].copy()
    values[:5], other[3:10] = np.nan, np.nan
    figure = dependence_plot("a", values, SCORES[:, 0], "b", other)
    assert sum(len(trace.x) for trace in figure.data) == 200
    apart = np.concatenate([trace.x for trace in figure.data])
    assert (apart < np.nanmin(values)).sum() == 5
    assert [note.text for note in figure.layout.annotations] == ["5 missing"]
    coloured, grey = figure.data
    assert len(grey.x) == 7 and grey.marker.color == QUIET
    assert "is missing" in figure.data[0].text[0] and "b = " in figure.data[0].text[0]


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(Problem, match="one shape"):
        beeswarm(NAMES, SCORES, VALUES[:100])
    with pytest.raises(Problem, match="do not fit"):
        dependence_plot("a", VALUES[:, 0], SCORES[:100, 0])
