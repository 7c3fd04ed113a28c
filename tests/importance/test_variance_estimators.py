"""The formulas of Sobol indices, Shapley effects and Morris: closed forms, enumeration, SALib."""

import itertools
import math

import numpy as np
import pytest
import torch
from known_variances import A8, F64, KNOWN, ishigami

from explainers.importance.variance.estimators.effects import effects_of_chains, effects_of_cubes
from explainers.importance.variance.estimators.elementary import elementary_effects, trajectories
from explainers.importance.variance.estimators.indices import sobol_indices
from explainers.importance.variance.estimators.influence import influence_of_rows, strata_of


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pairs_of(known, count, seed=0):
    a, b = (known.random_rows(count, 2 * seed + which) for which in (0, 1))
    return a, b


def hybrids(function, a, b):
    values = []
    for i in range(a.shape[1]):
        mixed = a.clone()
        mixed[:, i] = b[:, i]
        values.append(function(mixed))
    return torch.stack(values, 1)


def test_the_g_functions_truth_is_the_published_one():
    known = KNOWN["g-function"]
    assert known.variance == pytest.approx(0.465424, abs=1e-6)
    assert known.first[:5].tolist() == pytest.approx(
        [0.716192, 0.179048, 0.023676, 0.007162, 7.16e-5], abs=1e-6
    )
    assert known.total[:5].tolist() == pytest.approx(
        [0.787144, 0.242198, 0.034317, 0.010460, 1.049e-4], abs=1e-6
    )
    assert len(A8) == 8


@pytest.mark.parametrize("name", KNOWN)
def test_sobol_indices_are_known_ones_within_three_standard_errors(name):
    known, count = KNOWN[name], 60_000
    a, b = pairs_of(known, count)
    found = sobol_indices(known.function(a), known.function(b), hybrids(known.function, a, b))
    for estimate, parts, truth in (
        (found.first, found.first_parts, known.first),
        (found.total, found.total_parts, known.total),
        (found.variance, found.variance_parts, torch.tensor(known.variance)),
    ):
        error = parts.std(0) / count**0.5
        assert (error <= 0.02 * (1 + estimate.abs())).all()
        # Where a feature counts for nothing, the published digits end before the error does.
        assert ((estimate - truth).abs() <= 3 * error + 1e-6).all(), (estimate, truth, error)
        assert parts.mean(0).abs().max() < 1e-9


def test_the_parts_of_draws_tell_the_standard_error():
    """300 estimates from 500 draws scatter as their parts say, and so does V T."""
    known = KNOWN["ishigami"]
    estimates, errors = [], []
    for seed in range(300):
        a, b = pairs_of(known, 500, seed)
        found = sobol_indices(known.function(a), known.function(b), hybrids(known.function, a, b))
        estimates.append(
            torch.cat(
                [found.first, found.total, found.variance * found.total, found.variance[None]]
            )
        )
        parts = [found.first_parts, found.total_parts, found.unshared_parts]
        parts.append(found.variance_parts[:, None])
        errors.append(torch.cat(parts, 1).std(0) / 500**0.5)
    ratio = torch.stack(estimates).std(0) / torch.stack(errors).mean(0)
    assert (ratio - 1).abs().max() < 0.2, ratio


def test_salib_finds_the_same_sobol_indices_from_the_same_answers():
    analyze = pytest.importorskip("SALib.analyze.sobol").analyze
    known = KNOWN["ishigami"]
    a, b = pairs_of(known, 2000)
    values = [known.function(a), hybrids(known.function, a, b), known.function(b)]
    ours = sobol_indices(values[0], values[2], values[1])
    flat = torch.cat([values[0][:, None], values[1], values[2][:, None]], 1).flatten().numpy()
    problem = {"num_vars": 3, "names": list("abc"), "bounds": [[-math.pi, math.pi]] * 3}
    theirs = analyze(problem, flat, calc_second_order=False, seed=1)
    np.testing.assert_allclose(ours.total, theirs["ST"], rtol=1e-10)
    # Theirs is centred on the mean of the hybrids too, ours on that of A and B alone.
    error = (ours.first_parts.std(0) / 2000**0.5).numpy()
    assert np.abs(ours.first.numpy() - theirs["S1"]).max() < 0.3 * error.min()
    np.testing.assert_allclose(1.96 * error, theirs["S1_conf"], rtol=0.3)


def test_salib_finds_the_same_elementary_effects():
    morris = pytest.importorskip("SALib.analyze.morris")
    walks = trajectories(40, 3, 4, seeded())
    points = (2 * walks.points - 1) * math.pi
    values = ishigami(points.flatten(0, 1)).view(40, 4)
    ours = elementary_effects(values, walks)
    problem = {"num_vars": 3, "names": list("abc"), "bounds": [[-math.pi, math.pi]] * 3}
    theirs = morris.analyze(
        problem, points.flatten(0, 1).numpy(), values.flatten().numpy(), num_levels=4, scaled=False
    )
    np.testing.assert_allclose(ours.mean(0), np.ma.getdata(theirs["mu"]), rtol=1e-9)
    np.testing.assert_allclose(ours.abs().mean(0), np.ma.getdata(theirs["mu_star"]), rtol=1e-9)
    np.testing.assert_allclose(ours.std(0), np.ma.getdata(theirs["sigma"]), rtol=1e-9)


