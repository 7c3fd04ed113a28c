"""Noise sensitivity: closed forms, its standard error, and the experiment with a useless input."""

import pytest
import torch
from nets import linear, smooth

from explainers import METHODS, Problem, explain
from explainers.kinds.layout import InputLayout

F64 = torch.float64


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def test_a_linear_function_moves_by_its_weight_times_the_noise():
    w, x = torch.tensor([2.0, -3.0, 0.0, 0.5], dtype=F64), some(2, 4)
    answer = explain(linear(w), x, "noise", sigma=0.3, samples=2000)
    expected = (w.abs() * 0.3).expand(2, 4)
    assert ((answer.scores - expected).abs() <= 4 * answer.spread).all()
    torch.testing.assert_close(answer.scores, expected, rtol=0.1, atol=0)
    assert (
        not answer.signed and (answer.scores[:, 2] == 0).all() and (answer.spread[:, 2] == 0).all()
    )


def test_a_square_moves_as_its_fourth_moment_says():
    """(x + σe)² − x² = 2xσe + σ²e²: mean square 4x²σ² + 3σ⁴, at x = 0 too, where slopes see 0."""
    x = torch.tensor([[0.0, 1.0, -2.0]], dtype=F64)
    answer = explain(lambda x: (x**2).sum(1), x, "noise", sigma=0.5, samples=20_000)
    expected = (4 * x**2 * 0.25 + 3 * 0.0625).sqrt()
    torch.testing.assert_close(answer.scores, expected, rtol=0.03, atol=0)
    assert ((answer.scores - expected).abs() <= 4 * answer.spread).all()


def test_the_standard_error_is_how_far_seeds_lie_apart_and_shrinks_with_more_draws():
    net, x = smooth(), some(1, 5)

    def found(samples, seed):
        return explain(net, x, "noise", target=0, sigma=0.5, samples=samples, seed=seed)

    answers = [found(100, seed) for seed in range(60)]
    apart = torch.stack([answer.scores for answer in answers]).std(0)
    declared = torch.stack([answer.spread for answer in answers]).mean(0)
    assert ((declared / apart > 0.6) & (declared / apart < 1.6)).all()
    shrunk = found(1600, 0).spread / declared
    assert ((shrunk > 0.17) & (shrunk < 0.37)).all(), "a quarter with sixteen times the draws"


def test_the_same_seed_gives_the_same_map_whatever_the_batch():
    net, x = smooth(), some(3, 5)
    one = explain(net, x, "noise", target=0, samples=30)
    torch.testing.assert_close(
        one.scores[1:2], explain(net, x[1:2], "noise", target=0, samples=30, batch_size=7).scores
    )
    other = explain(net, x, "noise", target=0, samples=30, seed=1).scores
    assert not torch.equal(one.scores, other)


def test_a_variable_is_shaken_at_all_its_steps_and_its_steps_share_what_is_found():
    w, x = some(6, 3), some(1, 6, 3, seed=1)
    answer = explain(linear(w), x, "noise", samples=4000)
    expected = 0.2 * w.square().sum(0).sqrt()
    torch.testing.assert_close(answer.scores.sum(1)[0], expected, rtol=0.06, atol=0)
    torch.testing.assert_close(answer.scores[0, 0], answer.scores[0, 5])
    cells = explain(linear(w), x, "noise", samples=4000, by="cell")
    torch.testing.assert_close(cells.scores[0], 0.2 * w.abs(), rtol=0.1, atol=0)
    steps = explain(linear(w), x, "noise", samples=4000, by="step", width=2).scores[0]
    together = 0.2 * w.view(3, 6).square().sum(1).sqrt()
    torch.testing.assert_close(steps.reshape(3, 6).sum(1), together, rtol=0.06, atol=0)


def test_every_column_may_have_noise_of_its_own():
    """Noise in proportion to the units makes sensitivities that do not depend on them."""
    w, x = torch.tensor([2.0, -3.0, 1.0], dtype=F64), some(1, 3)
    units = torch.tensor([1.0, 100.0, 0.01], dtype=F64)
    plain = explain(linear(w), x, "noise", sigma=0.1)
    scaled = explain(linear(w / units), x * units, "noise", sigma=(0.1, 10.0, 0.001))
    torch.testing.assert_close(plain.scores, scaled.scores)
    with pytest.raises(Problem, match="2 values of sigma were given; it is one number, or 3"):
        explain(linear(w), x, "noise", sigma=(0.1, 0.2))
    with pytest.raises(Problem, match="sigma"):
        explain(linear(w), x, "noise", sigma=0.0)


def test_a_recurrent_network_hardly_minds_noise_on_the_variable_that_it_need_not_know():
    """Per step, whether x₁x₂ < ¼; the third variable is noise of its own."""
    torch.manual_seed(0)
    series = torch.rand(250, 10, 3)
    truth = (series[..., 0] * series[..., 1] < 0.25).float()
    lstm, head = torch.nn.LSTM(3, 10, batch_first=True), torch.nn.Linear(10, 1)

    def net(x):
        return head(lstm(x)[0]).squeeze(-1)

    adam = torch.optim.Adam([*lstm.parameters(), *head.parameters()], lr=0.03)
    for _ in range(400):
        adam.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(net(series), truth)
        loss.backward()
        adam.step()
    assert ((net(series) > 0) == (truth > 0.5)).float().mean() > 0.95
    moved = [
        explain(
            lambda x: net(x).sigmoid(),
            series[:40],
            "noise",
            samples=30,
            target=lambda y, at=step: y[:, at],
        )
        .scores.sum(1)
        .square()
        .mean(0)
        for step in range(10)
    ]
    first, second, third = torch.stack(moved).mean(0).sqrt().tolist()
    assert third < first / 10 and third < second / 10
    assert first == pytest.approx(second, rel=0.5), "the two play the same part"


def test_what_it_declares_is_what_it_does():
    entry = METHODS["noise"]
    answer = explain(smooth(), some(1, 5), "noise", target=0, samples=20)
    options = entry.options(samples=20)
    assert answer.passes == entry.estimate(options, InputLayout.of((5,))) + 2
    assert not entry.knows_sign(options) and "sequence" not in entry.kinds
