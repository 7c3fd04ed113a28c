"""Baselines made from data: against numpy and scikit-learn."""

import numpy as np
import pytest
import torch
from nets import linear
from sklearn.cluster import KMeans

from explainers import BASELINES, Problem, explain
from explainers.baselines.kmeans import k_means

F64 = torch.float64
DATA_BASED = [key for key, entry in BASELINES.items() if key.startswith("data_")]


def rows(count: int = 21, shape=(4,), seed: int = 0) -> torch.Tensor:
    """Rows (count, …) whose columns have very different units."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(count, *shape)) * 10.0 ** np.arange(shape[-1]) + 5
    return torch.from_numpy(values)


@pytest.mark.parametrize("shape", [(4,), (6, 3)])
@pytest.mark.parametrize("count", [20, 21])
def test_mean_and_median_are_those_of_numpy(shape, count):
    data, x = rows(count, shape), rows(2, shape, seed=1)
    for key, theirs in (("data_mean", np.mean), ("data_median", np.median)):
        made = BASELINES[key].make(x, data)
        expected = torch.from_numpy(theirs(data.numpy(), axis=0)).expand(2, *shape)
        torch.testing.assert_close(made, expected)


def test_a_row_is_that_row():
    data, x = rows(), rows(2, seed=1)
    assert torch.equal(BASELINES["data_row"].make(x, data, index=7), data[7].expand(2, 4))
    with pytest.raises(Problem, match="no row 21: the data have rows 0 to 20"):
        BASELINES["data_row"].make(x, data, index=21)


def test_a_sample_holds_different_rows_of_the_data():
    data, x = rows(), rows(2, seed=1)
    made = BASELINES["data_sample"].make(x, data, count=8, seed=1)
    assert made.shape == (2, 8, 4)
    rows_drawn = [int((data == reference).all(1).nonzero()) for reference in made[0]]
    assert len(set(rows_drawn)) == 8
    other = BASELINES["data_sample"].make(x, data, count=8, seed=2)
    assert not torch.equal(made, other)
    everything = BASELINES["data_sample"].make(x, data, count=500)
    assert everything.shape == (2, 21, 4), "no more than there are"


@pytest.mark.parametrize("seed", range(5))
def test_centres_are_as_good_as_those_of_scikit_learn(seed):
    generator = np.random.default_rng(seed)
    points = np.concatenate(
        [generator.normal(generator.normal(0, 4, 3), 1, (40, 3)) for _ in range(4)]
    )
    ours = k_means(torch.from_numpy(points), 4, seed).numpy()
    squares = ((points[:, None] - ours) ** 2).sum(2).min(1).sum()
    theirs = KMeans(4, n_init=20, random_state=seed).fit(points)
    assert squares <= theirs.inertia_ * 1.001


def test_centres_of_clear_groups_are_their_means_in_the_units_of_the_data():
    generator = np.random.default_rng(0)
    groups = [
        np.array([low, 1000 * low]) + generator.normal(size=(30, 2)) * [0.1, 100]
        for low in (0, 10, 20)
    ]
    data = torch.from_numpy(np.concatenate(groups))
    made = BASELINES["data_centres"].make(data[:1], data, count=3)[0]
    expected = torch.from_numpy(np.stack([group.mean(0) for group in groups]))
    torch.testing.assert_close(made[made[:, 0].argsort()], expected)


def test_centres_do_not_depend_on_the_units():
    data = rows(60)
    units = torch.tensor([1000.0, 0.01, 3.0, 1.0], dtype=F64)
    one = BASELINES["data_centres"].make(data, data, count=4)
    other = BASELINES["data_centres"].make(data * units, data * units, count=4)
    torch.testing.assert_close(one * units, other)


def test_centres_of_few_or_equal_rows_are_those_rows():
    data = rows(3)
    made = BASELINES["data_centres"].make(data[:1], data, count=9)[0]
    torch.testing.assert_close(made[made[:, 0].argsort()], data[data[:, 0].argsort()])
    equal = data[:1].expand(5, 4)
    made = BASELINES["data_centres"].make(equal, equal, count=3)
    torch.testing.assert_close(made, data[:1].expand(5, 3, 4))


def test_attributions_against_a_sample_are_the_mean_of_those_against_its_rows():
    data, x = rows(), rows(2, seed=1)
    weights = torch.tensor([2.0, -1.0, 0.5, 0.0], dtype=F64)
    answer = explain(linear(weights), x, "integrated_gradients", "data_sample", data=data)
    torch.testing.assert_close(answer.scores, weights * (x - data.mean(0)))


def test_attributions_in_data_units_are_those_of_the_standardised_input():
    """w·(x − μ)/σ as a model of data units, or w·z of standard ones: the same contributions."""
    data, x = rows(), rows(2, seed=1)
    mean, spread = data.mean(0), data.std(0)
    weights = torch.tensor([2.0, -1.0, 0.5, 0.0], dtype=F64)
    for method in ("integrated_gradients", "deeplift", "ablation", "gradient_x_input"):
        ours = explain(
            lambda x: linear(weights)((x - mean) / spread), x, method, "data_median", data=data
        ).scores
        z, standard = (x - mean) / spread, (data - mean) / spread
        expected = explain(linear(weights), z, method, "data_median", data=standard).scores
        torch.testing.assert_close(ours, expected)
    slopes = explain(lambda x: linear(weights)((x - mean) / spread), x, "saliency").scores
    torch.testing.assert_close(slopes, (weights.abs() / spread).expand(2, 4))


@pytest.mark.parametrize("key", DATA_BASED)
def test_without_data_it_is_said_what_to_do(key):
    with pytest.raises(Problem, match="made from data, and none were given"):
        explain(linear(torch.ones(4, dtype=F64)), rows(2), baseline=key)


@pytest.mark.parametrize(
    "data, words",
    [
        (rows(5, (3,)), r"The data have shape \(5, 3\)"),
        (rows(5)[:0], "at least one row"),
        (rows(5)[0], "The data have shape"),
        (rows(5) * float("nan"), "20 values of the data are NaN"),
    ],
)
def test_data_that_do_not_fit_are_refused(data, words):
    with pytest.raises(Problem, match=words):
        explain(linear(torch.ones(4, dtype=F64)), rows(2), baseline="data_mean", data=data)
