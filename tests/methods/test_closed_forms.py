"""Every method against answers that can be written down."""

import pytest
import torch
from nets import PICTURE_METHODS, convnet, linear, pictures, product, saturation, smooth

from explainers import METHODS, Problem, explain, jacobian

F64 = torch.float64
WEIGHTS = torch.tensor([2.0, -3.0, 0.0, 0.5], dtype=F64)
X = torch.tensor([[1.0, 2.0, 3.0, 4.0], [-1.0, 0.5, 2.0, 0.0]], dtype=F64)
X0 = torch.tensor([0.5, 1.0, -1.0, 2.0], dtype=F64)


@pytest.mark.parametrize("rule", ["gauss_legendre", "midpoint", "trapezoid"])
@pytest.mark.parametrize("steps", [1, 2, 3, 7, 50])
def test_integrated_gradients_is_exact_on_linear_functions(rule, steps):
    answer = explain(linear(WEIGHTS, 5.0), X, baseline=X0, rule=rule, steps=steps)
    torch.testing.assert_close(answer.scores, WEIGHTS * (X - X0), rtol=0, atol=1e-14)
    assert answer.gap.abs().max() < 1e-14


def test_integrated_gradients_of_a_product():
    answer = explain(product, torch.tensor([[2.0, 3.0]], dtype=F64), steps=8)
    torch.testing.assert_close(answer.scores, torch.tensor([[3.0, 3.0]], dtype=F64))


def test_integrated_gradients_sees_through_saturation_where_the_gradient_is_blind():
    x = torch.ones(1, 2, dtype=F64)
    assert explain(saturation, x, "gradient_x_input").scores.abs().max() == 0
    answer = explain(saturation, x, tolerance=1e-4)
    torch.testing.assert_close(answer.scores, torch.full((1, 2), 0.5, dtype=F64), atol=1e-4, rtol=0)


def test_steps_of_a_square_follow_the_rules_known_errors():
    """∫₀¹ 2αx² dα for f = x²: Gauss–Legendre is exact, the others are off by a known amount."""

    def square(x):
        return (x**3).sum(1)

    x = torch.tensor([[1.0]], dtype=F64)
    for rule, n, expected in (
        ("gauss_legendre", 2, 1.0),
        ("midpoint", 4, 1 - 1 / 64),
        ("trapezoid", 5, 1 + 1 / 32),
    ):
        found = explain(square, x, rule=rule, steps=n).scores.item()
        assert found == pytest.approx(expected, abs=1e-12), rule


@pytest.mark.parametrize("tolerance", [1e-1, 1e-2, 1e-3])
def test_tolerance_is_kept_and_costs_more_when_tighter(tolerance):
    x = pictures(6)
    answer = explain(convnet(), x, tolerance=tolerance)
    assert not answer.notes
    assert answer.gap.abs().max() <= tolerance
    assert answer.passes >= explain(convnet(), x, tolerance=3 * tolerance).passes
    exact = explain(convnet(), x, steps=4096, rule="midpoint").scores
    error = (answer.scores - exact).flatten(1).norm(dim=1) / exact.flatten(1).norm(dim=1)
    assert error.max() < 3 * tolerance


def test_tolerance_that_cannot_be_reached_is_said():
    answer = explain(convnet(), pictures(), tolerance=1e-9, most_steps=16)
    assert "not reached" in answer.notes[0]


def test_occlusion_of_a_linear_function_is_the_hidden_contribution():
    answer = explain(linear(WEIGHTS), X, "occlusion", X0, window=(1,), stride=(1,))
    torch.testing.assert_close(answer.scores, WEIGHTS * (X - X0))


def test_occlusion_averages_the_windows_that_cover_a_value():
    answer = explain(linear(WEIGHTS), X[:1], "occlusion", window=(2,), stride=(1,))
    a, b, c, d = (WEIGHTS * X[0]).tolist()
    expected = [a + b, (a + b + b + c) / 2, (b + c + c + d) / 2, c + d]
    torch.testing.assert_close(answer.scores[0], torch.tensor(expected, dtype=F64))


def test_saliency_and_its_sign():
    assert explain(linear(WEIGHTS), X, "saliency").scores[0].tolist() == WEIGHTS.abs().tolist()
    assert explain(linear(WEIGHTS), X, "saliency", signed=True).scores[0].tolist() == (
        WEIGHTS.tolist()
    )


def test_smoothgrad_of_a_square_is_the_gradient_with_its_standard_error():
    x = torch.tensor([[1.0, 3.0]], dtype=F64)
    answer = explain(lambda x: (x**2).sum(1), x, "smoothgrad", signed=True, samples=400, sigma=0.1)
    sigma = 0.1 * 2.0  # of the input's range
    torch.testing.assert_close(
        answer.spread, torch.full((1, 2), 2 * sigma / 20, dtype=F64), rtol=0.15, atol=0
    )
    assert ((answer.scores - 2 * x).abs() < 4 * answer.spread).all()


