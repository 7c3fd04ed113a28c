"""Explanations of the demo networks and of the networks set by hand, against their answer keys."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from assets.additive.answer_key import COEFFICIENTS
from assets.additive.answer_key import sample as additive_rows
from assets.digits import erase
from assets.digits.train import digits, trained
from assets.dna.figures import flat, on_motifs, right_ones
from assets.lstm.figures import noise_sensitivity
from assets.lstm.figures import sample as series_sample
from explainers import explain
from explainers.models.zoo.demo_networks import load, load_in_data_units
from explainers.models.zoo.worked_examples import PAIRS, WORKED_EXAMPLES

ASSETS = Path(__file__).resolve().parents[2] / "assets"
RULES = ("rescale", "reveal_cancel", "genomics")


@pytest.mark.parametrize("way", [{}, {"method": "deeplift", "rule": "rescale"}])
def test_additive_contributions_are_coefficient_times_value(way):
    x = additive_rows(30)
    model = load(ASSETS / "additive" / "card.json")
    scores = explain(model, x, baseline="zeros", target=0, **way).scores.numpy()
    known = x.numpy() * COEFFICIENTS
    noise = COEFFICIENTS == 0
    for found, key in zip(scores, known, strict=True):
        assert spearmanr(found, key).statistic >= 0.99
        assert spearmanr(found[~noise], key[~noise]).statistic >= 0.99
        assert np.abs(found[noise]).max() < 0.02 * np.abs(found).max()
    assert np.abs(scores - known).max() < 0.02


def test_the_third_variable_of_the_series_is_noise():
    model, x = load_in_data_units(ASSETS / "lstm" / "card.json"), series_sample()
    first, second, third = noise_sensitivity(model, x).mean(0).tolist()
    assert min(first, second) > 10 * third


@pytest.mark.parametrize("way", [{"steps": 32}, {"method": "deeplift"}])
def test_a_step_of_the_series_is_explained_by_its_own_first_two_variables(way):
    model, x = load_in_data_units(ASSETS / "lstm" / "card.json"), series_sample()[:60]
    scores = explain(model, x, baseline=torch.full((10, 3), 0.5), target=6, **way).scores.abs()
    by_variable, by_step = scores.sum(1).mean(0), scores[..., :2].sum(2).mean(0)
    assert by_variable[:2].min() > 10 * by_variable[2]
    assert by_step.argmax() == 6 and by_step[6] > 0.5 * by_step.sum()
    assert scores[:, 7:].max() < 1e-6  # what comes later cannot matter


@pytest.mark.parametrize("method", ["integrated_gradients", "deeplift"])
def test_support_for_both_motifs_lies_on_them(method):
    model = load(ASSETS / "dna" / "card.json")
    data, x = right_ones(model, 12, seed=21)
    scores = explain(model, x, method, flat(x), target=0).scores
    found, chance = on_motifs(scores, data), data.mask().mean()
    assert len(x) > 8 and chance < 0.25
    assert np.mean(found["share"]) > 0.75
    assert np.mean(found["auroc"]) > 0.8


@pytest.mark.parametrize(("target", "motif"), [(1, "GATA-like"), (2, "TAL-like")])
def test_support_for_one_motif_lies_on_it_rather_than_on_the_other(target, motif):
    model = load(ASSETS / "dna" / "card.json")
    data, x = right_ones(model, 12, seed=22)
    heat = explain(model, x, "deeplift", flat(x), target=target).scores.sum(1).clamp_min(0).numpy()
    own = data.mask((motif,))
    other = data.mask() & ~own
    assert (heat * own).sum() > 5 * (heat * other).sum()


@pytest.mark.parametrize("name", ["Integrated Gradients", "DeepLIFT RevealCancel"])
def test_erasing_what_speaks_for_a_digit_moves_the_log_odds_more_than_chance(name):
    model, (pictures, labels, held) = trained(), digits()
    for a, b in erase.TASKS:
        some = pictures[held & (labels == a)][:12]
        by_way, by_chance = (erase.fall(model, some, a, b, w).mean() for w in (name, erase.CHANCE))
        assert by_way > 2 * by_chance and by_way > 5


def by_orders(value, x, baseline) -> list[float]:
    """Shapley values as the mean over all orders of entry."""
    found = np.zeros(len(x))
    orders = list(permutations(range(len(x))))
    for order in orders:
        now = list(baseline)
        for k in order:
            before = value(now)
            now[k] = x[k]
            found[k] += (value(now) - before) / len(orders)
    return found.tolist()


def points(net, count: int = 6) -> np.ndarray:
    """Points of the net's range, its start first."""
    rng = np.random.default_rng(3)
    drawn = rng.uniform(net.low, net.high, (count, len(net.names)))
    return np.vstack([[net.start], drawn])


