"""Sobol, Morris and Shapley effects by `explain_dataset`: known truths, groups, odd data."""

import pytest
import torch
from known_variances import F64, KNOWN
from torch import nn

from explainers import IMPORTANCE, Problem, explain_dataset

METHODS = ("sobol", "shapley_effects", "morris")


def ask(function, rows, method, **arguments):
    options = arguments.pop("options", {})
    return explain_dataset(function, rows, methods=[method], options={method: options}, **arguments)


def some(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


@pytest.mark.parametrize("name", KNOWN)
@pytest.mark.parametrize("method, truth", [("sobol", "total"), ("shapley_effects", "effects")])
def test_shares_are_the_known_ones_within_three_standard_errors(name, method, truth):
    known = KNOWN[name]
    table = ask(known.function, known.even_rows(), method, seed=1)
    error = table.sources["monte_carlo"][0] / 1.96
    off = (table.values[0] - getattr(known, truth)).abs()
    assert (off <= 3 * error + 1e-5).all(), (table.values, error)
    assert (error < 0.03).all() and not table.sources["training"].any()
    details = table.details[method]
    spread = details["error"]["variance"]
    assert abs(details["variance"] - known.variance) <= 3 * spread < 0.1 * known.variance
    if method == "shapley_effects":
        assert table.values.sum().item() == pytest.approx(1, abs=1e-12)
        assert details["exact"] == (known.features <= 4)
    else:
        assert ((details["first"] - known.first).abs() <= 3 * details["error"]["first"]).all()
        assert torch.equal(details["interaction"], details["total"] - details["first"])


def test_shapley_effects_over_all_subsets_and_by_orders_agree():
    known = KNOWN["ishigami"]
    rows = known.even_rows()
    exact, drawn = (
        ask(known.function, rows, "shapley_effects", options={"exact": n}) for n in (3, 1)
    )
    error = sum(t.details["shapley_effects"]["standard_error"] ** 2 for t in (exact, drawn)) ** 0.5
    assert (exact.values[0] - drawn.values[0]).abs().le(3.5 * error).all()
    assert exact.evaluations["shapley_effects"] == 2 * drawn.evaluations["shapley_effects"]


def test_morris_of_a_linear_function_is_exact():
    """μ* = |c|·range, μ = c·range, σ = 0, no interval."""
    known = KNOWN["linear"]
    rows = known.even_rows(50) * torch.tensor([1, 10, 0.1, 3, 1], dtype=F64)
    width = rows.amax(0) - rows.amin(0)
    table = ask(known.function, rows, "morris", options={"samples": 20, "levels": 6})
    c = torch.tensor([3, -2, 1, 0.5, 0], dtype=F64)
    details = table.details["morris"]
    torch.testing.assert_close(table.values[0], c.abs() * width)
    torch.testing.assert_close(details["mu"], c * width)
    assert details["sigma"].abs().max() < 1e-12
    torch.testing.assert_close(table.low, table.high)


def test_morris_of_the_ishigami_function_on_its_grid():
    """On levels 0, ⅓, ⅔, 1 of (−π, π), so at −π, −π/3, π/3, π: steps of ⅔ by hand.

    x₁: sin goes ∓√3/2, and so does 0.1 x₃⁴ sin x₁ with x₃⁴ = π⁴/81 or π⁴: a step of ⅔ changes f by
    √3/2 (1 + 0.1 x₃⁴), so μ* = 1.5 · √3/2 · (1 + 0.05 (π⁴/81 + π⁴)). x₂: sin² goes by ¾, and so
    μ* = 1.5 · 7 · ¾. x₃: x₃⁴ changes by π⁴ − π⁴/81, where sin x₁ is ±√3/2 in half of the places.
    """
    pi4, root = torch.pi**4, 3**0.5 / 2
    known = KNOWN["ishigami"]
    expected = [
        1.5 * root * (1 + 0.05 * (pi4 / 81 + pi4)),
        1.5 * 7 * 0.75,
        1.5 * 0.1 * (pi4 - pi4 / 81) * root / 2,
    ]
    rows = known.even_rows(100)
    rows[:2] = torch.tensor([[-torch.pi], [torch.pi]], dtype=F64)
    table = ask(known.function, rows, "morris", options={"samples": 4000})
    error = table.sources["monte_carlo"][0] / 1.96
    assert (table.values[0] - torch.tensor(expected, dtype=F64)).abs().le(3 * error + 1e-9).all()


@pytest.mark.parametrize("method", METHODS)
def test_what_the_network_ignores_gets_exactly_nothing(method):
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    table = ask(lambda x: net(x[:, :3]), some(200, 4), method)
    assert table.values[0, 3] == table.low[0, 3] == table.high[0, 3] == 0
    assert table.rank[0, 3] == 4 and (table.values[0, :3] > 0).all()


@pytest.mark.parametrize("method", METHODS)
def test_numbers_do_not_depend_on_what_else_is_asked_or_on_batches(method):
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1)).double()
    rows = some(100, 4)
    alone = ask(net, rows, method)
    both = explain_dataset(net, rows, methods=list(METHODS), batch_size=100)
    where = both.methods.index(method)
    torch.testing.assert_close(both.values[where], alone.values[0])
    torch.testing.assert_close(both.high[where], alone.high[0])
    other = ask(net, rows, method, seed=1)
    assert not torch.equal(other.values, alone.values)


