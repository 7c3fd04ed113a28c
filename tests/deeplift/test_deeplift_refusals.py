"""What cannot be followed is named with its place; nothing is silently taken for linear."""

import pytest
import torch
from torch import nn

from explainers import ModelProblem, explain

X = torch.randn(3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


class Strange(nn.Module):
    """Uses an operation that has no rule."""

    def forward(self, x):
        return torch.special.bessel_j1(x)


class Smooth(nn.Module):
    """Uses one that has a gradient but no rule."""

    def forward(self, x):
        return torch.lgamma(x.abs() + 1)


class Branching(nn.Module):
    """Does this or that, by what it computes."""

    def forward(self, x):
        if x.sum() > 0:
            return x.relu()
        return -x


def around(layer):
    return nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.Tanh(), layer), nn.Linear(4, 2)).double()


def test_an_unknown_operation_is_named_with_its_place():
    with pytest.raises(ModelProblem, match=r"special_bessel_j1.*'1\.1' \(Strange\).*\.py line \d+"):
        explain(around(Strange()), X, method="deeplift")


@pytest.mark.parametrize("rule", ["rescale", "reveal_cancel", "genomics"])
def test_a_local_integral_is_complete_and_reported(rule):
    with pytest.raises(ModelProblem, match="lgamma.*fallback='integral'"):
        explain(around(Smooth()), X, method="deeplift", rule=rule)
    answer = explain(around(Smooth()), X, method="deeplift", rule=rule, fallback="integral")
    assert answer.gap.abs().max() < 1e-9
    assert any("lgamma" in note and "'1.1' (Smooth)" in note for note in answer.notes)


def test_the_local_integral_is_that_of_a_smooth_function():
    def model(x):
        return torch.lgamma(x[:, :1] + x[:, 1:2] + 5) * 2

    answer = explain(model, X, method="deeplift", target=0, fallback="integral")
    total = X[:, :2].sum(1, keepdim=True)
    slope = (model(X) - model(torch.zeros_like(X))) / total
    torch.testing.assert_close(answer.scores[:, :2], slope * X[:, :2])


def test_control_flow_that_depends_on_the_data_is_named():
    """Where the input and its baseline go different ways; on one way both are explained."""
    net, x = nn.Sequential(nn.Identity(), nn.Sequential(nn.Tanh(), Branching())), X.abs()
    with pytest.raises(ModelProblem, match=r"depends on the values.*'1\.1' \(Branching\)"):
        explain(net, x, method="deeplift", baseline=-x)
    scores = explain(net, x, method="deeplift", baseline=x / 2, target=1).scores
    torch.testing.assert_close(scores[:, 1], (x.tanh() - (x / 2).tanh())[:, 1])


@pytest.mark.parametrize(
    "model",
    [
        lambda x: x * float(x.max()),
        lambda x: x[:, : int(x.argmax()) % 2 + 1].sum(1),
        lambda x: x[x > 0].sum() + x.sum(1),
        lambda x: x.gather(1, x.argmax(1, keepdim=True)),
        lambda x: x * torch.as_tensor(x.detach().numpy() ** 2),
    ],
)
def test_leaving_the_tensors_is_refused(model):
    with pytest.raises(ModelProblem):
        explain(model, X, method="deeplift", target=0)


def test_ties_are_reported():
    def model(x):
        return torch.relu(x[:, :1] - x[:, 1:2])

    x = torch.tensor([[2.0, 2.0]])
    tied = explain(model, x, method="deeplift", rule="reveal_cancel")
    assert any("cancel exactly" in note for note in tied.notes)
    assert not explain(
        model, x + torch.tensor([[1.0, 0]]), method="deeplift", rule="reveal_cancel"
    ).notes
