"""The improved stepwise methods: one network, trained once, inputs taken away one by one."""

import itertools

import pytest
import torch
from torch import nn

from explainers import explain_dataset
from explainers.errors import Problem


def rows(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def network(inputs: int) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(inputs, 6), nn.Tanh(), nn.Linear(6, 1)).double()


def asked(model, x, labels=None, method="improved_stepwise_2", **options):
    return explain_dataset(model, x, labels, methods=[method], options={method: options})


@pytest.mark.parametrize("mode", ["sequential", "single"])
@pytest.mark.parametrize("labelled", [True, False])
def test_both_are_one_on_centred_inputs(mode, labelled):
    x, net = rows(80, 5), network(5)
    x = (x - x.mean(0)) * torch.tensor([1.0, 2.0, 0.5, 1.0, 3.0])
    labels = (net(x)[:, 0] + 0.1 * rows(80, 1)[:, 0]).detach() if labelled else None
    one = asked(net, x, labels, "improved_stepwise_1", mode=mode)
    two = asked(net, x, labels, "improved_stepwise_2", mode=mode)
    assert torch.equal(one.values, two.values) and torch.equal(one.rank_high, two.rank_high)
    first, second = one.details["improved_stepwise_1"], two.details["improved_stepwise_2"]
    for name in ("error", "rise", "order"):
        torch.testing.assert_close(first[name], second[name], rtol=0, atol=1e-12)


def test_the_order_is_the_greedy_one_by_enumeration():
    x, net = rows(60, 4), network(4).requires_grad_(False)
    y = net(x)[:, 0] + 0.3 * rows(60, 1)[:, 0]
    mean = x.mean(0)

    def error(away):
        return float(
            (net(torch.where(torch.isin(torch.arange(4), torch.tensor(away)), mean, x))[:, 0] - y)
            .square()
            .mean()
        )

    away, errors = [], []
    for _ in range(4):
        best = min((i for i in range(4) if i not in away), key=lambda i: error([*away, i]))
        away.append(best)
        errors.append(error(away))
    found = asked(net, x, y).details["improved_stepwise_2"]
    assert found["order"].tolist() == away
    torch.testing.assert_close(found["error"], torch.tensor(errors).double())
    assert found["start"] == pytest.approx(error([]))


def test_ranks_of_a_sum_and_their_intervals():
    x = rows(200, 3)
    table = asked(lambda x: x @ torch.tensor([0.1, 3.0, 1.0]).double(), x)
    assert table.values.tolist() == [[3, 1, 2]] == table.rank.tolist()
    assert table.rank_low.tolist() == table.rank_high.tolist() == [[3, 1, 2]]
    even = asked(lambda x: x @ torch.tensor([1.0, 1.0, 5.0]).double(), x)
    assert even.rank_low[0].tolist() == [2, 2, 1] and even.rank_high[0].tolist() == [3, 3, 1]
    assert float(even.top(2)[0, :2].min()) > 0.02


def test_of_two_twins_the_second_counts_once_the_first_is_away():
    """x0 and x1 are equal and their sum is used: sequential sees them as one after the other."""
    x = rows(100, 3)
    x[:, 1] = x[:, 0]

    def model(x):
        return x[:, 0] + x[:, 1] + 1.5 * x[:, 2]

    assert asked(model, x).values[0, 2] == 2
    assert asked(model, x, mode="single").values[0, 2] == 1


def test_weights_at_zero_are_what_the_first_kind_asks_about():
    net, x = network(3), rows(50, 3) + torch.tensor([5.0, 0.0, 0.0])
    changes = []
    for place in range(3):
        cut = network(3)
        with torch.no_grad():
            cut[0].weight[:, place] = 0
        changes.append((cut(x) - net(x)).square().mean().detach())
    table = asked(net, x, method="improved_stepwise_1", mode="single")
    torch.testing.assert_close(table.details["improved_stepwise_1"]["error"], torch.stack(changes))


def test_a_network_that_standardises_itself_has_its_own_zero():
    net, centre = network(3), torch.tensor([900.0, 0.01, -4.0]).double()
    scale = torch.tensor([200.0, 0.02, 1.0]).double()
    x = rows(60, 3)
    inside = asked(
        lambda x: net((x - centre) / scale), x * scale + centre, None, "improved_stepwise_1"
    )
    outside = asked(net, x, None, "improved_stepwise_1")
    assert torch.equal(inside.values, outside.values)
    for name in ("error", "order"):
        torch.testing.assert_close(
            inside.details["improved_stepwise_1"][name],
            outside.details["improved_stepwise_1"][name],
        )


def test_constant_columns_share_the_last_rank():
    x = rows(60, 4)
    x[:, 1], x[:, 3] = 2.0, -1.0
    table = asked(network(4), x)
    assert table.values[0, [1, 3]].tolist() == [3, 3] and {*table.values[0, [0, 2]].tolist()} == {
        1,
        2,
    }


def test_groups_classes_and_many_features():
    x = rows(50, 4)
    net = nn.Sequential(nn.Linear(4, 3)).double()
    labels = net(x).argmax(1)
    grouped = explain_dataset(
        net, x, labels, methods=["improved_stepwise_2"], groups=[[0, 1]], output=0
    )
    assert sorted(grouped.values[0].tolist()) == [1, 2, 3]
    many = asked(lambda x: x[:, 7] * 2 + x[:, 3], rows(40, 80))
    assert many.values[0, [7, 3]].tolist() == [1, 2]
    assert any("each away alone" in note for note in many.notes)


def test_series_by_variable_and_trees_by_the_second_kind_only():
    torch.manual_seed(0)
    cells = nn.LSTM(2, 1, batch_first=True).double()

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.cells = cells

        def forward(self, x):
            return self.cells(x * torch.tensor([0.01, 5.0]))[0][:, -1]

    x = rows(40, 6, 2)
    for method in ("improved_stepwise_1", "improved_stepwise_2"):
        assert asked(Last(), x, method=method).values.tolist() == [[2, 1]]

    def tree(x):
        return torch.where(x[:, 1] > 0, 1.0, torch.where(x[:, 0] > 1, 0.2, 0.0))

    assert asked(tree, rows(100, 2)).values.tolist() == [[2, 1]]
    with pytest.raises(Problem, match="trees"):
        asked(tree, rows(100, 2), method="improved_stepwise_1")


def test_other_draws_follow_their_own_paths():
    """Every draw of a small data set, each eliminated by itself, gives the replicates' ranks."""
    from explainers.importance.elimination import in_sequence
    from explainers.importance.uncertainty.resampling import Resampling

    generator = torch.Generator().manual_seed(3)
    table = {
        frozenset(away): torch.rand(12, generator=generator) + len(away)
        for size in range(5)
        for away in itertools.combinations(range(4), size)
    }
    resampling = Resampling(12, 100, 0)
    found = in_sequence(4, lambda sets: [table[one] for one in sets], resampling)
    means = {away: resampling.means(loss.unsqueeze(1))[:, 0] for away, loss in table.items()}
    for draw in range(100):
        away: frozenset[int] = frozenset()
        for rank in range(4, 0, -1):
            best = min(
                (i for i in range(4) if i not in away), key=lambda i: means[away | {i}][draw]
            )
            assert found.replicates[draw, best] == rank
            away = away | {best}
