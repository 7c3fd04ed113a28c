"""The sentence on which inputs matter says what the intervals of ranks say, and nothing more."""

import itertools

import numpy as np
import pytest

from explainers.figures.text.quality import quality_sentence
from explainers.figures.text.ranking import ranking_sentence
from explainers.importance.tables.consensus import consensus

NAMES = ["elevation", "temperature", "rain", "slope", "noise", "soil"]


@pytest.mark.parametrize(
    "low, high, idle, expected",
    [
        (
            [1, 1, 3, 3, 6, 3],
            [2, 2, 5, 5, 6, 5],
            [],
            "*elevation* and *temperature* cannot be told apart and come before the rest; *noise* "
            "is last; nothing else is sure.",
        ),
        (
            [1, 2, 3, 3, 3, 3],
            [1, 2, 6, 6, 6, 6],
            [],
            "*elevation* comes first, then *temperature*; nothing else is sure.",
        ),
        (
            [2, 1, 3, 4, 6, 5],
            [2, 1, 3, 4, 6, 5],
            [4],
            "*temperature* comes first, then *elevation*, then *rain*; *noise* plays no part; the "
            "order of the others is sure too.",
        ),
        (
            [1, 1, 3, 3, 3, 3],
            [2, 2, 6, 6, 6, 6],
            [2, 3, 4, 5],
            "*elevation* and *temperature* cannot be told apart and come before the rest; *rain*, "
            "*slope*, *noise* and *soil* play no part.",
        ),
        ([1] * 6, [6] * 6, [], "The 6 inputs cannot be told apart: no order of them is sure."),
        (
            [1, 1, 1, 1, 4, 2],
            [2, 5, 5, 5, 6, 6],
            [],
            "*elevation* is surely among the first 2; *noise* is surely not among the first 3; "
            "nothing else is sure.",
        ),
        (
            [1, 1, 2, 4, 5, 6],
            [2, 3, 3, 4, 5, 6],
            [],
            "*elevation*, *temperature* and *rain* cannot all be told apart and come first, "
            "then *slope*, then *noise*; *soil* is last.",
        ),
        ([1] * 6, [6] * 6, range(6), "No input plays any part: the answer is the same whatever "),
    ],
)
def test_it_says_what_is_sure(low, high, idle, expected):
    said = ranking_sentence(NAMES, np.array(low), np.array(high), idle)
    assert said.startswith(expected)
    assert said.endswith(".") and "  " not in said


def test_names_are_no_markup_and_many_are_counted():
    names = [f"x{i}" for i in range(12)]
    low, high = np.repeat([1, 7], 6), np.repeat([6, 12], 6)
    assert ranking_sentence(names, low, high).startswith("6 inputs, *x0*, *x1*, *x2* and 3 more, ")
    assert "\\[a\\]\\(b\\)" in ranking_sentence(["[a](b)", "c"], np.array([1, 2]), np.array([1, 2]))
    assert "no order" in ranking_sentence(["alone"], np.array([1]), np.array([1]))


def test_consensus_is_sure_of_an_order_that_most_methods_share_and_none_denies():
    """Against counting over all pairs: three methods, every place certain or not."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        ends = np.sort(rng.integers(1, 6, (2, 3, 5)), axis=0)
        low, high = consensus(*ends)
        for a, b in itertools.permutations(range(5), 2):
            sure = [ends[1, m, a] < ends[0, m, b] for m in range(3)]
            denied = any(ends[1, m, b] < ends[0, m, a] for m in range(3))
            if sum(sure) >= 2 and not denied:
                assert low[b] > 1 and high[a] < 5
    one = np.array([[1, 2, 3]])
    assert [end.tolist() for end in consensus(one, one)] == [[1, 2, 3]] * 2
    contrary = np.array([[1, 2, 3], [1, 2, 3], [2, 1, 3]])
    assert [end.tolist() for end in consensus(contrary, contrary)] == [[1, 1, 3], [2, 2, 3]]


@pytest.mark.parametrize(
    "found, bad",
    [
        ({"error": 0.1, "constant_error": 1.0, "r2": 0.9}, False),
        ({"error": 1.2, "constant_error": 1.0, "r2": -0.2}, True),
        ({"error": 0.0, "constant_error": 0.0}, True),
        ({"error": 0.1, "constant_error": 0.3, "accuracy": 0.97, "commonest": 0.9}, False),
        ({"error": 0.1, "constant_error": 0.3, "accuracy": 0.91, "commonest": 0.9}, True),
        ({"error": 0.1, "constant_error": 0.0, "accuracy": 1.0, "commonest": 1.0}, False),
    ],
)
def test_a_bad_network_is_called_one(found, bad):
    sentence, is_bad = quality_sentence(found, 320)
    assert is_bad == bad and "320 rows" in sentence
    assert ("says little about the world" in sentence) == bad
    constant = found["constant_error"] == 0 and "accuracy" not in found
    assert ("the same number" in sentence) == ("R² cannot be told" in sentence) == constant


def test_of_one_place_nobody_says_among():
    names, last = list("abcde"), np.full(5, 5)
    said = ranking_sentence(names, np.array([1, 1, 1, 1, 2]), last)
    assert said == "*e* is surely not the first; nothing else is sure."
    assert "among the first 2" in ranking_sentence(names, np.array([1, 1, 1, 1, 3]), last)
