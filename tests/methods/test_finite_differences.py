"""Finite differences: exact where they must be, of the known order else, honest on the step."""

import numpy as np
import pytest
import torch
from nets import convnet, linear, pictures, smooth

from explainers import Problem, explain
from explainers.kinds.layout import InputLayout
from explainers.methods import METHODS
from explainers.methods.finite_differences import Options


def slopes(model, x, target=0, baseline="zeros", **options):
    found = explain(model, x, "finite_differences", baseline, target, **options)
    return found.scores, found.notes[0]


def halving(note: str) -> float:
    """The share that the note reports."""
    return float(note.split("by ")[1].split(" %")[0]) / 100


def vectors(*shape, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("step", [1e-3, 0.3])
@pytest.mark.parametrize("shape", [(5,), (4, 7), (3, 4, 4), (2, 3, 3, 3)])
def test_a_linear_function_has_its_weights(step, shape):
    weights = vectors(*shape)
    found, note = slopes(linear(weights, 2.0), vectors(2, *shape, seed=1), step=step)
    torch.testing.assert_close(found, weights.expand_as(found), atol=1e-9, rtol=0)
    assert halving(note) < 1e-8


@pytest.mark.parametrize("step", [1e-3, 0.5])
def test_a_quadratic_function_is_exact_for_any_step(step):
    form = vectors(6, 6)
    x = vectors(3, 6, seed=1)
    found, note = slopes(lambda x: ((x @ form) * x).sum(1), x, step=step)
    torch.testing.assert_close(found, x @ (form + form.T), atol=1e-8, rtol=0)
    assert halving(note) < 1e-8


@pytest.mark.parametrize("step", [0.2, 0.02])
def test_the_error_on_a_sine_and_its_halving_are_the_known_ones(step):
    """(sin(x+h) − sin(x−h)) / 2h = cos(x)·sin(h)/h, and half the step gives sin(h/2)/(h/2)."""
    x = vectors(1, 6).abs() + 0.1
    found, note = slopes(lambda x: x.sin().sum(1), x, step=step)
    h = step * x  # the spread from zeros is the value itself
    torch.testing.assert_close(found, x.cos() * h.sin() / h)
    half = x.cos() * (h / 2).sin() / (h / 2)
    change = ((found - half).abs().sum() / half.abs().sum()).item()
    assert halving(note) == pytest.approx(change, rel=0.05)
    assert abs(found - x.cos()).max() <= (h**2).max() / 6


def test_a_kink_gives_a_warning_and_a_line_none():
    kinked = lambda x: (x - 1).relu().sum(1)  # noqa: E731
    at_the_kink = torch.tensor([[0.9, 3.0]], dtype=torch.float64)
    for step, warned in ((0.2, True), (0.01, False)):
        _, note = slopes(kinked, at_the_kink, step=step)
        assert ("depend on the step" in note) == warned
    # At 0.9, moved by 0.18 and by 0.09: the slopes are 0.08 / 0.36 and 0; beside it 1 and 1.
    assert halving(slopes(kinked, at_the_kink, step=0.2)[1]) == pytest.approx(2 / 11, rel=0.06)


def test_what_never_moves_is_said_to_have_no_slope():
    _, note = slopes(lambda x: x.round().sum(1), torch.full((1, 3), 0.2).double())
    assert "did not move" in note


@pytest.mark.parametrize("target", [0, (2, 1)])
def test_on_smooth_networks_it_is_the_gradient(target):
    x = vectors(3, 5)
    for model in (smooth(), lambda x: smooth()(x).softmax(1)):
        found, _ = slopes(model, x, target)
        exact = explain(model, x, "saliency", "zeros", target, signed=True).scores
        torch.testing.assert_close(found, exact, atol=1e-6, rtol=0)


def pooled(values: torch.Tensor, side: int) -> torch.Tensor:
    """Each value replaced by the mean over the channels and cells of its block."""
    _, _, height, width = values.shape
    found = values.clone()
    for top in range(0, height, side):
        for left in range(0, width, side):
            block = values[:, :, top : top + side, left : left + side]
            mean = block.mean((1, 2, 3), keepdim=True)
            found[:, :, top : top + side, left : left + side] = mean
    return found


@pytest.mark.parametrize("side, block, chosen", [(17, 4, 4), (32, None, 2), (40, None, 3)])
def test_a_block_of_a_picture_has_the_mean_gradient_of_its_cells(side, block, chosen):
    x = pictures(2, side)
    found, _ = slopes(convnet(kinks=False), x, 1, block=block)
    exact = explain(convnet(kinks=False), x, "saliency", "zeros", 1, signed=True).scores
    torch.testing.assert_close(found, pooled(exact, chosen), atol=1e-7, rtol=0)


@pytest.mark.parametrize(
    "shape, passes",
    [
        ((5,), 20),
        ((700,), 2800),
        ((3, 8, 8), 768),
        ((3, 224, 224), 1024),
        ((4, 1000), 1008),
        ((100, 8), 800),
        ((1, 28, 28), 784),
    ],
)
def test_the_passes_stay_affordable_and_are_told_beforehand(shape, passes):
    assert METHODS["finite_differences"].estimate(Options(), InputLayout.of(shape)) == passes
    if len(shape) == 2:
        found = explain(lambda x: x.flatten(1).sum(1), torch.rand(1, *shape), "finite_differences")
        assert passes <= found.passes <= passes + 4
        assert torch.allclose(found.scores, torch.ones(()), atol=1e-2)


def test_variables_and_letters_are_never_moved_together():
    weights = vectors(4, 200)
    found, _ = slopes(linear(weights), vectors(1, 4, 200, seed=1))
    mean = weights.reshape(4, 50, 4).mean(2).repeat_interleave(4, 1)
    torch.testing.assert_close(found[0], mean, atol=1e-8, rtol=0)
    found, _ = slopes(linear(weights), vectors(1, 4, 200, seed=1), block=(2, 50))
    mean = weights.reshape(2, 2, 4, 50).mean((1, 3)).repeat_interleave(2, 0)
    torch.testing.assert_close(found[0], mean.repeat_interleave(50, 1), atol=1e-8, rtol=0)
    with pytest.raises(Problem, match="one for each dimension"):
        slopes(linear(weights), vectors(1, 4, 200), block=(1, 2, 3))


def test_features_of_very_different_units_get_steps_of_their_own():
    """x ↦ Σ (x/u)², whose slope is 2x/u², with units u over twelve orders."""
    units = torch.tensor([1e-6, 1e-2, 1.0, 1e3, 1e6], dtype=torch.float64)
    x = units * torch.tensor([[1.0, -2.0, 3.0, 0.5, 2.0]], dtype=torch.float64)
    found, note = slopes(lambda x: ((x / units) ** 2).sum(1), x)
    torch.testing.assert_close(found * units, 2 * x / units, atol=1e-6, rtol=1e-6)
    assert halving(note) < 1e-6


def test_a_step_that_rounding_would_swallow_is_made_larger():
    """In float32, 16,777,216 + 1 is 16,777,216."""
    x = torch.tensor([[2.0**24, 1.0]])
    found, _ = slopes(lambda x: x.sum(1), x, baseline=x - 2, step=1e-6)
    torch.testing.assert_close(found, torch.ones(1, 2), atol=1e-4, rtol=0)


def test_a_model_in_single_precision_is_asked_in_it_and_one_that_takes_double_in_that():
    asked = []

    def model(x):
        asked.append(x.dtype)
        return x.sin().sum(1)

    x = vectors(1, 4).float()
    found, _ = slopes(model, x)
    assert asked[-1] == torch.float64 and found.dtype == torch.float32
    torch.testing.assert_close(found, x.cos(), atol=1e-6, rtol=0)
    net = smooth().float()
    exact = explain(net, vectors(1, 5).float(), "saliency", "zeros", 0, signed=True).scores
    np.testing.assert_allclose(slopes(net, vectors(1, 5).float())[0], exact, atol=2e-3)
