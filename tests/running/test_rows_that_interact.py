"""Models whose rows affect each other: found out once, explained row by row or refused in words."""

import pytest
import torch
import torch.nn.functional as F
from nets import convnet, pictures, smooth
from torch import nn

from explainers import ModelProblem, explain, jacobian
from explainers.checks.faithfulness import deletion

X = torch.rand(3, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
W = torch.randn(4, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
NOTE = "inputs of a batch affect each other"


def hidden(x):
    return torch.tanh(x @ W)


def less_the_mean(x):
    h = hidden(x)
    return h * (1 + h.mean())


def with_the_largest(x):
    h = hidden(x)
    return h + 0.5 * h.amax(0)


def with_the_last(x):
    return hidden(x) * (2 + x[-1].sum())


def attended(x):
    """Attention over the wrong dimension, as of a transformer with batch_first=False."""
    h = hidden(x)
    return (h @ h.T).softmax(1) @ h + h


def scaled_by_the_largest(x):
    return hidden(x) / (0.1 + hidden(x).detach().abs().max())


def sorted_first(x):
    return hidden(x) + torch.arange(len(x), dtype=x.dtype).view(-1, 1)


MIXING = [
    less_the_mean,
    with_the_largest,
    with_the_last,
    attended,
    scaled_by_the_largest,
    sorted_first,
]


@pytest.mark.parametrize("method", ["gradient_x_input", "occlusion", "integrated_gradients"])
@pytest.mark.parametrize("model", MIXING)
def test_each_row_is_explained_alone_and_that_is_said(model, method):
    """What is right is what the network itself answers to a batch of one."""
    # Where slopes are not those of the function, more steps come no nearer to adding up.
    options = {"most_steps": 64} if method == "integrated_gradients" else {}
    together = explain(model, X, method, target=1, **options)
    again = explain(model, X.flip(0), method, target=1, batch_size=7, **options).scores.flip(0)
    alone = torch.cat([explain(model, x[None], method, target=1, **options).scores for x in X])
    torch.testing.assert_close(together.scores, alone)
    torch.testing.assert_close(again, alone)
    assert any(NOTE in note for note in together.notes)
    leaf = X[1:2].clone().requires_grad_()
    (slope,) = torch.autograd.grad(model(leaf)[0, 1], leaf)
    torch.testing.assert_close(explain(model, X, "saliency", target=1).scores[1:2], slope.abs())
    torch.testing.assert_close(jacobian(model, X)[1:2, 1], slope)


def batch_statistics(x):
    return F.batch_norm(hidden(x), None, None, training=True)


def standardised(x):
    h = hidden(x)
    return (h - h.mean(0)) / h.std(0)


def centred(x):
    return hidden(x) - hidden(x).mean(0)


def softmax_over_rows(x):
    return hidden(x).softmax(0)


def ranked(x):
    return hidden(x) - hidden(x).amax(0)


class NoRunningStatistics(nn.Module):
    """Batch normalisation that has nothing but the batch, also in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(3, track_running_stats=False).double()

    def forward(self, x):
        return self.norm(x.view(-1, 1, 2, 2).expand(-1, 3, 2, 2).tanh()).square().mean((2, 3))


def by_hand_on_places(x):
    h = x.view(-1, 1, 2, 2)
    return torch.batch_norm(h, None, None, None, None, True, 0.1, 1e-5, False).flatten(1)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(
    "model",
    [
        batch_statistics,
        standardised,
        centred,
        softmax_over_rows,
        ranked,
        NoRunningStatistics(),
        by_hand_on_places,
    ],
)
def test_what_means_nothing_alone_is_refused_in_words(model, rows):
    for _ in range(2):
        with pytest.raises(ModelProblem, match="in the batch") as raised:
            explain(model, X[:rows], "saliency", target=1)
        assert "Expected more" not in str(raised.value)
    with pytest.raises(ModelProblem, match="in the batch"):
        deletion(model, X[:rows], X[:rows], target=1, score="output")


def test_a_network_that_trains_when_it_is_called_is_refused_in_one_sentence():
    net = nn.Sequential(nn.Linear(4, 5), nn.BatchNorm1d(5)).double()

    def model(x):
        return net.train()(x)

    for rows in (1, 3):
        with pytest.raises(ModelProblem, match="^This model normalises each input by the stat"):
            explain(model, X[:rows], "saliency", target=1)


def random_and_mixing(x):
    return F.dropout(hidden(x), 0.1, training=True) * (1 + hidden(x).mean())


def test_both_are_said_of_a_model_that_is_random_too():
    notes = explain(random_and_mixing, X, "saliency", target=0).notes
    assert any("random numbers" in note for note in notes) and any(NOTE in note for note in notes)


def test_a_model_for_one_row_at_a_time_is_asked_one_by_one():
    def model(x):
        assert len(x) == 1
        return x @ W

    answer = explain(model, X[:1], "integrated_gradients", target=2, steps=4)
    torch.testing.assert_close(answer.scores, X[:1] * W[:, 2])
    assert not answer.notes


HONEST = {
    "convolutions": (convnet(), pictures(3)),
    "float32": (convnet().float(), pictures(3).float()),
    "vectors": (smooth(4).float(), X.float()),
    "bfloat16": (smooth(4).bfloat16(), X.bfloat16()),
    "instance norm": (
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.InstanceNorm2d(4), nn.Flatten()).double(),
        pictures(2, side=6),
    ),
    "group norm": (
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.Flatten()).double(),
        pictures(2, side=6),
    ),
    "attention": (
        nn.Sequential(
            nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Flatten(), nn.Linear(40, 3)
        ),
        torch.rand(3, 5, 8),
    ),
    "rounding inside": (
        nn.Sequential(nn.Linear(4, 8), nn.Tanh()).to(torch.bfloat16).float(),
        X.float(),
    ),
}


@pytest.mark.parametrize("kind", HONEST)
@pytest.mark.parametrize("rows", [1, 2])
def test_honest_models_get_no_note(kind, rows):
    model, x = HONEST[kind]
    assert explain(model, x[:rows], "saliency", target=0).notes == ()
