"""Shapley values and interaction indices of one input: closed forms, enumeration, shap."""

import itertools
import math

import pytest
import torch
from nets import convnet, pictures, smooth

from explainers import Problem, explain
from explainers.methods.shapley.orders import orders, rounds

F64 = torch.float64


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def row(*values: float) -> torch.Tensor:
    return torch.tensor([values], dtype=F64)


CLOSED = {
    # function, input, Shapley values, interactions by pair
    "xyz + 2x − z²": (
        lambda x: x.prod(1) + 2 * x[:, 0] - x[:, 2] ** 2,
        row(1, 2, 3),
        [4, 2, -7],
        {(0, 1): 3, (0, 2): 3, (1, 2): 3},
    ),
    "relu(a + b − 1) + |c|": (
        lambda x: (x[:, 0] + x[:, 1] - 1).relu() + x[:, 2].abs(),
        row(1, 1, -2),
        [0.5, 0.5, 2],
        {(0, 1): 1},
    ),
    "min(a, b)": (lambda x: x.amin(1), row(2, 1), [0.5, 0.5], {(0, 1): 1}),
    "a": (lambda x: x[:, 0], row(3), [3], {}),
}


@pytest.mark.parametrize("name", CLOSED)
def test_closed_forms(name):
    net, x, values, pairs = CLOSED[name]
    answer = explain(net, x, "shapley")
    assert torch.allclose(answer.scores, row(*values), atol=1e-12) and answer.spread is None
    expected = torch.zeros(len(values), len(values), dtype=F64)
    for (i, j), index in pairs.items():
        expected[i, j] = expected[j, i] = index
    assert torch.allclose(answer.extra["interactions"], expected[None], atol=1e-12)
    assert answer.gap.abs().max() < 1e-12 and answer.passes == 2 ** len(values)


def by_definition(net, x, baseline, groups):
    """Over all orders of the groups, one by one; interactions with the pair as one player."""

    def worth(inside):
        mask = torch.tensor([group in inside for group in groups.flatten().tolist()])
        return net(torch.where(mask.view(groups.shape), x, baseline)[None]).item()

    players = range(int(groups.max()) + 1)
    values = torch.zeros(len(players), dtype=F64)
    for order in itertools.permutations(players):
        for place, player in enumerate(order):
            values[player] += worth(order[: place + 1]) - worth(order[:place])
    pairs = torch.zeros(len(players), len(players), dtype=F64)
    for i, j in itertools.combinations(players, 2):
        others = [player for player in players if player not in (i, j)]
        for size in range(len(others) + 1):
            for s in itertools.combinations(others, size):
                change = worth((*s, i, j)) - worth((*s, i)) - worth((*s, j)) + worth(s)
                weight = math.factorial(size) * math.factorial(len(others) - size)
                pairs[i, j] += weight / math.factorial(len(players) - 1) * change
    return values / math.factorial(len(players)), pairs + pairs.T


@pytest.mark.parametrize(
    "shape, options, groups",
    [
        ((4,), {}, [0, 1, 2, 3]),
        ((5,), {"groups": ((4, 1),)}, [0, 3, 1, 2, 3]),
        ((3, 2), {"by": "variable"}, [[0, 1]] * 3),
        ((5, 1), {"by": "step", "width": 2}, [[0], [0], [1], [1], [2]]),
        ((4, 3), {"by": "letter"}, [[0, 1, 2]] * 4),
        ((2, 4, 4), {"width": 2}, [[[0, 0, 1, 1]] * 2 + [[2, 2, 3, 3]] * 2] * 2),
    ],
)
def test_enumeration_is_the_definition_for_groups_of_every_kind(shape, options, groups):
    weights, groups = some(torch.Size(shape).numel(), 6, seed=5), torch.tensor(groups)

    def net(x):
        return torch.tanh(x.flatten(1) @ weights).prod(1) + (x.flatten(1) @ weights).amax(1)

    x, baseline = some(2, *shape, seed=3), some(2, *shape, seed=4)
    answer = explain(net, x, "shapley", baseline, **options)
    for index in range(2):
        values, pairs = by_definition(net, x[index], baseline[index], groups)
        shared = (values / groups.flatten().bincount())[groups]
        torch.testing.assert_close(answer.scores[index], shared, rtol=0, atol=1e-12)
        torch.testing.assert_close(answer.extra["interactions"][index], pairs, rtol=0, atol=1e-12)
    assert torch.equal(answer.extra["groups"], groups.expand(2, *shape).to(F64))


@pytest.mark.slow
def test_shap_finds_the_same():
    import shap

    net, x = smooth(8), some(3, 8, seed=1)

    def ask(values):
        return net(torch.as_tensor(values, dtype=F64))[:, 1].detach().numpy()

    theirs = shap.explainers.Exact(ask, some(1, 8, seed=2).numpy())(x.numpy())
    ours = explain(net, x, "shapley", some(8, seed=2), 1)
    torch.testing.assert_close(ours.scores, torch.from_numpy(theirs.values), rtol=0, atol=1e-10)


