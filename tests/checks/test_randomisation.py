"""Cascading randomisation: what changes at each stage, in which order, and what never changes."""

import copy

import pytest
import torch
import torch.nn.functional as F
import torchvision
from nets import pictures
from torch import nn
from untouched import untouched

from explainers import Problem, explain
from explainers.checks.agreement import similarity
from explainers.checks.randomisation import cascade, stages


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 5)  # registered first, used last
        self.cells = nn.LSTM(3, 6, num_layers=2, batch_first=True)
        self.first = nn.Linear(3, 3, bias=False)

    def forward(self, x):
        return self.head(self.cells(self.first(x))[0][:, -1])


class Reused(nn.Module):
    """One layer first and last, a weight used without its module, and one never used."""

    def __init__(self):
        super().__init__()
        self.both, self.middle, self.bare = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)
        self.idle = nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.rand(4))

    def forward(self, x):
        x = self.both(x * self.scale).tanh()
        x = F.linear(self.middle(x).tanh(), weight=self.bare.weight)
        return self.both(x).to(self.idle.weight.device)


class Tied(nn.Module):
    """The same weight at the bottom and at the top."""

    def __init__(self):
        super().__init__()
        self.bottom, self.middle, self.top = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)
        self.top.weight = self.bottom.weight

    def forward(self, x):
        return self.top(self.middle(self.bottom(x).tanh()).tanh())


def sequential():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3),
        nn.Tanh(),
        nn.AdaptiveAvgPool2d(3),
        nn.Flatten(),
        nn.Linear(72, 16),
        nn.Tanh(),
        nn.Linear(16, 4),
    ).double()


def vit():
    return torchvision.models.VisionTransformer(16, 8, 2, 2, 8, 16, num_classes=5)


def changed(first: nn.Module, other: nn.Module) -> set[str]:
    """Names of the state's entries that differ."""
    states = first.state_dict(), other.state_dict()
    return {name for name in states[0] if not torch.equal(states[0][name], states[1][name])}


def test_a_sequential_is_taken_from_the_top_down():
    net, x = sequential(), pictures(2)
    assert stages(net, x, 9) == [["9"], ["7"], ["3"], ["1"], ["0"]]
    assert stages(net, x, 3) == [["9"], ["7", "3"], ["1", "0"]]
    assert stages(net, x, 1) == [["9", "7", "3", "1", "0"]]


def test_order_is_that_of_use_and_not_of_registration():
    x = torch.rand(2, 4)
    assert stages(Recurrent(), torch.rand(2, 5, 3)) == [["head"], ["cells"], ["first"]]
    assert stages(Reused(), x, 9) == [["both"], ["bare"], ["middle"], [""], ["idle"]]
    assert stages(Tied(), x, 9)[0] in (["top"], ["bottom"])
    assert stages(Tied(), x, 9)[2] == ["middle"]


def test_parameters_of_containers_have_their_place():
    """Attention's own projections lie inside its layer; the class token is the first thing used."""
    names = [name for stage in stages(vit(), torch.rand(1, 3, 16, 16), 99) for name in stage]
    assert names[:2] == ["heads.head", "encoder.ln"]
    assert names[-3:] == ["encoder", "", "conv_proj"]
    layer = "encoder.layers.encoder_layer_"
    assert names.index(f"{layer}1.mlp.0") < names.index(f"{layer}1.self_attention")
    assert names.index(f"{layer}1.self_attention") < names.index(f"{layer}0.mlp.3")
    assert names.index(f"{layer}1.self_attention.out_proj") < names.index(f"{layer}0.mlp.3")


@pytest.mark.parametrize("name", ["sequential", "resnet18", "vit", "lstm", "encoder"])
def test_each_stage_changes_its_own_parameters_and_keeps_the_earlier_ones(name):
    make, x = {
        "sequential": (sequential, pictures(2)),
        "resnet18": (lambda: torchvision.models.resnet18(weights=None), torch.rand(1, 3, 64, 64)),
        "vit": (vit, torch.rand(2, 3, 16, 16)),
        "lstm": (Recurrent, torch.rand(2, 5, 3)),
        "encoder": (
            lambda: nn.TransformerEncoder(
                nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2
            ),
            torch.rand(2, 5, 8),
        ),
    }[name]
    torch.manual_seed(0)
    net = make().train()
    for weight in net.parameters():  # as if trained: nothing is all zeros or all ones
        weight.data.add_(0.05 * torch.randn_like(weight))
    original = copy.deepcopy(net)
    owners = {
        name for name, module in net.named_modules() if list(module.parameters(recurse=False))
    }
    weights = dict(original.named_parameters())
    seen, outputs = [], []
    with untouched(net):
        for names, random in cascade(net, x, most=4):
            seen.extend(names)
            expected = {key for key in weights if key.rpartition(".")[0] in seen}
            assert changed(original, random) == expected
            outputs.append(random.eval()(x).detach())
    assert owners == set(seen) and len(seen) == len(owners)
    assert len(outputs) == min(4, len(owners))
    assert not torch.equal(outputs[0], original.eval()(x))
    assert all(output.isfinite().all() for output in outputs)
    for key, weight in random.named_parameters():
        assert torch.equal(weight.flatten().sort().values, weights[key].flatten().sort().values)


