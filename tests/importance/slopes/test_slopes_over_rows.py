"""Slopes over a data set: against autograd, closed forms, and Lorenz-96's own Jacobian."""

import math

import pytest
import torch
from known_variances import KNOWN, ishigami
from small_networks import NETWORKS, mlp, network, neural_net_tools, rows

from explainers import explain_dataset, jacobian

KINDS = {"letters": "sequence", "convolution": "picture"}


def by_autograd(model, x):
    """(N, outputs, …), row by row."""
    model.eval()
    return torch.stack(
        [torch.autograd.functional.jacobian(model, row.unsqueeze(0))[0, :, 0] for row in x]
    )


@pytest.mark.parametrize("name", NETWORKS)
def test_slopes_are_those_of_autograd(name):
    model, x = network(name)
    truth = by_autograd(model, x)
    torch.testing.assert_close(jacobian(model, x), truth, rtol=0, atol=1e-10)
    last = truth.shape[1] - 1
    table = explain_dataset(model, x, methods="jacobian", output=last)
    found, slopes = table.details["jacobian"], truth[:, last]
    series = name == "recurrent"
    apart = slopes.sum(1) if series else slopes
    if len(x.shape) == 2 or series:
        torch.testing.assert_close(found["mean"], apart.mean(0), rtol=0, atol=1e-10)
        torch.testing.assert_close(found["sd"], apart.std(0, unbiased=False), rtol=0, atol=1e-10)
    if len(x.shape) == 2:
        torch.testing.assert_close(found["mean_abs"], apart.abs().mean(0), rtol=0, atol=1e-10)
        rms = apart.square().mean(0).sqrt()
        torch.testing.assert_close(table.values[0], rms, rtol=0, atol=1e-10)
        sd, of_f = x.std(0, unbiased=False), model(x)[:, last].std(unbiased=False)
        torch.testing.assert_close(found["scaled"], rms * sd, rtol=0, atol=1e-10)
        torch.testing.assert_close(found["standardised"], rms * sd / of_f, rtol=0, atol=1e-9)
    if name == "letters":
        by_position = slopes.square().sum(1).mean(0).sqrt()
        torch.testing.assert_close(table.values[0], by_position, rtol=0, atol=1e-10)


def test_all_outputs_at_once():
    model, x = network("ten outputs")
    truth = by_autograd(model, x)
    found = explain_dataset(model, x, methods="jacobian", output=4).details["jacobian"]
    torch.testing.assert_close(found["mean_of_outputs"], truth.mean(0), rtol=0, atol=1e-10)
    rms = truth.square().mean(0).sqrt()
    torch.testing.assert_close(found["rms_of_outputs"], rms, rtol=0, atol=1e-10)


def test_one_number_misleads():
    """y = x₁² + ½ x₂ of standard normals: mean (0, ½), mean size (1.5958, ½), rms (2, ½)."""
    x = rows(4000, 2)
    table = explain_dataset(lambda x: x[:, 0] ** 2 + 0.5 * x[:, 1], x, methods="jacobian")
    found = table.details["jacobian"]
    for name, truth in (("mean", 0), ("mean_abs", 1.5958), ("rms", 2), ("sd", 2)):
        low, high = found["intervals"][name][:, 0].tolist()
        middle, half = (low + high) / 2, (high - low) / 2
        assert abs(truth - middle) < 1.6 * half < 0.15, name
        assert float(found[name][1]) == pytest.approx(0 if name == "sd" else 0.5, abs=1e-12)
    torch.testing.assert_close(found["mean_abs"][0], 2 * x[:, 0].abs().mean())
    assert table.rank.tolist() == [[1, 2]] and float(table.low[0, 0]) > 1.8


def test_pad_shares_of_the_net_of_neural_net_tools():
    """Weights say 4.36, slopes 1.19, so the shares of their squares 1.41."""
    table = explain_dataset(
        neural_net_tools(),
        rows(500, 2),
        methods=["partial_derivatives", "jacobian", "connection_weights"],
    )
    shares, slopes, weights = table.values
    assert float(slopes[0] / slopes[1]) == pytest.approx(1.1875, abs=0.005)
    assert float(shares[0] / shares[1]) == pytest.approx(1.41, abs=0.01)
    assert float(weights[0] / weights[1]) == pytest.approx(4.36, abs=0.01)
    assert float(shares.sum()) == pytest.approx(1)


def test_pad_sums_and_its_plot():
    model, x = network("mlp")
    truth = by_autograd(model, x)[:, 0]
    table = explain_dataset(model, x, methods="partial_derivatives")
    found = table.details["partial_derivatives"]
    torch.testing.assert_close(found["ssd"], truth.square().sum(0), rtol=0, atol=1e-10)
    torch.testing.assert_close(table.values[0], found["ssd"] / found["ssd"].sum())
    torch.testing.assert_close(found["slopes"], truth, rtol=0, atol=1e-10)
    assert torch.equal(found["points"], x) and found["rows"].tolist() == list(range(40))
    flat = explain_dataset(lambda x: 0 * x[:, 0] + 1, x, methods="partial_derivatives")
    assert flat.values.tolist() == [[0, 0, 0]] and any("No slope" in note for note in flat.notes)


