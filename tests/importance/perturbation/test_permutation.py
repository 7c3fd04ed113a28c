"""Permutation: all pairs by enumeration, scikit-learn, closed forms of Ishigami and of lines."""

import numpy as np
import pytest
import torch
from known_variances import KNOWN, g_function, ishigami
from sklearn.base import BaseEstimator
from sklearn.inspection import permutation_importance
from small_networks import network, rows
from torch import nn

from explainers import explain_dataset


def all_pairs(loss, x):
    """The mean over all pairs of different rows of loss(rows with a feature of the others, N)."""
    found = []
    for column in range(x.shape[1]):
        total = 0.0
        for shift in range(1, len(x)):
            moved = x.clone()
            moved[:, column] = x[:, column].roll(shift)
            total += float(loss(moved).mean())
        found.append(total / (len(x) - 1))
    return torch.tensor(found, dtype=torch.float64)


def test_all_pairs_are_enumerated_where_that_is_asked():
    model, x = network("mlp")
    y, labels = model(x)[:, 0].detach(), rows(40, seed=9)
    changed = all_pairs(lambda z: (model(z)[:, 0].detach() - y).square(), x)
    errors = all_pairs(lambda z: (model(z)[:, 0].detach() - labels).square(), x)
    rise = errors - (y - labels).square().mean()
    for given, truth in ((None, changed), (labels, rise)):
        table = explain_dataset(
            model, x, labels=given, methods="permutation", options={"permutation": {"repeats": 39}}
        )
        torch.testing.assert_close(table.values[0], truth, rtol=1e-9, atol=1e-12)
        assert not bool(table.sources["monte_carlo"].any())
        assert table.details["permutation"]["about"] == ("output" if given is None else "error")
        more = explain_dataset(
            model, x, labels=given, methods="permutation", options={"permutation": {"repeats": 900}}
        )
        assert torch.equal(more.values, table.values)


class Estimator(BaseEstimator):
    """A network as scikit-learn asks it."""

    def __init__(self, net):
        self.net = net

    def fit(self, x, y):
        return self

    def predict(self, x):
        return self.net(torch.from_numpy(np.asarray(x))).detach().numpy()[:, 0]


def test_scikit_learn_finds_the_same():
    """Its shuffled rows may keep their own value, each with a chance of 1 in N."""
    model, x = network("skip")
    model = nn.Sequential(model, nn.Linear(2, 1).double())
    labels = (x[:, 0] - x[:, 1] ** 2).numpy()
    theirs = permutation_importance(
        Estimator(model),
        x.numpy(),
        labels,
        scoring="neg_mean_squared_error",
        n_repeats=400,
        random_state=0,
    )
    ours = explain_dataset(
        model, x, labels=labels, methods="permutation", options={"permutation": {"repeats": 39}}
    )
    expected = ours.values[0].numpy() * (39 / 40)
    error = theirs.importances.std(1) / 20
    assert (np.abs(theirs.importances_mean - expected) <= 3.5 * error).all()
    order = (-theirs.importances_mean).argsort().argsort() + 1
    assert ours.rank[0].tolist() == order.tolist()


@pytest.mark.parametrize("name", ["ishigami", "g-function"])
def test_twice_the_variance_times_the_total_index(name):
    known = KNOWN[name]
    function = {"ishigami": ishigami, "g-function": g_function}[name]
    truth = 2 * known.variance * known.total
    if name == "ishigami":
        given = torch.tensor([15.4392, 12.25, 6.7474]).double()
        torch.testing.assert_close(truth, given, rtol=1e-5, atol=0)
    table = explain_dataset(function, known.random_rows(1500, seed=4), methods="permutation")
    assert bool(((table.low[0] <= truth) & (truth <= table.high[0])).all()), (table.values, truth)
    whole = (table.high - table.low)[0]
    assert bool((whole <= 0.3 * truth.max()).all())


def test_classes_are_compared_by_cross_entropy():
    model, x = network("ten outputs")
    labels = torch.arange(40) % 10
    cross = nn.functional.cross_entropy
    truth = all_pairs(lambda z: cross(model(z).detach(), labels, reduction="none"), x)
    truth -= cross(model(x).detach(), labels)
    for net, score in ((model, "logits"), (nn.Sequential(model, nn.Softmax(1)), "shares")):
        table = explain_dataset(
            net,
            x,
            labels=labels,
            methods="permutation",
            options={"permutation": {"repeats": 39}},
        )
        torch.testing.assert_close(table.values[0], truth, rtol=1e-9, atol=1e-12, msg=score)


def test_series_move_whole_variables_and_then_single_steps():
    def model(x):
        return 3 * x[:, -1, 0] + x[:, -3, 1] * 2

    x = rows(60, 4, 3)
    table = explain_dataset(
        model, x, methods="permutation", options={"permutation": {"repeats": 59}}
    )
    truth = torch.tensor([18 * x[:, -1, 0].var(), 8 * x[:, -3, 1].var(), 0])
    torch.testing.assert_close(table.values[0], truth)
    lags = table.details["permutation"]["lags"]["values"]
    assert lags.shape == (3, 4) and lags.nonzero().tolist() == [[0, 0], [1, 2]]
    torch.testing.assert_close(lags[0, 0], truth[0])
    torch.testing.assert_close(lags[1, 2], truth[1])
    without = explain_dataset(
        model, x, methods="permutation", options={"permutation": {"lags": False}}
    )
    assert "lags" not in without.details["permutation"]


def test_a_group_moves_together():
    """x₀ − x₁ of two columns that are equal does not move when both do."""
    x = rows(50, 3)
    x[:, 1] = x[:, 0]

    def model(x):
        return x[:, 0] - x[:, 1] + x[:, 2]

    full = {"permutation": {"repeats": 49}}
    alone = explain_dataset(model, x, methods="permutation", options=full)
    both = explain_dataset(model, x, methods="permutation", groups={"twins": [0, 1]}, options=full)
    variance = 2 * x.var(0)
    torch.testing.assert_close(alone.values[0], variance)
    assert both.names == ("twins", "x2")
    torch.testing.assert_close(both.values[0], torch.stack([0 * variance[0], variance[2]]))
