"""Charts of tables: nothing hidden, colours by sign, the strongest first."""

import numpy as np
import plotly.graph_objects as go
import pytest

from explainers.errors import Problem
from explainers.figures.chart_style import LOW_HIGH, OPPOSE, QUIET, STRENGTH, SUPPORT
from explainers.figures.tables import bar_limit, feature_bars, global_bars
from explainers.figures.waterfall import waterfall

NAMES = [f"feature {i}" for i in range(15)]
VALUES = [float(i) for i in range(15)]
SCORES = np.array([5.0, -4, 3, -2, 1, 0.5, -0.4, 0.3, -0.2, 0.1, 0.05, -0.04, 0.03, -0.02, 0.01])


def bar(figure: go.Figure) -> go.Bar:
    return next(trace for trace in figure.data if trace.type == "bar")


def luminance(colour: str) -> float:
    parts = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@pytest.mark.parametrize("colour", [SUPPORT, OPPOSE, STRENGTH, QUIET, *LOW_HIGH])
@pytest.mark.parametrize("page", ["#ffffff", "#12171d"])
def test_every_ink_is_seen_on_both_pages(colour, page):
    dark, light = sorted((luminance(colour), luminance(page)))
    assert (light + 0.05) / (dark + 0.05) >= 3  # WCAG 2.1, 1.4.11


def test_a_waterfall_leads_from_the_baseline_to_the_output():
    figure = waterfall(NAMES, VALUES, SCORES, 2 + SCORES.sum(), 2.0, "y", most=4)
    steps = bar(figure)
    ends = np.add(steps.base, steps.x, dtype=float)
    assert steps.base[0] == 2.0 and np.allclose(ends[:-1], steps.base[1:])
    assert np.isclose(steps.base[-1] + steps.x[-1], 2 + SCORES.sum())
    labels = figure.layout.yaxis.ticktext
    assert labels[:2] == ("baseline", "feature 0 = 0") and labels[-2:] == ("11 others", "output")
    assert list(steps.x[:4]) == [5, -4, 3, -2]
    assert np.isclose(steps.x[4], SCORES[4:].sum())
    assert list(steps.marker.color[:4]) == [SUPPORT, OPPOSE, SUPPORT, OPPOSE]
    assert "+1.99 and −0.66" in steps.customdata[4][0], "the others must not cancel unseen"
    assert not any(steps.marker.pattern.shape)


def test_what_contributions_leave_open_is_a_hatched_grey_bar():
    figure = waterfall(NAMES, VALUES, SCORES, 12.0, 2.0, "y", most=15)
    steps = bar(figure)
    assert np.isclose(steps.x[-1], 10 - SCORES.sum())
    assert np.isclose(steps.base[-1] + steps.x[-1], 12)
    assert steps.marker.color[-1] == QUIET and steps.marker.pattern.shape[-1] == "/"
    assert figure.layout.yaxis.ticktext[-2] == "not accounted for"
    assert not any(steps.marker.pattern.shape[:-1])


def test_one_hidden_feature_is_shown_by_itself():
    figure = waterfall(NAMES[:4], VALUES[:4], SCORES[:4], 2.0, 0.0, "y", most=3)
    assert figure.layout.yaxis.ticktext[1:-1] == tuple(f"feature {i} = {i}" for i in range(4))


@pytest.mark.parametrize("most", [1, 3, 14, 15, 40])
def test_bars_add_up_to_the_total_whatever_is_hidden(most):
    shown = bar(feature_bars(NAMES, VALUES, SCORES, most=most))
    assert np.isclose(sum(shown.x), SCORES.sum())
    strength = bar(feature_bars(NAMES, VALUES, np.abs(SCORES), signed=False, most=most))
    assert np.isclose(sum(strength.x), np.abs(SCORES).sum())
    mean = bar(global_bars(NAMES, np.abs(SCORES), np.abs(SCORES), np.abs(SCORES), most=most))
    assert np.isclose(sum(mean.x), np.abs(SCORES).sum())


