"""The axioms of Integrated Gradients (Sundararajan et al. 2017, sections 2 and 4)."""

import pytest
import torch
from nets import PICTURE_BASELINES, convnet, pictures, smooth
from torch import nn

from explainers import explain

TIGHT = {"tolerance": 1e-6}


@pytest.mark.parametrize("baseline", PICTURE_BASELINES)
@pytest.mark.parametrize("score", ["output", "logit", "probability"])
def test_completeness(baseline, score):
    for kinks, tolerance in ((True, 0.01), (False, 1e-6)):
        net, x = convnet(kinks=kinks), pictures(3)
        answer = explain(net, x, baseline=baseline, score=score, tolerance=tolerance)
        total = answer.scores.flatten(1).sum(1)
        difference = answer.output - answer.baseline_output
        torch.testing.assert_close(total, difference, rtol=1.01 * tolerance, atol=1e-5)


def test_sensitivity_and_dummy():
    """A feature that changes the answer gets a score; one that the answer ignores gets zero."""

    def net(x):
        return torch.sigmoid(3 * x[:, 0]) + 0 * x[:, 1]

    x = torch.tensor([[1.0, 7.0]], dtype=torch.float64)
    scores = explain(net, x, **TIGHT).scores[0]
    assert scores[0].item() == pytest.approx(torch.sigmoid(torch.tensor(3.0)).item() - 0.5, 1e-4)
    assert scores[1] == 0


def test_implementation_invariance():
    """Two networks that compute the same function by other parts get the same attributions."""
    net = smooth()
    twin = nn.Sequential(nn.Linear(5, 32), nn.Tanh(), nn.Linear(32, 16), *net[3:]).double()
    with torch.no_grad():  # every hidden unit twice, each with half of its outgoing weight
        twin[0].weight.copy_(net[0].weight.repeat(2, 1))
        twin[0].bias.copy_(net[0].bias.repeat(2))
        twin[2].weight.copy_(net[2].weight.repeat(1, 2) / 2)
        twin[2].bias.copy_(net[2].bias)
    x = torch.randn(4, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    first, second = (explain(n, x, target=1, steps=30).scores for n in (net, twin))
    torch.testing.assert_close(first, second)


def test_linearity():
    one, two = smooth(seed=1), smooth(seed=2)
    x = torch.randn(4, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    both = explain(lambda x: 2 * one(x) - 3 * two(x), x, target=0, steps=20).scores
    parts = [explain(net, x, target=0, steps=20).scores for net in (one, two)]
    torch.testing.assert_close(both, 2 * parts[0] - 3 * parts[1])


def test_symmetry():
    """Features that play the same part and have the same values get the same score."""

    def net(x):
        return torch.tanh(x[:, 0] * x[:, 1] + x[:, 0] + x[:, 1])

    x = torch.tensor([[0.7, 0.7]], dtype=torch.float64)
    scores = explain(net, x, **TIGHT).scores[0]
    torch.testing.assert_close(scores[0], scores[1])
