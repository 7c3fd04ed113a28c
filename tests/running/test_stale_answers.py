"""A cache that is given again answers for the model as it is now."""

import copy

import numpy as np
import pytest
import torch
from nets import smooth
from torch import nn

from explainers import explain
from explainers.output_cache import OutputCache

X = torch.rand(2, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def trained(net):
    optimiser = torch.optim.SGD(net.parameters(), 0.5)
    net(X).sum().backward()
    optimiser.step()


def loaded(net):
    net.load_state_dict(smooth(seed=9).state_dict())


def by_data(net):
    net[0].weight.data[0, 0] += 0.5


def swapped(net):
    net[0].weight.data[:] = net[0].weight.data.flip(0)


def data_replaced(net):
    net[2].bias.data = net[2].bias.data + 1


def another_layer(net):
    torch.manual_seed(7)
    net[2] = nn.Linear(16, 16).double()


def no_grad(net):
    with torch.no_grad():
        net[4].weight[1, 1] += 0.25


def buffer(net):
    net[1].scale.data.mul_(3)


def attribute(net):
    net[1].power = 3.0


def in_a_dictionary(net):
    net[1].settings["powers"][0] = 3.0


def hooked(net):
    net[0].register_forward_hook(lambda module, given, made: 2 * made)


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("scale", torch.ones(16, dtype=torch.float64))
        self.power = 1.0
        self.settings = {"powers": [1.0]}

    def forward(self, x):
        return torch.tanh(x) ** (self.power * self.settings["powers"][0]) * self.scale


def network():
    net = smooth()
    net[1] = Scaled()
    return net


CHANGES = [trained, loaded, by_data, swapped, data_replaced, another_layer, no_grad, buffer]


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("change", [*CHANGES, attribute, in_a_dictionary, hooked])
def test_after_the_weights_changed_answers_are_new(change, wrapped):
    net, cache = network(), OutputCache()
    if change is loaded:
        net = smooth()
    model = (lambda x: net(x)) if wrapped else net
    for _ in range(2):
        explain(model, X, "gradient_x_input", target=1, cache=cache)
    change(net)
    answer = explain(model, X, "gradient_x_input", target=1, cache=cache)
    right = explain(copy.deepcopy(net), X, "gradient_x_input", target=1)
    assert torch.equal(answer.output, right.output)
    assert torch.equal(answer.scores, right.scores)
    assert torch.equal(answer.baseline_output, right.baseline_output)


def test_a_closures_own_numbers_and_arrays_count():
    weights, factor = np.ones(5), 1.0

    def model(x):
        return (x * torch.from_numpy(weights)).sum(1) * factor

    cache = OutputCache()
    explain(model, X, "occlusion", cache=cache)
    weights[2] = 4
    assert torch.equal(explain(model, X, "occlusion", cache=cache).output, model(X))
    factor = 2.0
    assert torch.equal(explain(model, X, "occlusion", cache=cache).output, model(X))


def test_another_model_gets_no_answers_of_the_first():
    cache = OutputCache()
    for seed in range(3):
        net = smooth(seed=seed)
        assert torch.equal(explain(net, X, "saliency", cache=cache).output, net(X).amax(1))


def test_an_unchanged_model_is_still_asked_once():
    net, cache = network(), OutputCache()
    explain(net, X, "saliency", cache=cache)
    assert explain(net, X, "gradient_x_input", cache=cache).passes <= 1
