"""Infidelity and max-sensitivity: closed forms, and captum given the same perturbations."""

import captum.metrics as captum
import pytest
import torch
from nets import convnet, linear, pictures, smooth
from untouched import untouched

from explainers import Problem, explain
from explainers.checks.sensitivity import gaussian, halves, infidelity, max_sensitivity, uniform

F64 = torch.float64
WEIGHTS = torch.tensor([2.0, -3.0, 1.0, 0.5], dtype=F64)
X = torch.tensor([[1.0, 2.0, 3.0, 4.0], [-1.0, 0.5, 2.0, 1.0]], dtype=F64)
X0 = torch.tensor([0.5, 1.0, -1.0, 2.0], dtype=F64)


def fixed(steps):
    """A perturbation that gives out the listed steps (samples, N, …), one a call."""
    waiting = iter(steps)
    return lambda *_: next(waiting)


def draws(samples, like, scale=1.0, seed=7):
    generator = torch.Generator().manual_seed(seed)
    return scale * torch.randn(samples, *like.shape, generator=generator, dtype=F64)


@pytest.mark.parametrize("baseline", [None, X0])
def test_the_gradient_of_a_linear_model_has_no_infidelity(baseline):
    found = infidelity(linear(WEIGHTS, 3.0), X, WEIGHTS.expand(2, 4), 0, baseline=baseline)
    assert found.shape == (2,) and found.dtype == F64
    assert found.max() < 1e-24
    assert infidelity(linear(WEIGHTS), X, 0.5 * WEIGHTS.expand(2, 4), 0).min() > 0.01


def test_contributions_of_a_linear_model_have_no_infidelity():
    x = X.clone()
    x[0, 1] = X0[1]  # nothing to divide by
    net, scores = linear(WEIGHTS), WEIGHTS * (x - X0)
    found = infidelity(net, x, scores, 0, baseline=X0, contributions=True)
    assert found.max() < 1e-24
    assert infidelity(net, x, scores, 0, baseline=X0).min() > 0.1
    with pytest.raises(Problem):
        infidelity(net, x, scores, 0, contributions=True)


def test_infidelity_of_silence_is_the_mean_square_of_the_drops():
    """Gaussian: σ²‖w‖² of the range; a half replaced: E(Σzc)² = (Σc)²/4 + Σc²/4."""
    silence, net = torch.zeros_like(X), linear(WEIGHTS)
    found = infidelity(net, X, silence, 0, noise=0.5, samples=4000)
    reach = X.amax(1) - X.amin(1)
    expected = (0.5 * reach) ** 2 * (WEIGHTS**2).sum()
    torch.testing.assert_close(found, expected, rtol=0.1, atol=0)  # 4 × √(2/4000)
    found = infidelity(net, X, silence, 0, baseline=X0, samples=4000)
    c = WEIGHTS * (X - X0)
    torch.testing.assert_close(found, (c.sum(1) ** 2 + (c**2).sum(1)) / 4, rtol=0.1, atol=0)


@pytest.mark.parametrize("batch_size", [None, 1, 3])
def test_infidelity_equals_captums(batch_size):
    net, x, samples = convnet(), pictures(3), 7
    steps = draws(samples, x, 0.3)
    scores = explain(net, x, "saliency", target=[0, 1, 3], signed=True).scores
    found = infidelity(
        net, x, scores, [0, 1, 3], perturb=fixed(steps), samples=samples, batch_size=batch_size
    )
    waiting = iter(steps)

    def perturb(inputs):
        step = next(waiting)
        return step, inputs - step

    expected = captum.infidelity(
        net,
        perturb,
        x,
        scores,
        target=torch.tensor([0, 1, 3]),
        n_perturb_samples=samples,
        max_examples_per_batch=3,
    )
    torch.testing.assert_close(found, expected.detach(), rtol=1e-9, atol=0)


def test_infidelity_of_contributions_equals_captums():
    net, x, samples = smooth(5), draws(3, X[0, :1].expand(5)), 9
    other = torch.full((5,), 0.3, dtype=F64)
    scores = explain(net, x, baseline=other, target=1).scores
    kept = torch.rand(samples, 3, 5, generator=torch.Generator().manual_seed(1)) < 0.5
    waiting = iter(kept)

    @captum.infidelity_perturb_func_decorator(True)
    def perturb(inputs, baselines):
        return torch.where(next(waiting), baselines, inputs)

    expected = captum.infidelity(
        net,
        perturb,
        x,
        scores,
        other.expand(3, 5),
        target=1,
        n_perturb_samples=samples,
        max_examples_per_batch=3,
    )
    found = infidelity(
        net,
        x,
        scores,
        1,
        baseline=other,
        contributions=True,
        samples=samples,
        perturb=fixed(kept * (x - other)),
    )
    torch.testing.assert_close(found, expected.detach(), rtol=1e-9, atol=1e-15)


