"""The dense layers of a network are found by running it, whatever code they are written in."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explainers.errors import Problem
from explainers.importance.dense import find_dense
from explainers.importance.dense.diagram import diagram
from explainers.importance.dense.units import unit_warnings


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def plain(*widths: int, activation: type[nn.Module] = nn.Tanh) -> nn.Sequential:
    torch.manual_seed(0)
    layers: list[nn.Module] = []
    for width, following in zip(widths, widths[1:], strict=False):
        layers += [nn.Linear(width, following), activation()]
    return nn.Sequential(*layers[:-1]).eval()


NET = plain(4, 5, 3, 2)
W, V = rows(3, 4), rows(3)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(8, 2)

    def forward(self, x):
        h = F.gelu(self.a(x)) + x
        h = torch.relu_(self.b(h * torch.sigmoid(h)))
        return self.c(torch.cat([h, x], 1))


def in_buffer(x):
    columns = torch.zeros(len(x), 4)
    for place in range(4):
        columns[:, place] = (x[:, place] - place) / 2
    return NET(columns)


def checked(x):
    if torch.isnan(x).any():
        raise ValueError
    return NET(x)


WRITTEN = {
    "module": (NET, [5, 3, 2]),
    "function, one output": (lambda x: NET(x)[:, 0], [5, 3, 1]),
    "softmax": (lambda x: NET(x).log_softmax(1), [5, 3, 2]),
    "a softmax's class": (lambda x: NET(x).softmax(1)[:, 1], [5, 3, 1]),
    "transposed": (lambda x: V @ torch.tanh(W @ x.T), [3, 1]),
    "einsum": (
        lambda x: torch.einsum("nh,h->n", torch.einsum("hp,np->nh", W, x).relu(), V),
        [3, 1],
    ),
    "in place": (lambda x: (x @ W.T).mul_(2).relu_().mul_(3).add_(1) @ V, [3, 1]),
    "leaky by hand": (lambda x: (lambda z: torch.where(z > 0, z, 0.1 * z) @ V)(x @ W.T), [3, 1]),
    "swish by hand": (lambda x: (lambda z: z * torch.sigmoid(z) @ V)(x @ W.T), [3, 1]),
    "gelu by hand": (lambda x: (lambda z: 0.5 * z * (1 + (z / 2**0.5).erf()) @ V)(x @ W.T), [3, 1]),
    "column by column": (in_buffer, [5, 3, 2]),
    "with a check": (checked, [5, 3, 2]),
    "residual": (Residual().eval(), [4, 4, 4, 2]),
    "nothing hidden": (nn.Linear(4, 2), [2]),
    "bfloat16": (copy.deepcopy(NET).bfloat16(), [5, 3, 2]),
}


@pytest.mark.parametrize("name", WRITTEN)
@torch.no_grad()
def test_layers_are_found_however_they_are_written(name):
    model, widths = WRITTEN[name]
    x = rows(20, 4).to(torch.bfloat16 if name == "bfloat16" else torch.float32)
    network = find_dense(model, x)
    assert [layer.width for layer in network.layers] == widths
    values = {0: x.double()}
    for place, layer in enumerate(network.hidden):
        torch.testing.assert_close(network.sums(values, place), layer.entering)
        values[place + 1] = layer.values
    if name not in ("softmax", "a softmax's class", "bfloat16"):
        outputs = network.sums(values, len(network.layers) - 1)
        torch.testing.assert_close(
            outputs.squeeze(1), model(x).double().squeeze(), rtol=1e-5, atol=1e-6
        )


_NAMES = """
    ReLU ELU SELU CELU GELU SiLU Mish Softplus Softsign Hardswish Hardsigmoid Hardtanh LogSigmoid
    PReLU RReLU ReLU6 Tanhshrink Softshrink Hardshrink Sigmoid Tanh
