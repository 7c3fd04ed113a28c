"""Areas and smoothed maps: what they add up to, and that areas follow what is in the picture."""

from types import SimpleNamespace

import numpy as np
import pytest

from explainers.figures.views import VIEWS, in_view
from explainers.figures.views.areas import AREAS, area_map, find_areas, sums
from explainers.figures.views.smoothing import smooth
from explainers.models.spec import ModelSpec
from pages.kinds import picture_view

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(28, 28), (20, 45), (1, 9)])
def test_a_smoothed_map_adds_up_to_what_it_did_and_has_no_grid_left(shape):
    heat = RNG.normal(size=shape)
    smoothed = smooth(heat, 0.1)
    assert smoothed.sum() == pytest.approx(heat.sum(), rel=1e-12)
    board = np.indices((40, 40)).sum(0) % 2 * 2.0 - 1
    assert np.abs(smooth(board)[8:-8, 8:-8]).max() < 0.05


def test_one_score_spreads_as_a_gaussian_does():
    heat = np.zeros((201, 201))
    heat[100, 100] = 1
    spread = smooth(heat, 0.02)
    assert spread[100, 100] == pytest.approx(1 / (2 * np.pi * (0.02 * 201) ** 2), rel=1e-3)


def two_discs() -> np.ndarray:
    """A red and a blue disc on grey, with noise."""
    rows, columns = np.indices((90, 120))
    picture = np.full((90, 120, 3), 128.0)
    picture[(rows - 45) ** 2 + (columns - 30) ** 2 < 400] = (220, 30, 30)
    picture[(rows - 45) ** 2 + (columns - 90) ** 2 < 400] = (30, 30, 220)
    return (picture + RNG.normal(0, 6, picture.shape)).clip(0, 255)


def test_areas_follow_the_things_in_the_picture():
    found = find_areas(two_discs(), 3)
    assert found.shape == (90, 120) and found.max() == 2
    for column in (30, 90):
        disc = found == found[45, column]
        rows, columns = np.nonzero(disc)
        assert disc.sum() == pytest.approx(np.pi * 400, rel=0.1)
        assert abs(rows.mean() - 45) < 1.5 and abs(columns.mean() - column) < 1.5


def test_every_area_hangs_together_and_its_sum_is_kept():
    picture = two_discs()
    found, heat = find_areas(picture, 12), RNG.normal(size=(90, 120))
    assert set(np.unique(found)) == set(range(int(found.max()) + 1)) and found.max() < 12
    for number in range(int(found.max()) + 1):
        assert _hangs_together(found == number)
    shown = area_map(heat, found)
    assert np.allclose(sums(shown, found), sums(heat, found), rtol=1e-12, atol=1e-12)
    assert sums(heat, found).sum() == pytest.approx(heat.sum())


def _hangs_together(mask: np.ndarray) -> bool:
    """Whether all of a mask is reached from one of its cells, by neighbours."""
    reached = np.zeros_like(mask)
    reached[tuple(np.argwhere(mask)[0])] = True
    while True:
        grown = reached.copy()
        grown[1:] |= reached[:-1]
        grown[:-1] |= reached[1:]
        grown[:, 1:] |= reached[:, :-1]
        grown[:, :-1] |= reached[:, 1:]
        grown &= mask
        if (grown == reached).all():
            return bool((reached == mask).all())
        reached = grown


def test_a_flat_or_tiny_picture_has_areas_too():
    assert find_areas(np.zeros((1, 1, 3))).tolist() == [[0]]
    assert find_areas(np.full((30, 7, 3), 200.0)).shape == (30, 7)


@pytest.mark.parametrize("view", VIEWS)
def test_pages_show_photos_in_a_view_with_the_same_sum_and_all_else_as_it_is(view):
    picture, heat = two_discs().transpose(2, 0, 1) / 255, RNG.normal(size=(90, 120))

    def case(**model):
        asked = SimpleNamespace(model=ModelSpec("demo", "signs", **model))
        prediction = ({"shape": [3, 90, 120]}, {"input": picture})
        return SimpleNamespace(task=asked, prediction=prediction)

    shown = picture_view.seen(case(kind="picture"), heat, view)
    assert shown.sum() == pytest.approx(heat.sum())
    assert np.allclose(shown, in_view(view, heat, picture))
    assert (view == "areas") == (len(np.unique(shown)) <= AREAS)
    for other in ({"kind": "table"}, {"kind": "picture", "depth": 3}):
        assert picture_view.seen(case(**other), heat, view) is heat
    assert picture_view.usual(case(kind="series")) == "cells"


def test_the_list_of_areas_adds_up_to_what_the_check_says():
    areas, heat = find_areas(two_discs(), 20), RNG.normal(0.1, 1, size=(90, 120))
    table = picture_view.area_table(heat, areas)
    scores = [float(text.replace("−", "-")) for text in table["Score"]]
    totals = sums(heat, areas)
    assert scores[0] == pytest.approx(max(totals, key=abs), rel=0.01)
    assert scores[-1] == pytest.approx(heat.sum(), rel=0.01)
    assert sum(scores[:-1]) == pytest.approx(scores[-1], abs=0.05 * np.abs(totals).sum())
    shares = [float(text.rstrip(" %<")) for text in table["Of all effects"][:-1]]
    assert sum(shares) == pytest.approx(100, abs=0.5) and shares[:8] == sorted(shares[:8])[::-1]
