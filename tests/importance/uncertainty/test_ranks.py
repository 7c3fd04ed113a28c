"""From what numbers might have been to ranks, intervals, and who is among the first."""

import pytest
import torch
from small_networks import rows

from explainers import Problem, explain_dataset
from explainers.importance.estimate import Estimate, among_first
from explainers.importance.uncertainty.ranks import first_certain, ranked
from explainers.importance.uncertainty.resampling import Resampling

F64 = torch.float64


def generator():
    return torch.Generator().manual_seed(0)


def normal(values, spread, draws=4000, seed=0):
    values, spread = torch.tensor(values, dtype=F64), torch.tensor(spread, dtype=F64)
    return values, values + spread * rows(draws, len(values), seed=seed)


def test_sources_add_up_as_variances():
    """Normal of 3 and of 4 make one of 5; half of 95 % is 1.96 of it."""
    values, sample = normal([10.0, 50.0], [3.0, 0.0])
    _, chance = normal([10.0, 50.0], [4.0, 0.0], seed=1)
    row = ranked(Estimate(values, {"sample": sample, "monte_carlo": chance}), False, generator())
    assert float(row.sources["sample"][0]) == pytest.approx(1.96 * 3, rel=0.05)
    assert float(row.sources["monte_carlo"][0]) == pytest.approx(1.96 * 4, rel=0.05)
    assert float(row.high[0] - row.low[0]) == pytest.approx(2 * 1.96 * 5, rel=0.06)
    assert row.sources["training"].tolist() == [0, 0]
    assert row.low[1] == row.high[1] == 50


def test_ranks_are_by_magnitude_and_certain_only_where_all_draws_agree():
    values, draws = normal([-9.0, 1.0, 1.2, 0.0], [0.1, 0.3, 0.3, 0.0])
    row = ranked(Estimate(values, {"sample": draws}), False, generator())
    assert row.rank.tolist() == [1, 3, 2, 4]
    assert row.rank_low.tolist() == [1, 2, 2, 4] and row.rank_high.tolist() == [1, 3, 3, 4]
    first = among_first(row.draws, 1)
    assert first.tolist() == [1, 0, 0, 0]
    two = among_first(row.draws, 2)
    # P(N(1.2, .3) > N(1, .3)) = Φ(.2 / (.3 √2)) = .681
    assert float(two[2]) == pytest.approx(0.681, abs=0.025) and float(two.sum()) == pytest.approx(2)


def test_ranks_as_values_are_ascending():
    values = torch.tensor([2.0, 1.0, 3.0], dtype=F64)
    row = ranked(Estimate(values, {"sample": values.repeat(50, 1)}), True, generator())
    assert row.rank.tolist() == [2, 1, 3] == row.rank_low.tolist() == row.rank_high.tolist()


def test_ties_share_a_rank_and_the_places_there_are():
    values = torch.tensor([5.0, 2.0, 2.0, 0.0], dtype=F64)
    row = ranked(Estimate(values), False, generator())
    assert row.rank.tolist() == [1, 2, 2, 4]
    assert row.rank_low.tolist() == [1, 2, 2, 4] and row.rank_high.tolist() == [1, 3, 3, 4]
    assert among_first(row.draws, 2).tolist() == [1, 0.5, 0.5, 0]


def test_without_draws_there_is_no_interval():
    row = ranked(Estimate(torch.tensor([-1.0, 3.0])), False, generator())
    assert row.low.tolist() == row.high.tolist() == [-1, 3]
    assert row.rank.tolist() == row.rank_low.tolist() == row.rank_high.tolist() == [2, 1]


def test_the_interval_holds_the_value_even_where_draws_lie_beside_it():
    values = torch.tensor([1.0], dtype=F64)
    row = ranked(Estimate(values, {"sample": torch.full((100, 1), 3.0)}), False, generator())
    assert (row.low.item(), row.high.item()) == (1, 3)


def test_the_order_of_the_first_is_certain_or_not():
    _, far = normal([9.0, 5.0, 1.0], [0.5, 0.5, 0.5])
    _, near = normal([9.0, 1.2, 1.0], [0.5, 0.5, 0.5])
    assert first_certain(far, 3) and first_certain(near, 1) and not first_certain(near, 2)


def test_means_of_drawn_rows_are_those_of_the_bootstrap():
    parts = rows(60, 2) * torch.tensor([1.0, 10.0])
    means = Resampling(60, 4000, 0).means(parts)
    error = parts.std(0, unbiased=False) / 60**0.5
    torch.testing.assert_close(means.std(0), error, rtol=0.05, atol=0)
    torch.testing.assert_close(means.mean(0), parts.mean(0), rtol=0, atol=0.2 * float(error[1]))
    # A row counts as often for all columns.
    both = Resampling(60, 200, 0).means(torch.stack([parts[:, 0], -parts[:, 0]], 1))
    torch.testing.assert_close(both[:, 0], -both[:, 1])
    again = Resampling(60, 200, 0).means(parts)
    assert torch.equal(again, Resampling(60, 200, 0).means(parts))
    assert not torch.equal(again, Resampling(60, 200, 1).means(parts))


def test_many_rows_are_drawn_in_blocks_as_well():
    parts = rows(10_000, 1)
    means = Resampling(10_000, 1000, 0).means(parts)
    error = float(parts.std()) / 100
    assert float(means.std()) == pytest.approx(error, rel=0.1)
    assert float(means.mean()) == pytest.approx(float(parts.mean()), abs=error / 5)


def test_chance_in_a_rows_part_is_not_counted_twice():
    """Parts of variance 1, of which half is the error of few draws: the rest is the sample's."""
    parts = rows(400, 1)
    found = Resampling(400, 2000, 0).spread(parts, torch.tensor([0.5]), rows(8, 1, seed=3))
    assert float(found["sample"].std()) == pytest.approx(0.5**0.5 / 20, rel=0.1)
    batches = rows(8, 1, seed=3)
    # Student's t with 7 degrees of freedom has a standard deviation of √(7/5).
    expected = float(batches.std()) / 8**0.5 * (7 / 5) ** 0.5
    assert float(found["monte_carlo"].std()) == pytest.approx(expected, rel=0.15)


def test_top_of_a_table():
    x = rows(100, 4)
    weights = torch.tensor([4.0, 2.0, 0.0, 0.0]).double()
    table = explain_dataset(lambda x: x @ weights, x, methods=["permutation", "jacobian"])
    assert table.top(1).tolist() == [[1, 0, 0, 0]] * 2
    assert table.top(3).tolist() == [[1, 1, 0.5, 0.5]] * 2
    with pytest.raises(Problem, match="between 1 and the number of features, 4"):
        table.top(5)
