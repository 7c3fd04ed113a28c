"""The stopping rule of all methods that draw: what it promises, on functions of known means."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from explainers import METHODS, explain
from explainers.kinds.layout import InputLayout
from explainers.methods.registry import Method
from explainers.methods.shapley import _usual
from explainers.options import make_options
from explainers.perturbation.drawn import Drawn as Found
from explainers.perturbation.stopping import FEWEST_SHARED, FIRST_LOOK, StoppingRule

F64 = torch.float64
WEIGHTS = torch.tensor([2.0, -1.0, 0.5, 0.0, 1.0], dtype=F64)


@dataclass(frozen=True)
class Drawn:
    """A function, an input, and what the method's mean over all draws is; an easier function."""

    net: Callable
    x: torch.Tensor
    truth: torch.Tensor
    easy: Callable
    options: dict[str, Any] = field(default_factory=dict)


def squares(x):
    return (WEIGHTS * x**2).sum(1) / 2


def triples(x):
    """Its Shapley values from 0: a third of every triple's product for each of the three."""
    return 3 * x[:, 0] * x[:, 1] * x[:, 2] - 6 * x[:, 1] * x[:, 3] * x[:, 4] + x[:, 0]


def line(x):
    return x @ WEIGHTS


ONES = torch.ones(1, 5, dtype=F64)
LETTERS = torch.ones(1, 1, 6, dtype=F64)
SHARES = torch.tensor([1.0, -2.0, 3.0, 0.0, 2.0, 1.0], dtype=F64)
CASES = {
    # The slope of the squares at x + e is w (x + e), and e has mean 0.
    "smoothgrad": Drawn(
        squares, 2 * ONES, 2 * WEIGHTS, line, {"signed": True, "sigma": 0.5, "ranges": [2.0] * 5}
    ),
    # x · w α x, and α has mean ½.
    "expected_gradients": Drawn(squares, 2 * ONES, 2 * WEIGHTS, line),
    # Masks of independent letters, half of them visible: (1 − p) of what each adds.
    "rise": Drawn(
        lambda x: x[:, 0] @ SHARES,
        LETTERS,
        SHARES * 0.5,
        lambda x: x[:, 0, 0],
        {"cells": 6},
    ),
    "noise": Drawn(
        line,
        ONES,
        WEIGHTS.abs() * 0.2,
        lambda x: (x[:, 0] > 10).double(),
        {"sigma": 0.2},
    ),
    "shapley": Drawn(
        triples, ONES, torch.tensor([2.0, -1.0, 1.0, -2.0, -2.0], dtype=F64), line, {"exact": 1}
    ),
}


def asked(key: str, **changes: Any):
    """The case's answer until it is certain, with some options or another function."""
    case = CASES[key]
    net, x = changes.pop("net", case.net), changes.pop("x", case.x)
    return explain(net, x, key, **{"kind": KINDS[key], **case.options, **changes})


KINDS = dict.fromkeys(CASES, "table") | {"rise": "sequence"}


