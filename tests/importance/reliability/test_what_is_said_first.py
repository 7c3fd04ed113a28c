"""What must be known before the numbers: each sentence where it belongs, and nowhere else."""

import pytest
import torch
from small_networks import mlp, network, rows
from torch import nn

from explainers import explain_dataset


def notes(model, x, methods="permutation", **arguments):
    return explain_dataset(model, x, methods=methods, **arguments).notes


def said(notes, *parts):
    return any(all(part in note for part in parts) for note in notes)


def line(x):
    return x @ torch.tensor([3.0, -2.0, 1.0], dtype=x.dtype)


def test_an_honest_case_has_no_warning_at_all():
    x = rows(200, 3)
    labels = line(x) + 0.1 * rows(200, seed=4)
    methods = ["permutation", "jacobian", "partial_derivatives", "attribution", "dgsm", "morris"]
    assert notes(line, x, methods, labels=labels) == ()
    exact = explain_dataset(nn.Linear(3, 1).double(), x, methods=["connection_weights", "jacobian"])
    assert all("no interval" in note or "no null control" in note for note in exact.notes)


@pytest.mark.parametrize(("count", "few"), [(29, True), (30, False)])
def test_few_rows(count, few):
    assert said(notes(line, rows(count, 3)), f"{count} rows say little") is few


def test_fewer_rows_than_columns():
    wide = notes(lambda x: x[:, 0], rows(40, 41))
    assert said(wide, "40 rows are fewer than the 41 columns")
    assert not said(notes(lambda x: x[:, 0], rows(41, 41)), "fewer than")
    assert not said(notes(lambda x: x[:, 0, 0], rows(40, 6, 41)), "fewer than")


def test_unequal_scales_have_the_scaled_version_beside_them():
    x = rows(60, 3) * torch.tensor([1.0, 1000.0, 1.0])
    table = explain_dataset(line, x, names=["a", "b", "c"], methods="jacobian")
    assert said(table.notes, 'The spread of "b" is', "weights alone do not tell")
    assert table.rank.tolist() == [[1, 2, 3]]
    scaled = table.details["jacobian"]["scaled"]
    assert scaled.argsort(descending=True).tolist() == [1, 0, 2]
    assert not said(notes(line, rows(60, 3) * torch.tensor([1.0, 5.0, 1.0])), "The spread of")


def test_correlated_columns_name_the_groups_that_result():
    x = rows(60, 3)
    x[:, 2] = x[:, 0] + 0.1 * x[:, 2]
    found = notes(line, x, names=["height", "rain", "weight"])
    assert said(found, "Correlated features share their importance", "height and weight")
    assert said(found, 'groups=[["height", "weight"]]')
    grouped = notes(line, x, names=["height", "rain", "weight"], groups=[["height", "weight"]])
    assert not said(grouped, "Correlated features share")
    assert not said(notes(line, rows(60, 3)), "Correlated")


def test_permuted_rows_far_from_the_data():
    """On a circle no row is like a row with another's x₁; on a disc most are."""
    angle = torch.arange(200, dtype=torch.float64)
    circle = torch.stack([angle.cos(), angle.sin(), 0 * angle], 1)
    found = notes(line, circle, names=["x", "y", "z"])
    assert said(found, "Permutation asks about rows unlike any", "moves x, y:")
    assert not said(notes(line, circle, methods="jacobian"), "rows unlike any")
    assert not said(notes(line, rows(200, 3)), "rows unlike any")


