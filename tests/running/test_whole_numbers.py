"""Columns that enter a model as codes have no slope, and methods that use slopes say so."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from explainers import explain

TABLE = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
X = torch.tensor([[3.0, 0.4, 1.0, -0.7], [5.0, 0.1, 2.0, 0.2]])


def rest(x):
    return x[:, 1] * 2 + x[:, 3]


def embedding(x):
    return F.embedding(x[:, 0].long(), TABLE).sum(1) + rest(x)


class Embedded(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.codes, self.more = nn.Embedding(6, 3), nn.Embedding(4, 3)
        self.mix = nn.Linear(8, 2)

    def forward(self, x):
        parts = self.codes(x[:, 0].int()), self.more(x[:, 2].to(torch.int64)), x[:, 1::2]
        return self.mix(torch.cat(parts, 1)).tanh()


def one_hot(x):
    return (F.one_hot(x[:, 0].long(), 6).float() @ TABLE).sum(1) + rest(x)


def indexed(x):
    return TABLE[x[:, 0].long()].sum(1) + rest(x)


def rounded(x):
    return x[:, 0].round() ** 2 + rest(x)


def largest(x):
    return TABLE[torch.stack([x[:, 0], x[:, 2] * 3.5], 1).argmax(1)].sum(1) + rest(x)


def switched(x):
    return TABLE[(x[:, 0] > 2).long()].sum(1) + rest(x)


def selected(x):
    return TABLE.index_select(0, x[:, 0].long().clamp(0, 5)).sum(1) + rest(x)


def equal(x):
    return sum(TABLE[k, 0] * (x[:, 0] == k).float() for k in range(6)) + rest(x)


def close(x):
    return (torch.isclose(x[:, :1], torch.arange(6.0)).float() @ TABLE).sum(1) + rest(x)


def in_python(x):
    return torch.stack([TABLE[int(value.item())].sum() for value in x[:, 0]]) + rest(x)


def in_lists(x):
    return torch.stack([TABLE[int(value)].sum() for value in x[:, 0].tolist()]) + rest(x)


def in_numpy(x):
    return torch.from_numpy(TABLE.numpy()[x[:, 0].detach().numpy().astype(int)]).sum(1) + rest(x)


def detached(x):
    return TABLE[x[:, 0].detach().long()].sum(1) + rest(x)


def scaled_by_detached(x):
    return x[:, 0].detach() * rest(x)


def without_gradients(x):
    with torch.no_grad():
        hidden = x[:, ::2].tanh() * 3
    return hidden.sum(1) + rest(x)


def threshold(x):
    return (x[:, 0] > 2.5).float() * 4 + rest(x)


def either(x):
    return torch.where(x[:, 0] > 2.5, torch.tensor(5.0), torch.tensor(-5.0)) + rest(x)


def branches(x):
    return torch.stack([row[1] * (2 if row[0] > 2.5 else -1) for row in x]) + rest(x)


CODED = {
    "equal": (equal, "value 0 "),
    "close": (close, "value 0 "),
    "read in Python": (in_python, "value 0 "),
    "read as a list": (in_lists, "value 0 "),
    "read in NumPy": (in_numpy, "value 0 "),
    "detached": (detached, "value 0 "),
    "a detached factor": (scaled_by_detached, "value 0 "),
    "without gradients": (without_gradients, "2 of 4 input values (0, 2;"),
    "threshold": (threshold, "value 0 "),
    "either of two": (either, "value 0 "),
    "branches": (branches, "value 0 "),
    "embedding": (embedding, "value 0 "),
    "module": (Embedded(), "2 of 4 input values (0, 2;"),
    "one hot": (one_hot, "value 0 "),
    "indexed": (indexed, "value 0 "),
    "rounded": (rounded, "value 0 "),
    "argmax": (largest, "2 of 4 input values (0, 2;"),
    "switched": (switched, "value 0 "),
    "selected": (selected, "value 0 "),
}


@pytest.mark.parametrize("method", ["saliency", "integrated_gradients", "finite_differences"])
@pytest.mark.parametrize("kind", CODED)
def test_methods_of_slopes_name_the_columns(kind, method):
    model, words = CODED[kind]
    for _ in range(2):
        notes = explain(model, X, method, target=0).notes
        (note,) = [note for note in notes if "whole numbers" in note]
        assert words in note and "occlusion or ablation" in note


@pytest.mark.parametrize("kind", CODED)
def test_occlusion_sees_them_and_says_nothing(kind):
    model, _ = CODED[kind]
    answer = explain(model, X[:1], "occlusion", target=0, window=1, stride=1)
    without = X[:1].clone()
    without[0, 0] = 0
    outputs = [out if out.ndim == 1 else out[:, 0] for out in (model(X[:1]), model(without))]
    torch.testing.assert_close(answer.scores[0, 0], (outputs[0] - outputs[1])[0])
    assert answer.notes == ()


def straight_through(x):
    return (x + (x.round() - x).detach()).sum(1)


def masked(x):
    """Padding is hidden by what is not padding: a mask, and slopes all the same."""
    mask = (x != 0).float()
    return (x * mask).sum(1) / mask.sum(1).clamp(min=1)


def piecewise(x):
    return torch.where(x > 0, x, 0.1 * x).sum(1) + x.sort(1).values[:, 0]


def pooled(x):
    values, places = F.max_pool1d(x[:, None], 2, return_indices=True)
    return F.max_unpool1d(values, places, 2).sum((1, 2))


def relu_by_hand(x):
    return torch.where(x > 0, x, torch.zeros_like(x)).sum(1)


def gated(x):
    return (x * (x > 0.3).float()).sum(1)


def leaky_and_checked(x):
    assert x.abs().max().item() < 100 and not bool(x.isnan().any())
    return torch.where(x > 0, x, 0.1 * x).sum(1) / float(x.shape[1])


def scaled_by_its_own_size(x):
    return (x / (0.1 + x.detach().abs().amax(1, keepdim=True))).sum(1)


def winners(x):
    """Of most values the slope is 0, and they change nothing."""
    return x.amax(1) * (2.0 if float(x.amax()) < 100 else 1.0)


HONEST = [straight_through, masked, piecewise, pooled, relu_by_hand, gated, leaky_and_checked]


@pytest.mark.parametrize("model", [*HONEST, scaled_by_its_own_size, winners])
def test_choices_and_masks_that_keep_their_slope_get_no_note(model):
    assert explain(model, X + 0.05, "saliency").notes == ()


@pytest.mark.parametrize("baseline", ["zeros", X[:1] * 0 + 3])
def test_a_code_that_is_the_baselines_is_named_too(baseline):
    x = X.clone()
    x[:, 0] = 0 if isinstance(baseline, str) else 3
    notes = explain(embedding, x, "gradient_x_input", baseline).notes
    assert any("0 (counted from 0) as whole numbers" in note for note in notes)


def test_codes_that_change_nothing_get_no_note():
    def ignored(x):
        return rest(x) + 0 * F.embedding(x[:, 0].long(), TABLE).sum(1)

    assert explain(ignored, X, "saliency").notes == ()


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [(torch.bool, 0, 1), (torch.uint8, 0, 200), (torch.int8, -100, 100)],
)
def test_answers_of_small_whole_numbers_do_not_wrap_around(kind, low, high):
    def model(x):
        return (low + (high - low) * (x[:, 0] > 0)).to(kind)

    found = explain(model, torch.tensor([[-1.0, 5.0]]), "ablation", torch.tensor([1.0, 0.0]))
    assert found.scores.tolist() == [[low - high, 0]]