def test_max_sensitivity_equals_captums():
    net, x, samples = smooth(4), X, 6
    steps = draws(samples, x, 0.05)

    def slopes(points):
        with torch.enable_grad():  # captum asks with gradients switched off
            return explain(net, points, "saliency", target=1).scores

    waiting = iter(steps)
    expected = captum.sensitivity_max(
        lambda x: (slopes(x[0]),),
        (x,),
        lambda inputs, radius: (inputs + next(waiting),),
        n_perturb_samples=samples,
        max_examples_per_batch=2,
    )
    found = max_sensitivity(slopes, x, samples=samples, perturb=fixed(steps))
    torch.testing.assert_close(found, expected.detach(), rtol=1e-12, atol=0)


def test_max_sensitivity_by_hand():
    """A constant slope does not move; x itself moves by its step: ‖Δ‖/‖x‖, the largest counts."""
    assert max_sensitivity(lambda x: WEIGHTS.expand_as(x), X).tolist() == [0, 0]
    steps = torch.stack([torch.full_like(X, size) for size in (0.1, -0.3, 0.2)])
    found = max_sensitivity(lambda x: x, X, samples=3, perturb=fixed(steps))
    torch.testing.assert_close(found, 0.6 / X.norm(dim=1))
    assert max_sensitivity(lambda x: x - X, X).isinf().all()


def test_perturbations_are_what_they_say():
    x, generator = pictures(2) * 3, torch.Generator().manual_seed(0)
    reach = (x.flatten(1).amax(1) - x.flatten(1).amin(1)).tolist()
    even = torch.stack([uniform(0.1)(x, generator) for _ in range(40)])
    normal = torch.stack([gaussian(0.2)(x, generator) for _ in range(40)])
    for row in range(2):
        largest = even[:, row].abs().max().item() / reach[row]
        assert 0.0999 < largest <= 0.1 + 1e-9
        assert even[:, row].mean().abs() < 0.002 * reach[row]
        assert normal[:, row].std().item() == pytest.approx(0.2 * reach[row], rel=0.02)
    step = halves(torch.zeros_like(x))(x, generator)
    assert ((step == 0) | (step == x)).all()
    assert 0.4 < (step == 0).double().mean() < 0.6


def test_batch_mates_batch_size_and_the_seed():
    net, x = convnet(), pictures(2)
    scores = explain(net, x, "saliency", target=1, signed=True).scores
    options = {"samples": 10, "baseline": "zeros"}
    for kind in (options, {"samples": 10}):
        with untouched(net):
            both = infidelity(net, x, scores, 1, **kind)
        torch.testing.assert_close(both, infidelity(net, x, scores, 1, batch_size=1, **kind))
        alone = infidelity(net, x[1:], scores[1:], 1, **kind)
        torch.testing.assert_close(both[1:], alone)
        assert not torch.equal(both, infidelity(net, x, scores, 1, seed=1, **kind))

    def attribute(points):
        return explain(net, points, "gradient_x_input", target=1).scores

    with untouched(net):
        both = max_sensitivity(attribute, x, samples=4)
    torch.testing.assert_close(both[1:], max_sensitivity(attribute, x[1:], samples=4))
    assert not torch.equal(both, max_sensitivity(attribute, x, samples=4, seed=1))
    assert (max_sensitivity(attribute, x, samples=8) >= both).all()


def test_nothing_perturbed_says_nothing():
    found = infidelity(linear(WEIGHTS), X, X, 0, baseline=torch.stack([X[0], X0]))
    assert found.isnan().tolist() == [True, False]


def test_progress_ends_at_the_end():
    seen = []
    infidelity(linear(WEIGHTS), X, X, 0, samples=9, batch_size=4, progress=seen.append)
    assert (seen[-1].done, seen[-1].total) == (2 + 18, 2 + 18)
    assert {p.total for p in seen[1:]} == {2 + 18}


def test_what_cannot_be_measured_is_named():
    for call in (
        lambda: infidelity(linear(WEIGHTS), X, X[:, :2], 0),
        lambda: infidelity(linear(WEIGHTS), X, X, 0, samples=0),
        lambda: infidelity(linear(WEIGHTS), X, X, 0, perturb=lambda x, _: x[0]),
        lambda: max_sensitivity(lambda x: x, X, samples=0),
        lambda: max_sensitivity(lambda x: x.sum(), X),
    ):
        with pytest.raises(Problem):
            call()