"""


@pytest.mark.parametrize("kind", _NAMES.split())
@torch.no_grad()
def test_every_activation_is_one_layer(kind):
    net = plain(4, 3, 1, activation=getattr(nn, kind))
    network = find_dense(net, rows(20, 4))
    assert torch.equal(network.layers[0].weights[0], net[0].weight.T.double())
    assert torch.equal(network.layers[1].weights[1], net[2].weight.T.double())
    assert network.layers[0].falls < 0.25


@torch.no_grad()
def test_normalisation_becomes_a_part_of_the_weights():
    torch.manual_seed(0)
    norm, first, second = nn.BatchNorm1d(4), nn.Linear(4, 5), nn.BatchNorm1d(5)
    net = nn.Sequential(norm, first, second, nn.ReLU(), nn.Dropout(), nn.Linear(5, 1))
    net(rows(100, 4) * torch.tensor([1.0, 10, 100, 0.1]) + 5)
    net.eval()
    network = find_dense(net, rows(20, 4))
    before = norm.weight / (norm.running_var + norm.eps).sqrt()
    after = second.weight / (second.running_var + second.eps).sqrt()
    expected = before[:, None].double() * first.weight.T.double() * after.double()
    torch.testing.assert_close(network.layers[0].weights[0], expected, rtol=1e-6, atol=0)
    assert network.standardises
    torch.testing.assert_close(network.centre, norm.running_mean.double(), rtol=1e-6, atol=1e-9)


@torch.no_grad()
def test_signs_are_those_of_a_rising_activation():
    """1/(1 + exp(w·x)) and 1 − sigmoid(w·x) fall with w·x."""
    turned = find_dense(lambda x: (1 / (1 + torch.exp(x @ W.T))) @ V, rows(20, 4))
    torch.testing.assert_close(turned.layers[0].weights[0], -W.T.double())
    last = find_dense(lambda x: 1 - NET(x).sigmoid(), rows(20, 4)).layers[-1]
    torch.testing.assert_close(last.weights[2], -NET[4].weight.T.double())
    both = find_dense(lambda x: torch.stack([1 - (p := NET(x)[:, 0].sigmoid()), p], 1), rows(20, 4))
    assert both.layers[-1].weights[3].tolist() == [[-1.0, 1.0]]


@torch.no_grad()
def test_script_and_trace_are_read_too():
    with pytest.warns(FutureWarning):
        models = [torch.jit.script(copy.deepcopy(NET)), torch.jit.trace(NET, rows(2, 4))]
    for model in models:
        network = find_dense(model, rows(20, 4))
        assert torch.equal(network.layers[0].weights[0], NET[0].weight.T.double())


class LastStep(nn.Module):
    def __init__(self, kind: type[nn.RNNBase]) -> None:
        super().__init__()
        self.cells, self.out = kind(3, 4, batch_first=True), nn.Linear(4, 1)

    def forward(self, x):
        return self.out(self.cells(x)[0][:, -1])


def unrolled(x):
    state = torch.zeros(len(x), 3)
    for step in range(x.shape[1]):
        state = torch.tanh(x[:, step] @ W[:, :3] + state @ W[:, 1:])
    return state


def trees(x):
    return torch.where(x[:, 0] > 0, torch.where(x[:, 1] > 0.3, 1.0, 2.0), 3.0)


OTHER = {
    "LSTM": (LastStep(nn.LSTM), (6, 3), "recurrent"),
    "GRU in a function": (lambda x: OTHER["GRU"][0](x), (6, 3), "recurrent"),
    "GRU": (LastStep(nn.GRU), (6, 3), "recurrent"),
    "RNN": (LastStep(nn.RNN), (6, 3), "recurrent"),
    "unrolled": (unrolled, (6, 3), "recurrent"),
    "convolution": (nn.Sequential(nn.Conv1d(6, 2, 2), nn.ReLU(), nn.Flatten()), (6, 3), "convol"),
    "tree": (trees, (4,), "trees"),
    "layer norm": (nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4)), (4,), "normalises"),
    "gates": (nn.Sequential(nn.Linear(4, 4), nn.GLU()), (4,), "glu"),
    "product": (lambda x: x[:, 0] * x[:, 1], (4,), "multiplies"),
    "attention": (
        lambda x: torch.softmax(x @ W.T, 1) @ W.flip(0).clone(),
        (4,),
        "softmax before its end",
    ),
    "NumPy": (lambda x: torch.from_numpy(x.numpy().sum(1)), (4,), "PyTorch"),
    "codes": (lambda x: F.embedding(x[:, 0].long() % 3, W), (4,), "codes"),
    "branches": (lambda x: NET(x) if bool((x.abs() < 99).all()) else NET(-x), (4,), ""),
}


@pytest.mark.parametrize("name", OTHER)
@torch.no_grad()
def test_other_networks_get_the_reason(name):
    model, shape, reason = OTHER[name]
    if isinstance(model, nn.Module):
        model.eval()
    if name == "branches":  # the branch that the rows take is the one whose weights are read
        assert torch.equal(
            find_dense(model, rows(20, 4)).layers[0].weights[0], NET[0].weight.T.double()
        )
        return
    with pytest.raises(Problem, match="cannot be read as layers") as problem:
        find_dense(model, rows(20, *shape))
    assert reason in str(problem.value)


@torch.no_grad()
def test_units_that_mislead_are_told_and_honest_ones_are_not():
    assert list(unit_warnings(find_dense(NET, rows(50, 4)))) == []
    assert list(unit_warnings(find_dense(plain(4, 8, 1, activation=nn.GELU), rows(50, 4)))) == []
    loud = copy.deepcopy(NET)
    loud[0].weight[0] *= 1000
    loud[0].weight[1], loud[0].bias[1] = 0.0, 40.0
    saturated, resting = unit_warnings(find_dense(loud, rows(50, 4)))
    assert saturated.startswith("1 of the 5 units of hidden layer 1 is saturated")
    assert resting.startswith("1 of the 5 units of hidden layer 1 says the same")
    (waves,) = unit_warnings(find_dense(lambda x: torch.cos(x @ W.T) @ V, rows(50, 4)))
    assert "rises in some places and falls" in waves


@torch.no_grad()
def test_the_diagram_holds_every_weight_with_its_sign():
    drawn = diagram(find_dense(NET, rows(9, 4)), ["a", "b", "c", "d"], ["no", "yes"])
    assert len(drawn.units) == 4 + 5 + 3 + 2 and len(drawn.connections) == 20 + 15 + 6
    ends = {
        (drawn.units[c.start].name, drawn.units[c.end].name): c.weight for c in drawn.connections
    }
    assert ends["b", "unit 1.3"] == float(NET[0].weight[2, 1])
    assert ends["unit 2.1", "yes"] == float(NET[4].weight[1, 0])
    assert max(c.share for c in drawn.connections) == 1
    with pytest.raises(Problem, match="names"):
        diagram(find_dense(NET, rows(9, 4)), ["a"])
