"""What is computed in parts is what plain passes give, on any network."""

import pytest
import torch
import torch.nn.functional as F
from local_networks import perturbed, random_network
from torch import nn

from explainers.passes import Passes
from explainers.perturbation.incremental import Incremental, windowed
from explainers.perturbation.incremental.tensor import CannotFollow, PartTensor


def both(network, x, points):
    """The outputs in parts and plainly, in two batches: the second finds what the first left."""
    with torch.no_grad():
        parts = Incremental(Passes(network), x)
        batches = points.split(-(-len(points) // 2))
        found = [parts.in_parts(batch.clone(), 0) for batch in batches]
        return torch.cat(found), torch.cat([network(batch.clone()) for batch in batches])


def assert_same(network, x, points):
    found, expected = both(network, x, points)
    spread = (expected.max() - expected.min()).clamp(min=1e-30)
    assert found.shape == expected.shape
    assert float((found - expected).abs().max() / spread) < 1e-9


@pytest.fixture
def slides(monkeypatch):
    """How many convolutions and pools were computed in parts."""
    counted, slid = [], windowed.slid

    def counting(*args):
        result = slid(*args)
        counted.append(result)
        return result

    monkeypatch.setattr(windowed, "slid", counting)
    return counted


@pytest.mark.parametrize("seed", range(40))
def test_random_networks_over_sequences(seed, slides):
    x = torch.randn(1, 4, 101 + seed, dtype=torch.float64)
    assert_same(random_network(seed, 1, 101 + seed), x, perturbed(x, 1 + seed % 6, 5))
    assert len(slides) > 1


@pytest.mark.parametrize("seed", range(25))
def test_random_networks_over_pictures(seed, slides):
    side = 45 + seed % 7
    x = torch.randn(1, 4, side, side - 3, dtype=torch.float64)
    assert_same(random_network(100 + seed, 2, side), x, perturbed(x, 3 + seed % 4, 13))
    assert slides


def test_a_deep_dilated_network_over_dna(slides):
    """Dilations 1, 2, 4, … with residual sums; every letter of a sequence replaced."""
    torch.manual_seed(0)
    blocks = [nn.Conv1d(4, 6, 11, padding=5)]
    for power in range(4):
        dilated = nn.Conv1d(6, 6, 3, padding=2**power, dilation=2**power)
        blocks.append(_Plus(nn.Sequential(nn.ReLU(), dilated, nn.BatchNorm1d(6))))
    network = nn.Sequential(*blocks, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 2))
    x = torch.eye(4, dtype=torch.float64)[torch.randint(4, (300,))].T[None]
    points = x.repeat(300, 1, 1)
    for place in range(300):
        points[place, :, place] = points[place, :, place].roll(1 + place % 3)
    assert_same(network.double().eval(), x, points)
    assert len(slides) == 2 * 5


class _Plus(nn.Module):
    def __init__(self, inside):
        super().__init__()
        self.inside = inside

    def forward(self, x):
        return x + self.inside(x)


def _window(x, points):
    """Copies with a window of zeros each."""
    points = x.repeat(points, 1, 1)
    for row in range(len(points)):
        points[row, :, 6 * row : 6 * row + 4] = 0
    return points


C = nn.Conv1d(3, 3, 3, padding=1).double()
UNUSUAL = {
    "unknown operation": lambda x: C(C(x).cumsum(2)),
    "rows mixed": lambda x: C(x) - C(x).mean(0),
    "rows compared": lambda x: C(x) * (C(x).sum((1, 2)) > 0.1).view(-1, 1, 1),
    "chooses by value": lambda x: C(x) if x[3].sum() > x[4].sum() else -C(x),
    "reads a number": lambda x: C(x) * x.abs().max().item(),
    "one row written": lambda x: _written(C(x), lambda y: y[1].mul_(3)),
    "a view written": lambda x: _written(C(x), lambda y: y[:, 1].relu_()),
    "places written": lambda x: _written(C(x), lambda y: y[:, :, 5:9].zero_()),
    "written, then viewed": lambda x: _written(C(x), lambda y: y.transpose(1, 2).add_(1)),
    "several calls": lambda x: C(C(C(x).relu()).relu()),
    "turned": lambda x: C(x.flip(2)).transpose(1, 2).softmax(2),
    "places weighed": lambda x: C(x) * torch.linspace(0, 1, 60, dtype=x.dtype),
    "matrix of places": lambda x: C(x) @ torch.ones(60, 7, dtype=x.dtype),
    "attention": lambda x: (C(x).transpose(1, 2) @ C(x)).softmax(2).sum(2),
    "transposed convolution": nn.ConvTranspose1d(3, 2, 4, stride=2).double(),
    "instance norm": lambda x: F.instance_norm(C(x)),
    "interpolated": lambda x: F.interpolate(C(x), scale_factor=2),
    "reflected": lambda x: F.pad(C(x), (4, 4), "reflect"),
    "cut": lambda x: C(x)[:, :, 10:50],
    "every other": lambda x: C(x)[:, 1:, ::2],
    "padded": lambda x: C(F.pad(x, (5, 2), value=1.0)),
    "cropped": lambda x: C(F.pad(x, (-5, 2))),
    "largest": lambda x: torch.cat([C(x).amax(2), C(x).max(2)[0], C(x).max(1)[0]], 1),
    "sums": lambda x: torch.cat([C(x).sum((1, 2), keepdim=True), C(x).mean(1, keepdim=True)], 2),
    "in another precision": lambda x: C(C(x).float().double()),
    "under inference mode": torch.inference_mode()(lambda x: C(C(x)).relu().max(2)[0]),
    "standardised": lambda x: (C(x) - C(x).mean(2, keepdim=True)) / C(x).std(2, keepdim=True),
    "one operand per row": lambda x: (C(x) + x.mean((1, 2)).view(-1, 1, 1)).amax(2),
    "batch as channels": lambda x: C(x).reshape(1, -1, 60).mean(0).view(len(x), 3, 60),
    "conditions": lambda x: torch.where(C(x) > 0, C(x), 0.1 * x),
}


def _written(y, write):
    """What is viewed before a write shows it."""
    before = y.unsqueeze(2), y.transpose(1, 2)
    write(y)
    return torch.cat([y, before[0].squeeze(2), before[1].transpose(1, 2)], 1)


@pytest.mark.parametrize("name", UNUSUAL)
def test_whatever_a_network_does(name):
    torch.manual_seed(1)
    x = torch.randn(1, 3, 60, dtype=torch.float64)
    assert_same(UNUSUAL[name], x, _window(x, 10))


def test_what_leaves_torch_is_not_followed():
    x = torch.randn(1, 3, 60)
    for leaves in (
        lambda x: torch.from_numpy(x.numpy() * 2),
        lambda x: x.unsqueeze_(1)[:, 0],
        lambda x: F.max_pool1d(x, 2, return_indices=True)[1].double(),
    ):
        passes = Passes(leaves)
        passes.expect(10**9)
        parts = Incremental(passes, x)
        with pytest.raises((RuntimeError, CannotFollow)):
            parts.in_parts(_window(x, 4), 0)
        points = _window(x, 4)
        with torch.no_grad():
            torch.testing.assert_close(
                parts.answer(points.clone(), torch.zeros(4).long()), leaves(points.clone())
            )
        assert parts.pays is False


def test_unequal_shapes_of_parts_are_said_by_the_tensor():
    """To the network it looks as its input does: shape, strides, type."""
    seen = []
    x = torch.randn(1, 3, 40)
    points = _window(x, 6)

    def network(x):
        seen.append((type(x), x.shape, x.stride(), x.dtype, x.is_contiguous()))
        return x.flatten(1)

    Incremental(Passes(network), x).in_parts(points, 0)
    network(points)
    assert seen[0][0] is PartTensor and seen[0][1:] == seen[1][1:]


def test_weights_that_were_written_since_are_seen():
    """What was kept of the unperturbed input belongs to the weights as they were."""
    x, scale = torch.randn(1, 3, 60, dtype=torch.float64), torch.ones(1, dtype=torch.float64)

    def network(x):
        return C(C(x) * scale)

    parts = Incremental(Passes(network), x)
    with torch.no_grad():
        for _ in range(2):
            found = parts.in_parts(_window(x, 10), 0)
            torch.testing.assert_close(found, network(_window(x, 10)), rtol=1e-9, atol=1e-9)
            scale.mul_(2)
