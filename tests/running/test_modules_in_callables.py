"""A module around which there is a callable is in evaluation mode too, and left as it was found."""

import copy
import functools
import sys
import threading
from dataclasses import dataclass
from types import ModuleType

import pytest
import torch
from torch import nn

from explainers import explain

GLOBAL: dict[str, nn.Module] = {}
HIDDEN = threading.local()


class Holder:
    __slots__ = ("net",)

    def __init__(self, net):
        self.net = net

    def __call__(self, x):
        return self.net(x)

    def method(self, x):
        return self.net(x)


@dataclass
class Parts:
    first: nn.Module
    rest: list[nn.Module]

    def __call__(self, x):
        for module in (self.first, *self.rest):
            x = module(x)
        return x


class Unregistered(nn.Module):
    """A module whose inner one hides in a plain list, where train() and eval() do not reach."""

    def __init__(self, net):
        super().__init__()
        self.inner = [net]

    def forward(self, x):
        return self.inner[0](x)


def by_global(x):
    return GLOBAL["net"](x)


def by_helper(x):
    return by_global(x)


def by_thread(x):
    return HIDDEN.net(x)


def run(net, x):
    return net(x)


def decorated(net):
    @functools.wraps(by_global)
    def outer(x):
        return inner(x)

    def inner(x):
        return (lambda y: net(y))(x)

    return outer


def in_another_file(net):
    other = ModuleType("another_file")
    other.net = net
    sys.modules["another_file"] = other
    scope = {"another_file": other}
    exec("def f(x):\n    return another_file.net(x)", scope)
    return scope["f"]


CALLABLES = {
    "closure": lambda net: lambda x: net(x),
    "indexed": lambda net: lambda x: (net(x),)[0],
    "nested": decorated,
    "cached": lambda net: functools.lru_cache(decorated(net)),
    "partial": lambda net: functools.partial(run, net),
    "keywords": lambda net: functools.partial(lambda x, net: net(x), net=net),
    "default": lambda net: lambda x, net=net: net(x),
    "bound": lambda net: net.forward,
    "method": lambda net: Holder(net).method,
    "slots": Holder,
    "container": lambda net: (lambda nets: lambda x: nets["a"][0](x))({"a": (net,)}),
    "dataclass": lambda net: Parts(net[0], list(net[1:])),
    "unregistered": Unregistered,
    "global": lambda net: by_global,
    "helper": lambda net: by_helper,
    "another file": in_another_file,
    "out of sight": lambda net: by_thread,
}


def network() -> nn.Sequential:
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2)
    )
    net[1].running_mean.normal_()
    return net.train()


@pytest.mark.parametrize("way", CALLABLES)
@pytest.mark.parametrize("method", ["gradient_x_input", "occlusion", "integrated_gradients"])
def test_scores_are_those_of_the_module_in_evaluation_mode(way, method):
    net = network()
    GLOBAL["net"] = HIDDEN.net = net
    x = torch.rand(3, 4, generator=torch.Generator().manual_seed(1))
    expected = explain(copy.deepcopy(net).eval(), x, method, target=0).scores
    before = copy.deepcopy(net.state_dict())
    answer = explain(CALLABLES[way](net), x, method, target=0)
    torch.testing.assert_close(answer.scores, expected)
    assert all(module.training for module in net.modules())
    assert all(parameter.requires_grad for parameter in net.parameters())
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
    assert not answer.notes


def test_other_threads_train_undisturbed():
    net, modes = network(), []

    def train():
        dropout = nn.Dropout()
        dropout(torch.ones(1, 1))
        modes.append(dropout.training)

    def meanwhile(x):
        thread = threading.Thread(target=train)
        thread.start()
        thread.join()
        return net(x)

    explain(meanwhile, torch.rand(1, 4), "saliency", target=0)
    assert modes and all(modes)


def test_hooks_on_all_modules_are_removed():
    from torch.nn.modules import module

    before = len(module._global_forward_pre_hooks)
    with pytest.raises(ValueError):
        explain(lambda x: (_ for _ in ()).throw(RuntimeError("no")), torch.rand(1, 4))
    assert len(module._global_forward_pre_hooks) == before
