"""What the pages say of how alike maps are is said of the maps as they are shown."""

from types import SimpleNamespace

import numpy as np
import pytest

from explainers.checks.agreement import rank_correlation, similarities, similarity
from explainers.figures.views import areas
from explainers.models.spec import ModelSpec
from explainers.reports.explanation import Explanation
from explainers.reports.page.collection_page import Part, collection_page
from explainers.reports.page.report_page import Source
from pages.answers.agreement import as_shown
from tests.reports.test_reports import Elements

RNG = np.random.default_rng(5)
SIDE = 160


def picture() -> np.ndarray:
    """Stripes of different colours (3, SIDE, SIDE)."""
    colours = RNG.permutation(np.linspace(0, 1, 8))
    return np.broadcast_to(colours.repeat(SIDE // 8), (3, SIDE, SIDE))


def same_sums(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two maps of the same sums in every area, whose cells are in opposite order."""
    found = areas.find_areas(areas_of(values))
    noise = RNG.normal(0, 1000, found.shape)
    noise -= areas.area_map(noise, found)
    means = RNG.permutation(found.max() + 1)[found] / 1000
    return means + noise, means - noise


def areas_of(values: np.ndarray) -> np.ndarray:
    return values.transpose(1, 2, 0) * 255


def case(values: np.ndarray) -> SimpleNamespace:
    task = SimpleNamespace(model=ModelSpec("demo", "signs", kind="picture"))
    return SimpleNamespace(task=task, prediction=({"shape": list(values.shape)}, {"input": values}))


def compared(values: np.ndarray, maps: list[np.ndarray], view: str) -> tuple[float, float]:
    """Overlap and rank correlation of two maps in a view."""
    overlap, ranks = similarities(as_shown([case(values)] * 2, maps, view), [True, True])
    return float(overlap[0, 1]), float(ranks[0, 1])


def test_maps_with_the_same_sums_agree_by_areas_whatever_their_cells_do():
    values = picture()
    maps = list(same_sums(values))
    assert compared(values, maps, "areas") == pytest.approx((1, 1), abs=1e-12)
    overlap, ranks = compared(values, maps, "cells")
    assert overlap < 0.01 and ranks < -0.99


def test_two_spots_side_by_side_share_what_their_discs_share_once_smoothed():
    """The hottest tenth of a smoothed spot is a disc; two discs share a lens."""
    values, maps = np.full((3, SIDE, SIDE), 0.5), [np.zeros((SIDE, SIDE)) for _ in range(2)]
    apart, radius = 10, (0.1 * SIDE**2 / np.pi) ** 0.5
    for spot, column in zip(maps, (SIDE // 2, SIDE // 2 + apart), strict=True):
        spot[SIDE // 2, column] = 1
    half = apart / 2 / radius
    lens = 2 / np.pi * (np.arccos(half) - half * (1 - half**2) ** 0.5)
    assert compared(values, maps, "smooth")[0] == pytest.approx(lens, abs=0.02)
    assert compared(values, maps, "cells")[1] == pytest.approx(-1 / (SIDE**2 - 1))


def test_sanity_compares_strengths_with_the_first_map():
    first = np.array([[1.0, -2.0], [3.0, -4.0]])
    found = [similarity(first, other) for other in (-first, first[::-1], np.zeros((2, 2)))]
    assert found[0] == 1 and np.isnan(found[2])
    assert found[1] == rank_correlation(np.array([1, 2, 3, 4]), np.array([3, 4, 1, 2]))


@pytest.mark.parametrize(("views", "agreed"), [(("areas", "areas"), 1), (("areas", "smooth"), -1)])
def test_a_report_compares_what_it_shows_and_says_so(views, agreed):
    """Maps in two views have only their cells in common."""
    values = picture()
    found = areas.find_areas(areas_of(values))
    parts = []
    for label, heat, view in zip("AB", same_sums(values), views, strict=True):
        scores = np.stack([heat, 0 * heat, 0 * heat]).astype(np.float32)
        one = Explanation(
            "picture",
            "saliency",
            scores,
            True,
            "y",
            1.0,
            input=values.astype(np.float32),
            drawn=areas.area_map(heat, found),
            view=view,
        )
        parts.append(Part(label, one, Source()))
    words = Elements(collection_page("Two", parts)).words
    scale = "by areas" if agreed > 0 else "cell by cell"
    assert f"The maps are compared {scale}." in words
    matrix = words[words.index("Rank correlation of all scores") :]
    assert ("1.00" if agreed > 0 else "-1.00") in matrix and ("-1.00" in matrix) == (agreed < 0)
