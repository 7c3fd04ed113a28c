"""Perceptrons from their weights alone: activations, names, orders and normalisations."""

import io
from collections import OrderedDict

import pytest
import torch
from chains import Named, linears, noise, same, trained
from safetensors.torch import save
from torch import nn

from explainers import Problem
from explainers.models.formats.inferred import build_chain, describe
from explainers.models.formats.state_dict import read_state_dict

ACTIVATIONS = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "sigmoid": nn.Sigmoid,
    "gelu": nn.GELU,
    "elu": nn.ELU,
    "leaky relu": nn.LeakyReLU,
    "silu": nn.SiLU,
    "softplus": nn.Softplus,
    "none": nn.Identity,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_plain_perceptron_with_each_activation(name):
    one, two, three = linears(5, 7, 6, 3)
    active = ACTIVATIONS[name]
    network = trained(nn.Sequential(one, active(), two, active(), three))
    assert same(network, noise(4, 5), {"activation": name})
    found = describe(network.state_dict())
    assert (found.kind, found.shape, found.outputs) == ("table", (5,), 3)
    assert {question.name for question in found.questions} == {"activation", "ending"}
    assert name == "relu" or not same(network, noise(4, 5))


@pytest.mark.parametrize(
    "names",
    [
        ("fc1", "fc2", "fc3"),
        ("entry", "middle", "away"),
        ("z", "y", "x"),
        ("layers_9", "layers_10", "layers_11"),
    ],
)
def test_names_do_not_matter_as_long_as_torch_wrote_the_order(names):
    def run(net, values):
        first, second, third = (net.get_submodule(name) for name in names)
        return third(second(first(values).relu()).tanh())

    network = trained(Named(run, **dict(zip(names, linears(4, 4, 4, 4), strict=True))))
    assert same(network, noise(3, 4), {"activation": "relu, tanh"})


def test_a_file_that_is_sorted_by_name_is_put_in_order_by_numbers_and_shapes():
    layers = [layer for index in range(12) for layer in (nn.Linear(4, 4), nn.Tanh())]
    network = trained(nn.Sequential(*layers, nn.Linear(4, 2)))
    state = read_state_dict(save(network.state_dict()), ".safetensors")
    assert list(state) == sorted(network.state_dict()), "else it were an order of chance"
    ours = build_chain(describe(state), state, {"activation": "tanh"})
    assert torch.equal(ours(noise(3, 4)), network(noise(3, 4)))
    body = nn.Sequential(OrderedDict(b1=nn.Linear(4, 4), b2=nn.Linear(4, 4)))
    network = trained(Named(lambda n, v: n.ahead(n.body(v)), body=body, ahead=nn.Linear(4, 3)))
    state = dict(sorted(network.state_dict().items()))
    assert torch.allclose(
        build_chain(describe(state), state, {"activation": "none"})(noise(3, 4)),
        network(noise(3, 4)),
        atol=1e-6,
    )


def test_normalisations_registered_apart_go_to_the_layer_of_their_number():
    def run(net, x):
        x = net.bn1(net.conv1(x)).relu()
        x = net.bn2(net.conv2(x)).relu()
        return net.fc(x.mean((2, 3)))

    network = Named(
        run,
        conv1=nn.Conv2d(3, 8, 3, padding=1),
        conv2=nn.Conv2d(8, 8, 3, padding=1),
        bn1=nn.BatchNorm2d(8),
        bn2=nn.BatchNorm2d(8),
        fc=nn.Linear(8, 4),
    )
    network = trained(network)
    assert same(network, noise(2, 3, 12, 12), {"pooling": "none"})


def test_an_order_that_cannot_be_told_is_said():
    network = trained(Named(None, blue=nn.Linear(4, 4), green=nn.Linear(4, 4)))
    state = dict(sorted(network.state_dict().items()))
    with pytest.raises(
        Problem, match="fit each other in several orders, .*blue, green or green, blue"
    ):
        describe(state)
    assert describe(network.state_dict()).layers[0].name == "blue", "in torch's order it can"


@pytest.mark.parametrize("norm", [nn.BatchNorm1d, nn.LayerNorm])
@pytest.mark.parametrize("where", ["before the activation", "after the activation"])
def test_normalisations_between_linear_layers(norm, where):
    pair = [norm(6), nn.Tanh()]
    pair = pair if where.startswith("before") else pair[::-1]
    network = trained(nn.Sequential(nn.Linear(4, 6), *pair, nn.Linear(6, 2)))
    answers = {"activation": "tanh", "normalisation": where}
    assert same(network, noise(5, 4), answers)
    other = {"before the activation", "after the activation"} - {where}
    assert not same(network, noise(5, 4), {**answers, "normalisation": other.pop()})


def test_a_normalisation_of_the_input_and_activations_with_weights():
    network = nn.Sequential(
        nn.BatchNorm1d(4, affine=False),
        nn.Linear(4, 6, bias=False),
        nn.BatchNorm1d(6),
        nn.PReLU(),
        nn.Linear(6, 6),
        nn.PReLU(),
        nn.Linear(6, 1),
        nn.Sigmoid(),
    )
    network = trained(network)
    assert same(network, noise(5, 4), {"ending": "sigmoid"})
    found = describe(network.state_dict())
    assert [question.name for question in found.questions] == ["normalisation", "ending"]
    assert found.questions[-1].choices == ("none", "sigmoid"), "softmax of one number is 1"


def test_half_precision_weights_are_taken():
    network = trained(nn.Sequential(nn.Linear(4, 3)))
    buffer = io.BytesIO()
    torch.save({k: v.bfloat16() for k, v in network.state_dict().items()}, buffer)
    state = read_state_dict(buffer.getvalue(), ".pt")
    ours = build_chain(describe(state), state)
    assert ours(noise(2, 4)).dtype == torch.float32
    assert torch.allclose(ours(noise(2, 4)), network.bfloat16().float()(noise(2, 4)), atol=1e-6)
