"""What a model keeps of earlier calls in Python's own objects is put back where answers need it.

Also what modules keep deep inside of attributes, and modules that only hooks call.
"""

from collections import Counter, OrderedDict

import pytest
import torch
from torch import nn

from explainers import explain

X = torch.tensor([[1.0, 3.0], [2.0, 5.0]])
W = torch.tensor([2.0, -1.0])
SEEN = {"n": 0}


class Kept:
    def __init__(self):
        self.n, self.total, self.list = 0, torch.zeros(2), []


def of_cell():
    n = 0

    def model(x):
        nonlocal n
        n += 1
        return x @ W * n

    return model


def of_dictionary():
    seen = {"n": [0]}

    def model(x):
        seen["n"][0] += 1
        return x @ W * seen["n"][0]

    return model


def of_list():
    seen = []

    def model(x):
        seen.append(x.detach())
        return x @ W * len(seen)

    return model


class OfObject:
    def __init__(self):
        self.kept = Kept()

    def __call__(self, x):
        self.kept.total = self.kept.total * 0.5 + x.detach().sum(0)
        self.kept.n += 1
        return x @ W * self.kept.n


class OfClass:
    calls = 0

    def __call__(self, x):
        type(self).calls += 1
        return x @ W * type(self).calls


def of_global(x):
    SEEN["n"] += 1
    return x @ W * SEEN["n"]


@pytest.mark.parametrize("method", ["gradient_x_input", "occlusion", "integrated_gradients"])
@pytest.mark.parametrize(
    "make", [of_cell, of_dictionary, of_list, OfObject, OfClass, lambda: of_global]
)
def test_each_point_is_asked_from_what_was_found(make, method):
    """Every first call answers w·x; the next ones two, three, … times that."""
    model = make()
    for _ in range(2):
        answer = explain(model, X, method)
        torch.testing.assert_close(answer.scores, X * W)
        assert answer.notes == ()
    torch.testing.assert_close(model(X), X @ W)
    SEEN["n"] = OfClass.calls = 0


class Deep(nn.Module):
    def __init__(self):
        super().__init__()
        self.kept, self.counter, self.order = Kept(), Counter(n=1), OrderedDict()
        self.inside = {"a": {"n": 0, "t": torch.zeros(2)}, "b": [1, [2, torch.zeros(1)]]}
        self.seen = []
        self.layer = nn.Identity()
        seen = self.seen
        self.layer.register_forward_hook(lambda module, given, made: seen.append(made.detach()))

    def forward(self, x):
        self.kept.n += 1
        self.kept.total += 1
        self.kept.list.append(x.detach())
        self.counter["n"] += 1
        self.order[len(self.order)] = len(x)
        self.inside["a"]["n"] += 1
        self.inside["b"][1][1].add_(1)
        self.inside["b"][1].append(3)
        self.more = nn.Identity()
        return self.more(self.layer(x)) @ W


@pytest.mark.parametrize("wrapped", [False, True])
def test_what_modules_keep_deep_inside_is_as_before(wrapped):
    net = Deep()
    inside = net.inside["b"][1]
    answer = explain((lambda x: net(x)) if wrapped else net, X, "integrated_gradients")
    torch.testing.assert_close(answer.scores, X * W)
    assert (net.kept.n, net.kept.total.tolist(), net.kept.list) == (0, [0, 0], [])
    assert net.counter == Counter(n=1) and not net.order and not net.seen
    assert net.inside["a"] == {"n": 0, "t": net.inside["a"]["t"]}
    assert net.inside["b"][1] is inside and inside[1].item() == 0 and len(inside) == 2
    assert [name for name, _ in net.named_children()] == ["layer"]


def test_modules_that_only_a_hook_calls_are_in_evaluation_mode_too():
    """An adapter that was put on a layer, as for fine-tuning."""
    net, adapter = nn.Linear(2, 1), nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.9)).train()
    net.register_forward_hook(lambda module, given, made: made + adapter(made))
    answer = explain(net, X, "gradient_x_input", target=0)
    right = X * net.weight * (1 + adapter[0].weight)
    torch.testing.assert_close(answer.scores, right.detach())
    assert answer.notes == () and adapter[1].training


def test_what_a_callable_only_collects_stays_collected():
    holder, calls = Kept(), []

    def model(x):
        holder.n += 1
        calls.append(len(x))
        return x @ W

    explain(model, X, "saliency")
    assert holder.n == len(calls) > 0
