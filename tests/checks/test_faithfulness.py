"""Deletion and insertion: closed forms, enumeration of all subsets, and quantus."""

import itertools

import numpy as np
import pytest
import torch
from nets import convnet, linear, pictures, smooth

from explainers import Problem, explain
from explainers.checks.faithfulness import Curve, chance, deletion, insertion
from explainers.checks.unit_order import hottest_first, random_orders, replaced_in_order

F64 = torch.float64
WEIGHTS = torch.tensor([2.0, -3.0, 1.0, 0.5], dtype=F64)
X = torch.tensor([[1.0, 2.0, 3.0, 4.0], [-1.0, 0.5, 2.0, 1.0]], dtype=F64)
X0 = torch.tensor([0.5, 1.0, -1.0, 2.0], dtype=F64)
QUARTERS = (0, 0.25, 0.5, 0.75, 1.0)
OUTPUT = {"score": "output", "shares": QUARTERS}


def test_areas_of_known_curves():
    shares = torch.tensor([0, 0.1, 0.4, 1.0], dtype=F64)
    values = torch.stack([torch.ones(4, dtype=F64), 1 - shares, 3 * shares, shares * 0])
    area = Curve(shares, values.view(2, 2, 4)).area
    expected = torch.tensor([[1.0, 0.5], [1.5, 0.0]], dtype=F64)
    torch.testing.assert_close(area, expected, rtol=0, atol=1e-15)


def test_deletion_of_a_linear_model_takes_the_contributions_away_in_order():
    scores = WEIGHTS * (X - X0)
    curve = deletion(linear(WEIGHTS, 7.0), X, scores, X0, lambda y: y[:, 0], **OUTPUT)
    assert curve.shares.tolist() == list(QUARTERS)
    largest = scores.sort(dim=1, descending=True).values
    removed = torch.cat([torch.zeros(2, 1, dtype=F64), largest.cumsum(1)], 1)
    full = (X * WEIGHTS).sum(1, keepdim=True) + 7
    torch.testing.assert_close(curve.values[:, 0], full - removed)


def toy(x):
    """Not additive: a product, a maximum, and a kink."""
    a, b, c, d = x.unbind(1)
    return (a * b + torch.maximum(b, c) + (c - d).relu()).unsqueeze(1)


@pytest.mark.parametrize("insert", [False, True])
def test_all_orders_of_a_nonlinear_model_against_all_subsets(insert):
    """Each of the 16 subsets is evaluated by hand, each of the 24 orders must find its own."""
    table = {}
    for chosen in itertools.product([False, True], repeat=4):
        hidden = torch.tensor(chosen)
        table[chosen] = toy(torch.where(hidden, X0, X)[:1]).item()
    for order in itertools.permutations(range(4)):
        heat = torch.zeros(1, 4)
        heat[0, list(order)] = torch.tensor([4.0, 3.0, 2.0, 1.0])
        found = (insertion if insert else deletion)(toy, X[:1], heat, X0, 0, **OUTPUT)
        expected = [
            table[tuple((unit in order[:count]) != insert for unit in range(4))]
            for count in range(5)
        ]
        assert found.values.flatten().tolist() == pytest.approx(expected, abs=1e-12)


def test_integrated_gradients_has_the_best_of_all_orders_on_a_linear_model():
    net = linear(WEIGHTS)
    scores = explain(net, X[:1], baseline=X0).scores
    orders = torch.tensor(list(itertools.permutations([1.0, 2.0, 3.0, 4.0]))).unsqueeze(1)
    for measure, best in ((deletion, min), (insertion, max)):
        areas = [measure(net, X[:1], heat, X0, 0, **OUTPUT).area.item() for heat in orders]
        mine = measure(net, X[:1], scores, X0, 0, **OUTPUT).area.item()
        assert mine == pytest.approx(best(areas), abs=1e-12)
        assert min(areas) < max(areas)


def test_insertion_is_deletion_with_the_roles_swapped_and_in_reverse():
    net, x, other = convnet(), pictures(2), pictures(2, seed=5)
    heat = torch.randn(2, 12, 12, generator=torch.Generator().manual_seed(3))
    shares = (0, 0.25, 0.5, 0.75, 1)
    shown = insertion(net, x, heat, other, 1, shares=shares).values
    swapped = deletion(net, other, heat, x, 1, shares=shares).values
    backwards = deletion(net, x, -heat, other, 1, shares=shares).values.flip(2)
    torch.testing.assert_close(shown, swapped)
    torch.testing.assert_close(shown, backwards)


@pytest.mark.parametrize("insert", [False, True])
def test_chance_has_the_moments_of_drawing_without_replacement(insert):
    """On a linear model k of U hidden units take k·c̄ away, with variance k(1 − k/U)·S²."""
    draws = 3000
    c = WEIGHTS * (X - X0)
    curve = chance(linear(WEIGHTS), X, X0, 0, insert=insert, draws=draws, seed=1, **OUTPUT)
    assert curve.values.shape == (2, draws, 5)
    start, end = (X0.expand_as(X), X) if insert else (X, X0.expand_as(X))
    first, last = (x @ WEIGHTS for x in (start, end))
    hidden = torch.arange(5, dtype=F64)
    mean = first[:, None] + (last - first)[:, None] * hidden / 4
    variance = hidden * (1 - hidden / 4) * c.var(1, keepdim=True)
    deviation = (curve.values.mean(1) - mean).abs()
    assert (deviation <= 4 * (variance / draws).sqrt() + 1e-12).all()
    torch.testing.assert_close(curve.values.var(1), variance, rtol=0.1, atol=1e-12)


