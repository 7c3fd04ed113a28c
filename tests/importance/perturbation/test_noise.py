"""Input perturbation: the moments of normal noise, and the published run of an LSTM in kind."""

import pytest
import torch
from small_networks import Recurrent, rows

from explainers import explain_dataset


def ask(model, x, **options):
    labels = options.pop("labels", None)
    table = explain_dataset(
        model,
        x,
        labels=labels,
        methods="input_perturbation",
        options={"input_perturbation": {"repeats": 200} | options},
    )
    return table, table.details["input_perturbation"]


def near(table, truth):
    """Within three standard errors of the drawing, which are small."""
    error = table.sources["monte_carlo"][0] / 1.96
    off = (table.values[0] - torch.as_tensor(truth).double()).abs()
    assert bool((off <= 3 * error + 1e-9).all()), (table.values, truth, error)
    assert bool((error <= 0.05 * table.values[0].abs().max()).all())


@pytest.mark.parametrize(
    ("options", "sigma"),
    [({}, 0.2), ({"sigma": 0.5}, 0.5), ({"sigma": 0.3, "of": "absolute"}, None)],
)
def test_a_line_and_a_square(options, sigma):
    """E (c e)² = c² σ²; E ((x + e)² − x²)² = 4 x² σ² + 3 σ⁴."""
    x = rows(300, 3) * torch.tensor([1.0, 4.0, 1.0])
    s = torch.full((3,), 0.3).double() if sigma is None else sigma * x.std(0, unbiased=False)
    table, found = ask(lambda x: 3 * x[:, 0] + x[:, 1] ** 2, x, **options)
    square = 4 * x[:, 1].square().mean() * s[1] ** 2 + 3 * s[1] ** 4
    near(table, [3 * s[0], square.sqrt(), 0])
    torch.testing.assert_close(found["sigma"], s)
    assert found["about"] == "output" and table.values[0, 2] == 0


def test_with_labels_it_is_the_rise_of_the_error():
    """Of a line c·x against any labels c² σ²: what the labels are plays no part."""
    x, labels = rows(300, 2), rows(300, seed=7)
    table, found = ask(lambda x: 3 * x[:, 0] - x[:, 1], x, labels=labels)
    near(table, torch.tensor([9.0, 1.0]) * (0.2 * x.std(0, unbiased=False)) ** 2)
    assert found["about"] == "error"


def test_all_steps_of_a_variable_of_a_series_get_noise_of_their_own():
    x = rows(200, 6, 2) * torch.tensor([1.0, 5.0]) + 3
    spread = x.flatten(0, 1).std(0, unbiased=False)
    table, found = ask(lambda x: x[:, :, 0].sum(1) + x[:, -2, 1], x)
    near(table, [0.2 * 6**0.5 * spread[0], 0.2 * spread[1]])
    lags = found["lags"]["values"]
    assert lags.shape == (2, 6) and lags[1].nonzero().flatten().tolist() == [1]
    torch.testing.assert_close(lags[0], 0.2 * spread[0].expand(6), rtol=0.05, atol=0)


def test_the_published_run_of_an_lstm_in_kind():
    """Three uniform variables, target [x₁ x₂ < ¼] at each step, σ = 0.2: the third is noise.

    Published: 0.1162, 0.1185, 0.0077.
    """
    torch.manual_seed(0)
    x = torch.rand(400, 8, 3)
    truth = (x[:, :, 0] * x[:, :, 1] < 0.25).float()
    net = Recurrent(every_step=True)
    step = torch.optim.Adam(net.parameters(), lr=0.03)
    for _ in range(120):
        step.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(net(x), truth).backward()
        step.step()
    model = torch.nn.Sequential(net, torch.nn.Sigmoid())
    options = {"input_perturbation": {"sigma": 0.2, "of": "absolute", "repeats": 5}}
    methods = ["input_perturbation", "permutation"]
    table = explain_dataset(
        model, x, labels=truth.double(), methods=methods, options=options, names=["a", "b", "noise"]
    )
    for values in table.values:
        assert float(values[2]) * 10 < float(values[:2].min()), table.values
        assert float(values[:2].max() / values[:2].min()) < 1.3
    assert table.rank[:, 2].tolist() == [3, 3] and table.quality["r2"] > 0.6
    moved = explain_dataset(
        model, x, output=lambda y: y.mean(1), methods=["input_perturbation"], options=options
    )
    assert float(moved.values[0, 2]) * 10 < float(moved.values[0, :2].min()), moved.values
    lags = explain_dataset(
        model, x, output=7, methods="permutation", options={"permutation": {"repeats": 1}}
    ).details["permutation"]["lags"]["values"]
    assert float(lags[:2, 0].min()) > 10 * float(lags[:2, 1:].max()), "it looks at its own step"
