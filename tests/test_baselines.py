"""Baselines: what they promise of themselves."""

import pytest
import torch
from nets import pictures

from explainers import BASELINES, Problem


def test_constants():
    x = pictures()
    assert (BASELINES["zeros"].make(x) == 0).all()
    assert (BASELINES["white"].make(x) == 1).all()
    mean = BASELINES["mean"].make(x)
    torch.testing.assert_close(mean[:, :, 3, 5], x.mean((2, 3)))
    assert mean.shape == x.shape


def test_a_blurred_point_is_a_gaussian():
    """Far from the border, the blur of a point falls off as exp(−d²/2σ²)."""
    x = torch.zeros(1, 1, 41, 41, dtype=torch.float64)
    x[0, 0, 20, 20] = 1
    blurred = BASELINES["blur"].make(x, sigma=2 / 41)[0, 0]
    ratio = blurred[20, 23] / blurred[20, 20]
    assert ratio.item() == pytest.approx(torch.exp(torch.tensor(-9 / 8)).item(), rel=1e-6)
    assert blurred.sum().item() == pytest.approx(1, abs=1e-9)


def test_blur_keeps_a_flat_picture_flat_up_to_its_border():
    x = torch.full((1, 3, 9, 14), 0.37, dtype=torch.float64)
    torch.testing.assert_close(BASELINES["blur"].make(x, sigma=1.0), x)


def test_noise_follows_its_seed_and_range_and_is_shared_by_all_inputs():
    x = pictures(3)
    noise = BASELINES["noise"].make(x, low=-1.0, high=3.0, seed=5)
    assert torch.equal(noise, BASELINES["noise"].make(x, low=-1.0, high=3.0, seed=5))
    assert not torch.equal(noise, BASELINES["noise"].make(x, low=-1.0, high=3.0, seed=6))
    assert torch.equal(noise[0], noise[2])
    assert -1 <= noise.min() < -0.8 and 2.8 < noise.max() <= 3


@pytest.mark.parametrize("key", list(BASELINES))
def test_a_baseline_does_not_depend_on_batch_mates(key):
    x = pictures(3)
    torch.testing.assert_close(BASELINES[key].make(x)[1:2], BASELINES[key].make(x[1:2]))


def test_wrong_options_are_named():
    with pytest.raises(Problem, match="no option 'sigmo'"):
        BASELINES["blur"].make(pictures(), sigmo=1)
    with pytest.raises(Problem, match="needs inputs with space"):
        BASELINES["blur"].make(torch.zeros(2, 5))
