"""Slopes of and to hidden units, and the loss's by the first weights: against autograd by hand."""

import pytest
import torch
from small_networks import mlp, network, rows
from torch import nn

from explainers import Problem, explain_dataset


def asked(model, x, **arguments):
    output = arguments.pop("output", 0)
    table = explain_dataset(
        model,
        x,
        methods="jacobian",
        output=output,
        options={"jacobian": {"units": True}},
        **arguments,
    )
    return table.details["jacobian"]["units"], table


def by_hand(front, back, x):
    """∂f/∂unit (N, units) and ∂unit/∂x (N, units, inputs), row by row."""
    unit = front(x).detach()
    of = [torch.autograd.functional.jacobian(lambda u: back(u[None])[0], u) for u in unit]
    by = [torch.autograd.functional.jacobian(lambda r: front(r[None])[0], row) for row in x]
    return torch.stack(of), torch.stack(by), unit


ACTIVATIONS = {
    "tanh": nn.Tanh(),
    "relu": nn.ReLU(),
    "in place": nn.ReLU(inplace=True),
    "gelu": nn.GELU(),
    "leaky": nn.LeakyReLU(0.3),
    "sigmoid": nn.Sigmoid(),
    "softplus": nn.Softplus(),
    "silu": nn.SiLU(),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_hidden_layer(name):
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(3, 5), ACTIVATIONS[name], nn.Linear(5, 4), ACTIVATIONS[name], nn.Linear(4, 2)
    ).double()
    x = rows(40, 3)
    found, _ = asked(net, x, output=1)
    assert list(found) == ["layer 1", "layer 2"]
    for number, cut in ((1, 2), (2, 4)):
        of, by, unit = by_hand(net[:cut], lambda u, cut=cut: net[cut:](u)[:, 1], x)
        layer = found[f"layer {number}"]
        for key, value in (
            ("mean", of.mean(0)),
            ("mean_abs", of.abs().mean(0)),
            ("rms", of.square().mean(0).sqrt()),
            ("sd", of.std(0, unbiased=False)),
            ("scaled", of.square().mean(0).sqrt() * unit.std(0, unbiased=False)),
            ("by_feature_mean", by.mean(0)),
            ("by_feature_mean_abs", by.abs().mean(0)),
            ("by_feature_rms", by.square().mean(0).sqrt()),
        ):
            torch.testing.assert_close(layer[key], value, rtol=0, atol=1e-10, msg=key)


@pytest.mark.parametrize("classes", [False, True])
def test_the_loss_by_the_first_weights(classes):
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 3 if classes else 1)).double()
    x = rows(50, 3)
    labels = torch.arange(50) % 3 if classes else rows(50, seed=4)
    if classes:
        loss = nn.functional.cross_entropy(net(x), labels)
    else:
        loss = nn.functional.mse_loss(net(x)[:, 0], labels)
    weights, bias = torch.autograd.grad(loss, [net[0].weight, net[0].bias])
    found, table = asked(net, x, labels=labels)
    layer = found["layer 1"]
    torch.testing.assert_close(layer["loss_by_weights"], weights, rtol=0, atol=1e-10)
    torch.testing.assert_close(layer["loss_by_bias"], bias, rtol=0, atol=1e-10)
    assert "loss_by_weights" not in asked(net, x)[0]["layer 1"]
    assert net[0].weight.grad is None and not table.details["jacobian"]["loss_mean"].requires_grad


