"""Charts of series: every step can be read, no peak is lost, colours are honest."""

import numpy as np
import pytest

from explainers.errors import Problem
from explainers.figures.chart_style import OPPOSE, STRENGTH, SUPPORT
from explainers.figures.colours import SEQUENTIAL, SIGNED
from explainers.figures.series.lines import series_heat
from explainers.figures.series.marginals import lag_profile, marginals
from explainers.figures.series.timeline import MOST_CELLS, peaks_per_cell
from explainers.importance.lags import by_lag, median_lag

RNG = np.random.default_rng(5)
T, V = 40, 3
SCORES, VALUES = RNG.normal(size=(T, V)), RNG.normal(size=(T, V)) * [1, 100, 0.01]
NAMES, STEPS = ["wind", "rain", "<b>sun</b>"], [f"2020-01-{i + 1:02d} 06:00" for i in range(T)]


def heats(figure):
    return [trace for trace in figure.data if trace.type == "heatmap"]


def lines(figure, of: str):
    return [
        t for t in figure.data if t.type == "scatter" and (t.text is not None) == (of == "text")
    ]


def test_every_variable_has_its_strip_and_its_line():
    figure = series_heat(SCORES, VALUES, NAMES, STEPS, True)
    for variable, (strip, line) in enumerate(
        zip(heats(figure), lines(figure, "")[::2], strict=True)
    ):
        assert np.array_equal(strip.z[0], SCORES[:, variable])
        assert np.array_equal(line.y, VALUES[:, variable])
        assert list(strip.x) == [step - 0.5 for step in range(T + 1)]
        low, high = figure.layout[line.yaxis.replace("y", "yaxis")].tickvals
        assert (low, high) == (VALUES[:, variable].min(), VALUES[:, variable].max())
    titles = [note.text for note in figure.layout.annotations]
    assert titles == ["wind", "rain", "&lt;b&gt;sun&lt;/b&gt;"]


def test_hovering_reads_every_step_also_where_the_value_is_missing():
    values = VALUES.copy()
    values[4, 0] = np.nan
    answers = lines(series_heat(SCORES, values, NAMES, STEPS, True), "text")
    assert [len(answer.text) for answer in answers] == [T] * V
    assert answers[0].text[4].startswith("2020-01-05 06:00: missing<br>contribution ")
    assert np.isfinite(answers[0].y).all()


def test_signed_strips_are_red_for_support_and_the_page_itself_at_zero():
    axis = series_heat(SCORES, VALUES, NAMES, STEPS, True).layout.coloraxis
    assert axis.cmin == -axis.cmax
    blue, clear_blue, clear_red, red = (stop for _, stop in axis.colorscale)
    assert [at for at, _ in axis.colorscale] == [0, 0.5, 0.5, 1]
    assert (blue, red) == tuple(f"rgba{(*SIGNED[at], 1)}" for at in (2, 8))
    assert (clear_blue, clear_red) == tuple(f"rgba{(*SIGNED[at], 0)}" for at in (2, 8))
    assert series_heat(SCORES, VALUES, NAMES, STEPS, True, limit=7).layout.coloraxis.cmin == -7


def test_strengths_use_the_sequential_scale_from_zero():
    axis = series_heat(np.abs(SCORES), VALUES, NAMES, STEPS, False).layout.coloraxis
    assert axis.cmin == 0 and axis.colorscale[-1][1] == f"rgba{(*SEQUENTIAL[6], 1)}"
    assert "without a sign" in axis.colorbar.title.text
    with pytest.raises(Problem, match="without a sign"):
        series_heat(SCORES, VALUES, NAMES, STEPS, False)


@pytest.mark.parametrize("length", [1, 299, 300, 301, 2000, 12345])
def test_no_peak_of_a_long_series_is_lost(length):
    scores = RNG.normal(size=length) * 0.01
    peak = int(RNG.integers(length))
    scores[peak] = -3.0
    edges, cells = peaks_per_cell(scores)
    assert len(cells) <= MOST_CELLS and len(edges) == len(cells) + 1
    assert (edges[0], edges[-1]) == (-0.5, length - 0.5)
    assert cells[np.searchsorted(edges, peak) - 1] == -3
    if length <= MOST_CELLS:
        assert np.array_equal(cells, scores)