def test_trajectories_use_every_step_of_the_grid_alike():
    walks = trajectories(8000, 2, 4, seeded(1))
    assert walks.points.min() == 0 and walks.points.max() == 1
    moved = walks.points.diff(dim=1)
    assert torch.equal((moved != 0).sum(2), torch.ones(8000, 2, dtype=torch.long))
    assert torch.allclose(moved.abs().amax(2), torch.tensor(2 / 3, dtype=F64))
    starts = (walks.points[:, 0] * 3).round().long()
    counts = (starts[:, 0] * 4 + starts[:, 1]).bincount(minlength=16)
    assert (counts - 500).abs().max() < 5 * 500**0.5
    assert abs((walks.order[:, 0] == 0).double().mean() - 0.5) < 0.03


def test_effects_of_cubes_are_the_definition_over_all_orders():
    """What S is worth: the mean over all hybrids z of (f(z) − f(z with S swapped))²/2."""
    values = torch.randn(3, 8, generator=seeded(), dtype=F64)

    def worth(row, s):
        swap = sum(1 << i for i in s)
        return sum((row[z] - row[z ^ swap]) ** 2 for z in range(8)).item() / 16

    expected = torch.zeros(3, 3, dtype=F64)
    for number, row in enumerate(values):
        for order in itertools.permutations(range(3)):
            for place, i in enumerate(order):
                expected[number, i] += worth(row, order[: place + 1]) - worth(row, order[:place])
    torch.testing.assert_close(effects_of_cubes(values), expected / 6)


def test_effects_of_chains_are_the_mean_of_two_chains():
    """From a by the order, and from b by its reverse: increments of (f(start) − f(z))²/2."""
    z = torch.randn(1, 4, generator=seeded(), dtype=F64)
    order = torch.tensor([[2, 0, 1]])
    forth = ((z[:, :1] - z) ** 2 / 2).diff(dim=1)
    back = -((z[:, -1:] - z) ** 2 / 2).diff(dim=1)
    found = effects_of_chains(z, order)
    torch.testing.assert_close(found[:, order[0]], (forth + back) / 2)


def chain_answers(known, count, seed):
    a, b = pairs_of(known, count, seed)
    order = torch.rand(count, known.features, generator=seeded(seed)).argsort(1)
    rank = order.argsort(1)
    values = [known.function(torch.where(rank < k, b, a)) for k in range(known.features + 1)]
    return effects_of_chains(torch.stack(values, 1), order)


def cube_answers(known, count, seed):
    a, b = pairs_of(known, count, seed)
    numbers = torch.arange(2**known.features)
    table = (numbers[:, None] >> torch.arange(known.features)) & 1 == 1
    return effects_of_cubes(torch.stack([known.function(torch.where(s, b, a)) for s in table], 1))


@pytest.mark.parametrize(
    "name, answers, count",
    [(name, chain_answers, 40_000) for name in KNOWN]
    + [("ishigami", cube_answers, 20_000), ("linear", cube_answers, 10_000)],
)
def test_shapley_effects_are_known_ones_within_three_standard_errors(name, answers, count):
    known = KNOWN[name]
    effects = answers(known, count, 3)
    error = effects.std(0) / count**0.5
    truth = known.effects * known.variance
    assert ((effects.mean(0) - truth).abs() <= 3.5 * error + 1e-5).all()
    assert effects.sum(1).mean() == pytest.approx(known.variance, rel=0.05)


def test_rows_in_strata_pull_as_their_values_do():
    """f = x₀ of one draw a row: a row's influence is its stratum's mean, with hardly an error."""
    rows = torch.randn(400, 2, generator=seeded(), dtype=F64)
    strata = torch.stack([strata_of(column) for column in rows.T], 1)
    assert strata.max() == 15 and (strata[:, 0].bincount() - 25).abs().max() <= 1
    donors = torch.randint(400, (50_000, 2), generator=seeded(1))
    parts = rows[donors[:, 0], 0][:, None] - rows[:, 0].mean()
    influence, error = influence_of_rows(parts, donors, strata)
    assert torch.corrcoef(torch.stack([influence[:, 0], rows[:, 0]]))[0, 1] > 0.97
    assert error < 0.01 * influence.var()
    assert strata_of(torch.ones(7)).unique().tolist() == [0]
    assert strata_of(torch.tensor([0.0, 1.0] * 50)).unique().tolist() == [0, 1]