def test_weights_as_they_act_on_inputs_that_the_network_scales():
    torch.manual_seed(1)
    first, last = nn.Linear(2, 4).double(), nn.Linear(4, 1).double()
    size, centre = torch.tensor([100.0, 0.1]).double(), torch.tensor([7.0, 1.0]).double()
    x, labels = rows(40, 2) * size + centre, rows(40, seed=4)
    weights = (first.weight / size).detach().requires_grad_()
    loss = nn.functional.mse_loss(
        last(torch.tanh((x - centre) @ weights.T + first.bias))[:, 0], labels
    )
    # x enters as it is; what is taken off it belongs to the bias, which moves with the weights.
    (back,) = torch.autograd.grad(loss, weights)
    found, _ = asked(lambda z: last(torch.tanh(first((z - centre) / size))), x, labels=labels)
    layer = found["layer 1"]
    torch.testing.assert_close(
        layer["loss_by_weights"] - layer["loss_by_bias"][:, None] * centre, back
    )


def test_by_the_chain_rule_the_units_carry_all_slopes():
    """Of a network without skips; rows more than one batch; a group of columns."""
    model = mlp(4).double()
    x = rows(2100, 4)
    found, table = asked(model, x, groups=[[1, 2]])
    weights = model[2].weight[0].detach()
    torch.testing.assert_close(found["layer 1"]["mean"], weights)
    carried = weights @ found["layer 1"]["by_feature_mean"]
    torch.testing.assert_close(carried, table.details["jacobian"]["mean"])


def test_skips_and_ten_layers():
    model, x = network("skip")
    found, _ = asked(model, x)
    torch.testing.assert_close(found["layer 1"]["mean"], model.last.weight[0, 3:].detach())
    model, x = network("ten layers")
    found, _ = asked(model, x, output=9)
    assert list(found) == [f"layer {number}" for number in range(1, 11)]
    of, by, _ = by_hand(model[:8], lambda u: model[8:](u)[:, 9], x)
    torch.testing.assert_close(found["layer 4"]["rms"], of.square().mean(0).sqrt())
    torch.testing.assert_close(found["layer 4"]["by_feature_mean"], by.mean(0))


def test_dead_units_have_no_slope_by_the_inputs():
    found, _ = asked(*network("dead units"))
    layer = found["layer 1"]
    assert layer["by_feature_rms"][0].tolist() == [0, 0, 0] and layer["values_sd"][0] == 0
    assert layer["rms"][1] == 0 and layer["scaled"][:2].tolist() == [0, 0]


def test_written_as_functions_and_in_training_mode():
    torch.manual_seed(0)
    first, last = nn.Linear(3, 5).double(), nn.Linear(5, 1).double()

    def model(x):
        z = first(x)
        return last(z * torch.sigmoid(1.7 * z))

    x = rows(40, 3)
    of, by, _ = by_hand(
        lambda x: first(x) * torch.sigmoid(1.7 * first(x)), lambda u: last(u)[:, 0], x
    )
    found, _ = asked(model, x, labels=rows(40, seed=3))
    torch.testing.assert_close(found["layer 1"]["by_feature_mean"], by.mean(0))
    torch.testing.assert_close(found["layer 1"]["mean"], of.mean(0))
    loss = nn.functional.mse_loss(model(x)[:, 0], rows(40, seed=3))
    (weights,) = torch.autograd.grad(loss, first.weight)
    torch.testing.assert_close(found["layer 1"]["loss_by_weights"], weights)
    mixed = nn.Sequential(
        nn.Linear(3, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(), nn.Linear(6, 1)
    )
    mixed = mixed.double().train()
    found, _ = asked(mixed, x)
    torch.testing.assert_close(found["layer 1"]["mean"], mixed[4].weight[0].detach())
    assert mixed.training and not any(part.grad is not None for part in mixed.parameters())


def test_by_default_where_it_takes_a_moment_and_only_for_dense_networks():
    for name, there in (("mlp", True), ("recurrent", False), ("convolution", False)):
        table = explain_dataset(*network(name), output=0, methods="jacobian")
        assert ("units" in table.details["jacobian"]) is there, name
    with pytest.raises(Problem, match="weights cannot be read"):
        asked(*network("recurrent"))
    line = explain_dataset(nn.Linear(3, 1).double(), rows(40, 3), methods="jacobian")
    assert "units" not in line.details["jacobian"]