def test_bars_are_red_for_support_and_the_axis_is_symmetric():
    figure = feature_bars(NAMES, VALUES, SCORES[::-1].copy(), most=6)
    shown = bar(figure)
    assert list(np.abs(shown.x[:-1])) == sorted(np.abs(shown.x[:-1]), reverse=True)
    assert [c == SUPPORT for c in shown.marker.color] == [x > 0 for x in shown.x]
    low, high = figure.layout.xaxis.range
    assert low == -high and high >= np.abs(shown.x).max()
    top, bottom = figure.layout.yaxis.range
    assert top > bottom, "the first bar is on top"
    written = [note.text for note in figure.layout.annotations]
    assert written[:2] == ["+5", "−4"] and len(written) == len(shown.x)


def test_strengths_have_one_colour_and_start_at_zero():
    figure = feature_bars(NAMES, VALUES, np.abs(SCORES), signed=False)
    assert set(bar(figure).marker.color) == {STRENGTH}
    assert figure.layout.xaxis.range[0] == 0
    with pytest.raises(Problem, match="without a sign"):
        feature_bars(NAMES, VALUES, SCORES, signed=False)


def test_charts_side_by_side_share_their_axis():
    limit = max(bar_limit(SCORES), bar_limit(3 * SCORES))
    assert limit == 15
    for scores in (SCORES, 3 * SCORES):
        assert feature_bars(NAMES, VALUES, scores, limit=limit).layout.xaxis.range == (-15, 15)
    assert bar_limit(np.ones(10), most=2) == 8, "the bar of the others may be the longest"
    assert bar_limit(SCORES, spread=np.full(15, 2.0)) == 7


def test_error_bars_follow_their_features():
    spread = np.arange(15) / 10
    reach = bar(feature_bars(NAMES, VALUES, SCORES, most=3, spread=spread)).error_x
    assert list(reach.array) == [0, 0.1, 0.2, 0] == list(reach.arrayminus)
    mean, low, high = np.array([1.0, 3.0]), np.array([0.5, 2.0]), np.array([1.25, 6.0])
    reach = bar(global_bars(["a", "b"], mean, low, high)).error_x
    assert list(reach.array) == [3, 0.25] and list(reach.arrayminus) == [1, 0.5]
    nothing = np.full(2, np.nan)
    assert bar(global_bars(["a", "b"], mean, nothing, nothing)).error_x.array is None


def test_long_names_are_cut_on_the_axis_and_whole_on_hover():
    name = "the mean of all the temperatures that were measured in the morning"
    figure = feature_bars([name, "b"], ["<i>hot</i>", float("nan")], [1.0, -1.0])
    label, other = figure.layout.yaxis.ticktext
    letters = label.replace("<br>", "").replace(" ", "")
    assert "…" in letters and max(map(len, label.replace("&lt;", "<").split("<br>"))) < 30
    assert bar(figure).customdata[0][0] == f"{name} = &lt;i&gt;hot&lt;/i&gt;"
    assert other == "b = missing"


def test_every_chart_has_axis_titles_and_words():
    for figure in (
        waterfall(NAMES, VALUES, SCORES, 3.0, 0.0, "the price"),
        feature_bars(NAMES, VALUES, SCORES),
        global_bars(NAMES, np.abs(SCORES), np.abs(SCORES), np.abs(SCORES)),
    ):
        assert figure.layout.xaxis.title.text and figure.layout.yaxis.title.text
        assert "feature 0" in figure.layout.meta["alt"]
    assert (
        "the price"
        in waterfall(NAMES, VALUES, SCORES, 3.0, 0.0, "the price").layout.xaxis.title.text
    )


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(Problem, match="not finite"):
        feature_bars(["a", "b"], [1, 2], [np.nan, 1.0])
    with pytest.raises(Problem, match="do not fit"):
        waterfall(["a"], [1], [1.0, 2.0], 1.0, 0.0, "y")


def test_scores_of_zero_are_drawn_too():
    figure = feature_bars(["a", "b"], [1, 2], [0.0, 0.0])
    assert bar(figure).marker.color == (QUIET, QUIET) and figure.layout.xaxis.range[1] > 0
    assert bar(waterfall(["a"], [1], [0.0], 1.0, 1.0, "y")).x == (0.0,)