@pytest.mark.parametrize("players", [2, 3, 6, 7])
def test_orders_are_uniform_and_every_pair_meets_at_every_place(players):
    """4,000 orders: counts within five standard deviations of what chance would give."""
    draw = orders(players, torch.Generator().manual_seed(players))
    count, places = 4000, torch.zeros(players, players)
    before, met = torch.zeros(players - 1), torch.zeros(players, players)
    for _ in range(count):
        order = next(draw)
        places[torch.arange(players), order.sequence] += 1
        before[order.places] += 1
        for i, j in order.pairs.tolist():
            met[min(i, j), max(i, j)] += 1
    for found, share in (
        (places.flatten(), 1 / players),
        (before, before.sum() / count / (players - 1)),
        (
            met[torch.triu(torch.ones_like(met), 1) > 0],
            2 * before.sum() / count / players / max(players - 1, 1),
        ),
    ):
        off = found - count * share
        assert off.abs().max() <= 5 * (count * share * (1 - share)) ** 0.5 + 1e-6, found
    assert rounds(players) == players - 1 + players % 2


@pytest.mark.parametrize("features", [5, 8, 13])
def test_random_orders_are_right_within_their_standard_errors(features):
    """Mean 0 and standard deviation 1 of what they are off, in standard errors; always complete."""
    net, x, x0 = smooth(features, seed=features), 2 * some(3, features), some(features, seed=9)
    exact = explain(net, x, "shapley", x0, 1, exact=13)
    pairs = ~torch.eye(features, dtype=torch.bool)
    off, off_pairs = [], []
    for seed in range(4):
        drawn = explain(net, x, "shapley", x0, 1, exact=1, samples=12 * features, seed=seed)
        assert drawn.gap.abs().max() < 1e-12
        off.append((drawn.scores - exact.scores) / drawn.spread)
        error = drawn.extra["interactions_spread"][:, pairs]
        assert not drawn.extra["interactions"].diagonal(0, 1, 2).any()
        missed = drawn.extra["interactions"] - exact.extra["interactions"]
        off_pairs.append(missed[:, pairs] / error)
    for z in (torch.cat(off).flatten(), torch.cat(off_pairs).flatten()):
        assert abs(z.mean()) < 0.4 and 0.7 < z.std() < 1.3 and z.abs().max() < 6


def test_more_orders_come_closer_and_a_seed_repeats_them():
    net, x = smooth(14), some(2, 14)
    few, many = (explain(net, x, "shapley", samples=n, target=0) for n in (20, 320))
    ratio = (few.spread / many.spread).mean()
    assert 3 < ratio < 5, "sixteen times the orders, a quarter of the error"
    again = explain(net, x, "shapley", samples=20, target=0, batch_size=50)
    torch.testing.assert_close(again.scores, few.scores)
    other = explain(net, x, "shapley", samples=20, target=0, seed=1)
    assert not torch.allclose(other.scores, few.scores)
    assert "interactions" in many.extra, "every pair was met often enough"
    assert "interactions" not in explain(net, x, "shapley", samples=4, target=0).extra


def test_what_the_answer_ignores_gets_nothing_and_equals_get_the_same():
    def net(x):
        return torch.sigmoid(x[:, 0] * x[:, 1] + x[:, 2])

    x = row(0.7, 0.7, 1, 9)
    for options in ({}, {"exact": 1, "samples": 200}):
        answer = explain(net, x, "shapley", **options)
        (scores,) = answer.scores
        allowed = 0 if answer.spread is None else 5 * answer.spread[0, 0]
        assert scores[3] == 0 and (scores[0] - scores[1]).abs() <= allowed + 1e-12
        assert not answer.extra["interactions"][0, 3].any()


def test_several_references_are_averaged_and_their_errors_combined():
    net, x, references = smooth(6), some(2, 6), some(2, 3, 6, seed=6)
    both = explain(net, x, "shapley", references, 0)
    parts = [explain(net, x, "shapley", references[:, i], 0) for i in range(3)]
    torch.testing.assert_close(both.scores, sum(part.scores for part in parts) / 3)
    drawn = explain(net, x, "shapley", references, 0, exact=2, samples=90)
    z = (drawn.scores - both.scores) / drawn.spread
    assert z.abs().max() < 5 and drawn.gap.abs().max() < 1e-12


@pytest.mark.parametrize("precision, tolerance", [("float64", 1e-12), ("auto", 1e-5)])
def test_pictures_are_complete_square_by_square(precision, tolerance):
    net, x = convnet().float(), pictures(2, 8).float()
    answer = explain(net, x, "shapley", "blur", 1, precision=precision, samples=3)
    assert answer.gap.abs().max() < tolerance and answer.scores.shape == x.shape
    coarse = explain(net, x, "shapley", "blur", 1, precision=precision, width=4)
    assert coarse.gap.abs().max() < tolerance and coarse.extra["interactions"].shape == (2, 4, 4)


def test_a_network_without_slopes_can_be_asked():
    def steps(x):
        return (x > 0.5).sum(1).detach().double() * (x[:, 0] > 0).double()

    answer = explain(steps, row(1, 1, 0), "shapley")
    # v(S) = [0 ∈ S] (1 + [1 ∈ S]); value 2 never passes the threshold.
    assert answer.scores.tolist() == [[1.5, 0.5, 0]]


@pytest.mark.parametrize("options, words", [({"samples": 1}, "1"), ({"exact": 17}, "between 1")])
def test_impossible_options_are_named(options, words):
    with pytest.raises(Problem, match=words):
        explain(smooth(), some(1, 5), "shapley", **options)
