"""Localisation and the sentences made from it."""

import numpy as np
import pytest

from explainers.checks import localisation
from explainers.figures.text import words

HEAT = np.array([[3.0, 0.0, -5.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
LEFT = np.array([[1.0, 0, 0]] * 3)


def test_relevance_mass_counts_positive_scores_only():
    assert localisation.relevance_mass(HEAT, LEFT) == 1.0
    assert localisation.relevance_mass(HEAT, 1 - LEFT) == 0.0
    top = np.zeros((3, 3))
    top[0] = 1
    assert localisation.relevance_mass(HEAT, top) == 0.75
    assert np.isnan(localisation.relevance_mass(-np.ones((3, 3)), LEFT))


def test_half_area_and_centre():
    assert localisation.half_area(HEAT) == pytest.approx(1 / 9)
    assert localisation.half_area(np.ones((10, 10))) == pytest.approx(0.5, abs=0.011)
    assert localisation.centre(np.ones((4, 6))) == pytest.approx((0.5, 0.5))
    assert words.position_words(HEAT) == "mostly in the upper left"


def test_a_place_is_only_named_where_more_than_half_lies():
    assert words.position_words(np.ones((8, 8))) == "spread over it"
    corners = np.zeros((9, 9))
    corners[0, 0] = corners[8, 8] = 1.0  # their centre is the centre, where nothing is
    assert words.position_words(corners) == "spread over it"
    middle, edge = np.zeros((9, 9)), np.zeros((9, 9))
    middle[4, 4] = edge[:, 8] = 1.0
    assert words.position_words(middle) == "mostly in the centre"
    assert words.position_words(edge) == "mostly on the right"
    assert words.position_words(edge.T) == "mostly in the lower part"


def test_shares_are_never_rounded_to_certainty():
    assert words.percent(0.97149) == "97.1 %"
    assert words.percent(0.99999) == "> 99.9 %"
    assert words.percent(1.0) == "100.0 %"
    assert words.percent(0.0000001) == "< 0.1 %"


def test_the_sentence_tells_both_sides_the_stronger_first():
    sentence = words.picture_sentence(HEAT, "stop", "effect on", {"the sign": LEFT})
    assert sentence == (
        "100 % of the opposition to stop lies on the sign, which covers 33 % of the picture. The "
        "support is 80 % as strong: 100 % of it lies there."
    ).replace("100 %", "0 %", 1)
    both = words.picture_sentence(
        -HEAT, "stop", "effect on", {"the sign": LEFT, "the sticker": 1 - LEFT}
    )
    assert both == (
        "0 % of the support for stop lies on the sign, which covers 33 % of the picture; 100 % "
        "lies on the sticker (67 %). The opposition is 80 % as strong: 100 % of it lies there and "
        "0 % on the sticker."
    )
    alone = words.picture_sentence(HEAT, "stop", "effect on", {})
    assert alone == (
        "Half of the opposition to stop lies on 11.1 % of the picture, mostly in the upper right. "
        "The support is 80 % as strong: half of it lies on 11.1 %, mostly in the upper left."
    )
    nothing = words.picture_sentence(-np.ones((3, 3)), "stop", "effect on", {})
    assert nothing.endswith("spread over it. Nothing supports stop.")
    for what in ("opposition to", "sensitivity of"):  # told alone: of a map of one side
        one = words.picture_sentence(np.abs(HEAT), "stop", what, {})
        assert one.startswith(f"Half of the {what} stop lies") and one.count(".") == 2
    assert "supports or opposes" in words.picture_sentence(np.zeros((3, 3)), "y", "effect on", {})


def test_what_is_accounted_for():
    facts = {"output": 1.0, "baseline_output": 0.2, "sum": 0.04}
    assert words.accounted(facts, "row") == (
        "Its scores add up to 5.0 % of the change from baseline to row."
    )
    assert "−5.0 %" in words.accounted({**facts, "sum": -0.04})
    assert "no change to add up to" in words.accounted({**facts, "baseline_output": 1.0})


def test_the_check():
    facts = {"gap": -0.002, "output": 12.0, "baseline_output": 2.0}
    assert words.check("stop", "97.1 %", "3.2 %", facts, True, "picture") == (
        "the scores add up to 99.8 % of the change in stop from baseline (3.2 %) to picture "
        "(97.1 %), which is 10 in score"
    )
    assert "does not promise" in words.check("stop", "90.0 %", "10.0 %", facts, False)
    assert not words.gap_is_large(facts)
    assert words.gap_is_large({"gap": 0.2})
    equal = {"gap": float("nan"), "output": 1.0, "baseline_output": 1.0}
    assert "have the same score" in words.check("stop", "90.0 %", "90.0 %", equal, True)
    for gap in (float("nan"), float("inf")):
        broken = {**facts, "gap": gap}
        said = words.check("stop", "", "", broken, True)
        assert "not all finite numbers" in said and "same score" not in said
