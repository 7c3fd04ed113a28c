"""A file of weights is compared with those architectures alone that it may be of."""

import torch
from torch import nn

from explainers.models.uploaded import recognise_architecture
from explainers.models.zoo import torchvision_models
from explainers.models.zoo.architectures import ARCHITECTURES, PLAIN_CHAIN

FAMILIES = torchvision_models._FAMILIES


def test_every_family_is_known_by_a_tensor_of_its_own():
    assert all(any(name.startswith(family) for family in FAMILIES) for name in ARCHITECTURES)
    for family, key in FAMILIES.items():
        members = [name for name in ARCHITECTURES if name.startswith(family)]
        smallest = min(members, key=lambda name: (len(name), name))
        assert key in torchvision_models._patterns(smallest)[0], family


def test_weights_of_no_such_family_build_nothing(monkeypatch):
    def build(*arguments):
        raise AssertionError("it was built")

    monkeypatch.setattr(torchvision_models, "_patterns", build)
    network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    assert recognise_architecture(network.state_dict()) == PLAIN_CHAIN


def test_a_networks_own_family_is_built(monkeypatch):
    built = []
    real = torchvision_models._patterns

    def build(name):
        built.append(name)
        return real(name)

    monkeypatch.setattr(torchvision_models, "_patterns", build)
    with torchvision_models.weightless():
        state = torchvision_models.build_architecture("squeezenet1_1", 7).state_dict()
    assert torchvision_models.recognise_torchvision(state) == "squeezenet1_1"
    assert set(built) == {"squeezenet1_0", "squeezenet1_1"}
    assert isinstance(next(iter(state.values())), torch.Tensor)