def test_dgsm_of_ishigami():
    known = KNOWN["ishigami"]
    truth = torch.tensor([7.719588, 24.5, 10.987305]).double()
    table = explain_dataset(ishigami, known.even_rows(), methods="dgsm")
    found, error = table.details["dgsm"], table.sources["monte_carlo"][0] / 1.96
    assert bool(((found["nu"] - truth).abs() <= 3 * error + 0.01).all()), found["nu"]
    assert torch.equal(found["nu"], table.values[0])
    # T ≤ ν (b − a)²/(π² V), here 4 ν / V.
    assert bool((known.total <= found["bound"]).all())
    torch.testing.assert_close(found["bound"], 4 * truth / known.variance, rtol=0.05, atol=0)


def test_slopes_of_the_loss():
    model, x = network("ten outputs")
    labels = torch.arange(40) % 10
    leaf = x.clone().requires_grad_()
    losses = torch.nn.functional.cross_entropy(model(leaf), labels, reduction="sum")
    (truth,) = torch.autograd.grad(losses, leaf)
    table = explain_dataset(model, x, labels=labels, output=0, methods="jacobian")
    found = table.details["jacobian"]
    torch.testing.assert_close(found["loss_mean"], truth.mean(0), rtol=0, atol=1e-10)
    torch.testing.assert_close(found["loss_rms"], truth.square().mean(0).sqrt())
    single, y = mlp().double(), rows(40, 1, seed=5)[:, 0]
    leaf = x.clone().requires_grad_()
    (truth,) = torch.autograd.grad((single(leaf)[:, 0] - y).square().sum(), leaf)
    table = explain_dataset(single, x, labels=y, methods="jacobian")
    torch.testing.assert_close(
        table.details["jacobian"]["loss_mean"], truth.mean(0), rtol=0, atol=1e-10
    )


def lorenz(x):
    """dxᵢ/dt = (xᵢ₊₁ − xᵢ₋₂) xᵢ₋₁ − xᵢ + 8, in a circle."""
    return (x.roll(-1, 1) - x.roll(2, 1)) * x.roll(1, 1) - x + 8


def lorenz_slopes(x):
    slopes = torch.zeros(len(x), x.shape[1], x.shape[1], dtype=x.dtype)
    for i in range(x.shape[1]):
        a, b, c = (i - 2) % x.shape[1], (i - 1) % x.shape[1], (i + 1) % x.shape[1]
        slopes[:, i, a], slopes[:, i, c] = -x[:, b], x[:, b]
        slopes[:, i, b], slopes[:, i, i] = x[:, c] - x[:, a], -1
    return slopes


def test_lorenz_96():
    x = 3 * rows(60, 12) + 2
    truth = lorenz_slopes(x)
    torch.testing.assert_close(jacobian(lorenz, x), truth, rtol=0, atol=1e-12)
    table = explain_dataset(lorenz, x, output=5, methods="jacobian")
    torch.testing.assert_close(table.values[0], truth[:, 5].square().mean(0).sqrt())
    assert table.values[0].nonzero().flatten().tolist() == [3, 4, 5, 6]
    rms = table.details["jacobian"]["rms_of_outputs"]
    torch.testing.assert_close(rms, truth.square().mean(0).sqrt())


@pytest.mark.parametrize("single", [False, True])
def test_models_without_gradients(single):
    """Central differences with a step from the data: of smooth functions to many digits."""

    def model(x):
        return torch.from_numpy((x.detach().numpy() ** 3)[:, 0] - 2e3 * x.numpy()[:, 1])

    x = rows(50, 2) * torch.tensor([10.0, 1e-3]) + torch.tensor([50.0, 0.0])
    x = x.float() if single else x
    truth = torch.stack([3 * x[:, 0] ** 2, torch.full((50,), -2e3)], 1).double()
    table = explain_dataset(model, x, methods=["jacobian", "partial_derivatives"])
    expected = truth.square().mean(0).sqrt()
    torch.testing.assert_close(table.values[0], expected, rtol=1e-6, atol=0)
    assert sum("no gradient" in note and "Halving the step" in note for note in table.notes) == 1


def test_steps_have_no_slope_and_say_so():
    x = rows(50, 2)
    table = explain_dataset(
        lambda x: torch.from_numpy(x.numpy() > 0)[:, 0].double(), x, methods=["jacobian"]
    )
    assert table.values.tolist() == [[0, 0]]
    assert any("does not move when a value is changed a little" in note for note in table.notes)


def test_wide_ranges_of_a_column_do_not_matter():
    assert math.isclose(
        float(
            explain_dataset(lambda x: 1e-6 * x[:, 0], 1e6 * rows(40, 2), methods="jacobian").values[
                0, 0
            ]
        ),
        1e-6,
    )


@pytest.mark.parametrize("method", ["jacobian", "partial_derivatives", "dgsm"])
def test_what_slopes_cannot_see_is_said(method):
    x = rows(40, 2).abs()
    x[:5, 0] = 0
    notes = explain_dataset(lambda x: x[:, 0].sqrt() + x[:, 1], x, methods=method).notes
    assert any("the model's slope is not finite" in note for note in notes)
    table = torch.tensor([0.0, 5.0, 1.0], dtype=x.dtype)
    x[:, 0] = torch.arange(40) % 3
    notes = explain_dataset(lambda x: table[x[:, 0].long()] + x[:, 1], x, methods=method).notes
    assert any("as whole numbers" in note for note in notes)