@pytest.mark.parametrize("shape", [(4,), (5, 4)])
def test_smoothgrad_shakes_every_column_by_its_own_range(shape):
    """The slope of x² at x + σrz is 2x + 2σrz: its standard error is 2σr / √samples."""
    x = torch.rand(2, *shape, dtype=torch.float64)
    ranges = [0.0, 1.0, 100.0, 0.01]

    def square(x):
        return (x**2).flatten(1).sum(1)

    answer = explain(square, x, "smoothgrad", signed=True, samples=2000, sigma=0.1, ranges=ranges)
    error = torch.tensor(ranges, dtype=torch.float64) * 2 * 0.1 / 2000**0.5
    torch.testing.assert_close(answer.spread, error.expand_as(x), rtol=0.15, atol=1e-7)
    assert ((answer.scores - 2 * x).abs() <= 5 * error + 1e-7).all()
    with pytest.raises(Problem, match="3 ranges were given; the inputs have 4"):
        explain(square, x, "smoothgrad", ranges=ranges[:3])


def test_rise_of_a_linear_function_is_its_covariance_with_the_mask():
    """With one cell a pixel and p visible, E[(f − f̄)·M]/p of an independent pixel is (1 − p)·w·x.

    The masks are smooth, so neighbours count in: the total over all pixels is compared, whose
    expectation is Σ_j w_j x_j Σ_i cov(M_i, M_j) / p, with the covariance measured on other masks.
    """
    from explainers.methods.rise import random_mask

    torch.manual_seed(0)
    w, x = torch.randn(1, 6, 6, dtype=F64), torch.rand(1, 1, 6, 6, dtype=F64)
    answer = explain(linear(w), x, "rise", samples=4000, cells=3, seed=1)
    generator = torch.Generator().manual_seed(99)
    masks = torch.stack([random_mask((6, 6), 3, 0.5, generator).flatten() for _ in range(20000)])
    covariance = torch.cov(masks.T.double())
    expected = (covariance @ (w * x[0]).flatten() / 0.5).view(1, 1, 6, 6)
    assert ((answer.scores - expected).abs() < 5 * answer.spread + 0.01).all()
    assert answer.spread.min() > 0


def test_grad_cam_of_one_convolution_is_its_weighted_activation():
    torch.manual_seed(0)
    convolution = torch.nn.Conv2d(1, 2, 1, bias=False).double()

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.features = convolution

        def forward(self, x):
            maps = self.features(x)
            return torch.stack([maps[:, 0].mean((1, 2)), -maps[:, 1].mean((1, 2))], 1)

    x = torch.rand(1, 1, 4, 4, dtype=F64)
    answer = explain(Net(), x, "grad_cam", target=0)
    weight = convolution.weight[0, 0, 0, 0]
    torch.testing.assert_close(answer.scores, (weight * x).clamp(min=0).detach() / 16)
    assert not answer.signed


def test_several_references_are_averaged():
    references = torch.stack([torch.zeros(4, dtype=F64), X0]).expand(2, 2, 4)
    for method in ("integrated_gradients", "gradient_x_input", "occlusion"):
        both = explain(linear(WEIGHTS), X, method, references, **WINDOW.get(method, {}))
        parts = [
            explain(linear(WEIGHTS), X, method, reference, **WINDOW.get(method, {})).scores
            for reference in (torch.zeros(4, dtype=F64), X0)
        ]
        torch.testing.assert_close(both.scores, (parts[0] + parts[1]) / 2)


WINDOW = {"occlusion": {"window": (1,), "stride": (1,)}}


def test_jacobian_of_a_linear_layer_is_its_weight():
    layer = torch.nn.Linear(4, 3).double()
    found = jacobian(layer, X)
    torch.testing.assert_close(found, layer.weight.detach().expand(2, 3, 4))
    net = smooth(4)
    exact = torch.stack([torch.autograd.functional.jacobian(net, x) for x in X])
    torch.testing.assert_close(jacobian(net, X), exact)


@pytest.mark.parametrize("method", PICTURE_METHODS)
def test_targets(method):
    """A pair is the difference of its classes for methods that are linear in the score."""
    net, x = convnet(), pictures()
    small = {
        "rise": {"samples": 20},
        "smoothgrad": {"samples": 3},
        "noise": {"samples": 3},
        "expected_gradients": {"samples": 6},
        "integrated_gradients": {"steps": 5},
        "shapley": {"width": 6},
    }
    small = small.get(method, {})

    def ask(target):
        return explain(net, x, method, target=target, **small)

    best = net(x).argmax(1).tolist()
    torch.testing.assert_close(ask(None).scores, ask(best).scores)
    torch.testing.assert_close(
        ask(2).scores, explain(net, x, method, target=lambda y: y[:, 2], **small).scores
    )
    if METHODS[method].knows_sign(METHODS[method].options()) and method != "deeplift":
        torch.testing.assert_close(ask((1, 2)).scores, ask(1).scores - ask(2).scores)
    for wrong in (4, -1, [0], (0, 9), 1.5):
        with pytest.raises(Problem):
            ask(wrong)
