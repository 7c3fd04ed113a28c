"""The Jacobian of all outputs at once: the same numbers as one backward pass an output."""

import pytest
import torch
from torch import nn

from explainers import jacobian
from explainers.running import jacobians

F64 = torch.float64


def seeded(build):
    torch.manual_seed(3)
    return build().double()


class Recurrent(nn.Module):
    """Outputs at every step: (N, T, 2)."""

    def __init__(self, kind=nn.LSTM):
        super().__init__()
        self.layer, self.head = kind(3, 4, batch_first=True), nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.layer(x)[0])


class Branching(nn.Module):
    """Python asks for the values; nothing may be vectorised over them."""

    def forward(self, x):
        rows = [row.sin() if float(row[0]) > 0 else row**3 for row in x]
        return torch.stack([rows[i] * x[i].sum() for i in range(len(x))])


class StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, slope):
        return slope


def narrow():
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 40))


def wide():
    return nn.Sequential(nn.Linear(12, 8), nn.GELU(), nn.Linear(8, 3))


MODELS = {
    "few inputs, many outputs": (narrow, (2,)),
    "many inputs, few outputs": (wide, (12,)),
    "relu and layer norm": (
        lambda: nn.Sequential(nn.Linear(5, 9), nn.ReLU(), nn.LayerNorm(9), nn.Linear(9, 7)),
        (5,),
    ),
    "convolutions": (
        lambda: nn.Sequential(
            nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(27, 4)
        ).eval(),
        (1, 5, 5),
    ),
    "an LSTM": (Recurrent, (4, 3)),
    "a GRU": (lambda: Recurrent(nn.GRU), (4, 3)),
    "attention": (
        lambda: nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, dropout=0.0).eval(),
        (3, 4),
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_it_equals_torch_autograd_functional(name):
    build, shape = MODELS[name]
    net = seeded(build)
    x = torch.randn(5, *shape, dtype=F64, generator=torch.Generator().manual_seed(1))
    right = torch.stack([torch.autograd.functional.jacobian(net, row[None])[0] for row in x])
    right = right.squeeze(right.ndim - 1 - len(shape))
    found = jacobian(net, x)
    assert found.shape == right.shape
    torch.testing.assert_close(found, right, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "model, right",
    [
        (lambda x: torch.stack([StraightThrough.apply(x[:, 0]), 2 * x[:, 1]], 1), [[1, 0], [0, 2]]),
        (lambda x: torch.stack([x[:, 0].detach() * x[:, 1], x[:, 0]], 1), [[0, 0.7], [1, 0]]),
        (lambda x: x[:, :1].expand(-1, 5).cumsum(1), [[i + 1.0, 0] for i in range(5)]),
        (lambda x: torch.stack([x[:, 0].detach().numpy().size * x[:, 1]] * 2, 1), [[0, 1], [0, 1]]),
    ],
)
def test_what_vmap_cannot_or_would_treat_otherwise(model, right):
    x = torch.tensor([[0.7, -1.2]], dtype=F64)
    torch.testing.assert_close(jacobian(model, x)[0], torch.tensor(right, dtype=F64))


def test_values_that_python_asks_for():
    x = torch.tensor([[0.5, 2.0], [-1.0, 3.0]], dtype=F64)
    right = torch.stack(
        [torch.autograd.functional.jacobian(Branching(), r[None])[0, :, 0] for r in x]
    )
    torch.testing.assert_close(jacobian(Branching(), x), right, rtol=0, atol=1e-12)


def test_backward_hooks_count_in_forward_mode_too():
    """A hook that doubles slopes is part of the way back, which forward mode does not take."""
    net = seeded(narrow)
    x = torch.randn(3, 2, dtype=F64)
    plain = jacobian(net, x)
    handle = net[1].register_full_backward_hook(lambda module, into, out: (2 * into[0],))
    torch.testing.assert_close(jacobian(net, x), 2 * plain)
    handle.remove()


@pytest.mark.parametrize("place", range(5))
def test_one_output_whose_slopes_differ_is_enough(place):
    """A hook that forward mode does not take, on the way to one output of five."""
    net = nn.Identity()
    net.register_full_backward_hook(lambda module, into, out: (3 * into[0],))
    signs = torch.tensor([1.0, -1, 2, -2, 1e-3], dtype=F64)

    def model(x):
        parts = [signs[i] * (net(x) if i == place else x).prod(1) for i in range(5)]
        return torch.stack(parts, 1)

    right = signs[:, None] * torch.tensor([3.0, 2.0], dtype=F64)
    right[place] *= 3
    found = jacobian(model, torch.tensor([[2.0, 3.0]], dtype=F64))[0]
    torch.testing.assert_close(found, right)


def test_slopes_that_are_not_finite_are_found_again_one_by_one():
    x = torch.tensor([[0.0, 4.0]], dtype=F64)
    found = jacobian(lambda x: torch.cat([x.sqrt(), x, x], 1), x)[0]
    right = torch.tensor([[0, 0], [0, 0.25], [1, 0], [0, 1], [1, 0], [0, 1]], dtype=F64)
    torch.testing.assert_close(found, right)


@pytest.mark.parametrize("build, shape", [(narrow, (2,)), (wide, (12,))])
def test_the_model_runs_forward_once_and_is_left_as_it_was(build, shape):
    net, calls = seeded(build).train(), []
    net.register_forward_hook(lambda module, given, output: calls.append(len(given[0])))
    x = torch.randn(64, *shape, dtype=F64)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    first = jacobian(net, x, batch_size=64)
    assert calls.count(64) <= 3, "the outputs, their shape's own row apart, and the slopes"
    assert net.training and all(p.grad is None and p.requires_grad for p in net.parameters())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    torch.testing.assert_close(jacobian(net, x, batch_size=7), first)


def test_parts_that_fit_memory_are_the_whole(monkeypatch):
    x = torch.randn(6, 12, dtype=F64)
    net = seeded(wide)
    right = jacobian(net, x)
    monkeypatch.setattr(jacobians, "_VALUES_AT_ONCE", 1)
    torch.testing.assert_close(jacobian(net, x), right)
    few = torch.randn(6, 2, dtype=F64)
    monkeypatch.undo()
    right = jacobian(seeded(narrow), few)
    monkeypatch.setattr(jacobians, "_VALUES_AT_ONCE", 1)
    torch.testing.assert_close(jacobian(seeded(narrow), few), right)


def test_of_a_model_that_draws_all_outputs_are_of_one_draw_and_that_is_said():
    """Each input is dropped or doubled for all outputs alike; on average the slopes are w."""
    weights = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])

    def model(x):
        return torch.nn.functional.dropout(x, 0.5, training=True) @ weights.T

    x = torch.ones(1, 3)
    with pytest.warns(UserWarning, match="random numbers"):
        found = jacobian(model, x, seed=3)[0]
    ratio = found / weights
    assert torch.equal(ratio[0], ratio[1]) and set(ratio.flatten().tolist()) <= {0.0, 2.0}
    with pytest.warns(UserWarning, match="random numbers"):
        again, mean = jacobian(model, x, seed=3)[0], jacobian(model, x, repeats=200)[0]
    assert torch.equal(again, found)
    torch.testing.assert_close(mean, weights, rtol=0.3, atol=0)


def test_codes_without_a_slope_are_said():
    table = torch.arange(5.0)
    with pytest.warns(UserWarning, match="whole numbers"):
        jacobian(lambda x: table[x[:, 0].long()] + x[:, 1], torch.tensor([[3.0, 1.0]]))
