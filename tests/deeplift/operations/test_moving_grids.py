"""A picture read at places that depend on the input, as a spatial transformer does."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from enumeration import shapley

from explainers import explain

MODES = ("bilinear", "nearest", "bicubic")
RULES = ("rescale", "reveal_cancel", "genomics")


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def read(picture, places, mode):
    """One number read from a picture (channels, …) at one place for each row (n, d)."""
    d = places.shape[1]
    grid = places.reshape(-1, *[1] * d, d)
    pictures = picture.expand(len(places), *picture.shape)
    return F.grid_sample(pictures, grid, mode=mode, align_corners=False).flatten(1).sum(1)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rule", RULES)
def test_each_coordinate_has_its_exact_shapley_value(mode, rule):
    picture = normal(2, 5, 4)
    x, b = normal(6, 2, seed=1) / 2, normal(6, 2, seed=2) / 2
    scores = explain(lambda g: read(picture, g, mode), x, "deeplift", b, rule=rule).scores
    for row, (one, other) in enumerate(zip(x, b, strict=True)):
        exact = shapley(lambda g: read(picture, g[None], mode)[0], one, other)
        torch.testing.assert_close(scores[row], exact)


@pytest.mark.parametrize("mode", ("bilinear", "nearest"))
def test_a_place_in_a_volume_too(mode):
    volume = normal(1, 3, 4, 5)
    x, b = normal(4, 3, seed=1) / 2, normal(4, 3, seed=2) / 2
    scores = explain(lambda g: read(volume, g, mode), x, "deeplift", b).scores
    for row, (one, other) in enumerate(zip(x, b, strict=True)):
        exact = shapley(lambda g: read(volume, g[None], mode)[0], one, other)
        torch.testing.assert_close(scores[row], exact)


def test_on_a_slope_it_is_the_slope():
    """A picture that rises by 3 a pixel to the right: reading it is linear in the place."""
    picture = 3.0 * torch.arange(8, dtype=torch.float64).expand(1, 8, 8)
    x, b = normal(4, 2, seed=1) / 4, normal(4, 2, seed=2) / 4
    scores = explain(lambda g: read(picture, g, "bilinear"), x, "deeplift", b).scores
    expected = torch.stack([3 * 4 * (x - b)[:, 0], torch.zeros(4, dtype=torch.float64)], 1)
    torch.testing.assert_close(scores, expected)  # a unit of the grid is 4 pixels


def test_a_place_that_does_not_move_has_the_derivative_as_multiplier():
    from explainers.methods.deeplift import multipliers

    picture, x = normal(1, 5, 5), normal(3, 2, seed=1) / 3
    leaf = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(read(picture, leaf, "bicubic").sum(), leaf)
    m = multipliers(lambda g: read(picture, g, "bicubic"), x, x)
    torch.testing.assert_close(m, slope)


def transformer(x, mode, padding, align):
    """Turns the picture that it is given by what it sees in it."""
    matrix = (x.flatten(1)[:, :6].tanh() + torch.eye(2, 3).flatten()).reshape(-1, 2, 3)
    grid = F.affine_grid(matrix, [len(x), 2, 3, 3], align_corners=align)
    turned = F.grid_sample(x.tanh(), grid, mode=mode, padding_mode=padding, align_corners=align)
    return turned.relu().flatten(1) @ normal(18, 2, seed=5).to(x.dtype)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "mode, padding, align",
    [
        *itertools.product(MODES, ["zeros"], [False]),
        ("bilinear", "border", True),
        ("bicubic", "reflection", True),
    ],
)
def test_a_spatial_transformer_adds_up(mode, padding, align, rule):
    x, b = normal(3, 2, 4, 4, seed=1), normal(3, 2, 4, 4, seed=2)
    for baseline in (b, torch.zeros_like(b)):
        answer = explain(
            lambda x: transformer(x, mode, padding, align), x, "deeplift", baseline, 1, rule=rule
        )
        assert answer.gap.abs().max() < 1e-9
        assert not answer.notes


def test_at_fixed_places_it_is_linear_in_the_picture():
    grid = normal(1, 3, 3, 2).expand(2, -1, -1, -1) / 2

    def model(x):
        return F.grid_sample(x, grid[: len(x)], mode="bicubic", align_corners=False).flatten(1)

    x, b = normal(2, 1, 4, 4, seed=1), normal(2, 1, 4, 4, seed=2)
    one = torch.eye(16, dtype=torch.float64).reshape(16, 1, 4, 4)
    weights = torch.stack([model(e[None])[0, 4] for e in one]).reshape(1, 4, 4)
    scores = explain(model, x, "deeplift", b, 4).scores
    torch.testing.assert_close(scores, weights * (x - b))
