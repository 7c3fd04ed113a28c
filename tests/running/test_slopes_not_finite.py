"""Slopes that are not finite: the right number where there is one, and a sentence always."""

import pytest
import torch
from torch import nn

from explainers import explain, jacobian

X = torch.tensor([[0.0, 4.0, 0.0, 9.0]], dtype=torch.float64)
W = torch.tensor([1.0, 2.0, -3.0, 1.0], dtype=torch.float64)


def roots(x):
    return (x.sqrt() * W).sum(1)


def guarded_log(x):
    return (torch.where(x > 0.5, x.log(), 0.0) * W).sum(1)


def entropy(x):
    return (torch.where(x > 0, x * x.log(), torch.zeros_like(x)) * W).sum(1)


def guarded_inverse(x):
    return (torch.where(x > 0.5, 1 / x, torch.zeros_like(x)) * W).sum(1)


def by_mask(x):
    return (x.log().masked_fill(x < 0.5, 0) * W).sum(1)


GUARDED = {
    "log": (guarded_log, lambda x: 1 / x),
    "x log x": (entropy, lambda x: x.log() + 1),
    "1/x": (guarded_inverse, lambda x: -1 / x**2),
    "masked": (by_mask, lambda x: 1 / x),
}


@pytest.mark.parametrize("kind", GUARDED)
def test_what_a_mask_hides_has_no_slope_and_that_is_exact(kind):
    model, derivative = GUARDED[kind]
    right = torch.where(X > 0, derivative(X.clamp(min=1)) * W, 0.0)
    answer = explain(model, X, "saliency", signed=True)
    torch.testing.assert_close(answer.scores, right)
    torch.testing.assert_close(jacobian(model, X)[:, 0], right)
    assert answer.notes == ()
    assert torch.isfinite(explain(model, X, "gradient_x_input", X / 2).scores).all()


def test_path_methods_give_the_finite_answer_where_one_end_is_singular():
    """Of Σ wᵢ √xᵢ from 0 the contributions are wᵢ √xᵢ: each term depends on one value alone."""
    right = W * X.sqrt()
    for rule in ("gauss_legendre", "midpoint", "trapezoid"):
        answer = explain(roots, X, rule=rule, steps=400)
        torch.testing.assert_close(answer.scores, right, rtol=0.07, atol=0)
    answer = explain(roots, X, "integrated_gradients")
    torch.testing.assert_close(answer.scores, right, rtol=0.02, atol=0)
    assert float(answer.gap.abs()) < 0.011
    assert torch.isfinite(explain(roots, X, "expected_gradients").scores).all()


@pytest.mark.parametrize("method", ["saliency", "gradient_x_input"])
def test_infinite_slopes_are_named_and_counted(method):
    answer = explain(roots, X, method, X / 2, **({"signed": True} if method == "saliency" else {}))
    slope = torch.tensor([[0.0, 0.5, 0.0, 1 / 6]], dtype=torch.float64)
    right = slope if method == "saliency" else slope * X / 2
    torch.testing.assert_close(answer.scores, right)
    (note,) = answer.notes
    assert "2 of 4 input values (0, 2; counted from 0)" in note and "occlusion" in note.lower()


class Edges(nn.Module):
    """Edge strength, the length of the slope of brightness; at 0 it has no slope itself."""

    def forward(self, x):
        across = x[:, :, :-1, 1:] - x[:, :, :-1, :-1]
        down = x[:, :, 1:, :-1] - x[:, :, :-1, :-1]
        return (across**2 + down**2).sqrt().flatten(1).sum(1, keepdim=True)


def patch():
    torch.manual_seed(0)
    x = torch.rand(1, 1, 8, 16, dtype=torch.float64)
    x[..., :8] = 0.5
    return x


def test_a_flat_patch_is_flat_and_all_else_is_right():
    """The right slopes are those of the network whose root is guarded by its own limit."""

    class Guarded(Edges):
        def forward(self, x):
            across = x[:, :, :-1, 1:] - x[:, :, :-1, :-1]
            down = x[:, :, 1:, :-1] - x[:, :, :-1, :-1]
            length = torch.stack([across, down], -1).norm(dim=-1)  # whose slope at 0 is 0
            return length.flatten(1).sum(1, keepdim=True)

    x = patch()
    for method, options in (
        ("saliency", {}),
        ("gradient_x_input", {}),
        ("integrated_gradients", {"steps": 16}),
        ("smoothgrad", {"samples": 4, "sigma": 0.0}),
    ):
        answer = explain(Edges(), x, method, **options)
        right = explain(Guarded(), x, method, **options)
        torch.testing.assert_close(answer.scores, right.scores)
        assert any("not finite" in note for note in answer.notes) and not right.notes
    whole = explain(Edges(), x, "integrated_gradients")
    assert float(whole.gap.abs()) < 0.011


def test_slopes_that_overflow_stay_and_are_named():
    answer = explain(lambda x: (x * 1e300 * 1e300).clamp(max=1).sum(1), X + 1, "saliency")
    if not torch.isfinite(answer.scores).all():
        assert any("NaN or infinite" in note for note in answer.notes)


def test_finite_slopes_get_no_note():
    for model in (lambda x: x.norm(dim=1), lambda x: (x + 1).sqrt().sum(1), lambda x: x.abs()):
        assert explain(model, X, "saliency", target=0).notes == ()
