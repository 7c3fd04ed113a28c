"""What a model guards against (log of a negative number, 1/0) is not met by its explanation."""

import pytest
import torch
import torch.nn.functional as F

from explainers import explain
from explainers.errors import ModelProblem

X = torch.tensor([[-1.2, -0.3, 0.0, 0.2, 0.7, 1.5]], dtype=torch.float64)
BASELINES = {
    "zero": torch.zeros_like(X),
    "below": torch.full_like(X, -0.5),
    "above": torch.full_like(X, 0.5),
    "across": X.flip(1),
}


def masked(x):
    y = x.log()
    y[x <= 0] = 0
    return y


def written(x):
    y = x.log()
    return y.masked_fill_(x <= 0.1, 3.0)


FUNCTIONS = {
    "where_log": lambda x: torch.where(x > 0.1, x.log(), -2.0),
    "x_log_x": lambda x: torch.where(x > 0, x * x.log(), 0.0),
    "reciprocal": lambda x: torch.where(x != 0, 1 / x, 0.0),
    "of_a_relu": lambda x: torch.where(x > 0, 1 / x.relu(), 0.0),
    "log_masked": lambda x: x.log().masked_fill(x <= 0, 0.0),
    "masked_log": lambda x: x.masked_fill(x <= 0, 1.0).log(),
    "masked_item": masked,
    "masked_in_place": written,
    "sqrt": lambda x: torch.where(x > 0, x.sqrt(), 0.0),
    "rsqrt": lambda x: torch.where(x > 0, x.rsqrt(), 0.0),
    "power": lambda x: torch.where(x > 0, x**0.3, 0.0),
    "quotient": lambda x: torch.where(x > 0, 2 / x.relu(), 0.0),
    "overflow": lambda x: torch.where(x > -50, x, (x * 1e4).exp()),
    "log1p": lambda x: torch.where(x > -1, x.log1p(), 0.0),
    "asin": lambda x: torch.where(x.abs() < 1, x.asin(), 0.0),
    "entropy": lambda x: torch.special.entr(x.relu()),
    "xlogy": lambda x: torch.xlogy(x.relu(), x.relu()),
    "nested": lambda x: torch.where(x > 0, (x.exp() - 1).log() * 2, 0.0),
    "constant_mask": lambda x: torch.where(torch.arange(6) < 0, x.log(), x),
    "root_at_zero": lambda x: x.relu().sqrt(),
    "power_at_zero": lambda x: x.relu() ** 0.5 + x.relu() ** 0.3 + x.relu() ** 1.5,
    "size": lambda x: (x * x).sqrt(),
    "squashed": lambda x: x.clamp(min=1e-6).log(),
}


@pytest.mark.parametrize("baseline", BASELINES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_elementwise_function_gives_each_value_its_own_difference(name, baseline):
    function, b = FUNCTIONS[name], BASELINES[baseline]
    for rule in ("rescale", "reveal_cancel"):
        scores = explain(lambda x: function(x).sum(1), X, "deeplift", b, rule=rule).scores
        torch.testing.assert_close(scores, function(X) - function(b), msg=f"{name} {rule}")


@pytest.mark.parametrize("rule", ["rescale", "reveal_cancel", "genomics"])
def test_edge_strength_on_a_flat_patch_is_finite_and_adds_up(rule):
    sobel = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]], dtype=torch.float64)
    filters = torch.stack([sobel, sobel.T])[:, None]
    picture = torch.zeros(2, 1, 8, 8, dtype=torch.float64)
    picture[0, 0, 4:, 4:] = torch.rand(4, 4, dtype=torch.float64)
    picture[1] = 0.5

    def edges(x):
        return F.conv2d(x, filters, padding=1).square().sum(1).sqrt().flatten(1).sum(1)

    answer = explain(edges, picture, "deeplift", "zeros", rule=rule)
    assert torch.isfinite(answer.scores).all()
    assert answer.gap.abs().max() < 1e-9


def test_norms_and_angles_of_nothing_add_up():
    x = torch.tensor([[1.0, 2.0, 0.0, 0.0, -1.0, 0.0]], dtype=torch.float64)
    for function in (
        lambda x: x.reshape(-1, 3, 2).norm(dim=2),
        lambda x: F.normalize(x.reshape(-1, 3, 2), dim=2).flatten(1)[:, ::2],
        lambda x: F.cosine_similarity(x[:, :3], x[:, 1:4] + 0.5, dim=1)[:, None],
        lambda x: torch.atan2(x[:, :3], x[:, 3:]),
        lambda x: torch.hypot(x[:, :3], x[:, 3:]),
        lambda x: x.std(1, keepdim=True),
    ):
        nothing = torch.zeros_like(x)
        scores = explain(lambda x, f=function: f(x).sum(1), x, "deeplift", nothing).scores
        difference = (function(x) - function(nothing)).sum()
        torch.testing.assert_close(scores.sum(), difference)


def test_what_cannot_be_shared_out_is_named():
    """From −∞ to a number: no multiplier of log x says how much of the step is whose."""
    with pytest.raises(ModelProblem, match=r"logsumexp, in .*\.py line \d+ meets values"):
        explain(lambda x: x.masked_fill(x < 0, -torch.inf).logsumexp(1), X, "deeplift", X.flip(1))