@pytest.mark.slow
def test_a_whole_vision_transformer():
    """Its head starts as zeros, so only the second stage of two can show a change."""
    net, x = torchvision.models.vit_b_16(weights=None, image_size=32), torch.rand(1, 3, 32, 32)
    with untouched(net):
        turns = cascade(net, x, 2)
        names, random = next(turns)
        assert names == ["heads.head"]
        assert changed(net, random) == set()
        names, random = next(turns)
    owners = {name for name, m in net.named_modules() if list(m.parameters(recurse=False))}
    assert set(names) == owners - {"heads.head"}
    assert {"encoder.pos_embedding", "conv_proj.weight"} <= changed(net, random)


def test_equal_entries_and_running_statistics_stay():
    net, x = sequential(), pictures(2)
    net(x)  # moves the running statistics
    *_, (_, random) = cascade(net, x)
    kept = {"1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"}
    assert changed(net, random) == net.state_dict().keys() - kept


def test_a_shared_parameter_is_permuted_once():
    net, x = Tied(), torch.rand(1, 4)
    weights = [random.top.weight.clone() for _, random in cascade(net, x)]
    assert not torch.equal(weights[0], net.top.weight)
    assert all(torch.equal(weight, weights[0]) for weight in weights[1:])


def test_the_seed_decides_and_the_number_of_stages_does_not():
    net, x = sequential(), pictures(1)
    last = [
        list(cascade(net, x, most, seed))[-1][1].state_dict()
        for most, seed in ((5, 0), (5, 0), (2, 0), (5, 1))
    ]
    for other, same in zip(last[1:], (True, True, False), strict=True):
        assert all(torch.equal(last[0][key], other[key]) for key in other) == same


def test_an_order_is_drawn_evenly():
    """A weight of 4 entries: each of them first in a quarter of 400 seeds, within 4 deviations."""
    net = nn.Linear(4, 1, bias=False)
    net.weight.data = torch.arange(4.0).view(1, 4)
    first = [next(cascade(net, torch.rand(1, 4), 1, seed))[1].weight[0, 0] for seed in range(400)]
    counts = torch.tensor([int(value) for value in first]).bincount(minlength=4)
    assert ((counts - 100).abs() < 4 * (400 * 0.25 * 0.75) ** 0.5).all()


def sobel(x):
    """A map that looks at no model: horizontal edges of the picture."""
    kernel = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]], dtype=x.dtype)
    return F.conv2d(x.sum(1, keepdim=True), kernel.view(1, 1, 3, 3), padding=1)[0, 0].numpy()


def trained():
    """A network taught to tell which corner of a noisy picture is bright."""
    net = sequential()
    generator = torch.Generator().manual_seed(3)

    def batch(count):
        x = 0.3 * torch.rand(count, 3, 12, 12, generator=generator, dtype=torch.float64)
        corner = torch.randint(0, 4, (count,), generator=generator)
        for picture, where in zip(x, corner.tolist(), strict=True):
            row, column = divmod(where, 2)
            picture[:, 6 * row + 1 : 6 * row + 5, 6 * column + 1 : 6 * column + 5] += 0.7
        return x, corner

    steps = torch.optim.Adam(net.parameters(), 5e-3)
    for _ in range(60):
        x, corner = batch(32)
        steps.zero_grad()
        F.cross_entropy(net(x), corner).backward()
        steps.step()
    x, corner = batch(64)
    assert (net.eval()(x).argmax(1) == corner).double().mean() > 0.9
    return net, x[:1]


def test_a_map_about_the_model_changes_and_one_about_the_picture_does_not():
    net, x = trained()

    def slopes(model):
        return explain(model, x, "saliency", target=0, signed=True).scores[0].sum(0).numpy()

    before, found = slopes(net), []
    for _, random in cascade(net, x, seed=1):
        assert similarity(sobel(x), sobel(x)) == 1
        found.append(similarity(before, slopes(random)))
    assert similarity(before, before) == 1 == similarity(before, -before)
    assert max(found) < 0.9
    assert abs(found[-1]) < 0.5


def test_what_cannot_be_randomised_is_named():
    x = torch.rand(1, 4)
    stuck = nn.Linear(4, 1)
    stuck.made = stuck.weight * 2  # not a leaf: cannot be copied
    for model in (torch.sin, nn.ReLU(), nn.LazyLinear(2), nn.Linear(3, 1), stuck):
        with pytest.raises(Problem):
            cascade(model, x)
    with pytest.raises(Problem):
        cascade(nn.Linear(4, 1), x, most=0)
