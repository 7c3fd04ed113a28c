"""Rescale agrees with captum where captum is right: plain nets, every module used once."""

import pytest
import torch
from captum.attr import DeepLift
from torch import nn

from explainers import explain
from explainers.methods.deeplift import multipliers

pytestmark = pytest.mark.filterwarnings("ignore")
NETS = {
    "dense": (
        lambda: nn.Sequential(
            nn.Linear(6, 9), nn.ReLU(), nn.Linear(9, 9), nn.Tanh(), nn.Linear(9, 3)
        ),
        (6,),
    ),
    "convolution": (
        lambda: nn.Sequential(
            nn.Conv2d(2, 4, 3),
            nn.ReLU(),
            nn.Conv2d(4, 4, 3, 2),
            nn.Sigmoid(),
            nn.Flatten(),
            nn.Linear(36, 3),
        ),
        (2, 9, 9),
    ),
    "batch_norm_and_average": (
        lambda: nn.Sequential(
            nn.Conv1d(2, 4, 3),
            nn.BatchNorm1d(4),
            nn.ELU(),
            nn.AvgPool1d(2),
            nn.Flatten(),
            nn.Linear(16, 3),
        ),
        (2, 10),
    ),
}


@pytest.mark.parametrize("name", NETS)
def test_rescale_agrees(name):
    build, shape = NETS[name]
    torch.manual_seed(0)
    model = build().double().eval()
    x, b = torch.randn(2, 4, *shape, dtype=torch.float64)
    target = [0, 1, 2, 1]
    theirs = DeepLift(model).attribute(x.clone(), b, target=target).detach()
    ours = explain(model, x, method="deeplift", baseline=b, target=target).scores
    torch.testing.assert_close(ours, theirs)


def test_multipliers_agree():
    build, shape = NETS["dense"]
    torch.manual_seed(1)
    model = build().double().eval()
    x, b = torch.randn(2, 4, *shape, dtype=torch.float64)
    theirs = DeepLift(model, multiply_by_inputs=False).attribute(x.clone(), b, target=1).detach()
    torch.testing.assert_close(multipliers(model, x, b, 1), theirs)
