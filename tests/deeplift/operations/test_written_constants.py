"""Writing in place changes what comes after it, and nothing before."""

import pytest
import torch
import torch.nn.functional as F

from explainers import explain

X = torch.randn(3, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
B = torch.randn(3, 6, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
WEIGHTS = torch.tensor([1.0, -2.0, 3.0, 0.5, -1.0, 2.0], dtype=torch.float64)
RULES = ("rescale", "reveal_cancel")


def mask_written_after_use(x):
    mask = WEIGHTS.clone()
    y = x * mask
    mask[0] = 0
    mask.mul_(5)
    return y.sum(1)


def weight_written_after_use(x):
    weight = WEIGHTS.clone()
    y = F.linear(x, weight[None])
    weight.zero_()
    return y.flatten()


def filter_written_after_use(x):
    weight = WEIGHTS.clone().reshape(1, 1, 6)
    y = F.conv1d(x[:, None], weight)
    weight.fill_(0)
    return y.flatten()


def choice_written_after_use(x):
    chosen = torch.ones(6, dtype=torch.bool)
    y = torch.where(chosen, x, -x)
    chosen[:4] = False
    return y @ WEIGHTS


def index_written_after_use(x):
    places = torch.arange(6)
    y = x[:, places]
    places.zero_()
    return y @ WEIGHTS


def halved_again_and_again(x):
    weight, total = WEIGHTS * 8 / 7, 0
    for _ in range(3):
        weight *= 0.5
        total = total + (x * weight).sum(1)
    return total


def seen_through_a_view(x):
    weight = torch.stack([WEIGHTS, WEIGHTS])
    row = weight[1]
    y = x @ row
    weight[1].zero_()
    return y + x @ row


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "model",
    [
        mask_written_after_use,
        weight_written_after_use,
        filter_written_after_use,
        choice_written_after_use,
        index_written_after_use,
        halved_again_and_again,
        seen_through_a_view,
    ],
)
def test_a_constant_counts_as_it_was(model, rule):
    scores = explain(model, X, "deeplift", B, rule=rule).scores
    torch.testing.assert_close(scores, WEIGHTS * (X - B))


def after_an_activation(x):
    h = x.relu()
    h[:, 0] = 0
    h[:, 1] += h[:, 2]
    h.masked_fill_(h > 1, -1.0)
    h[:, 4:].mul_(h[:, 2:4]).clamp_(-0.5, 0.5)
    h[h < -0.2] = 0.3
    h.pow_(2).addcmul_(x, x).index_fill_(1, torch.tensor([5]), 1.0)
    return h @ WEIGHTS


def through_views(x):
    h = torch.tanh(x)
    first, second = h.chunk(2, 1)
    first.add_(second)
    second.mul_(first)
    h.view(-1, 2, 3).transpose(1, 2)[:, 0].exp_()
    h.data[:, 3] = 2.0
    h.detach()[:, 5].zero_()
    return h @ WEIGHTS


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("model", [after_an_activation, through_views])
def test_writing_after_an_activation_adds_up(model, rule):
    answer = explain(model, X.clone(), "deeplift", B.clone(), rule=rule)
    assert answer.gap.abs().max() < 1e-9
    torch.testing.assert_close(answer.output, model(X.clone()))


def test_a_counter_of_the_model_may_be_written_after_it_was_read():
    class Counting(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.ones(1, dtype=torch.float64))

        def forward(self, x):
            y = x * self.seen
            self.seen.add_(1)
            return y @ WEIGHTS

    model = Counting()
    from explainers.methods.deeplift.contributions import contributions

    scores = contributions(model, model, X, B).scores
    torch.testing.assert_close(scores, WEIGHTS * (X - B))
    assert model.seen == 1
