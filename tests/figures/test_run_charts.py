"""Charts of a run: every count in its cell, one scale for all maps, names that stay text."""

import io

import numpy as np
import pytest
from PIL import Image

from explainers.errors import Problem
from explainers.figures.many.confidences import confidence_histogram
from explainers.figures.many.confusion import confusion_matrix
from explainers.figures.many.mean_maps import mean_maps
from explainers.figures.many.places import evidence_places
from explainers.many.summary.means import Mean
from explainers.many.summary.summarise import ClassSummary

NAMES = ["<b>stop</b>", "yield $x$", "limit"]
COUNTS = np.array([[30, 5, 0], [1, 8, 1], [0, 0, 1200]])


def test_counts_stand_in_their_labels_row_and_their_answers_column():
    figure = confusion_matrix(NAMES, COUNTS)
    (heat,) = figure.data
    assert [list(line) for line in heat.text] == [
        ["30", "5", ""],
        ["1", "8", "1"],
        ["", "", "1,200"],
    ]
    np.testing.assert_allclose(heat.z, COUNTS / COUNTS.sum(1, keepdims=True))
    axis = figure.layout.coloraxis
    assert (axis.cmin, axis.cmax) == (0, 1), "a full row is as strong whatever the others are"
    assert heat.customdata[0][1] == [
        "&lt;b&gt;stop&lt;/b&gt;",
        "yield &#36;x&#36;",
        "5 of 35",
        "14.3 %",
    ]
    assert "7 are answered with another" in figure.layout.meta["alt"]
    assert "5 of “<b>stop</b>” answered “yield $x$”" in figure.layout.meta["alt"]


def test_no_name_is_markup():
    classes = [ClassSummary(0, NAMES[0], 3, 0.5, Mean(np.ones((2, 2)), np.ones((2, 2)), 3, 0))]
    for figure in (
        confusion_matrix(NAMES, COUNTS),
        evidence_places([[0.1, 0.2]], [0.3], NAMES[:1]),
    ):
        figure.layout.meta = None
        written = figure.to_json().replace("<br>", "").replace("<extra>", "")
        assert "<b>" not in written and "\\u003cb\\u003e" not in written and "$" not in written
    assert mean_maps(classes)[0].name == NAMES[0], "whoever shows it escapes it"


def test_classes_beyond_the_most_are_counted_together():
    counts = np.diag(np.arange(1, 31))
    counts[4, 7], counts[20, 2] = 40, 50
    names = [f"c{k}" for k in range(30)]
    figure = confusion_matrix(names, counts, most=6)
    shown = [text.replace("<br>", " ") for text in figure.layout.yaxis.ticktext]
    assert shown[:-1] == ["c2", "c4", "c7", "c20", "c29"] and shown[-1] == "25 others"
    cells = [[int(text.replace(",", "") or 0) for text in line] for line in figure.data[0].text]
    assert sum(map(sum, cells)) == counts.sum()
    assert cells[1][2] == 40 and cells[3][0] == 50
    assert cells[5][5] == sum(k + 1 for k in range(30) if k not in (2, 4, 7, 20, 29))


def test_nothing_to_count_is_said():
    for names, counts in ((NAMES, np.zeros((3, 3))), (NAMES, COUNTS[:2]), ([], np.zeros((0, 0)))):
        with pytest.raises(Problem, match="table of counts"):
            confusion_matrix(names, counts)
    assert "none is answered" in confusion_matrix(["a"], [[3]]).layout.meta["alt"]
    for counts, wrong in (([0, 0], None), ([1, 0], [2, 0]), ([1, 0], [0])):
        with pytest.raises(Problem):
            confidence_histogram(counts, wrong)
    for centres, borders in (([], []), ([[0.5, 0.5]], [0.1, 0.2]), ([0.5], [0.5])):
        with pytest.raises(Problem):
            evidence_places(centres, borders)


def test_bars_of_confidence_stack_to_all_answers():
    counts, wrong = [0, 3, 1, 16], [0, 3, 0, 1]
    figure = confidence_histogram(counts, wrong)
    assert np.sum([trace.y for trace in figure.data], axis=0).tolist() == counts
    assert figure.data[0].y.tolist() == wrong and figure.layout.barmode == "stack"
    assert figure.data[0].x.tolist() == [12.5, 37.5, 62.5, 87.5]
    assert figure.data[0].width == 25
    assert not confidence_histogram(counts).layout.showlegend


def test_evidence_lies_where_it_is_drawn():
    figure = evidence_places([[0.1, 0.9], [0.5, 0.5]], [0.8, 0.2], ["a", "b"])
    dots = figure.data[0]
    assert (dots.x, dots.y, dots.marker.color) == ((90, 50), (10, 50), (80, 20))
    assert figure.layout.yaxis.range == (100, 0), "the top of the picture is at the top"
    flat = evidence_places([[0.25], [0.75]], [0.1, 0.3])
    assert (flat.data[0].x, flat.data[0].y) == ((25, 75), (10, 30))
    assert "along it" in flat.layout.meta["alt"]


def of(values) -> ClassSummary:
    exact = np.array(values, np.float64)
    return ClassSummary(0, "stop", 9, 0.9, Mean(exact, abs(exact), 7, 0))


def test_mean_maps_share_one_scale_and_red_supports():
    strong, weak = mean_maps([of([[1, -1], [0, 0.5]]), of([[0.5, 0], [0, 0]])])
    first, second = (np.asarray(Image.open(io.BytesIO(one.png))) for one in (strong, weak))
    assert first.shape == (224, 224, 3) and strong.count == 7
    corners = [first[at].tolist() for at in ((0, 0), (0, -1), (-1, 0))]
    assert corners == [[103, 0, 31], [5, 48, 97], [247, 247, 247]]
    assert second[0, 0].tolist() == first[-1, -1].tolist(), "half as strong in both"
    assert second[0, 0].tolist() != [103, 0, 31]
    assert "60 % of the evidence supports" in strong.alt
    plain = mean_maps([of([[1, 0], [0, 0.5]])], signed=False)[0]
    assert "supports" not in plain.alt and Image.open(io.BytesIO(plain.png)).getpixel(
        (100, 200)
    ) == (255, 255, 255)


def test_series_run_to_the_right_and_letters_are_one_row():
    series = mean_maps([of([[1, 0], [0, 0], [0, 0], [0, 0]])], "series")[0]
    drawn = Image.open(io.BytesIO(series.png))
    assert drawn.size == (224, 112) and drawn.getpixel((0, 0))[0] == 103
    assert drawn.getpixel((60, 0)) == (247, 247, 247), "the second step"
    letters = np.zeros((4, 10))
    letters[2, 7], letters[1, 3] = 1, -0.5
    sequence = mean_maps([of(letters)], "sequence")[0]
    drawn = Image.open(io.BytesIO(sequence.png))
    assert drawn.size == (224, 48) and drawn.getpixel((7 * 22 + 11, 5)) == (103, 0, 31)
    assert "half of it at places 8 to 8 of 10; 67 % of the evidence supports" in sequence.alt
    with pytest.raises(Problem, match="bars"):
        mean_maps([of([[1.0]])], "table")
    assert mean_maps([ClassSummary(0, "stop", 2, 0.9)]) == []
