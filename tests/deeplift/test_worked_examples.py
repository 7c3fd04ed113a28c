"""Answers worked out by hand."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explainers import explain

RULES = ("rescale", "reveal_cancel", "genomics")


def scores(model, x, baseline="zeros", rule="reveal_cancel", **options):
    """Scores of one input given as a list."""
    x = torch.tensor([x], dtype=torch.float64)
    if not isinstance(baseline, str):
        baseline = torch.tensor([baseline], dtype=torch.float64)
    return explain(model, x, method="deeplift", baseline=baseline, rule=rule, **options).scores[0]


def near(actual, expected):
    """To ten digits."""
    torch.testing.assert_close(
        actual, torch.tensor(expected, dtype=actual.dtype), atol=1e-10, rtol=1e-10
    )


def layers(*pairs):
    """Dense layers from (weights, bias) with a ReLU between them."""
    stack = []
    for weights, bias in pairs:
        layer = nn.Linear(len(weights[0]), len(weights), dtype=torch.float64)
        layer.weight.data = torch.tensor(weights, dtype=torch.float64)
        layer.bias.data = torch.tensor(bias, dtype=torch.float64)
        stack += [layer, nn.ReLU()]
    return nn.Sequential(*stack[:-1])


def test_minimum_of_two():
    def least(x):
        return x[:, 0] - F.relu(x[:, 0] - x[:, 1])

    near(scores(least, [2, 1]), [0.5, 0.5])
    near(scores(least, [2, 1], rule="rescale"), [0.0, 1.0])


def test_minimum_of_two_as_an_operation_is_shared():
    near(scores(lambda x: torch.minimum(x[:, 0], x[:, 1]), [2, 1], rule="rescale"), [0.5, 0.5])


def test_minimum_of_two_as_dense_layers():
    first = layers(([[1, -1], [1, 0], [-1, 0]], [0, 0, 0]), ([[-1, 1, -1]], [0]))
    near(scores(first, [2, 1]), [0.5, 0.5])


@pytest.mark.parametrize("rule", RULES)
def test_saturation(rule):
    near(scores(lambda x: 1 - F.relu(1 - x[:, 0] - x[:, 1]), [1, 1], rule=rule), [0.5, 0.5])


@pytest.mark.parametrize("rule", RULES)
def test_threshold(rule):
    near(scores(lambda x: F.relu(x[:, 0:1] - 10), [20], rule=rule), [10.0])


def test_bias_never_contributes_but_moves_the_reference():
    # z = x1 - x2 + 1 from z0 = 1: D+ = 3, D- = -2. Both orders:
    # y+ = ½[4 - 1] + ½[2 - 0] = 2.5, y- = ½[0 - 1] + ½[2 - 4] = -1.5.
    near(scores(layers(([[1, -1]], [1]), ([[1]], [5])), [3, 2]), [2.5, -1.5])


def test_reference_that_is_not_zero():
    # The same differences and the same reference activation, by another way.
    near(scores(layers(([[1, -1]], [0]), ([[1]], [0])), [5, 3], [2, 1]), [2.5, -1.5])


def test_two_hidden_layers():
    # First layer: z = x1 - x2 at (3, 2): y+ = ½[3 + 1] = 2, y- = ½[0 + (1 - 3)] = -1, y = 1.
    # Second: the total +1 with weight 2 and bias -1: z from -1 to 1, all positive: y = 1, m = ½.
    # Back: ½ · 2 = 1 for the first unit; its parts are worth 2/3 and 1/2.
    near(scores(layers(([[1, -1]], [0]), ([[2]], [-1]), ([[1]], [0])), [3, 2]), [2.0, -1.0])


def test_convolution():
    conv = nn.Conv1d(1, 1, 2, dtype=torch.float64)
    conv.weight.data[:] = torch.tensor([[[1.0, -1.0]]])
    conv.bias.data.zero_()
    model = nn.Sequential(nn.Unflatten(1, (1, 3)), conv, nn.ReLU(), nn.Flatten(), Total())
    # Windows (3, 2): +2, -1 as above. (2, 4): D+ = 2, D- = -4: y+ = ½[2 + 0] = 1, y- = ½[0 - 2].
    near(scores(model, [3, 2, 4]), [2.0, -1.0 + 1.0, -1.0])
    # Rescale behind a convolution: (3, 2) passes whole, (2, 4) is shut at both ends.
    near(scores(model, [3, 2, 4], rule="genomics"), [3.0, -2.0, 0.0])


class Total(nn.Module):
    """The sum of a row."""

    def forward(self, x):
        return x.sum(1, keepdim=True)


def test_negative_batch_norm_scale_swaps_the_parts():
    norm = nn.BatchNorm1d(1, eps=1e-30, dtype=torch.float64)
    norm.weight.data.fill_(-1)
    norm.bias.data.fill_(0)
    model = nn.Sequential(layers(([[1, -1]], [0])), norm, nn.ReLU()).double()
    # -z: D+ = 2 from x2, D- = -3 from x1: y+ = ½[2 + 0] = 1, y- = ½[0 + (0 - 2)] = -1.
    near(scores(model, [3, 2]), [-1.0, 1.0])


@pytest.mark.parametrize("function", [torch.sigmoid, torch.tanh])
def test_smooth_activations(function):
    def model(x):
        return function(x[:, :1] - x[:, 1:])

    f = [float(function(torch.tensor(z, dtype=torch.float64))) for z in (0, 3, -2, 1)]
    plus = (f[1] - f[0] + f[3] - f[2]) / 2
    minus = (f[2] - f[0] + f[3] - f[1]) / 2
    near(scores(model, [3, 2]), [plus, minus])
    change = f[3] - f[0]
    near(scores(model, [3, 2], rule="rescale"), [3 * change, -2 * change])


def test_limits_where_a_part_is_nothing():
    from explainers.methods.deeplift import multipliers

    # x2 does not move; its multiplier is the limit ½(f'(0) + f'(3)) of tanh.
    def model(x):
        return torch.tanh(x[:, :1] - x[:, 1:])

    x = torch.tensor([[3.0, 0.0]], dtype=torch.float64)
    m = multipliers(model, x, rule="reveal_cancel")[0]
    slope = (1 + 1 - torch.tanh(torch.tensor(3.0, dtype=torch.float64)) ** 2) / 2
    above = torch.tanh(torch.tensor(3.0, dtype=torch.float64)) / 3
    near(m, [float(above), -float(slope + above) / 2])


@pytest.mark.parametrize("rule", RULES)
def test_products_are_shared_at_the_middle(rule):
    near(scores(lambda x: x[:, :1] * x[:, 1:], [2, 3], rule=rule), [3.0, 3.0])


def test_max_pool_shares_by_the_cross_rule():
    model = nn.Sequential(nn.MaxPool1d(2, 1), nn.Flatten(1))
    # Overlapping windows (1, 5), (5, 2) against (4, 0), (0, 3): the winner 5 takes 1 and 2.
    x, b = [[1.0, 5, 2]], [[4.0, 0, 3]]
    for rule in RULES:
        contributions = scores(lambda x: model(x).sum(1), x, b, rule)
        near(contributions, [[0.0, 3.0, 0.0]])
    # When the maximum falls, what won at the reference takes it.
    near(scores(lambda x: model(x).sum(1), [[1.0, 2]], [[4.0, 0]], "rescale"), [[-2.0, 0.0]])


def test_support_and_opposition_apart():
    # o = 2h1 - 3h2 with h = x at (1, 1): the parts of the change are 2 and -3.
    x = torch.tensor([[1.0, 1.0]], dtype=torch.float64)
    model = layers(([[1, 0], [1, 0]], [0, 0]), ([[2, -3]], [0]))
    answer = explain(model, x, method="deeplift", rule="reveal_cancel", apart=True)
    near(answer.positive[0], [2.0, 0.0])
    near(answer.negative[0], [-3.0, 0.0])
    near(answer.scores[0], [-1.0, 0.0])
