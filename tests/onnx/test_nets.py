"""Nets from PyTorch through ONNX and back: the same outputs and the same explanations."""

import copy
import functools

import numpy as np
import pytest
import torch
from exportable import SHALLOW, Encoder, Recurrent, letters, regressor, small_swin, small_vit
from onnx_files import exported, truth
from torch import nn
from torchvision import models

from explainers import explain
from explainers.models.formats.onnx import load_onnx

pytestmark = pytest.mark.filterwarnings("ignore")


def upwards():
    """Transposed convolution, resizing, group normalisation, PReLU, a skip connection."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.GroupNorm(2, 4), nn.PReLU(4))
            self.up = nn.ConvTranspose2d(4, 4, 3, 2, 1, output_padding=1)
            self.head = nn.Conv2d(8, 3, 1)

        def forward(self, x):
            low = self.down(x)
            wide = nn.functional.interpolate(low, scale_factor=2.0, mode="bilinear")
            both = torch.cat([self.up(low), wide], 1)
            return self.head(nn.functional.pad(both, (1, 1, 1, 1), mode="reflect")).mean((2, 3))

    return Net()


PICTURE = (3, 48, 48)
NETS = {
    **{name: (functools.partial(build, 7), PICTURE) for name, build in SHALLOW.items()},
    "squeezenet": (lambda: models.squeezenet1_1(num_classes=7), PICTURE),
    "swin": (small_swin, (3, 32, 32)),
    "vit": (small_vit, (3, 16, 16)),
    "lstm": (lambda: Recurrent(nn.LSTM, num_layers=2), (6, 5)),
    "lstm both ways": (lambda: Recurrent(nn.LSTM, bidirectional=True), (6, 5)),
    "gru": (lambda: Recurrent(nn.GRU, bidirectional=True), (6, 5)),
    "rnn": (lambda: Recurrent(nn.RNN), (6, 5)),
    "transformer": (Encoder, (6, 8)),
    "letters": (letters, (4, 20)),
    "upwards": (upwards, (3, 12, 12)),
    "regressor": (regressor, (6,)),
}
METHODS = {"saliency": {}, "integrated_gradients": {"steps": 4}, "deeplift": {}}
SMALL = ("vit", "lstm", "lstm both ways", "gru", "transformer", "letters", "upwards", "regressor")
KINDS = [(name, False, True) for name in NETS]
KINDS += [(name, False, False) for name in ("resnet", "shufflenet", "swin", *SMALL)]
KINDS += [(name, True, place % 2 == 0) for place, name in enumerate(SMALL)]
KINDS += [("resnet", True, True)]


def trained_like(net: nn.Module) -> nn.Module:
    """Statistics and scales as if it had been trained, so that no normalisation is the identity."""
    generator = torch.Generator().manual_seed(3)
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.running_mean += 0.1 * torch.randn(module.running_mean.shape, generator=generator)
            module.running_var *= 0.5 + torch.rand(module.running_var.shape, generator=generator)
            module.weight.data *= 0.5 + torch.rand(module.weight.shape, generator=generator)
    return net.eval()


def original(name: str) -> nn.Module:
    """The network with weights of its own, the same every time."""
    torch.manual_seed(0)
    return trained_like(NETS[name][0]())


@functools.cache
def file_of(name: str, dynamo: bool = False, free: bool = True) -> bytes:
    """What is exported of it, for any number of rows or for one."""
    x = torch.rand(2 if free else 1, *NETS[name][1])
    return exported(original(name), x, dynamo, free)


def inputs(name: str) -> torch.Tensor:
    """Three random ones, the same every time."""
    return torch.rand(3, *NETS[name][1], generator=torch.Generator().manual_seed(2))


@functools.cache
def scores_of(name: str, method: str) -> torch.Tensor:
    """The original's in double precision, the same for every way of exporting it."""
    net, x = original(name).double(), inputs(name).double()
    return explain(net, x, method=method, target=0, **METHODS[method]).scores


@pytest.mark.parametrize(("name", "dynamo", "free"), KINDS)
def test_outputs_and_explanations_are_those_of_the_original(name, dynamo, free):
    shape = NETS[name][1]
    data, net = file_of(name, dynamo, free), original(name)
    x = inputs(name)
    model, card = load_onnx(data)
    assert card.gradients and card.input.shape[1:] == shape
    assert card.rows is None or (not free and card.rows == 1 and "batches" in card.notes[0])
    for count in (1, 3):
        with torch.no_grad():
            answer, expected = model(x[:count]), net(x[:count])
        scale = expected.abs().max()
        assert (answer - expected).abs().max() < 1e-4 * scale
        rows = (x[:count] if free else x[:1]).split(count)
        (by_runtime,) = (truth(data, part) for part in rows)
        assert np.abs(answer[: len(by_runtime)].numpy() - by_runtime).max() < 1e-4 * scale
    # In double precision, so that only a difference in meaning can show.
    model = copy.deepcopy(model).double()
    for method, options in METHODS.items():
        theirs = scores_of(name, method)
        ours = explain(model, x.double(), method=method, target=0, **options).scores
        assert (ours - theirs).abs().max() < 1e-4 * theirs.abs().max(), method


def test_grad_cam_and_randomisation_see_the_layers():
    from explainers.checks.randomisation import stages

    torch.manual_seed(0)
    # Without batch normalisation, which the exporter would fold into the convolution.
    net = nn.Sequential(
        nn.Conv1d(4, 8, 5),
        nn.ELU(),
        nn.Conv1d(8, 8, 3),
        nn.GELU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(8, 2),
    ).eval()
    x = torch.rand(2, 4, 20)
    model, _ = load_onnx(exported(net, x))
    theirs = explain(net, x, method="grad_cam", target=0).scores
    torch.testing.assert_close(
        explain(model, x, method="grad_cam", target=0).scores, theirs, atol=1e-5, rtol=1e-4
    )
    found = stages(model, x, most=9)
    assert len(found) >= 3 and "6" in found[0][0]  # the dense layer, module 6, is used last


def test_weights_are_shared_moved_and_cast():
    shared = nn.Linear(5, 5)
    net = nn.Sequential(shared, nn.Tanh(), shared).eval()
    x = torch.rand(2, 5)
    model, _ = load_onnx(exported(net, x))
    assert len({id(p) for p in model.parameters()}) == 2
    torch.testing.assert_close(model.double()(x.double()), net.double()(x.double()))
    assert model(x.double()).dtype == torch.float64


@pytest.mark.parametrize("name", ["vit", "swin", "lstm", "transformer", "upwards"])
def test_on_another_device_shapes_are_still_computed_on_the_cpu(name):
    """The device "meta" holds no numbers: whatever needs one for a shape would fail."""
    net, shape = original(name), NETS[name][1]
    model, _ = load_onnx(file_of(name))
    model.to("meta")
    answer = model(torch.rand(3, *shape).to("meta"))
    assert answer.is_meta and answer.shape == net(torch.rand(3, *shape)).shape


def test_a_softmax_at_the_end_is_recognised():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 3), nn.Softmax(1)).eval()
    x = torch.rand(3, 4)
    for dynamo in (False, True):
        model, _ = load_onnx(exported(net, x, dynamo))
        torch.testing.assert_close(
            explain(model, x, method="saliency", target=1, score="logit").scores,
            explain(net[0], x, method="saliency", target=1).scores,
        )
