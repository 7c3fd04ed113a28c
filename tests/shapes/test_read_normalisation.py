"""Batch normalisation tells how pictures were prepared, whatever the file that it comes in."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from explainers.kinds import picture
from explainers.models.formats.onnx import load_onnx
from explainers.models.formats.pt2 import load_exported
from explainers.models.inspection.pictures import likely_normalisation
from explainers.models.prepared import Prepared
from explainers.models.spec import PREPARATIONS, ModelSpec
from explainers.models.zoo import signs
from tests.onnx import onnx_files
from tests.pt2 import pt2_files

PHOTOS = [Image.open(sample.path).convert("RGB") for sample in signs.samples()[:12]]
SIDES = (32, 48)


def trained(name: str) -> nn.Sequential:
    """A network that has seen half of the photos, prepared so."""
    torch.manual_seed(0)
    head = [nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    net = nn.Sequential(nn.BatchNorm2d(3, momentum=None), *head)
    spec = ModelSpec("upload", "", size=SIDES[0], width=SIDES[1], **PREPARATIONS[name]._asdict())
    pixels = np.stack([picture.pixels(photo, SIDES, "crop") for photo in PHOTOS[::2]])
    net.train()
    with torch.no_grad():
        Prepared(net, spec)(torch.from_numpy(pixels))
    return net.eval()


@pytest.mark.parametrize("name", list(PREPARATIONS))
def test_it_is_read_from_every_kind_of_file(name):
    net = trained(name)
    x = torch.rand(2, 3, *SIDES)
    files = {
        "module": net,
        "onnx": load_onnx(onnx_files.exported(net, x))[0],
        "pt2": load_exported(pt2_files.exported(net, x))[0],
        "pt2 of small operations": load_exported(pt2_files.exported(net, x, decomposed=True))[0],
    }
    for form, network in files.items():
        found, _ = likely_normalisation(network, PHOTOS[1::2], SIDES)
        assert found == name, form


def test_a_network_without_one_is_no_guess():
    net = nn.Sequential(nn.Conv2d(3, 2, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert likely_normalisation(net, PHOTOS, SIDES) == (None, False)
    assert likely_normalisation(trained("0–1"), [], SIDES) == (None, False)