@pytest.mark.parametrize("method", METHODS)
def test_constant_columns_and_constant_networks(method):
    rows = some(100, 3)
    rows[:, 1] = 5
    table = ask(lambda x: x[:, 0] * x[:, 1] + x[:, 2], rows, method)
    assert table.values[0, 1] == 0 and torch.isfinite(table.values).all()
    nothing = ask(lambda x: 0 * x[:, 0] + 3, rows, method)
    assert not nothing.values.any() and torch.isfinite(nothing.high).all()
    if method != "morris":
        assert any("does not change at all" in note for note in nothing.notes)


def test_a_group_is_drawn_from_one_row_together():
    """x₀ + x₁ with x₁ = −x₀ in all rows: nothing of the variance where the two stay together."""
    rows = some(300, 3)
    rows[:, 1] = -rows[:, 0]

    def net(x):
        return x[:, 0] + x[:, 1] + x[:, 2]

    apart = ask(net, rows, "sobol")
    assert any("independently" in note and "x0 + x1" in note for note in apart.notes)
    assert (apart.values[0] > 0.2).all()
    for method in ("sobol", "shapley_effects", "morris"):
        together = ask(net, rows, method, groups=[[0, 1]])
        assert together.names == ("x0 + x1", "x2")
        assert not any("independently" in note for note in together.notes)
        if method != "morris":  # which moves both from their least to their greatest
            assert together.values[0].tolist() == pytest.approx([0, 1], abs=0.03)
            assert together.values[0, 0] == 0


def test_variables_of_a_series_are_drawn_whole():
    """f = the first variable's first step times its last: no other rows' steps mix in."""
    rows = some(200, 5, 2)
    rows[:, -1, 0] = rows[:, 0, 0]
    table = ask(lambda x: x[:, 0, 0] * x[:, -1, 0] - x[:, 2, 1], rows, "sobol")
    parts = torch.stack([rows[:, 0, 0].square().var(), rows[:, 2, 1].var()])
    shares = parts / parts.sum()
    error = table.sources["monte_carlo"][0] / 1.96
    assert (table.values[0] - shares).abs().le(3 * error + 0.01).all()
    assert (table.sources["sample"] > 0).all()


def test_letters_have_no_range():
    letters = nn.functional.one_hot(torch.randint(4, (40, 6)), 4).movedim(-1, 1).double()
    with pytest.raises(Problem, match="letters"):
        ask(lambda x: x[:, 0, 0], letters, "morris")
    table = ask(lambda x: x[:, 0, 0] + 2 * x[:, 1, 3], letters, "sobol")
    assert table.rank[0, 3] == 1 and not table.values[0, [1, 2, 4, 5]].any()


@pytest.mark.parametrize("options, words", [({"levels": 5}, "odd"), ({"samples": 3}, "between")])
def test_impossible_options_are_named(options, words):
    with pytest.raises(Problem, match=words):
        ask(lambda x: x[:, 0], some(50, 2), "morris", options=options)


@pytest.mark.parametrize("method", METHODS)
def test_drawing_stops_when_the_order_is_certain(method):
    def net(x):
        return 9 * x[:, 0] + 3 * x[:, 1] + 0.1 * (x[:, 2] + x[:, 3]) + x[:, 0] * x[:, 1] / 9

    rows = some(300, 4)
    whole = ask(net, rows, method)
    early = ask(net, rows, method, options={"certain": 2})
    detail = early.details[method]
    assert detail["certain"] and early.evaluations[method] < whole.evaluations[method] / 2
    assert early.rank[0, :2].tolist() == [1, 2]
    assert any(f"stopped after {detail['samples']:,} of" in note for note in early.notes)
    never = ask(lambda x: x[:, 0] * x[:, 1], rows, "sobol", options={"certain": 1})
    assert never.details["sobol"]["certain"] is False
    assert any("is not certain" in note for note in never.notes)


def test_early_and_full_draws_are_the_same_draws():
    """What was drawn before the last look is part of the estimate, not thrown away."""
    known = KNOWN["linear"]
    table = ask(known.function, known.even_rows(500), "sobol", options={"certain": 4})
    assert table.evaluations["sobol"] == table.details["sobol"]["samples"] * 7


@pytest.mark.parametrize("method", METHODS)
def test_costs_are_as_said(method):
    rows = some(60, 5)
    entry = IMPORTANCE[method]
    table = ask(lambda x: x.prod(1), rows, method)
    assert table.evaluations[method] == entry.estimate(entry.options(), 60, 5)


@pytest.mark.parametrize("method", METHODS)
def test_single_precision_and_several_outputs(method):
    net = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 4))
    table = ask(net, some(100, 3).float(), method, output=(2, 0), options={"samples": 100})
    assert table.values.dtype == F64 and torch.isfinite(table.high - table.low).all()
    with pytest.raises(Problem, match="4 outputs"):
        ask(net, some(100, 3).float(), method)
