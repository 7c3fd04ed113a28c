"""Baselines: what they promise of themselves."""

import pytest
import torch
from nets import pictures

from explainers import BASELINES, Problem, explain

F64 = torch.float64


def inputs(kind: str, count: int = 3) -> torch.Tensor:
    """Random inputs (count, …) of a kind, float64."""
    generator = torch.Generator().manual_seed(3)
    if kind == "picture":
        return pictures(count)
    if kind == "sequence":
        letters = torch.randint(4, (count, 30), generator=generator)
        return torch.nn.functional.one_hot(letters, 4).movedim(-1, 1).double()
    return torch.randn(
        count, *{"table": (5,), "series": (7, 2)}[kind], generator=generator, dtype=F64
    )


OFFERED = [(key, kind) for key, entry in BASELINES.items() for kind in entry.kinds]


def test_constants():
    x = pictures()
    assert (BASELINES["zeros"].make(x) == 0).all()
    assert (BASELINES["white"].make(x) == 1).all()
    mean = BASELINES["mean"].make(x)
    torch.testing.assert_close(mean[:, :, 3, 5], x.mean((2, 3)))
    assert mean.shape == x.shape


def test_a_blurred_point_is_a_gaussian():
    """Far from the border, the blur of a point falls off as exp(−d²/2σ²)."""
    x = torch.zeros(1, 1, 41, 41, dtype=F64)
    x[0, 0, 20, 20] = 1
    blurred = BASELINES["blur"].make(x, sigma=2 / 41)[0, 0]
    ratio = blurred[20, 23] / blurred[20, 20]
    assert ratio.item() == pytest.approx(torch.exp(torch.tensor(-9 / 8)).item(), rel=1e-6)
    assert blurred.sum().item() == pytest.approx(1, abs=1e-9)


def test_blur_keeps_a_flat_picture_flat_up_to_its_border():
    x = torch.full((1, 3, 9, 14), 0.37, dtype=F64)
    torch.testing.assert_close(BASELINES["blur"].make(x, sigma=1.0), x)


def test_noise_follows_its_seed_and_range_and_is_shared_by_all_inputs():
    x = pictures(3)
    noise = BASELINES["noise"].make(x, low=-1.0, high=3.0, seed=5)
    assert torch.equal(noise, BASELINES["noise"].make(x, low=-1.0, high=3.0, seed=5))
    assert not torch.equal(noise, BASELINES["noise"].make(x, low=-1.0, high=3.0, seed=6))
    assert torch.equal(noise[0], noise[2])
    assert -1 <= noise.min() < -0.8 and 2.8 < noise.max() <= 3


@pytest.mark.parametrize("key, kind", OFFERED)
def test_a_baseline_does_not_depend_on_batch_mates(key, kind):
    x, data = inputs(kind), inputs(kind, 9)
    together = BASELINES[key].make(x, data)
    torch.testing.assert_close(together[1:2], BASELINES[key].make(x[1:2], data))
    assert torch.equal(together, BASELINES[key].make(x, data)), "the same seed, the same baseline"


@pytest.mark.parametrize("key, kind", OFFERED)
def test_a_baseline_looks_like_the_inputs_or_is_several_that_do(key, kind):
    x, data = inputs(kind), inputs(kind, 9)
    made = BASELINES[key].make(x.float(), data)
    assert made.dtype == torch.float32 and len(made) == len(x)
    assert made.shape == x.shape or made.shape[2:] == x.shape[1:]


@pytest.mark.parametrize("key, kind", OFFERED)
def test_integrated_gradients_add_up_against_every_baseline(key, kind):
    """Against R references too: the mean of attributions is the attribution to the mean answer."""
    x, data = inputs(kind), inputs(kind, 9)
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Flatten(),
        torch.nn.Linear(x[0].numel(), 8),
        torch.nn.Tanh(),
        torch.nn.Linear(8, 2),
    ).double()
    answer = explain(net, x, "integrated_gradients", key, 1, data=data, tolerance=1e-6)
    made = BASELINES[key].make(x, data)
    references = made if made.ndim > x.ndim else made.unsqueeze(1)
    before = net(references.flatten(0, 1))[:, 1].view(len(x), -1).mean(1)
    torch.testing.assert_close(answer.baseline_output, before.detach())
    total = answer.scores.flatten(1).sum(1)
    torch.testing.assert_close(total, answer.output - before.detach(), rtol=1e-5, atol=1e-6)


def test_a_baseline_is_called_what_people_of_that_kind_call_it():
    zeros = BASELINES["zeros"]
    assert [zeros.title(kind) for kind in ("picture", "table", "sequence")] == [
        "Black (zeros)",
        "Zeros",
        "Zeros (no letter)",
    ]
    for entry in BASELINES.values():
        assert set(entry.names) <= set(entry.kinds)


def test_every_kind_of_input_has_several_baselines():
    for kind in ("picture", "table", "series", "sequence"):
        assert sum(kind in entry.kinds for entry in BASELINES.values()) >= 3, kind


def test_wrong_options_are_named():
    with pytest.raises(Problem, match="no option 'sigmo'"):
        BASELINES["blur"].make(pictures(), sigmo=1)
    with pytest.raises(Problem, match="needs inputs with space"):
        BASELINES["blur"].make(torch.zeros(2, 5))
