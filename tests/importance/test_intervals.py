"""Bootstrap intervals, against theory, enumeration and scipy."""

import itertools

import numpy as np
import pytest
from scipy import stats

from explainers.errors import Problem
from explainers.importance.uncertainty.intervals import mean_with_interval


def test_many_rows_give_the_normal_interval():
    scores = np.random.default_rng(0).normal(size=(4000, 3)) * [1, 10, 0.1]
    mean, low, high = mean_with_interval(scores, draws=4000)
    strength = np.abs(scores)
    error = strength.std(0) / np.sqrt(len(scores))
    assert np.allclose(mean, strength.mean(0))
    assert np.abs((low - (mean - 1.96 * error)) / error).max() < 0.15
    assert np.abs((high - (mean + 1.96 * error)) / error).max() < 0.15


def test_three_rows_give_the_quantiles_of_all_their_draws():
    rows = np.array([[-1.0], [2.0], [6.0]])
    all_means = [np.mean(draw) for draw in itertools.product([1, 2, 6], repeat=3)]
    mean, low, high = mean_with_interval(rows, share=0.8, draws=20_000)
    expected = np.quantile(all_means, [0.1, 0.9], method="inverted_cdf")
    assert mean[0] == 3 and np.allclose([low[0], high[0]], expected)


def test_it_agrees_with_scipy():
    scores = np.random.default_rng(1).exponential(size=(60, 2)) * [1, -3]
    _, low, high = mean_with_interval(scores, share=0.9, draws=20_000, seed=1)
    theirs = stats.bootstrap(
        (np.abs(scores),),
        np.mean,
        axis=0,
        n_resamples=20_000,
        confidence_level=0.9,
        method="percentile",
        random_state=2,
    )
    error = theirs.standard_error
    assert np.abs((low - theirs.confidence_interval.low) / error).max() < 0.08
    assert np.abs((high - theirs.confidence_interval.high) / error).max() < 0.08


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng, held = np.random.default_rng(2), 0
    for _ in range(300):
        _, low, high = mean_with_interval(rng.uniform(-1, 1, size=(50, 1)), 0.9, 300)
        held += low[0] <= 0.5 <= high[0]
    assert 0.84 < held / 300 < 0.95


def test_rows_stay_whole():
    column = np.random.default_rng(3).normal(size=50)
    _, low, high = mean_with_interval(np.stack([column, -2 * column], 1))
    assert np.allclose(2 * low[0], low[1]) and np.allclose(2 * high[0], high[1])


def test_blocks_and_seeds(monkeypatch):
    scores = np.random.default_rng(4).normal(size=(30, 2))
    whole = mean_with_interval(scores, draws=100, seed=7)
    monkeypatch.setattr("explainers.importance.uncertainty.intervals.BLOCK", 90)
    assert np.allclose(whole, mean_with_interval(scores, draws=100, seed=7))
    assert not np.allclose(whole[1], mean_with_interval(scores, draws=100, seed=8)[1])


def test_one_row_says_nothing_about_how_sure_it_is():
    mean, low, high = mean_with_interval(np.array([[-2.0, 3.0]]))
    assert list(mean) == [2, 3] and np.isnan([low, high]).all()


@pytest.mark.parametrize(
    ("scores", "share"),
    [
        (np.ones(3), 0.9),
        (np.ones((0, 3)), 0.9),
        (np.array([[np.nan]]), 0.9),
        (np.ones((3, 1)), 1.0),
    ],
)
def test_what_has_no_interval_is_refused(scores, share):
    with pytest.raises(Problem):
        mean_with_interval(scores, share)
