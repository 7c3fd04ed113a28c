"""Importance per (variable × lag) of series: lag 0 is the last step, and each method's own unit."""

import numpy as np
import pytest
import torch
from small_networks import network, rows

from explainers import explain_dataset
from explainers.importance.lags import by_lag, median_lag

C = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.0, -4.0], [2.0, 1.0]]).double()
"""(T, V): what a linear function of a series of four steps weighs."""


def line(x):
    return (x * C).sum((1, 2))


def lags(method, x=None, **options):
    x = rows(200, 4, 2) if x is None else x
    options = {method: options} if options else None
    return explain_dataset(line, x, methods=method, options=options).details[method]["lags"]


def test_slopes_by_lag():
    found = lags("jacobian")
    torch.testing.assert_close(found["values"], C.abs().flip(0).T)
    assert torch.equal(found["low"], found["values"])
    shares = lags("partial_derivatives")["values"]
    torch.testing.assert_close(shares, (C.square() / C.square().sum()).flip(0).T)


def test_what_moves_the_answer_by_lag():
    x = rows(100, 4, 2)
    found = lags("permutation", x, repeats=99)
    torch.testing.assert_close(found["values"], (2 * C.square() * x.var(0)).flip(0).T)
    assert bool(
        (found["low"] <= found["values"]).all() and (found["values"] <= found["high"]).all()
    )
    noise = lags("input_perturbation", x, repeats=250)
    spread = x.flatten(0, 1).std(0, unbiased=False)
    truth = (0.2 * C.abs() * spread).flip(0).T
    torch.testing.assert_close(noise["values"], truth, rtol=0.06, atol=0)


def test_attribution_by_lag():
    x = rows(200, 4, 2)
    found = lags("attribution", x, baseline="zeros")
    torch.testing.assert_close(found["values"], (C * x).abs().mean(0).flip(0).T)


def test_lags_are_the_same_as_those_of_slopes_by_autograd():
    model, x = network("recurrent")
    leaf = x.clone().requires_grad_()
    (slopes,) = torch.autograd.grad(model(leaf).sum(), leaf)
    found = explain_dataset(model, x, methods="jacobian").details["jacobian"]["lags"]["values"]
    torch.testing.assert_close(found, slopes.square().mean(0).sqrt().flip(0).T)


def test_tables_and_letters_have_none_and_long_series_no_interval():
    for name in ("mlp", "letters"):
        table = explain_dataset(*network(name), output=0, methods=["jacobian", "permutation"])
        assert not any("lags" in part for part in table.details.values())
    found = explain_dataset(lambda x: x[:, -1, 0], rows(40, 1500, 2), methods="jacobian").details[
        "jacobian"
    ]["lags"]
    assert set(found) == {"values"} and found["values"].nonzero().tolist() == [[0, 0]]


def test_scores_by_lag():
    scores = np.array([[1.0, 0.0], [-2.0, 3.0], [0.0, 0.5]])
    assert by_lag(scores).tolist() == [0.5, 5, 1] and median_lag(scores) == 1
    assert median_lag(np.array([[0.0], [2.0]])) == 0
    assert median_lag(np.array([[2.0], [0.0]])) == 1
    assert np.isnan(median_lag(np.zeros((3, 2))))
    assert by_lag(scores).sum() == pytest.approx(np.abs(scores).sum())
