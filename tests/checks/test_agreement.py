"""Rank correlation, overlap and consensus: axioms, closed forms, and scipy."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers import Problem
from explainers.checks.agreement import consensus, membership, rank_correlation, top_overlap

whole = st.integers(-4, 4)
pairs = st.integers(2, 24).flatmap(
    lambda size: st.tuples(*[st.lists(whole, min_size=size, max_size=size)] * 2)
)
shares = st.floats(0.01, 1.0)


@settings(deadline=None)
@given(pairs)
def test_rank_correlation_is_symmetric_bounded_and_blind_to_monotone_changes(pair):
    a, b = (np.array(part, dtype=float) for part in pair)
    found = rank_correlation(a, b)
    if len(set(pair[0])) == 1 or len(set(pair[1])) == 1:
        assert math.isnan(found)
        return
    assert -1 <= found <= 1
    assert found == rank_correlation(b, a)
    assert rank_correlation(a**3 + 2 * a, np.exp(b)) == found
    assert rank_correlation(-a, b) == pytest.approx(-found, abs=1e-15)
    assert rank_correlation(a, a) == 1 and rank_correlation(a, -a) == -1


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_rank_correlation_without_ties_follows_spearmans_formula(order):
    """1 − 6 Σd² / n(n² − 1)."""
    squares = sum((a - b) ** 2 for a, b in enumerate(order))
    found = rank_correlation(np.arange(4.0), np.array(order, dtype=float))
    assert found == pytest.approx(1 - 6 * squares / 60, abs=1e-15)


@pytest.mark.parametrize("values", [3, 1000])
def test_rank_correlation_equals_scipys_with_and_without_ties(values):
    stats = pytest.importorskip("scipy.stats")
    generator = np.random.default_rng(0)
    for _ in range(20):
        a, b = generator.integers(0, values, (2, 9, 11)).astype(np.float32)
        b = a + b
        expected = stats.spearmanr(a.ravel(), b.ravel()).statistic
        assert rank_correlation(a, b) == pytest.approx(expected, abs=1e-13)


@settings(deadline=None)
@given(pairs, shares)
def test_overlap_is_symmetric_bounded_and_one_for_equal_maps(pair, share):
    a, b = (np.array(part, dtype=float) for part in pair)
    found = top_overlap(a, b, share)
    assert found == top_overlap(b, a, share)
    assert -1e-15 <= found <= 1 + 1e-12
    assert top_overlap(a, np.exp(a), share) == pytest.approx(1, abs=1e-12)
    assert top_overlap(a, b, 1.0) == pytest.approx(1, abs=1e-12)


@settings(deadline=None)
@given(pairs, st.data())
def test_membership_is_the_mean_over_lots_drawn_among_ties(pair, data):
    """Enumerated: every way to fill the last places with cells of the last place's score."""
    scores = np.array(pair[0][:8], dtype=float)
    size = data.draw(st.integers(1, len(scores)))
    tops = [
        chosen
        for chosen in itertools.combinations(range(len(scores)), size)
        if scores[list(chosen)].min() >= max(np.delete(scores, chosen), default=-np.inf)
    ]
    expected = np.bincount(np.ravel(tops), minlength=len(scores)) / len(tops)
    found = membership(scores, size)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert found.sum() == pytest.approx(size, abs=1e-12)


def test_overlap_of_known_maps():
    rising = np.arange(100.0).reshape(10, 10)
    assert top_overlap(rising, rising[::-1]) == 0.0
    assert top_overlap(rising, rising[:, ::-1]) == 1.0
    assert top_overlap(rising, rising.T, 0.2) == pytest.approx(4 / 20)
    assert top_overlap(np.zeros((10, 10)), rising) == pytest.approx(0.1)
    assert top_overlap(np.zeros((10, 10)), np.ones((10, 10))) == pytest.approx(1.0)
    assert top_overlap(np.array([3.0, -9.0]), np.array([3.0, 9.0]), 0.5) == 0.0


def test_consensus_counts_the_maps_that_agree():
    maps = np.array([[[9, 1], [0, 0]], [[9, 0], [1, 0]], [[0, 0], [0, 7]], [[5, 5], [5, 5]]])
    expected = [[2.25, 0.25], [0.25, 1.25]]
    np.testing.assert_allclose(consensus(maps, 0.25), expected, atol=1e-15)


def test_quantus_counts_the_same_overlap_with_a_mask():
    quantus = pytest.importorskip("quantus")
    generator = np.random.default_rng(2)
    a, b = generator.random((2, 8, 8))
    top = membership(b, 16)
    metric = quantus.TopKIntersection(k=16, disable_warnings=True)
    found = metric.evaluate_batch(a[None, None], top[None, None].astype(bool))
    assert top_overlap(a, b, 0.25) == pytest.approx(float(np.ravel(found)[0]))


def test_what_cannot_be_compared_is_named():
    good = np.ones((2, 2))
    for call in (
        lambda: rank_correlation(good, np.ones((2, 3))),
        lambda: rank_correlation(good, good * np.nan),
        lambda: top_overlap(good, good, 0.0),
        lambda: top_overlap(good, good, 1.5),
        lambda: consensus([]),
        lambda: consensus([good, np.ones(3)]),
        lambda: membership(good, 5),
    ):
        with pytest.raises(Problem):
            call()
