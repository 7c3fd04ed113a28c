"""Lek's profile: curves and ranges by hand, where the others are held, how far that is."""

import pytest
import torch
from small_networks import network, rows

from explainers import explain_dataset
from explainers.importance.perturbation.profile import medians_of_draws

Q = torch.tensor([0, 0.25, 0.5, 0.75, 1]).double()


def ask(model, x, groups=None, **options):
    table = explain_dataset(
        model, x, methods="profile", groups=groups, options={"profile": options}
    )
    return table, table.details["profile"]


@pytest.mark.parametrize("points", [2, 12, 25])
def test_curves_by_hand(points):
    model, x = network("mlp")
    table, found = ask(model, x, points=points)
    held = torch.quantile(x, Q, dim=0)
    torch.testing.assert_close(found["held"], held)
    assert found["curves"].shape == (3, 5, points)
    for i in range(3):
        grid = torch.linspace(0, 1, points, dtype=torch.float64) * (x[:, i].max() - x[:, i].min())
        grid += x[:, i].min()
        torch.testing.assert_close(found["grid"][i], grid)
        for at in range(5):
            inputs = held[at].repeat(points, 1)
            inputs[:, i] = grid
            torch.testing.assert_close(found["curves"][i, at], model(inputs)[:, 0].detach())
    median = found["curves"][:, 2]
    torch.testing.assert_close(found["median"], median)
    torch.testing.assert_close(table.values[0], median.amax(1) - median.amin(1))
    assert bool((table.sources["sample"] > 0).all())


def test_what_the_others_do_is_seen_in_the_curves():
    """x₀ x₁: at x₁'s quantile q the curve of x₀ is a line of slope q."""
    x = rows(101, 2)
    _, found = ask(lambda x: x[:, 0] * x[:, 1], x)
    slope = (found["curves"][0, :, -1] - found["curves"][0, :, 0]) / (
        found["grid"][0, -1] - found["grid"][0, 0]
    )
    torch.testing.assert_close(slope, torch.quantile(x[:, 1], Q))


def test_held_at_rows_it_is_partial_dependence():
    model, x = network("mlp")
    table, found = ask(model, x, hold="rows", points=7)
    assert len(found["held"]) == 40
    for i in range(3):
        for place, value in enumerate(found["grid"][i]):
            inputs = x.clone()
            inputs[:, i] = value
            expected = model(inputs)[:, 0].detach().mean()
            torch.testing.assert_close(found["median"][i, place], expected)
    assert bool((table.sources["sample"] > 0).all())
    assert not any("no row is like that" in note for note in table.notes)


def test_held_at_the_centres_of_clusters():
    x = torch.cat([0.1 * rows(30, 2), 0.1 * rows(30, 2, seed=2) + 10])
    table, found = ask(lambda x: x.sum(1), x, hold="centres", centres=2)
    centres = torch.stack([x[:30].mean(0), x[30:].mean(0)])
    torch.testing.assert_close(found["held"].sort(0).values, centres)
    _, many = ask(lambda x: x.sum(1), x[:3].repeat(20, 1), hold="centres", centres=50)
    assert len(many["held"]) == 3, "there are only three different rows"
    assert not any("no row is like that" in note for note in table.notes)


def test_corners_where_no_row_is_are_said():
    """Of two columns that go against each other no row has both at their largest."""
    up = torch.linspace(0, 1, 200).double()
    x = torch.stack([up, 1 - up], 1)
    table, found = ask(lambda x: x[:, 0], x)
    assert found["far"].argmin() == 2 and float(found["far"][0]) > 50
    assert any("quantiles 0, 0.25, 0.75, 1: no row" in note for note in table.notes)


def test_columns_of_few_values_take_only_these():
    x = rows(60, 2)
    x[:, 0] = (x[:, 0] > 0).double()
    table, found = ask(lambda x: x[:, 0], x)
    assert found["grid"][0].unique().tolist() == [0, 1] and float(table.values[0, 0]) == 1


def test_constant_columns_and_groups():
    x = rows(60, 3)
    x[:, 1] = 2
    assert float(ask(lambda x: x.sum(1), x)[0].values[0, 1]) == 0
    table, found = ask(lambda x: x.sum(1), x, groups={"both": [0, 2]})
    spread = (x.amax(0) - x.amin(0)).sum()
    torch.testing.assert_close(table.values[0], torch.stack([spread, 0 * spread]))
    torch.testing.assert_close(found["grid"][0], torch.linspace(0, 1, 12, dtype=torch.float64))


@pytest.mark.parametrize("count", [31, 40])
def test_medians_of_rows_drawn_again_are_those_of_sorting_them(count):
    x = rows(count, 2, 3).round(decimals=1)
    draws = torch.randint(count, (20, count), generator=torch.Generator().manual_seed(0))
    truth = torch.stack([torch.quantile(x[draw], 0.5, dim=0) for draw in draws])
    torch.testing.assert_close(medians_of_draws(x, draws), truth)
