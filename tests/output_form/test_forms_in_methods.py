"""Methods explain the form of the output that was found, with what must be said of it."""

import weakref

import pytest
import torch
from heads import ONE, A, B, X, filled
from torch import nn

from explainers import Problem, explain, output_form
from explainers.output_cache import OutputCache
from explainers.output_form import with_form


class Complement(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1)).double()

    def forward(self, x):
        p = torch.sigmoid(self.body(x))
        p.neg_()
        p += 1
        return p


@pytest.mark.parametrize("method", ["integrated_gradients", "deeplift", "saliency", "occlusion"])
def test_methods_explain_the_logit_of_the_complement(method):
    model = Complement()
    found = explain(model, X, method, target=0, score="logit")
    other = explain(lambda x: -model.body(x), X, method, target=0)
    torch.testing.assert_close(found.scores, other.scores)
    torch.testing.assert_close(found.output, -model.body(X)[:, 0].detach())
    assert not found.notes


def test_deeplift_follows_a_buffer_that_is_filled():
    found = explain(lambda x: filled(ONE(x)), X, "deeplift", target=0, score="logit")
    torch.testing.assert_close(found.scores, -X * ONE.weight)


@pytest.mark.parametrize("end, passes", [(nn.Identity(), 1), (nn.Softmax(1), 2)])
def test_operations_are_followed_only_where_that_is_needed(monkeypatch, end, passes):
    """Scores as they are once, to know that; those before a softmax in every pass."""
    followed, observe = [], output_form.observe

    def counted(model, points):
        followed.append(len(points))
        return observe(model, points)

    monkeypatch.setattr(output_form, "observe", counted)
    model = nn.Sequential(A, end)
    scored = output_form.with_form(model, "logit")
    for points in (X, X):
        torch.testing.assert_close(scored(points), A(X))
    assert followed == [len(X)] * passes


def test_every_explanation_carries_the_sentence_also_from_a_cache():
    cache = OutputCache()

    def model(x):
        return (A(x).softmax(1) + B(x).softmax(1)) / 2

    for method in ("gradient_x_input", "saliency", "gradient_x_input"):
        answer = explain(model, X, method, target=0, score="logit", cache=cache)
        assert len(answer.notes) == 1 and "as they are" in answer.notes[0]


def test_nothing_is_kept_alive():
    kept = []

    class Net(nn.Module):
        def forward(self, x):
            attention = (x @ x.T).softmax(1)
            kept.append(weakref.ref(attention))
            hidden = attention @ x
            del attention
            assert kept[-1]() is None
            return A(hidden)

    with torch.no_grad():
        with_form(Net(), "probability")(X)


def test_a_model_that_ends_otherwise_for_other_inputs_is_refused():
    formed = with_form(lambda x: A(x).sigmoid() if x[0, 0] > 0 else A(x), "logit")
    formed(X.abs())
    with pytest.raises(Problem, match="other operations for some inputs"):
        formed(-X.abs())
