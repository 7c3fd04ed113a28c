"""What checks mean in words, and the figures that show them."""

import numpy as np
import pytest

from explainers.figures.curves import area, deletion_insertion_curves, similarity_matrix
from explainers.figures.text import advice

NAMES = ["Integrated Gradients", "Occlusion", "Grad-CAM"]


def overlaps(*pairs: float) -> np.ndarray:
    """Symmetric, ones on the diagonal; pairs (0, 1), (0, 2), (1, 2)."""
    values = np.eye(3)
    for value, (i, j) in zip(pairs, ((0, 1), (0, 2), (1, 2)), strict=True):
        values[i, j] = values[j, i] = value
    return values


def test_agreement_is_said_by_how_much_is_shared():
    together = advice.agreement(NAMES, overlaps(0.8, 0.7, 0.6))
    assert "70.0 %" in together and "the same place" in together
    assert "in part" in advice.agreement(NAMES, overlaps(0.3, 0.3, 0.3))
    apart = advice.agreement(NAMES, overlaps(0.1, 0.1, 0.1))
    assert "different places" in apart and "proof" in apart
    assert "agrees least" not in together + apart


def test_the_odd_one_out_is_named():
    assert "Grad-CAM agrees least" in advice.agreement(NAMES, overlaps(0.9, 0.2, 0.2))
    assert "agrees least" not in advice.agreement(NAMES[:2], np.array([[1, 0.1], [0.1, 1]]))


def test_the_ranking_names_the_best_and_those_no_better_than_chance():
    deletion, insertion = np.array([0.1, 0.4, 0.7]), np.array([0.9, 0.8, 0.6])
    line = advice.ranking(NAMES, deletion, insertion, [0.0, 0.0, 0.0])
    assert "most for **Integrated Gradients**" in line
    assert "No better than chance here: Grad-CAM." in line and "Another input" in line
    tie = advice.ranking(NAMES, np.array([0.1, 0.1 + 1e-9, 0.7]), insertion[[0, 0, 2]], [0.0] * 3)
    assert "most for **Integrated Gradients** and **Occlusion** alike." in tie
    assert "beats chance" in advice.ranking(NAMES[:1], deletion[:1], insertion[:1], [0.0])
    assert "does not beat" in advice.ranking(NAMES[:1], deletion[2:], insertion[2:], [0.0])


@pytest.mark.parametrize(
    "likeness, words",
    [
        (0.95, "edge detector"),
        (0.5, "with care"),
        (0.1, "follows the weights"),
        (-0.2, "−0.20"),
        (float("nan"), "flat map"),
    ],
)
def test_sanity_is_said_by_the_last_likeness(likeness, words):
    assert words in advice.sanity("Saliency", [0.99, likeness])


@pytest.mark.parametrize(
    "shares, open_",
    [
        ([1.0], True),
        ([0.7, 0.3], True),
        ([0.2, 0.8], False),
        ([0.5, *[0.05] * 10], True),
        ([0.6, *[0.04] * 10], False),
    ],
)
def test_a_baseline_is_neutral_unless_one_class_stands_out(shares, open_):
    assert advice.is_neutral(np.array(shares)) is open_


def test_a_map_is_not_judged_by_its_own_baseline():
    names, own = ["Black", "White", "Mean"], np.eye(3, dtype=bool)
    circular = np.array([[9.0, 0.1, 0.1], [0.3, 9.0, 0.3], [0.2, 0.2, 9.0]])
    says = advice.by_fillings(names, names, circular, own)
    assert "Hidden with Black, White and Mean in turn" in says
    assert "speak most for **White**." in says and "3 of 3 maps do best under their own" in says
    # The first filling is easy for all who may use it, which speaks for none of them.
    easy = np.array([[0.0, 0.3, 0.3], [5.0, 0.0, 0.1], [5.0, 0.1, 0.0]])
    says = advice.by_fillings(names, names, easy, own)
    assert "speak most for **Black**." in says and "own baseline, which" not in says
    worse = np.array([[0.0, -1.0], [0.5, 0.0]])
    assert "No better than chance here: A." in advice.by_fillings(
        ["A", "B"], ["a", "b"], worse, np.eye(2, dtype=bool)
    )


def test_areas_are_those_of_known_curves():
    shares = [0, 0.1, 0.5, 1]
    assert area(shares, np.array(shares)) == pytest.approx(0.5)
    both = area(shares, np.array([[1, 1, 1, 1], [1, 0, 0, 0]]))
    np.testing.assert_allclose(both, [1, 0.05])


def test_the_curves_show_what_was_measured_and_the_band_of_chance():
    shares = [0.0, 0.5, 1.0]
    ours = {name: np.array([1.0, 0.5 - i / 10, 0]) for i, name in enumerate(NAMES)}
    draws = np.array([[1, 0.9, 0.0], [1, 0.7, 0.0]])
    figure = deletion_insertion_curves([shares] * len(NAMES), ours, ours, (draws, draws), "stop")
    by_name = {trace.name: trace for trace in figure.data if trace.name}
    assert list(by_name[NAMES[1]].y) == pytest.approx([100, 40, 0])
    assert list(by_name["at random, 2 draws"].y) == pytest.approx([100, 80, 0])
    edges = [list(trace.y) for trace in figure.data if trace.name is None]
    assert [100, 70, 0] in [pytest.approx(edge) for edge in edges]
    assert [100, 90, 0] in [pytest.approx(edge) for edge in edges]
    colours = {(t.line.color, t.line.dash) for t in figure.data if t.name in NAMES}
    assert len(colours) == len(NAMES)
    each = [shares, [0.0, 0.25, 1.0], shares]
    others = deletion_insertion_curves(each[: len(NAMES)], ours, ours, None, "stop")
    assert len(others.data) == 2 * len(NAMES)
    assert list(others.data[1].x) == pytest.approx([0, 25, 100])


def test_eight_curves_can_be_told_apart():
    many = {str(i): np.array([0.5, 0.5]) for i in range(18)}
    figure = deletion_insertion_curves([[0, 1]] * 18, many, many, None, "stop")
    looks = {(t.line.color, t.line.dash) for t in figure.data[:18]}
    assert len(looks) == 18


def test_a_matrix_has_its_numbers_written_in_it():
    figure = similarity_matrix(NAMES, overlaps(0.25, -0.5, 1), "overlap")
    assert list(figure.data[0].text[0]) == ["1.00", "0.25", "−0.50"]
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-1, 1)
