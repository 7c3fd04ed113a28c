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
    assert words.position_words(HEAT) == "in the upper left"


def test_shares_are_never_rounded_to_certainty():
    assert words.percent(0.97149) == "97.1 %"
    assert words.percent(0.99999) == "> 99.9 %"
    assert words.percent(1.0) == "100.0 %"
    assert words.percent(0.0000001) == "< 0.1 %"


def test_the_sentence():
    sentence = words.picture_sentence(HEAT, "stop", "support for", {"the sign": LEFT})
    assert sentence == (
        "100 % of the support for stop lies on the sign, which covers 33 % of the picture."
    )
    both = words.picture_sentence(
        HEAT, "stop", "support for", {"the sign": LEFT, "the sticker": 1 - LEFT}
    )
    assert both.endswith("; 0 % lies on the sticker (67 %).")
    assert "opposition to stop lies" in words.picture_sentence(
        np.abs(HEAT), "stop", "opposition to", {}
    )
    alone = words.picture_sentence(HEAT, "stop", "support for", {})
    assert "11.1 % of the picture, mostly in the upper left" in alone
    assert "no support" in words.picture_sentence(-np.ones((3, 3)), "stop", "support for", {})


def test_what_is_accounted_for():
    facts = {"output": 1.0, "baseline_output": 0.2, "sum": 0.04}
    assert words.accounted(facts) == "Its contributions account for 5.0 % of the answer."
    assert "−5.0 %" in words.accounted({**facts, "sum": -0.04})
    assert "nothing to account" in words.accounted({**facts, "baseline_output": 1.0})


def test_the_receipt():
    facts = {"gap": -0.002, "output": 12.0, "baseline_output": 2.0}
    assert words.receipt("stop", "97.1 %", "3.2 %", facts, True) == (
        "stop 97.1 %, on the baseline 3.2 %; contributions add up to 99.8 % of the difference of "
        "10 in score"
    )
    assert "does not promise" in words.receipt("stop", "90.0 %", "10.0 %", facts, False)
    assert not words.gap_is_large(facts)
    assert words.gap_is_large({"gap": 0.2})
    equal = {"gap": float("nan"), "output": 1.0, "baseline_output": 1.0}
    assert "no difference to explain" in words.receipt("stop", "90.0 %", "90.0 %", equal, True)
    for gap in (float("nan"), float("inf")):
        broken = {**facts, "gap": gap}
        said = words.receipt("stop", "", "", broken, True)
        assert "not all finite numbers" in said and "score the same" not in said
