"""Completeness on every net of the zoo: all rules, three kinds of reference, both precisions."""

import functools

import pytest
import torch
import zoo

from explainers import explain

RULES = ("rescale", "reveal_cancel", "genomics")
pytestmark = pytest.mark.filterwarnings("ignore")


def references(x):
    """Black, random, blurred."""
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(900), dtype=torch.float64)
    return torch.zeros_like(x), noise.to(x.dtype), zoo.blurred(x)


@functools.lru_cache(2)
def net(name, dtype):
    """The same network for every rule, so that how it behaves is found out once."""
    return zoo.built(name, dtype)


def gaps(name, rule, dtype):
    """|gap| of three inputs against three references."""
    model, x = net(name, dtype)
    others = torch.cat(references(x))
    answer = explain(model, x.repeat(3, *[1] * (x.ndim - 1)), "deeplift", others, rule=rule)
    assert answer.gap.shape == (9,)
    return answer.gap.abs()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", zoo.ZOO)
def test_contributions_add_up(name, rule):
    assert gaps(name, rule, torch.float64).max() < 1e-9
    assert gaps(name, rule, torch.float32).median() < 1e-4


def test_the_zoo_is_large_enough():
    assert len(zoo.ZOO) >= 60


@pytest.mark.parametrize("name", ["used_twice", "conv_maxpool_relu", "swin", "recurrent_LSTM"])
@pytest.mark.parametrize("rule", RULES)
def test_parts_add_up_to_the_scores(name, rule):
    model, x = zoo.built(name)
    for apart in (False, True):
        answer = explain(
            model, x, method="deeplift", baseline=zoo.blurred(x), rule=rule, apart=apart
        )
        torch.testing.assert_close(answer.positive + answer.negative, answer.scores)


@pytest.mark.parametrize("rule", RULES)
def test_reveal_cancel_sees_through_a_pool_before_a_relu(rule):
    model, x = zoo.built("conv_maxpool_relu")
    scores = explain(model, x, method="deeplift", rule=rule).scores
    assert (scores.flatten(1).abs().sum(1) > 0.01).all()