def test_of_many_variables_the_strongest_are_shown_and_the_rest_is_counted():
    scores = np.ones((4, 10)) * np.arange(10)
    names, steps = [f"v{i}" for i in range(10)], list("abcd")
    figure = series_heat(scores, scores, names, steps, True, most=3)
    assert [note.text for note in figure.layout.annotations] == ["v7", "v8", "v9"]
    title = figure.layout.xaxis3.title.text
    assert "3 strongest of 10 variables; the others hold 46.7 %" in title  # 1 − 24 / 45


def test_panels_share_one_zoomable_time_axis_with_the_names_of_the_steps():
    figure = series_heat(SCORES, VALUES, NAMES, STEPS, True)
    assert {figure.layout.xaxis.matches, figure.layout.xaxis2.matches} == {"x3"}
    assert not figure.layout.xaxis3.fixedrange and figure.layout.yaxis.fixedrange
    assert figure.layout.xaxis3.labelalias["4"] == "2020-01-05<br>06:00"
    assert "wind" in figure.layout.meta["alt"]


def test_sums_per_variable_and_per_step_cancel_nothing():
    figure = marginals(SCORES, NAMES, STEPS, True)
    up, down = (trace for trace in figure.data if trace.type == "bar")
    order = np.argsort(-np.abs(SCORES).sum(0))
    assert np.allclose(up.x, np.clip(SCORES, 0, None).sum(0)[order])
    assert np.allclose(down.x, np.clip(SCORES, None, 0).sum(0)[order])
    assert (up.marker.color, down.marker.color) == (SUPPORT, OPPOSE)
    above, below = (trace for trace in figure.data if trace.type == "scatter")
    assert np.allclose(above.y[1:-1] + below.y[1:-1], SCORES.sum(1))
    assert np.allclose(above.y[1:-1], np.clip(SCORES, 0, None).sum(1))
    for axis in (figure.layout.xaxis, figure.layout.yaxis2):
        assert axis.range[0] == -axis.range[1] and axis.title.text
    assert figure.layout.xaxis2.title.text == "Time step" and figure.layout.yaxis.title.text


def test_hidden_variables_are_one_bar():
    scores = RNG.normal(size=(6, 30))
    up, down = (
        trace
        for trace in marginals(scores, [f"v{i}" for i in range(30)], list("abcdef"), True).data
        if trace.type == "bar"
    )
    assert len(up.x) == 21 and np.isclose(sum(up.x) + sum(down.x), scores.sum())


def test_strengths_per_variable_have_one_colour():
    figure = marginals(np.abs(SCORES), NAMES, STEPS, False)
    assert [trace.type for trace in figure.data] == ["bar", "scatter"]
    assert figure.data[0].marker.color == STRENGTH
    assert figure.layout.xaxis.range[0] == 0 == figure.layout.yaxis2.range[0]


def test_the_lag_profile_counts_back_from_the_end():
    scores = np.zeros((10, 2))
    scores[9], scores[7], scores[2] = [1, -1], [3, 0], [0, -2]
    assert list(by_lag(scores)) == [2, 0, 3, 0, 0, 0, 0, 2, 0, 0]
    assert median_lag(scores) == 2  # 2 of 7 at lag 0, 5 of 7 by lag 2
    figure = lag_profile(scores, True)
    assert list(figure.data[0].y[1:-1]) == list(by_lag(scores))
    assert figure.layout.xaxis.range == (9.5, -0.5), "the end is at the right"
    assert figure.layout.shapes[0].x0 == 2 and "median: 2 " in figure.layout.annotations[0].text
    assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text


def test_a_series_without_scores_is_drawn_without_a_median():
    figure = lag_profile(np.zeros((4, 2)), True)
    assert not figure.layout.shapes and np.isnan(median_lag(np.zeros((4, 2))))
    assert marginals(np.zeros((4, 3)), NAMES, list("abcd"), True).layout.xaxis.range[1] > 0
    empty = series_heat(np.zeros((4, 3)), np.full((4, 3), np.nan), NAMES, list("abcd"), True)
    assert empty.layout.coloraxis.cmax == 1


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(Problem, match="needs scores and values"):
        series_heat(SCORES, VALUES[:5], NAMES, STEPS, True)
    with pytest.raises(Problem, match="do not fit"):
        marginals(SCORES, NAMES[:2], STEPS, True)