def test_signed_and_unsigned_rankings_that_differ():
    """Two units that cancel in the sum of paths, x₀ (tanh 3x₀ − tanh x₀ …), against slopes."""
    net = nn.Sequential(nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    with torch.no_grad():
        net[0].weight[:] = torch.tensor([[3.0, 0, 0], [1.0, 0.5, 0], [0, 0, 0.4]])
        net[0].bias.zero_()
        net[2].weight[:] = torch.tensor([[1.0, -3.0, 1.0]])
    both = ["connection_weights", "partial_derivatives"]
    assert said(notes(net, rows(80, 3), both), "(signed)", "Spearman's rho", "suppressor")
    assert not said(notes(nn.Linear(3, 1).double(), rows(80, 3), both), "Spearman's rho")


def test_a_suppressor_is_named():
    """x₁ = noise, x₀ = y + noise: y = x₀ − x₁, though x₁ alone says nothing of y."""
    y, noise = rows(200, seed=3), rows(200, seed=4)
    noise = noise - y * (noise @ y) / (y @ y)
    x = torch.stack([y + noise, noise, 0.1 * rows(200, seed=5)], 1)
    found = notes(lambda x: x[:, 0] - x[:, 1], x, labels=y, names=["mixed", "noise", "other"])
    assert said(found, "Hardly correlated with the labels", "noise (r =")
    assert not said(found, "mixed (r =") and not said(found, "other (r =")


def test_quality_of_numbers():
    x = rows(100, 3)
    truth = line(x) + rows(100, seed=6)
    table = explain_dataset(line, x, labels=truth, methods="permutation")
    error = (line(x) - truth).square().mean()
    constant = truth.var(unbiased=False)
    assert table.quality == pytest.approx(
        {
            "error": float(error),
            "constant_error": float(constant),
            "r2": float(1 - error / constant),
        }
    )
    bad = notes(lambda x: line(x) + 9, x, labels=truth)
    assert said(bad, "no better than that of saying always the labels' mean")
    assert explain_dataset(line, x, methods="permutation").quality == {}


def expected_calibration_error(shares, labels):
    """Guo et al. 2017, equation 3, bin by bin."""
    confidence, said = shares.max(1)
    found = 0.0
    for low in torch.arange(10) / 10:
        inside = (confidence >= low) & (confidence < low + 0.1)
        if inside.any():
            right = (said == labels)[inside].double().mean()
            found += inside.double().mean() * (right - confidence[inside].mean()).abs()
    return float(found)


def test_quality_of_classes():
    x = rows(60, 3)
    labels = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
    model = mlp(outputs=3).double()
    table = explain_dataset(model, x, labels=labels, output=0, methods="permutation")
    shares = labels.bincount() / 60
    error = nn.functional.cross_entropy(model(x).detach(), labels)
    assert table.quality == pytest.approx(
        {
            "error": float(error),
            "constant_error": float(-(shares * shares.log()).sum()),
            "accuracy": float((model(x).argmax(1) == labels).double().mean()),
            "commonest": float(shares.max()),
            "confidence": float(model(x).detach().softmax(1).amax(1).mean()),
            "calibration_error": expected_calibration_error(model(x).softmax(1).detach(), labels),
        },
        rel=1e-6,
    )
    one = nn.Sequential(mlp().double(), nn.Sigmoid())
    found = explain_dataset(one, x, labels=labels > 0, methods="permutation").quality
    p, truth = one(x)[:, 0].detach(), (labels > 0).double()
    assert found["accuracy"] == float(((p > 0.5) == (truth > 0)).double().mean())
    assert found["error"] == pytest.approx(float(nn.functional.binary_cross_entropy(p, truth)))


def test_a_network_that_wants_standardised_columns_is_found_out_by_its_error():
    x = rows(100, 3) * torch.tensor([1000.0, 0.01, 1.0]) + torch.tensor([5000.0, 0.1, 0.0])
    even = (x - x.mean(0)) / x.std(0, unbiased=False)
    labels = line(even)
    assert said(notes(line, x, labels=labels), "it was trained on standardised columns")
    mean, size = x.mean(0), x.std(0, unbiased=False)
    inside = notes(lambda z: line((z - mean) / size), x, labels=labels)
    assert not said(inside, "standardised columns")


class Scaled(nn.Module):
    """A network behind a scaler, as uploads are that were trained on standardised columns."""

    def __init__(self, mean, std):
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("std", std)

    def forward(self, x):
        return line((x - self.mean) / self.std)


def test_unequal_spreads_are_no_reproach_to_a_network_that_gets_standardised_columns():
    x = rows(100, 3) * torch.tensor([1000.0, 0.01, 1.0])
    own, unit = x.std(0, unbiased=False), torch.ones(3)
    given = notes(Scaled(x.mean(0), own), x)
    assert said(given, "The network gets them standardised") and not said(given, "was not given")
    # One scale for all, as of a network that was given no scaler, evens nothing out.
    for scale in (unit, unit[:1]):
        assert said(notes(Scaled(0 * scale, scale), x), "was not given standardised features")


def test_quality_of_all_outputs_together():
    model, x = network("ten outputs")
    truth = rows(40, 10, seed=8)
    found = explain_dataset(model, x, labels=truth, methods="permutation").quality
    assert found["error"] == pytest.approx(float((model(x).detach() - truth).square().mean()))
