"""timm's networks by their weights; skipped where timm is not installed."""

import pytest
import torch
from torch import nn

from explainers import Problem
from explainers.models.uploaded import load_architecture, recognise_architecture
from explainers.models.zoo import timm_models
from explainers.models.zoo.architectures import TIMM
from explainers.models.zoo.torchvision_models import weightless

timm = pytest.importorskip("timm")

NAMES = (
    "mobilenetv3_small_050",
    "vit_tiny_patch16_224",
    "resnet10t",
    "convnext_atto",
    "mixer_s32_224",
    "regnety_002",
)


def made(name: str, classes: int = 7) -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model(name, pretrained=False, num_classes=classes).eval()


def test_the_names_read_from_its_files_are_its_own():
    assert set(timm_models.timm_names()) == {TIMM + name for name in timm.list_models()}


@pytest.mark.parametrize("name", NAMES)
def test_weights_find_their_architecture_and_give_the_same_answers(name):
    network = made(name)
    found = recognise_architecture(network.state_dict())
    ours = load_architecture(found, network.state_dict())
    x = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert torch.equal(ours(x), network(x)), found
    assert found.startswith(TIMM) and ours(x).shape == (1, 7) and not ours.training


def test_architectures_that_differ_in_what_has_no_weights_are_named():
    state = made("efficientnet_b0").state_dict()
    with pytest.raises(
        Problem, match="timm/efficientnet_b0, .*timm/tf_efficientnet_b0.*compute diff"
    ):
        recognise_architecture(state)
    x = torch.rand(1, 3, 97, 97)
    with torch.no_grad():
        ours = [
            load_architecture(TIMM + name, state)(x)
            for name in ("efficientnet_b0", "tf_efficientnet_b0")
        ]
    assert not torch.allclose(*ours), "else there was nothing to choose"


def test_what_differs_is_said():
    state = made("resnet10t").state_dict()
    with pytest.raises(Problem, match=r"do not fit timm/resnet14t: .* missing in the file \(layer"):
        load_architecture("timm/resnet14t", state)
    with pytest.raises(Problem, match="Did you mean 'timm/resnet10t'"):
        load_architecture("timm/resnet-10t", state)


def test_weights_of_no_architecture_are_told_without_building_them_all(monkeypatch):
    built = []
    pattern = timm_models._pattern
    monkeypatch.setattr(timm_models, "_pattern", lambda name: built.append(name) or pattern(name))
    state = nn.Sequential(*[nn.Linear(4, 4) for _ in range(30)]).state_dict()
    assert timm_models.recognise_timm({f"strange{k}": v for k, v in state.items()}) is None
    assert not built
    with weightless():
        state = made("resnet10t").state_dict()
    state["conv1.9.weight"] = state.pop("conv1.0.weight")
    assert timm_models.recognise_timm(state, seconds=0) is None
    assert not built


def test_without_timm_its_names_are_answered_in_words(monkeypatch):
    monkeypatch.setattr(timm_models.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Problem, match="timm is not installed.*pip install timm"):
        load_architecture("timm/resnet50", {})
