"""A model that draws random numbers in evaluation mode is found out, said, and can be averaged."""

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from nets import convnet, pictures, smooth
from torch import nn

from explainers import Problem, explain

W = torch.tensor([3.0, -2.0, 1.0])
X = torch.tensor([[1.0, 2.0, 4.0]])


def dropped(x):
    """Each term is there with probability one half, and doubled then: on average w·x."""
    return (F.dropout(x, 0.5, training=True) * W).sum(1)


def noisy(x):
    return (x * W).sum(1) * (1 + 0.3 * torch.randn(len(x)))


def with_bernoulli(x):
    return (x * W * torch.bernoulli(torch.full_like(x, 0.5))).sum(1)


def by_numpy(x):
    return (x * W).sum(1) * float(1 + np.random.rand())


def faintly(x):
    """Differs by less than the number of rows may make an answer differ."""
    return (x * W).sum(1) * float(1 + 1e-5 * np.random.rand())


def by_python(x):
    return (x * W).sum(1) * (1 + random.random())


def hard_choice(x):
    """Rarely another answer: two evaluations hardly ever differ."""
    return (x * W).sum(1) * (torch.rand(len(x)) > 1e-6)


class OwnGenerator(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.generator = kind

    def forward(self, x):
        if isinstance(self.generator, torch.Generator):
            return (x * W).sum(1) * (1 + torch.rand(len(x), generator=self.generator))
        return (x * W).sum(1) * float(1 + self.generator.random())


def monte_carlo():
    net = nn.Sequential(nn.Linear(3, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 2))
    net[2].forward = lambda x: F.dropout(x, 0.5, training=True)
    return net.eval()


RANDOM = {
    "dropout": lambda: dropped,
    "noise": lambda: noisy,
    "bernoulli": lambda: with_bernoulli,
    "numpy": lambda: by_numpy,
    "faintly": lambda: faintly,
    "python": lambda: by_python,
    "rarely": lambda: hard_choice,
    "torch generator": lambda: OwnGenerator(torch.Generator().manual_seed(0)),
    "numpy generator": lambda: OwnGenerator(np.random.default_rng(0)),
    "python generator": lambda: OwnGenerator(random.Random(0)),
    "Monte Carlo dropout": monte_carlo,
}


@pytest.mark.parametrize("kind", RANDOM)
@pytest.mark.parametrize("method", ["gradient_x_input", "occlusion"])
def test_it_is_said_on_every_answer(kind, method):
    model = RANDOM[kind]()
    for _ in range(2):
        answer = explain(model, X, method)
        assert any("random numbers" in note and "repeats=" in note for note in answer.notes)


@pytest.mark.parametrize("kind", RANDOM)
def test_a_seed_makes_it_reproducible_and_touches_no_generator(kind):
    model = RANDOM[kind]()
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    first, again = (explain(model, X, "gradient_x_input", repeats=3, seed=5) for _ in range(2))
    after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    assert torch.equal(first.scores, again.scores) and torch.equal(first.output, again.output)
    assert torch.equal(before[0], after[0]) and before[1:] == after[1:]
    if kind != "rarely":
        other = explain(model, X, "gradient_x_input", repeats=3, seed=50)
        assert not torch.equal(first.scores, other.scores)
    assert first.settings["repeats"] == 3 and first.settings["seed"] == 5


def test_the_mean_is_the_expectation_within_its_spread():
    """Of dropout on w·x the expected contribution is w·x, its standard deviation |w·x|."""
    answer = explain(dropped, X, "gradient_x_input", repeats=400)
    right = W * X
    assert answer.spread is not None
    torch.testing.assert_close(answer.spread, right.abs() / 20, rtol=0.2, atol=0)
    assert bool(((answer.scores - right).abs() < 4 * answer.spread).all())
    assert abs(float(answer.output) - float(right.sum())) < 4 * float(right.norm()) / 20


def test_output_and_scores_are_of_the_same_runs():
    answer = explain(dropped, X, "integrated_gradients", steps=4, repeats=1)
    explain(noisy, X, "occlusion", repeats=2)
    assert torch.isfinite(answer.scores).all()


def test_the_class_is_the_highest_on_average():
    """Class 0 is 1 always; class 1 is 0 or 1.6, 0.8 on average."""

    def model(x):
        coin = torch.bernoulli(torch.full((len(x), 1), 0.5))
        return torch.cat([x[:, :1], 1.6 * coin * x[:, :1]], 1)

    for seed in range(5):
        answer = explain(model, torch.ones(1, 2), "gradient_x_input", repeats=60, seed=seed)
        assert answer.target == [0]


@pytest.mark.parametrize("repeats", [0, -1])
def test_a_bad_number_of_runs_gets_a_sentence(repeats):
    with pytest.raises(Problem, match="not a positive whole number"):
        explain(dropped, X, "saliency", repeats=repeats)


def test_honest_models_are_run_once_and_say_so():
    answer = explain(smooth(3).float(), X, "saliency", repeats=5)
    assert answer.passes <= 5 and "one run says all" in answer.notes[0]
    assert explain(convnet(), pictures(1), "saliency").notes == ()


def test_random_methods_keep_their_seed():
    one, same, other = (explain(smooth(3).float(), X, "smoothgrad", seed=s) for s in (1, 1, 2))
    assert torch.equal(one.scores, same.scores) and not torch.equal(one.scores, other.scores)
    with pytest.raises(Problem, match="no option 'seed'"):
        explain(smooth(3).float(), X, "saliency", seed=1)


def test_a_shared_cache_keeps_no_draw():
    from explainers.output_cache import OutputCache

    cache = OutputCache()
    seen = {float(explain(noisy, X, "saliency", seed=s, cache=cache).output) for s in range(4)}
    assert len(seen) == 4


def test_detection_costs_two_passes_at_most_and_once():
    calls = []

    def model(x):
        calls.append(len(x))
        return (x * W).sum(1)

    explain(model, X, "saliency")
    first = len(calls)
    explain(model, X, "saliency")
    assert first - (len(calls) - first) == 2
    assert sum(calls[:first]) - sum(calls[first:]) == 3