def first_look(key: str) -> int:
    """Of Shapley values half of what is usual, which meets all pairs."""
    return {"shapley": -(-_usual(5) // 2), "noise": 32}.get(key, FIRST_LOOK)


def test_all_methods_that_draw_are_here():
    assert set(CASES) == {key for key, method in METHODS.items() if method.random}


@pytest.mark.parametrize("key", CASES)
def test_the_truth_lies_within_two_standard_errors_in_95_of_100(key):
    """Of all seeds, those that a lucky look ended too; of a root of squares a little less."""
    off, taken = [], set()
    for seed in range(8 if key == "shapley" else 40):
        answer = asked(key, seed=seed, tolerance=0.1, most_samples=65536)
        moving = answer.spread[0].flatten() > 1e-9
        z = (answer.scores[0].flatten() - CASES[key].truth) / answer.spread[0].flatten()
        off.append(z[moving].abs())
        taken |= set(answer.settings["samples_taken"])
        assert answer.settings["standard_error"][0] <= 0.1 and not answer.notes
    within = (torch.cat(off) <= 1.96).double().mean()
    few = key == "shapley"  # 32 numbers, which may all lie within
    assert 0.88 <= within <= (1 if few else 0.99), (within, taken)


@pytest.mark.parametrize("key", CASES)
def test_it_ends_soon_where_things_are_clear_and_late_where_they_are_not(key):
    clear = asked(key, net=CASES[key].easy).settings["samples_taken"][0]
    usual = asked(key, tolerance=0.1).settings["samples_taken"][0]
    sure = asked(key, tolerance=0.04, most_samples=65536).settings["samples_taken"][0]
    assert 2 * first_look(key) <= clear <= usual < sure, "never before two looks"
    if key != "rise":
        assert clear == 2 * first_look(key)


@pytest.mark.parametrize("key", CASES)
def test_the_number_that_it_took_gives_the_same_when_it_is_fixed(key):
    found = asked(key, tolerance=0.05)
    fixed = asked(key, samples=found.settings["samples_taken"][0])
    torch.testing.assert_close(found.scores, fixed.scores, rtol=0, atol=1e-12)
    torch.testing.assert_close(found.spread, fixed.spread, rtol=0, atol=1e-9)
    assert "samples_taken" not in fixed.settings and found.passes == fixed.passes


@pytest.mark.parametrize("key", CASES)
def test_at_the_most_it_says_what_is_not_certain(key):
    answer = asked(key, tolerance=1e-3, most_samples=24)
    error = answer.settings["standard_error"][0]
    assert answer.settings["samples_taken"] == [24] and error > 1e-3
    (note,) = answer.notes
    assert (
        "After 24 " in note and f"{100 * error:.1f} % of" in note and "tolerance of 0.1 %" in note
    )


@pytest.mark.parametrize("key", CASES)
def test_how_many_an_input_takes_does_not_depend_on_the_others(key):
    x = CASES[key].x
    still = torch.zeros_like(x) if key != "noise" else -x
    asks = {"tolerance": 0.05, "most_samples": 200, "target": 0}
    together = asked(key, x=torch.cat([x, still, x]), **asks)
    alone = [asked(key, x=one, **asks) for one in (x, still)]
    taken = [answer.settings["samples_taken"][0] for answer in alone]
    assert together.settings["samples_taken"] == [*taken, taken[0]]
    torch.testing.assert_close(together.scores[:1], alone[0].scores)
    torch.testing.assert_close(together.scores[1:2], alone[1].scores)
    again = asked(key, x=torch.cat([still, x]), batch_size=20, **asks)
    torch.testing.assert_close(again.scores[1:], alone[0].scores)


@pytest.mark.parametrize("key", CASES)
def test_the_price_says_the_usual_and_the_most(key):
    entry: Method = METHODS[key]
    layout = InputLayout.of(tuple(CASES[key].x.shape[1:]), KINDS[key])
    options = make_options(entry.options, CASES[key].options, entry.name)
    usual, most = entry.estimate(options, layout), entry.most(options, layout)
    assert usual < most
    few = make_options(entry.options, CASES[key].options | {"most_samples": 48}, entry.name)
    found = asked(key, tolerance=1e-4, most_samples=48)
    assert found.passes <= entry.most(few, layout) + 2, "it never takes more"
    fixed = make_options(entry.options, CASES[key].options | {"samples": 40}, entry.name)
    assert entry.most(fixed, layout) == entry.estimate(fixed, layout)


def test_references_share_the_draws_and_their_errors_combine():
    """∫ (x − r) w (r + α (x − r)) dα = w (x² − r²) / 2, and the mean of that over r."""
    references = torch.randn(1, 4, 5, dtype=F64, generator=torch.Generator().manual_seed(1))
    truth, off = (WEIGHTS * (4 - references[0] ** 2) / 2).mean(0), []
    for seed in range(25):
        answer = asked("expected_gradients", baseline=references, seed=seed, tolerance=0.05)
        assert answer.settings["samples_taken"][0] >= 4 * 2 * FEWEST_SHARED
        off.append(((answer.scores[0] - truth) / answer.spread[0])[answer.spread[0] > 0].abs())
        share = answer.spread.max() / answer.scores.abs().max()
        assert answer.settings["standard_error"][0] == pytest.approx(float(share))
    assert 0.88 <= (torch.cat(off) <= 1.96).double().mean() <= 0.99


def test_where_references_cancel_it_says_that_their_mean_is_not_certain():
    """References of 0 and √2 about an input of 1: w (1 − r²) / 2, +w/2 and −w/2."""
    references = torch.cat([torch.zeros(1, 8, 5), torch.full((1, 8, 5), 2**0.5)], 1).to(F64)
    answer = asked("expected_gradients", x=ONES, baseline=references)
    share = answer.spread[0].max() / answer.scores[0].abs().max()
    assert share > 0.5 and answer.settings["standard_error"] == [min(1, float(share))]
    (note,) = answer.notes
    assert "mean of 16 maps" in note and "tolerance of 10 %" in note


def test_large_scores_hide_no_error_of_what_is_larger_than_their_rounding():
    def net(x):
        return 1e6 + torch.sin(20 * x).sum(1)

    x = torch.rand(1, 20, generator=torch.Generator().manual_seed(0))
    answer = asked("expected_gradients", net=net, x=x)
    (error,) = answer.settings["standard_error"]
    share = answer.spread.max() / answer.scores.abs().max()
    assert error == pytest.approx(float(share), rel=1e-3) and error > 0.1 and answer.notes


def test_a_map_that_is_broken_does_not_hide_what_is_uncertain_of_another():
    rule, taken = StoppingRule(None, 0.1, 64), torch.full((2,), 64)

    def drawn(mean):
        error = torch.full_like(mean, 0.5)
        return Found(rule, "draws", taken, mean, error, torch.zeros(2))

    assert drawn(torch.tensor([[1.0, 1.0], [1.0, 1.0]])).notes
    assert drawn(torch.tensor([[torch.nan, 1.0], [1.0, 1.0]])).notes


@pytest.mark.parametrize("key", CASES)
def test_a_constant_beside_the_function_changes_neither_scores_nor_errors(key):
    """In single precision too, as far as the answers themselves tell."""
    x = CASES[key].x.float()
    weights = torch.randn(x[0].numel(), generator=torch.Generator().manual_seed(0))

    def net(x, beside=0.0):
        return beside + torch.sin(x.flatten(1) @ weights)

    options = {"samples": 200, "target": None, "x": x}
    plain = asked(key, net=net, **options)
    lifted = asked(key, net=lambda x: net(x, 1000.0), **options)
    for one, other in ((plain.scores, lifted.scores), (plain.spread, lifted.spread)):
        torch.testing.assert_close(one, other, rtol=0.01, atol=1e-4)
