"""Partial dependence: closed forms, and scikit-learn's on a network of its own."""

import numpy as np
import pytest
import torch
from sklearn.inspection import partial_dependence
from sklearn.neural_network import MLPRegressor

from explainers.errors import Problem
from explainers.importance.dependence import dependence

F64 = torch.float64
ROWS = torch.randn(300, 3, generator=torch.Generator().manual_seed(1), dtype=F64)


def column(index: int, shape=(3,)) -> torch.Tensor:
    return torch.arange(shape[0]) == index


def product(x):
    return x[:, 0].square() + 2 * x[:, 0] * x[:, 1] + x[:, 2]


def test_a_product_has_the_dependence_of_its_closed_form():
    """E f(g, X₁, X₂) = g² + 2 g E X₁ + E X₂."""
    found = dependence(product, ROWS, column(0), points=7)
    grid = torch.linspace(float(ROWS[:, 0].min()), float(ROWS[:, 0].max()), 7, dtype=F64)
    means = ROWS.mean(0)
    assert torch.allclose(found.grid, grid, atol=1e-12)
    assert torch.allclose(found.mean, grid**2 + 2 * grid * means[1] + means[2], atol=1e-12)
    each = grid**2 + 2 * grid * ROWS[:, 1:2] + ROWS[:, 2:3]
    assert torch.allclose(found.curves, each, atol=1e-12)


def test_its_interval_is_that_of_a_mean_over_rows():
    found = dependence(product, ROWS, column(0), points=5)
    width = 1.96 * found.curves.std(0) / len(ROWS) ** 0.5
    assert torch.allclose(found.high - found.low, 2 * width, rtol=0.12)
    assert bool(((found.low < found.mean) & (found.mean < found.high)).all())


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("feature", [0, 2])
def test_it_is_that_of_scikit_learn(feature):
    rows = ROWS.numpy()
    net = MLPRegressor(hidden_layer_sizes=(8,), max_iter=80, random_state=0).fit(
        rows, product(ROWS).numpy()
    )
    theirs = partial_dependence(
        net, rows, [feature], percentiles=(0, 1), grid_resolution=9, kind="both", method="brute"
    )
    ours = dependence(
        lambda x: torch.from_numpy(net.predict(x.numpy())), ROWS, column(feature), points=9
    )
    assert np.allclose(ours.grid, theirs["grid_values"][0], atol=1e-12)
    assert np.allclose(ours.mean, theirs["average"][0], atol=1e-10)
    assert np.allclose(ours.curves, theirs["individual"][0], atol=1e-10)


def test_few_values_are_taken_as_they_are():
    rows = ROWS.clone()
    rows[:, 1] = torch.arange(300) % 3
    assert dependence(product, rows, column(1)).grid.tolist() == [0, 1, 2]
    rows[:, 1] = 4
    constant = dependence(product, rows, column(1))
    assert constant.grid.tolist() == [4] and constant.mean.item() == pytest.approx(
        product(rows).mean().item()
    )


def test_several_values_run_together_over_their_own_ranges():
    """f = x₀ + 10 x₁: at share s it is min + s · range of each."""
    found = dependence(lambda x: x[:, 0] + 10 * x[:, 1], ROWS, torch.tensor([True, True, False]), 3)
    low, high = ROWS.amin(0), ROWS.amax(0)
    ends = [float(end[0] + 10 * end[1]) for end in (low, (low + high) / 2, high)]
    assert found.grid.tolist() == [0, 0.5, 1]
    assert torch.allclose(found.mean, torch.tensor(ends, dtype=F64))


def test_series_and_rows_in_batches_give_the_same():
    series = torch.randn(40, 5, 2, dtype=F64)
    mask = torch.zeros(5, 2, dtype=torch.bool)
    mask[2, 1] = True
    found = dependence(lambda x: x[:, 2, 1] * x[:, 4, 0], series, mask, points=4)
    assert torch.allclose(found.curves, series[:, 4, :1] * found.grid)
    asked = []
    many = ROWS.repeat(20, 1)

    def counted(x):
        asked.append(len(x))
        return product(x)

    whole = dependence(counted, many, column(0), points=4)
    assert max(asked) <= 8192 and sum(asked) == 4 * len(many)
    assert torch.allclose(whole.mean, dependence(product, ROWS, column(0), points=4).mean)


def test_what_cannot_be_asked_is_said():
    with pytest.raises(Problem, match="at least two points"):
        dependence(product, ROWS, column(0), points=1)
    with pytest.raises(Problem, match="mask"):
        dependence(product, ROWS, torch.zeros(3, dtype=torch.bool))
