"""A model is left exactly as it was found, whatever it writes on itself as it runs."""

from collections import deque

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explainers import ModelProblem, explain


class Writer(nn.Module):
    """Answers 2·a − b, and writes on itself in a way of its own."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(2))
        self.register_buffer("later", None)
        self.weight = nn.Parameter(torch.tensor([2.0, -1.0]))
        self.plain = torch.zeros(2)
        self.cache: object = None
        self.count = 0
        self.history: list[torch.Tensor] = []
        self.recent = deque([0.0], maxlen=3)
        self.table = {"n": 1}
        self.array = np.zeros(2)

    def forward(self, x):
        self.write(x.detach())
        return x @ self.weight


class BufferInPlace(Writer):
    def write(self, x):
        self.seen += x.sum(0)


class BufferReplaced(Writer):
    def write(self, x):
        self.seen = self.seen + x.sum(0)
        self.later = x


class RunningStatistics(Writer):
    def write(self, x):
        F.batch_norm(torch.cat([x, x + 1]), self.seen, self.plain, training=True)


class Attributes(Writer):
    def write(self, x):
        self.plain.add_(1)
        self.cache, self.new, self.count = x, x.sum(), self.count + 1
        self.array += 1


class Containers(Writer):
    def write(self, x):
        self.history.append(x)
        self.recent.append(len(x))
        self.table["n"] += 1
        self.table["x"] = x


class WeightInPlace(Writer):
    def write(self, x):
        with torch.no_grad():
            self.weight.mul_(1.5)


class WeightByData(Writer):
    def write(self, x):
        self.weight.data = self.weight.data * 1.5


class Resized(Writer):
    def write(self, x):
        self.plain.resize_(5).fill_(1)


WRITERS = [
    BufferInPlace,
    BufferReplaced,
    RunningStatistics,
    Attributes,
    Containers,
    WeightInPlace,
    WeightByData,
    Resized,
]


def everything(value: object) -> object:
    """All that a module holds, as plain data."""
    if isinstance(value, nn.Module):
        names = {name: part for name, part in vars(value).items() if "hooks" not in name}
        return everything(names)
    if isinstance(value, dict):
        return {key: everything(part) for key, part in value.items()}
    if isinstance(value, (list, tuple, deque)):
        return type(value).__name__, [everything(part) for part in value]
    if isinstance(value, (torch.Tensor, np.ndarray)):
        return type(value).__name__, value.shape, str(value.dtype), value.tolist()
    return value


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize("method", ["saliency", "occlusion", "deeplift"])
@pytest.mark.parametrize("kind", WRITERS)
def test_all_that_a_module_holds_is_as_before(kind, method, wrapped):
    net = kind()
    before = everything(net)
    objects = {name: id(part) for name, part in (*net.named_buffers(), *net.named_parameters())}
    answer = explain((lambda x: net(x)) if wrapped else net, torch.tensor([[1.0, 3.0]]), method)
    assert everything(net) == before
    after = {name: id(part) for name, part in (*net.named_buffers(), *net.named_parameters())}
    assert after == objects, "the very same tensors, which an optimiser may hold"
    scale = 1.5 if kind in (WeightInPlace, WeightByData) else 1.0  # written before it is used
    right = torch.tensor([2.0, 1.0] if method == "saliency" else [2.0, -3.0])
    assert torch.equal(answer.scores, scale * right[None])


@pytest.mark.parametrize("kind", WRITERS)
def test_also_when_the_model_raises(kind):
    class Raises(kind):
        def forward(self, x):
            super().forward(x)
            raise RuntimeError("at the end")

    net = Raises()
    before = everything(net)
    with pytest.raises(ModelProblem, match="at the end"):
        explain(net, torch.ones(1, 2), "saliency")
    assert everything(net) == before


def test_tensors_of_a_closure_are_put_back():
    state, array = torch.zeros(2), np.zeros(2)

    def model(x):
        state.add_(x.detach().sum(0))
        array[:] += 1
        return x.sum(1)

    explain(model, torch.ones(2, 2), "saliency")
    assert state.tolist() == [0, 0] and array.tolist() == [0, 0]


def test_a_model_that_goes_on_from_its_last_call_starts_where_it_was_found():
    """A recurrent cell that keeps its state: every point is asked from the state that was found."""

    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.h = torch.tensor([1.0])

        def forward(self, x):
            self.h = self.h.detach() * 0.5 + x.sum(1)
            return self.h

    answer = explain(Recurrent(), torch.tensor([[1.0, 2.0]]), "occlusion", window=1, stride=1)
    assert answer.scores.tolist() == [[1.0, 2.0]] and answer.output.tolist() == [3.5]
    assert not answer.notes


def test_what_python_objects_a_callable_collects_stays_collected():
    """A list that the caller's own function fills is the caller's business."""
    calls = []

    def model(x):
        calls.append(len(x))
        return x.sum(1)

    explain(model, torch.ones(1, 2), "saliency")
    assert calls


def test_weights_too_large_to_keep_twice_are_refused_when_they_are_written(monkeypatch):
    monkeypatch.setattr("explainers.running.state.MOST_WEIGHTS", 1)
    with pytest.raises(ModelProblem, match="changes its own weights"):
        explain(WeightInPlace(), torch.ones(1, 2), "saliency")
