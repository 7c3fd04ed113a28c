"""Ranks, peaks and boxes: closed forms, and quantus where it defines the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainers import Problem
from explainers.checks.localisation import (
    box_mask,
    inside,
    pointing_game,
    relevance_mass,
    relevance_rank,
)

RISING = np.arange(16.0).reshape(4, 4)
LAST_ROW = np.zeros((4, 4))
LAST_ROW[3] = 1
part = st.floats(0, 1)


def test_relevance_rank_by_hand():
    assert relevance_rank(RISING, LAST_ROW) == 1.0
    assert relevance_rank(-RISING, LAST_ROW) == 0.0
    assert relevance_rank(RISING, LAST_ROW.T) == 0.25
    assert relevance_rank(np.zeros((4, 4)), LAST_ROW) == pytest.approx(0.25)
    two = np.zeros((4, 4))
    two[0], two[3, :2] = 1, 2
    assert relevance_rank(two, LAST_ROW / 2) == 0.5  # a region the size of two cells
    assert relevance_rank(two, LAST_ROW) == 0.5
    assert np.isnan(relevance_rank(RISING, np.zeros((4, 4))))


def test_pointing_game_by_hand():
    """The highest score is in the corner (3, 3)."""
    assert pointing_game(RISING, LAST_ROW) == 1.0
    assert pointing_game(-RISING, LAST_ROW) == 0.0
    corner = np.zeros((4, 4))
    corner[0, 1] = 1  # 3 rows and 2 columns away: √13
    assert [pointing_game(RISING, corner, t) for t in (0, 3, 3.6, 3.61, 50)] == [0, 0, 0, 1, 1]
    assert pointing_game(np.zeros((4, 4)), LAST_ROW) == 0.25
    assert pointing_game(np.zeros((4, 4)), LAST_ROW, 1) == 0.5
    assert pointing_game(RISING, LAST_ROW * 0.3) == pytest.approx(0.3)


def test_inside_tells_support_from_opposition():
    heat = np.array([[3.0, -1.0], [1.0, -3.0]])
    assert inside(heat, [0, 0, 1, 0.5]) == (0.75, 0.25)
    assert inside(heat, np.array([[1, 0], [0, 0]])) == (0.75, 0.0)
    support, opposition = inside(np.abs(heat), (0, 0, 0.5, 1))
    assert support == 0.5 and np.isnan(opposition)


def test_box_mask_covers_cells_in_part():
    expected = np.outer([0.5, 1, 0], [0, 0.75, 1, 0.25])
    np.testing.assert_allclose(box_mask((3, 4), 1.25 / 4, 0.5 / 3, 0.5, 0.5), expected, atol=1e-12)
    assert box_mask((3, 4), 0, 0, 1, 1).min() == 1.0
    np.testing.assert_allclose(box_mask((2, 2), -0.5, -0.5, 1, 1), [[1, 0], [0, 0]])


@given(part, part, part, part, st.integers(1, 9), st.integers(1, 9))
def test_a_box_mask_has_the_area_of_its_box(left, top, width, height, rows, columns):
    width, height = width * (1 - left), height * (1 - top)
    mask = box_mask((rows, columns), left, top, width, height)
    assert mask.shape == (rows, columns)
    assert mask.min() >= 0 and mask.max() <= 1
    assert mask.mean() == pytest.approx(width * height, abs=1e-12)


def test_quantus_agrees_on_mass_rank_and_pointing():
    quantus = pytest.importorskip("quantus")
    generator = np.random.default_rng(5)
    heat = generator.random((30, 1, 6, 7))
    mask = generator.random((30, 1, 6, 7)) < 0.3
    for metric, ours in (
        (quantus.RelevanceMassAccuracy, relevance_mass),
        (quantus.RelevanceRankAccuracy, relevance_rank),
        (quantus.PointingGame, pointing_game),
    ):
        arguments = (heat, mask) if metric is not quantus.PointingGame else ()
        named = {} if arguments else {"a_batch": heat, "s_batch": mask}
        expected = metric(disable_warnings=True).evaluate_batch(*arguments, **named)
        found = [ours(a[0], s[0]) for a, s in zip(heat, mask, strict=True)]
        np.testing.assert_allclose(found, np.array(expected, dtype=float), atol=1e-13)
        assert len(set(found)) > 1


def test_what_does_not_fit_is_named():
    for call in (
        lambda: relevance_rank(RISING, np.ones((3, 4))),
        lambda: pointing_game(RISING * np.nan, LAST_ROW),
        lambda: relevance_rank(RISING, LAST_ROW * 2),
        lambda: box_mask((4, 4), 0, 0, -0.1, 1),
        lambda: box_mask((4, 4), np.nan, 0, 1, 1),
    ):
        with pytest.raises(Problem):
            call()
