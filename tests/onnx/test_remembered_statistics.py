"""What batch normalisation remembers tells the normalisation, whatever file the network is in."""

import io
import warnings

import pytest
import torch
from PIL import Image
from torch import nn

from explainers.kinds import picture
from explainers.models.formats.onnx import load_onnx
from explainers.models.formats.pt2.loading import load_exported
from explainers.models.inspection.pictures import likely_normalisation
from explainers.models.spec import NORMALISATIONS
from explainers.models.zoo import signs


@pytest.fixture(scope="module")
def photos():
    return [Image.open(sample.path).convert("RGB") for sample in signs.samples()[:12]]


def trained(photos, name: str) -> nn.Module:
    """A network whose batch normalisation has seen every second photo, normalised that way."""
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, momentum=None), nn.ReLU()
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)).train()
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in NORMALISATIONS[name])
    with torch.no_grad():
        for photo in photos[::2]:
            net((torch.from_numpy(picture.pixels(photo, 64, "crop"))[None] - mean) / std)
    return net.eval()


def onnx_file(net: nn.Module, mode: torch.onnx.TrainingMode) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = torch.zeros(2, 3, 64, 64)
        torch.onnx.export(
            net, (x,), file, dynamo=False, training=mode, input_names=["x"], dynamic_axes={"x": [0]}
        )
    return file.getvalue()


@pytest.mark.parametrize("name", list(NORMALISATIONS))
@pytest.mark.parametrize("form", ["onnx", "pt2"])
def test_files_tell_it_as_modules_do(photos, name, form):
    net = trained(photos, name)
    if form == "onnx":
        model, _ = load_onnx(onnx_file(net, torch.onnx.TrainingMode.PRESERVE))
    else:
        file = io.BytesIO()
        torch.export.save(torch.export.export(net, (torch.zeros(2, 3, 64, 64),)), file)
        model, _ = load_exported(file.getvalue())
    assert likely_normalisation(model, photos[1::2], 64) == (name, True)


def test_folded_into_a_convolution_it_tells_nothing(photos):
    model, _ = load_onnx(onnx_file(trained(photos, "−1–1"), torch.onnx.TrainingMode.EVAL))
    assert likely_normalisation(model, photos[1::2], 64) == (None, False)
