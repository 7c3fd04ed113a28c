"""Expected Gradients: closed forms, Integrated Gradients as the limit, its standard error."""

import pytest
import torch
from nets import linear, product, smooth

from explainers import explain

F64 = torch.float64


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def test_a_linear_function_needs_no_luck():
    w, x, references = some(4), some(3, 4, seed=1), some(3, 7, 4, seed=2)
    answer = explain(linear(w), x, "expected_gradients", references, samples=14)
    torch.testing.assert_close(answer.scores, w * (x - references.mean(1)))
    assert answer.spread.abs().max() < 1e-6


def test_a_product_is_shared_equally_on_average():
    answer = explain(
        product, torch.tensor([[2.0, 3.0]], dtype=F64), "expected_gradients", samples=4000
    )
    assert ((answer.scores - 3).abs() < 4 * answer.spread).all()
    # The score of a draw is 6α: standard deviation 6/√12.
    torch.testing.assert_close(
        answer.spread, torch.full((1, 2), (3 / 4000) ** 0.5, dtype=F64), rtol=0.1, atol=0
    )


def test_it_is_the_mean_of_integrated_gradients_over_the_references():
    net, x, references = smooth(), some(2, 5), some(2, 10, 5, seed=3)
    exact = explain(net, x, "integrated_gradients", references, 1, steps=50).scores
    answer = explain(net, x, "expected_gradients", references, 1, samples=5000)
    assert ((answer.scores - exact).abs() < 4.5 * answer.spread).all()
    assert answer.spread.max() < 0.05 * exact.abs().max()
    total = answer.scores.sum(1) - (answer.output - answer.baseline_output)
    assert (total.abs() < 4.5 * answer.spread.sum(1)).all() and answer.gap is None


def test_a_background_of_data_is_drawn_by_its_baseline():
    """For x₁x₂ and references r: mean of (x₁ − r₁)(x₂ + r₂)/2, from ∫ r₂ + α(x₂ − r₂) dα."""
    data, x = some(40, 2), torch.tensor([[2.0, 3.0]], dtype=F64)
    answer = explain(product, x, "expected_gradients", "data_sample", data=data, samples=8000)
    change, middle = x - data, (x + data) / 2
    expected = (change * middle.flip(1)).mean(0)
    assert ((answer.scores[0] - expected).abs() < 4 * answer.spread[0]).all()


def test_the_same_draws_for_all_references_would_be_seen_in_the_standard_error():
    """Seeds lie as far apart as the standard error says, with several references too."""
    x, references = torch.tensor([[2.0, 3.0]], dtype=F64), torch.zeros(1, 5, 2, dtype=F64)
    answers = [
        explain(product, x, "expected_gradients", references, samples=40, seed=seed)
        for seed in range(80)
    ]
    apart = torch.stack([answer.scores for answer in answers]).std(0)
    declared = torch.stack([answer.spread for answer in answers]).mean(0)
    assert ((declared / apart > 0.75) & (declared / apart < 1.3)).all()


def test_more_draws_shrink_the_standard_error_by_their_root():
    net, x = smooth(), some(1, 5)
    few, many = (
        explain(net, x, "expected_gradients", target=0, samples=n).spread for n in (100, 6400)
    )
    assert ((few / many > 5) & (few / many < 12)).all(), "about eight"


def test_the_draws_are_shared_by_the_references_and_follow_their_seed():
    net, x, references = smooth(), some(2, 5), some(2, 10, 5, seed=3)
    answer = explain(net, x, "expected_gradients", references, 0, samples=50)
    assert answer.passes == 2 * 50 + 10 + 1
    again = explain(net, x[1:], "expected_gradients", references[1:], 0, samples=50, batch_size=3)
    torch.testing.assert_close(answer.scores[1:], again.scores)
    other = explain(net, x, "expected_gradients", references, 0, samples=50, seed=1)
    assert not torch.equal(answer.scores, other.scores)


def test_shap_draws_the_same_expectation():
    shap = pytest.importorskip("shap")
    net, x, references = smooth().float(), some(2, 5).float(), some(10, 5, seed=3).float()
    theirs = shap.GradientExplainer(net, references).shap_values(x, nsamples=6000, rseed=0)
    ours = explain(net, x, "expected_gradients", references.expand(2, 10, 5), 1, samples=6000)
    theirs = torch.as_tensor(theirs[..., 1] if not isinstance(theirs, list) else theirs[1])
    assert ((ours.scores - theirs).abs() < 0.05 * ours.scores.abs().max()).all()
