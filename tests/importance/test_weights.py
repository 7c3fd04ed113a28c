"""Connection weights and Garson's shares, against the literature's numbers and by hand."""

import pytest
import torch
from small_networks import neural_net_tools
from torch import nn

from explainers import explain_dataset
from explainers.errors import Problem


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def asked(model, x, method, output=None, **options):
    return explain_dataset(
        model, x, methods=[method], output=output, options={method: options} if options else None
    )


@pytest.mark.parametrize(
    ("method", "options", "expected"),
    [
        ("connection_weights", {}, [-0.9287, -0.2128]),
        ("garson", {}, [0.683677, 0.316323]),
        ("garson", {"variant": "weighted"}, [0.683677, 0.316323]),
        ("garson", {"variant": "goh"}, [0.722944, 0.277056]),
    ],
)
def test_the_net_of_neural_net_tools(method, options, expected):
    table = asked(neural_net_tools(), rows(100, 2).double(), method, **options)
    torch.testing.assert_close(table.values[0], torch.tensor(expected).double(), rtol=0, atol=1e-6)
    assert torch.equal(table.low, table.values) and torch.equal(table.high, table.values)
    assert any("no interval" in note for note in table.notes)
    assert any("1 of the 2 units of hidden layer 1 is saturated" in note for note in table.notes)


def test_paths_of_deeper_nets_and_of_skips():
    torch.manual_seed(0)
    layers = [nn.Linear(3, 6), *(nn.Linear(6, 6) for _ in range(9)), nn.Linear(6, 10)]
    skip = nn.Linear(3, 10)

    def model(x):
        h = x
        for layer in layers[:-1]:
            h = torch.tanh(layer(h))
        return layers[-1](h) + skip(x)

    product = torch.eye(3).double()
    for layer in layers:
        product = product @ layer.weight.T.double()
    product += skip.weight.T.double()
    for output in (0, 9):
        table = asked(model, rows(40, 3), "connection_weights", output=output)
        torch.testing.assert_close(table.values[0], product[:, output])
    pair = asked(model, rows(40, 3), "connection_weights", output=(2, 7))
    torch.testing.assert_close(pair.values[0], product[:, 2] - product[:, 7])
    shares = asked(model, rows(40, 3), "garson", output=4).values[0]
    assert float(shares.sum()) == pytest.approx(1) and bool((shares > 0).all())


def test_garson_layer_by_layer_by_hand():
    """Two hidden layers of one unit each and a skip: every share can be written down."""
    a = nn.Linear(2, 1)
    with torch.no_grad():
        a.weight[:] = torch.tensor([[3.0, -1.0]])

    def model(x):
        first = torch.tanh(a(x))[:, 0]
        second = torch.tanh(2 * first - 2 * x[:, 1])
        return 5 * second + 5 * x[:, 0]

    # first: 3/4, 1/4; second: half first, half x1: 3/8, 5/8; output: half second, half x0.
    table = asked(model, rows(40, 2), "garson")
    torch.testing.assert_close(table.values[0], torch.tensor([11 / 16, 5 / 16]).double())


def test_dead_units_are_left_out():
    net = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1))
    with torch.no_grad():
        net[0].weight[:] = torch.tensor([[3.0, 1.0], [1.0, 1.0], [0.0, 0.0], [9.0, 1.0]])
        net[2].weight[:] = torch.tensor([[2.0, -6.0, 4.0, 0.0]])
    for variant, expected in (("weighted", [0.5625, 0.4375]), ("goh", [0.625, 0.375])):
        table = asked(net, rows(40, 2), "garson", variant=variant)
        torch.testing.assert_close(table.values[0], torch.tensor(expected).double())
        assert table.details["garson"]["dead"] == 2
        assert any("2 hidden units have no weight" in note for note in table.notes)
    torch.testing.assert_close(
        asked(net, rows(40, 2), "connection_weights").values[0], torch.tensor([0.0, -4.0]).double()
    )


def test_one_unit_constant_columns_and_nothing_at_all():
    net = nn.Sequential(nn.Linear(3, 1), nn.ReLU(), nn.Linear(1, 1))
    x = rows(40, 3)
    x[:, 1] = 2.0
    shares = asked(net, x, "garson")
    weight = net[0].weight[0].abs().double()
    torch.testing.assert_close(shares.values[0], (weight / weight.sum()).detach())
    assert float(shares.details["garson"]["scaled"][1]) == 0
    with torch.no_grad():
        net[2].weight.zero_()
    with pytest.raises(Problem, match="No weight leads"):
        asked(net, x, "garson")
    assert asked(net, x, "connection_weights").values.tolist() == [[0, 0, 0]]


def test_standardised_inside_is_the_same_function_and_gives_the_same():
    net, scale = (
        nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)),
        torch.tensor([1e3, 1e-2]),
    )
    x = rows(60, 2) * scale + scale
    table = asked(lambda x: net((x - scale) / scale), x, "connection_weights")
    inside = asked(net, (x - scale) / scale, "connection_weights")
    torch.testing.assert_close(table.values[0] * scale.double(), inside.values[0])
    torch.testing.assert_close(
        table.details["connection_weights"]["scaled"],
        inside.details["connection_weights"]["scaled"],
        rtol=1e-5,
        atol=0,
    )
    assert any("scales its inputs itself" in note for note in table.notes)


def test_groups_and_series_are_sums_over_their_values():
    net = nn.Sequential(nn.Flatten(), nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 1))
    each = (net[3].weight @ net[1].weight)[0].detach().double().view(3, 2)
    table = asked(net, rows(50, 3, 2), "connection_weights")
    torch.testing.assert_close(table.values[0], each.sum(0))
    grouped = explain_dataset(
        nn.Sequential(nn.Linear(4, 1)), rows(40, 4), methods=["garson"], groups=[[0, 2]]
    )
    assert float(grouped.values.sum()) == pytest.approx(1) and len(grouped.names) == 3


def test_other_networks_are_left_out_with_the_reason():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.cells = nn.LSTM(2, 1, batch_first=True)

        def forward(self, x):
            return self.cells(x)[0][:, -1]

    with pytest.raises(Problem, match="recurrent"):
        asked(Recurrent(), rows(40, 5, 2), "garson")


def test_a_function_of_the_outputs_is_followed_where_it_is_a_sum():
    net = nn.Linear(3, 4)
    table = asked(net, rows(40, 3), "connection_weights", output=lambda y: 2 * y[:, 1] - y[:, 3])
    torch.testing.assert_close(
        table.values[0], (2 * net.weight[1] - net.weight[3]).double().detach()
    )
    with pytest.raises(Problem, match="no weighted sum"):
        asked(net, rows(40, 3), "connection_weights", output=lambda y: y.square().sum(1))


@pytest.mark.parametrize("made", [torch.log, torch.sqrt, lambda x: torch.log1p(x - 0.5)])
def test_a_transform_that_is_undefined_at_some_numbers_keeps_its_sign(made):
    """Rising functions of positive columns, which have no value where their weights are read."""
    x = 0.6 + rows(50, 3).abs()
    table = asked(lambda x: made(x) @ torch.tensor([2.0, -3.0, 1.0]).to(x), x, "connection_weights")
    assert table.values[0].tolist() == pytest.approx([2, -3, 1])