def test_cells_hide_all_their_channels_and_values_only_themselves():
    net, x = convnet(), pictures(1)
    heat = torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    options = {"score": "output", "shares": [0.25]}
    by_value = x.clone()
    by_value[heat >= heat.flatten().sort().values[-108]] = 0.5
    by_cell = x.clone()
    top = heat[0, 1] >= heat[0, 1].flatten().sort().values[-36]
    by_cell[0, :, top] = 0.5
    half = torch.full(x.shape[1:], 0.5, dtype=F64)
    for scores, expected in ((heat, by_value), (heat[:, 1], by_cell)):
        found = deletion(net, x, scores, half, 2, **options).values
        torch.testing.assert_close(found.flatten(), net(expected)[:, 2].detach())


def test_random_orders_are_of_cells_or_of_values():
    x = pictures(2)
    run = {"draws": 2, "shares": [0.5], "score": "output"}

    def hidden(x):
        return torch.stack([(x == 9).double().sum((1, 2, 3)), (x == 9).all(1).sum((1, 2))], 1)

    nine = torch.full(x.shape[1:], 9.0, dtype=F64)
    cells = chance(hidden, x, nine, 1, **run).values
    assert (cells == 72).all()
    values = chance(hidden, x, nine, 0, together=False, **run).values
    assert (values == 216).all()
    assert (chance(hidden, x, nine, 1, together=False, **run).values < 60).all()


def test_ties_are_broken_by_lot_alike_for_every_input_and_never_in_reading_order():
    heat = torch.zeros(2, 50)
    heat[:, 7] = 1
    heat[1, 3] = -0.0
    orders = hottest_first(heat, seed=4)
    assert torch.equal(orders[0], orders[1])
    assert orders[0, 0] == 7
    assert sorted(orders[0].tolist()) == list(range(50))
    rest = orders[0, 1:]
    assert not torch.equal(rest, rest.sort().values)
    assert not torch.equal(orders, hottest_first(heat, seed=5))
    assert torch.equal(orders, hottest_first(heat, seed=4))
    ranked = torch.tensor([[0.1, 3.0, -1.0, 2.0]])
    assert hottest_first(ranked).tolist() == [[1, 3, 0, 2]]


def test_random_orders_are_even():
    """Each unit is first in a quarter of the draws: within 4 standard errors."""
    first = random_orders(4, 4000, seed=2)[:, 0].bincount(minlength=4) / 4000
    assert ((first - 0.25).abs() < 4 * (0.25 * 0.75 / 4000) ** 0.5).all()
    assert torch.equal(random_orders(9, 3, 1), random_orders(9, 3, 1))


def test_replacing_in_order_leaves_its_inputs_alone():
    x, other = pictures(2), pictures(2, seed=2)
    kept = x.clone()
    orders = random_orders(144, 2)
    counts = torch.tensor([0, 10])
    found = replaced_in_order(x.to(memory_format=torch.channels_last), other, orders, counts)
    assert torch.equal(found, replaced_in_order(x, other, orders, counts))
    assert torch.equal(x, kept)
    assert torch.equal(found[0], x[0])
    assert int((found[1] != x[1]).any(0).sum()) == 10
    assert torch.equal(
        found[1].flatten(1)[:, orders[1, :10]], other[1].flatten(1)[:, orders[1, :10]]
    )


def test_shares_are_those_that_were_really_hidden():
    curve = deletion(linear(WEIGHTS), X, X, X0, 0, score="output", shares=[0, 0.1, 0.3, 0.4, 1])
    assert curve.shares.tolist() == [0, 0, 0.25, 0.5, 1]
    torch.testing.assert_close(curve.values[:, 0, 0], curve.values[:, 0, 1])


def test_quantus_flips_the_same_pixels():
    quantus = pytest.importorskip("quantus")
    net, x = convnet().float(), pictures(3, side=6).float()
    heat = torch.randn(3, 3, 6, 6, generator=torch.Generator().manual_seed(8))
    labels = [0, 2, 3]
    metric = quantus.PixelFlipping(features_in_step=4, perturb_baseline=0.0, disable_warnings=True)
    model = quantus.PyTorchModel(net, channel_first=True, softmax=True)
    expected = metric.evaluate_batch(model, x.numpy(), np.array(labels), heat.numpy())
    shares = [step / 27 for step in range(1, 28)]
    found = deletion(net, x, heat, "zeros", labels, shares=shares).values[:, 0]
    np.testing.assert_allclose(found, np.array(expected), rtol=0, atol=2e-7)


def test_what_cannot_be_measured_is_named():
    net, x = smooth(4), X
    for call in (
        lambda: deletion(net, x, x[:, :3]),
        lambda: deletion(net, pictures(2), torch.zeros(2, 3, 12)),
        lambda: deletion(net, x, x * float("nan")),
        lambda: deletion(net, x, x, torch.stack([x, x], 1)),
        lambda: deletion(net, x, x, shares=[0.5, 0.1]),
        lambda: deletion(net, x, x, shares=[0, 1.1]),
        lambda: deletion(net, x, x, shares=[]),
        lambda: deletion(net, x, x, batch_size=0),
        lambda: deletion(net, x, x, target=3),
        lambda: chance(net, x, draws=0),
        lambda: chance(net, [1.0, 2.0]),
    ):
        with pytest.raises(Problem):
            call()
