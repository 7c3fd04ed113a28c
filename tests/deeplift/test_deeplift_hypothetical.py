"""Multipliers, and what every letter would have contributed."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explainers import explain
from explainers.methods.deeplift import hypothetical, multipliers

RULES = ("rescale", "reveal_cancel", "genomics")


def reader():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv1d(4, 6, 5),
        nn.ReLU(),
        nn.AdaptiveMaxPool1d(3),
        nn.Flatten(),
        nn.Linear(18, 8),
        nn.ReLU(),
        nn.Linear(8, 2),
    ).double()


def letters():
    generator = torch.Generator().manual_seed(0)
    return F.one_hot(torch.randint(4, (3, 12), generator=generator), 4).transpose(1, 2).double()


FREQUENCIES = torch.tensor([0.3, 0.2, 0.2, 0.3], dtype=torch.float64).view(4, 1).expand(4, 12)


@pytest.mark.parametrize("rule", RULES)
def test_multipliers_times_differences_are_the_scores(rule):
    model, x = reader(), letters()
    answer = explain(model, x, method="deeplift", baseline=FREQUENCIES, target=1, rule=rule)
    m = multipliers(model, x, FREQUENCIES, 1, rule)
    torch.testing.assert_close(m * (x - FREQUENCIES), answer.scores)


@pytest.mark.parametrize("rule", RULES)
def test_hypothetical_contributions_of_the_letters_there_are_theirs(rule):
    model, x = reader(), letters()
    answer = explain(model, x, method="deeplift", baseline=FREQUENCIES, target=0, rule=rule)
    contributions = hypothetical(model, x, FREQUENCIES, 0, rule)
    torch.testing.assert_close((contributions * x).sum(1), answer.scores.sum(1))


def test_hypothetical_contributions_of_a_linear_model():
    model = nn.Sequential(nn.Flatten(), nn.Linear(48, 1)).double()
    weight = model[1].weight.detach().view(1, 4, 12)
    contributions = hypothetical(model, letters(), FREQUENCIES, 0)
    expected = weight - (weight * FREQUENCIES).sum(1, keepdim=True)
    torch.testing.assert_close(contributions, expected.expand(3, 4, 12))


def test_channels_may_be_last():
    model, x = reader(), letters()

    def turned(x):
        return model(x.transpose(1, 2))

    contributions = hypothetical(turned, x.transpose(1, 2), FREQUENCIES.t(), 0, channel_dim=2)
    torch.testing.assert_close(
        contributions.transpose(1, 2), hypothetical(model, x, FREQUENCIES, 0)
    )
