"""The colours of maps keep their promises: zero is neutral, red supports, opposites mirror."""

import numpy as np
import pytest

from explainers.figures import colours


def grey(rgb):
    """Relative luminance weights (Rec. 709) on colours (..., 3)."""
    return rgb @ np.array([0.2126, 0.7152, 0.0722])


def test_limit_is_the_995th_percentile_of_strength():
    heat = np.arange(-1000.0, 1.0).reshape(7, 143)  # |heat| is 0..1000, its percentiles are known
    assert colours.colour_limit(heat) == pytest.approx(995.0)


def test_limit_is_never_zero():
    assert colours.colour_limit(np.zeros((8, 8))) == 1.0
    lonely = np.zeros((100, 100))
    lonely[3, 4] = -2.5
    assert colours.colour_limit(lonely) == 2.5


def test_zero_is_exactly_neutral():
    zeros = np.zeros((2, 3))
    assert np.array_equal(colours.paint(zeros, True), np.full((2, 3, 3), 247))
    assert np.array_equal(colours.paint(zeros, False), np.full((2, 3, 3), 255))


def test_ends_are_exactly_the_outer_stops_and_clip():
    heat = np.array([[-9.0, -2.0, 2.0, 9.0]])
    assert [tuple(dot) for dot in colours.paint(heat, True, limit=2.0)[0].tolist()] == [
        colours.SIGNED[0],
        colours.SIGNED[0],
        colours.SIGNED[-1],
        colours.SIGNED[-1],
    ]
    assert tuple(colours.paint(heat, False, limit=2.0)[0, 3].tolist()) == colours.SEQUENTIAL[-1]


def test_stops_lie_at_equal_distances():
    for stops, signed, low in [(colours.SIGNED, True, -1.0), (colours.SEQUENTIAL, False, 0.0)]:
        heat = np.linspace(low, 1.0, len(stops))[None]
        # One colour step is at most 1/255 of the limit away from the stop.
        off = colours.paint(heat, signed, limit=1.0)[0].astype(int) - np.array(stops)
        assert np.abs(off).max() <= 1


def test_positive_is_red_and_negative_is_blue_from_the_first_step():
    heat = np.linspace(1 / 255, 1.0, 300)[None]
    red = colours.paint(heat, True, limit=1.0).astype(int)
    blue = colours.paint(-heat, True, limit=1.0).astype(int)
    assert (red[..., 0] > red[..., 2]).all()
    assert (blue[..., 2] > blue[..., 0]).all()


def test_opposite_scores_get_mirrored_colours():
    steps = np.arange(-colours.STEPS, colours.STEPS + 1)[None] / colours.STEPS
    table = colours.colour_table(True)[:, :3]
    assert np.array_equal(colours.paint(steps, True, limit=1.0)[0], table)
    assert np.array_equal(colours.paint(-steps, True, limit=1.0)[0], table[::-1])


def test_a_half_step_rounds_alike_on_both_sides():
    heat = np.array([[0.5, -0.5]]) / colours.STEPS
    right, left = colours.paint(heat, True, limit=1.0)[0]
    assert np.array_equal(right, colours.colour_table(True)[colours.STEPS + 1, :3])
    assert np.array_equal(left, colours.colour_table(True)[colours.STEPS - 1, :3])


def test_strength_darkens_steadily():
    assert (np.diff(grey(colours.colour_table(False)[:, :3])) < 0).all()
    stops = grey(np.array(colours.SIGNED))
    assert (np.diff(stops[:6]) > 0).all() and (np.diff(stops[5:]) < 0).all()


def test_alpha_grows_with_strength_from_nothing_to_all():
    for signed in (True, False):
        alpha = colours.colour_table(signed)[-colours.STEPS - 1 :, 3].astype(int)
        assert alpha[0] == 0 and alpha[-1] == 255 and (np.diff(alpha) >= 0).all()


def test_overlay_leaves_the_picture_where_the_score_is_zero():
    picture = np.random.default_rng(1).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    heat = np.zeros((4, 6))
    heat[1, 2] = 1.0
    seen = colours.overlay(picture, heat, True, limit=1.0, opacity=1.0)
    assert tuple(seen[1, 2].tolist()) == colours.SIGNED[-1]
    seen[1, 2] = picture[1, 2]
    assert np.array_equal(seen, picture)
    assert np.array_equal(colours.overlay(picture, heat, True, opacity=0.0), picture)


def test_overlay_stretches_a_coarse_map_in_true_cells():
    picture = np.zeros((4, 6, 3), dtype=np.uint8)
    heat = np.array([[1.0, 0.0], [0.0, -1.0]])
    seen = colours.overlay(picture, heat, True, limit=1.0, opacity=1.0)
    assert (seen[:2, :3] == colours.SIGNED[-1]).all() and (seen[2:, 3:] == colours.SIGNED[0]).all()
    assert not seen[:2, 3:].any() and not seen[2:, :3].any()


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_numbers_are_refused(broken):
    heat = np.zeros((2, 2))
    heat[0, 1] = broken
    with pytest.raises(ValueError, match="1 of 4 are not"):
        colours.paint(heat, True)


@pytest.mark.parametrize("shape", [(3,), (0, 3), (1, 2, 2)])
def test_maps_of_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="rows and columns"):
        colours.colour_limit(np.zeros(shape))


@pytest.mark.parametrize("limit", [0.0, -1.0, np.nan, np.inf])
def test_limits_that_spread_no_colours_are_refused(limit):
    with pytest.raises(ValueError, match="above 0"):
        colours.paint(np.ones((2, 2)), True, limit)


def test_tiny_and_huge_scores_keep_their_colours():
    shape = np.array([[-1.0, -0.5, 0.0, 0.5, 1.0]])
    expected = colours.paint(shape, True, limit=1.0)
    for size in (1e-300, 1e300):
        assert np.array_equal(colours.paint(shape * size, True, limit=size), expected)
