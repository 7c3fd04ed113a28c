"""What is no score before a softmax, or of no known kind, is explained as it is, and said so."""

import pytest
import torch
import torch.nn.functional as F
from heads import ONE, A, B, X

from explainers.output_form import with_form


def written_over(z):
    p = z.sigmoid()
    p.view(-1).mul_(0.5)
    return p


# Of one model: whether its numbers are known to be probabilities. None has a score before them.
UNKNOWN = {
    "mean of heads": (lambda x: (A(x).softmax(1) + B(x).softmax(1)) / 2, True),
    "stacked heads": (lambda x: torch.stack([A(x).sigmoid(), B(x).sigmoid()]).mean(0), True),
    "weighted heads": (lambda x: 0.3 * A(x).sigmoid() + 0.7 * B(x).sigmoid(), True),
    "product": (lambda x: A(x).sigmoid() * B(x).sigmoid(), True),
    "rounded": (lambda x: A(x).sigmoid().round(), True),
    "hardsigmoid": (lambda x: F.hardsigmoid(A(x)), True),
    "scores clamped": (lambda x: A(x).clamp(0, 1), True),
    "wide clip": (lambda x: A(x).sigmoid().clip(0.2, 0.8), True),
    "where": (lambda x: torch.where(x[:, :3] > 0, A(x).sigmoid(), 0.0), True),
    "weighted anew": (
        lambda x: (lambda p: p / p.sum(1, keepdim=True))(
            A(x).softmax(1) * torch.tensor([0.2, 0.3, 0.5])
        ),
        True,
    ),
    "normalised rates": (lambda x: F.normalize(F.softplus(A(x)), p=1, dim=1), True),
    "by a layer": (
        lambda x: F.linear(ONE(x).sigmoid(), X.new_tensor([[-1], [1]]), X.new_tensor([1, 0])),
        True,
    ),
    "by NumPy": (lambda x: torch.from_numpy(A(x).softmax(1).numpy()), True),
    "rates": (lambda x: F.softplus(A(x)), False),
    "exp": (lambda x: A(x).exp(), False),
    "tanh": (lambda x: A(x).tanh(), False),
    "sigmoid minus half": (lambda x: A(x).sigmoid() - 0.5, False),
    "written over by a view": (lambda x: written_over(A(x)), False),
    "one by NumPy": (lambda x: torch.from_numpy(A(x).sigmoid().numpy())[:, :1], False),
    "classes beside scores": (lambda x: torch.cat([A(x).sigmoid(), B(x)], 1), False),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_not_known_is_explained_as_it_is_and_said(name):
    model, probable = UNKNOWN[name]
    notes, of_probability = [], []
    assert torch.equal(with_form(model, "logit", note=notes.append)(X), model(X))
    probability = with_form(model, "probability", note=of_probability.append)(X)
    assert torch.equal(probability, model(X))
    assert len(notes) == 1 and "as they are" in notes[0]
    assert len(of_probability) == (not probable)


def test_percentages_are_no_probabilities_and_have_a_logit():
    def model(x):
        return 100 * A(x).softmax(1)

    notes = []
    torch.testing.assert_close(with_form(model, "logit", note=notes.append)(X), A(X))
    assert not notes
    assert torch.equal(with_form(model, "probability", note=notes.append)(X), model(X))
    assert len(notes) == 1


SCORES = {
    "linear": A,
    "ReLU and pooling": lambda x: F.adaptive_avg_pool1d(A(x).relu()[:, :, None], 1).flatten(1),
    "a softmax inside": lambda x: B(F.pad(A(x).softmax(1), (0, 1))),
    "attention": lambda x: A((x @ x.T).softmax(1) @ x),
    "a gate": lambda x: A(x) * A(x).sigmoid(),
    "residual": lambda x: A(x) + B(x).sigmoid(),
    "capped": lambda x: 30 * torch.tanh(A(x) / 30),
    "clamped": lambda x: A(x).clamp(-30, 30),
    "cosines": lambda x: torch.tensor(3.0).exp() * F.normalize(x) @ F.normalize(A.weight).T,
    "pooled by attention": lambda x: (B(x).softmax(1)[:, :, None] * A(x)[:, None]).sum(1),
}


@pytest.mark.parametrize("name", SCORES)
def test_scores_are_taken_for_scores_without_a_word(name):
    model, notes = SCORES[name], []
    assert torch.equal(with_form(model, "logit", note=notes.append)(X), model(X))
    probability = with_form(model, "probability", note=notes.append)(X)
    torch.testing.assert_close(probability, model(X).softmax(1))
    assert not notes


def test_quantities_in_thousands_are_softmaxed_only_with_a_word():
    notes = []
    with_form(lambda x: A(x) + 1000, "probability", note=notes.append)(X)
    assert len(notes) == 1 and "far from" in notes[0]


def test_what_sums_to_1_by_chance_is_named_once_it_does_not():
    notes = []
    formed = with_form(lambda x: x * 1.0, "probability", note=notes.append)
    formed(X.new_tensor([[1.0, 0.0]]))
    assert not notes
    formed(X.new_tensor([[0.0, 0.0]]))
    assert len(notes) == 1 and "do not" in notes[0]


def test_a_softmax_over_the_batch_is_named():
    notes = []
    found = with_form(lambda x: A(x).softmax(0), "probability", note=notes.append)(X)
    assert torch.equal(found, A(X).softmax(0))
    assert len(notes) == 1 and "another dimension" in notes[0]
