"""Charts of the pages as pictures to copy: the same numbers, all words as text in their place."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import plotly.graph_objects as go
import pytest
from matplotlib.collections import LineCollection, PolyCollection, QuadMesh

from explainers.figures import colours, truth
from explainers.figures.bars import class_bars
from explainers.figures.curves import deletion_insertion_curves, similarity_matrix
from explainers.figures.importance.importance_bars import importance_bars
from explainers.figures.importance.lag_importance import lag_importance
from explainers.figures.importance.network_diagram import network_diagram
from explainers.figures.importance.profile_curves import profile_curves
from explainers.figures.importance.signed_matrix import signed_matrix
from explainers.figures.importance.slopes import slope_scatter
from explainers.figures.series.lines import series_heat
from explainers.figures.spread import beeswarm
from explainers.reports.pictures.panels import chart_sheet
from explainers.reports.pictures.sheet import WIDTH
from pages.viewers import chart
from tests.reports.test_reports import NAMES

SHARES = np.linspace(0, 1, 5)
CURVES = {"IG": 1 - SHARES, "noise": (1 - SHARES) ** 2}


def deletion(**names) -> go.Figure:
    known = {names.get(name, name): values for name, values in CURVES.items()}
    chance = np.stack([1 - SHARES, 1 - SHARES / 2])
    return deletion_insertion_curves([SHARES] * 2, known, known, (chance, chance), "stop")


def test_curves_have_the_numbers_of_the_screen_on_one_scale():
    sheet = chart_sheet(deletion(), "Curves")
    hidden, shown = sheet.axes[:2]
    drawn = [line.get_ydata().tolist() for line in hidden.lines if line.get_linewidth() > 1.5]
    assert drawn == [(100 * values).tolist() for values in CURVES.values()]
    assert hidden.get_ylim() == shown.get_ylim() == (0, 102) and hidden.get_xlim() == (0, 100)
    (band,) = (each for each in hidden.collections if isinstance(each, PolyCollection))
    ends = band.get_paths()[0].get_extents()
    assert (ends.y0, ends.y1) == pytest.approx((0, 100)), "from the lowest draw to the highest"
    given = ([SHARES] * 2, {"a": SHARES}, {"a": 3 * SHARES}, None, "y")
    numbers = chart_sheet(deletion_insertion_curves(*given, numbers=True), "Curves").axes[:2]
    assert numbers[0].get_ylim() == numbers[1].get_ylim() and numbers[0].get_ylim()[1] > 3
    (key,) = sheet.legends
    assert [text.get_text() for text in key.get_texts()] == ["at random, 2 draws", "IG", "noise"]
    assert [label.get_text() for label in hidden.get_yticklabels()][:2] == ["0 %", "20 %"]


def test_bars_stand_and_lie_with_their_intervals():
    values, low, high = np.array([[3.0, 1.0], [0.5, 0.0]]), np.zeros((2, 2)), np.full((2, 2), 4.0)
    upper, *_ = chart_sheet(lag_importance(["rain", "wind"], values, low, high), "Lags").axes
    assert [bar.get_height() for bar in upper.patches] == [3, 1]
    (reach,) = (each for each in upper.collections if isinstance(each, LineCollection))
    assert [segment[:, 1].tolist() for segment in reach.get_segments()] == [[0, 4]] * 2
    assert upper.get_xlim()[0] > upper.get_xlim()[1], "the end is at the right"
    level, *_ = chart_sheet(
        importance_bars(["a", "b"], [1, -3], [0, -4], [2, -2], "u", True), ""
    ).axes
    assert sorted(bar.get_width() for bar in level.patches) == [-3, 1]
    names = [label.get_text() for label in level.get_yticklabels()]
    assert names == ["b", "a"] and level.get_ylim()[0] > level.get_ylim()[1]


def test_cells_have_the_colours_and_numbers_of_the_screen():
    figure = signed_matrix(["y", "z"], ["a", "b"], [[-2.0, 1.0], [0.0, 2.0]], "slope", "Slopes.")
    cells, *_ = chart_sheet(figure, "Slopes").axes
    (mesh,) = (each for each in cells.collections if isinstance(each, QuadMesh))
    mesh.update_scalarmappable()
    painted = np.round(255 * mesh.get_facecolors()[:, :3]).astype(int).tolist()
    wanted = colours.paint(np.array([[-2.0, 1.0], [0.0, 2.0]]), True, 2.0).reshape(-1, 3)
    assert np.abs(np.array(painted) - wanted).max() <= 2
    assert [text.get_text() for text in cells.texts] == ["−2", "1", "0", "2"]
    alike, *_ = chart_sheet(similarity_matrix(["a", "b"], np.eye(2), "overlap"), "Alike").axes
    assert [label.get_text() for label in alike.get_yticklabels()] == ["a", "b"]
    assert [text.get_text() for text in alike.texts] == ["1.00", "0.00", "0.00", "1.00"]


def test_points_lie_where_they_lay_and_lines_cross_the_panel():
    figure = slope_scatter("rain", [0.0, 1.0], [2.0, -3.0])
    figure.add_hline(y=-1, line={"dash": "dash"})
    axes, *_ = chart_sheet(figure, "Slopes").axes
    (dots,) = axes.collections
    assert dots.get_offsets().tolist() == [[0, 2], [1, -3]]
    assert dots.get_facecolors()[0, 0] > 0.8 > dots.get_facecolors()[1, 0], "red raises"
    assert [-1, -1] in [list(line.get_ydata()) for line in axes.lines]


@pytest.mark.parametrize("name", [NAMES[0], NAMES[2], NAMES[6]])
def test_no_name_is_more_than_text(name):
    figure = truth.side_by_side([name, "b"], {name: [1, 2], "other": [2, 1]}, name)
    sheet = chart_sheet(figure, name, name, name)
    drawn = sheet.file("svg").decode()
    tags = {each.tag.rpartition("}")[2] for each in ElementTree.fromstring(drawn).iter()}
    assert not tags & {"script", "img", "b", "text", "a"} and "<script" not in drawn
    titles = [each.get_text() for axes in sheet.axes for each in axes.texts]
    assert name in titles or "<b>" in name


CHARTS = {
    "curves": deletion(IG="a long name of a method " * 3),
    "profile": profile_curves(
        "rain", SHARES, [SHARES, SHARES], ["low", "high"], SHARES, measured=0
    ),
    "classes": class_bars(["stop", "a long name of a class"], [0.9, 0.1], "stop"),
    "network": network_diagram(["a long name", "h", "y"], [0, 1, 2], [0, 1], [1, 2], [2.0, -1.0]),
    "swarm": beeswarm(["age", "mass"], np.ones((3, 2)), np.arange(6.0).reshape(3, 2)),
    "series": series_heat(np.ones((4, 1)), np.ones((4, 1)), ["v"], list("abcd"), True),
    "cases": truth.means_with_cases(["a", "b"], [[1, 2], [2, 4]], "Share", ("by chance", 0.3)),
}


@pytest.mark.parametrize("kind", CHARTS)
def test_all_that_is_drawn_lies_between_the_words_of_the_sheet(kind):
    sheet = chart_sheet(CHARTS[kind], "A headline", "What it is", "Made")
    renderer, high = sheet.canvas.get_renderer(), sheet.get_figheight()
    boxes = [axes.get_tightbbox(renderer) for axes in sheet.axes]
    for box in (box for box in boxes if box is not None):
        assert box.x0 / sheet.dpi > 0 and box.x1 / sheet.dpi < WIDTH + 0.01
        assert (
            box.y1 / sheet.dpi < high - sheet.top + 0.1 and box.y0 / sheet.dpi > sheet.below - 0.1
        )
        assert box.height > 20


def test_the_words_of_a_copied_chart_are_those_of_its_alternative_text():
    assert chart.in_two("Slopes in 3 rows: from 1.5 to 2.") == (
        "Slopes in 3 rows",
        "From 1.5 to 2.",
    )
    headline, rest = chart.in_two(f"All. {'word ' * 200}")
    assert headline == "All" and len(rest) < 345 and rest.endswith("word …")