@pytest.mark.parametrize("key", WORKED_EXAMPLES)
def test_what_is_said_of_a_network_by_hand_is_true_of_the_network(key):
    net = WORKED_EXAMPLES[key]
    x = torch.tensor(points(net), dtype=torch.float64, requires_grad=True)
    model = net.build()
    y = model(x)
    assert y.shape == (len(x), 1) and not model.training
    slopes = torch.autograd.grad(y.sum(), x)[0]
    for p, value, slope in zip(x.tolist(), y[:, 0].tolist(), slopes.tolist(), strict=True):
        assert net.value(p) == pytest.approx(value, abs=1e-12)
        assert net.slopes(p) == pytest.approx(slope, abs=1e-12)
        assert net.shapley(p) == pytest.approx(by_orders(net.value, p, net.baseline), abs=1e-12)
    corners = torch.tensor([[net.low] * x.shape[1], list(net.start)], dtype=torch.float64)
    for p, value in zip(corners.tolist(), model(corners)[:, 0].tolist(), strict=True):
        assert net.value(p) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("key", WORKED_EXAMPLES)
def test_methods_find_the_exact_answers_of_networks_by_hand(key):
    net = WORKED_EXAMPLES[key]
    x = torch.tensor(points(net), dtype=torch.float64)
    other = torch.tensor(points(net, 12)[-1], dtype=torch.float64)
    for baseline in (torch.zeros(x.shape[1], dtype=torch.float64), other):
        answer = explain(net.build(), x, baseline=baseline, target=0, rule="midpoint", steps=4000)
        exact = [net.integrated(p, baseline.tolist()) for p in x.tolist()]
        torch.testing.assert_close(answer.scores, x.new_tensor(exact), atol=1e-2, rtol=0)
        for p, parts in zip(x.tolist(), exact, strict=True):
            change = net.value(p) - net.value(baseline.tolist())
            assert sum(parts) == pytest.approx(change, abs=1e-9)
            assert sum(net.shapley(p, baseline.tolist())) == pytest.approx(change, abs=1e-9)
    slope = explain(net.build(), x, "gradient_x_input", target=0).scores
    torch.testing.assert_close(slope, x.new_tensor([net.gradient_x_input(p) for p in x.tolist()]))


@pytest.mark.parametrize("key", ["minimum", "saturation", "threshold", "product"])
def test_reveal_cancel_gives_the_shapley_values_at_the_worked_examples(key):
    net = WORKED_EXAMPLES[key]
    x = torch.tensor([net.start], dtype=torch.float64)
    found = explain(net.build(), x, "deeplift", target=0, rule="reveal_cancel").scores[0]
    assert found.tolist() == pytest.approx(net.shapley(net.start), abs=1e-9)


@pytest.mark.parametrize("key", PAIRS)
def test_both_networks_of_a_pair_are_one_function_with_one_integrated_gradient(key):
    one, other = WORKED_EXAMPLES[PAIRS[key].one], WORKED_EXAMPLES[PAIRS[key].other]
    x = torch.tensor(np.random.default_rng(4).uniform(-3, 4, (200, 2)))
    torch.testing.assert_close(one.build()(x), other.build()(x), atol=1e-12, rtol=0)
    first, second = (explain(net.build(), x, target=0, steps=64).scores for net in (one, other))
    torch.testing.assert_close(first, second, atol=1e-9, rtol=0)


def test_rescale_tells_the_two_steps_apart_as_published():
    """Sundararajan, Taly & Yan 2017, figure 7: (1.5, −0.5) and (2, −1) at (3, 1)."""
    x = torch.tensor([[3.0, 1.0]], dtype=torch.float64)
    found = [
        explain(WORKED_EXAMPLES[key].build(), x, "deeplift", target=0).scores[0].tolist()
        for key in ("late_step", "early_step")
    ]
    assert found[0] == pytest.approx([1.5, -0.5]) and found[1] == pytest.approx([2, -1])


@pytest.mark.parametrize("rule", RULES)
def test_deeplift_from_zero_explains_the_two_minima_alike(rule):
    x = torch.tensor(np.random.default_rng(5).uniform(0, 3, (50, 2)))
    pair = PAIRS["minima"]
    one, other = (
        explain(WORKED_EXAMPLES[key].build(), x, "deeplift", target=0, rule=rule).scores
        for key in (pair.one, pair.other)
    )
    torch.testing.assert_close(one, other, atol=1e-9, rtol=0)
