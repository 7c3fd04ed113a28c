"""Weights that are no plain chain are refused in words; those that are one are recognised."""

import pytest
import torch
import torchvision
from chains import linears, noise, same, trained
from torch import nn

from explainers import Problem
from explainers.models.formats.inferred import build_chain, describe
from explainers.models.uploaded import load_architecture, recognise_architecture
from explainers.models.zoo.architectures import ARCHITECTURES, PLAIN_CHAIN
from explainers.models.zoo.torchvision_models import build_architecture, weightless


def state_of(name: str, auxiliary: bool = False) -> dict[str, torch.Tensor]:
    """Names and shapes of the weights of one of torchvision's networks, for seven classes."""
    with weightless():
        return build_architecture(name, 7, auxiliary).state_dict()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_of_torchvisions_networks_only_plain_chains_are_taken_and_each_is_recognised(name):
    for auxiliary in {False, name in ("googlenet", "inception_v3")}:
        state = state_of(name, auxiliary)
        assert recognise_architecture(state) == name
        if name.startswith(("alexnet", "vgg")):
            assert describe(state).kind == "picture"
        else:
            with pytest.raises(Problem, match=r"\.onnx or \.pt2"):
                describe(state)


def test_torchvisions_names_with_others_before_them_are_no_architecture():
    renamed = {f"x{key}": value for key, value in state_of(ARCHITECTURES[-1]).items()}
    with pytest.raises(Problem, match="none of the 80 architectures"):
        recognise_architecture(renamed)


def test_vgg_and_alexnet_are_built_from_their_weights():
    for name, answers in (
        (
            "alexnet",
            {
                "stride": "4,1,1,1,1",
                "padding": "2,2,1,1,1",
                "head": "averages of regions",
                "pooling": "max 3 step 2, max 3 step 2, none, none, max 3 step 2",
            },
        ),
        (
            "vgg11_bn",
            {
                "pooling": "max 2, max 2, none, max 2, none, max 2, none, max 2",
                "padding": "same",
                "stride": "1",
                "head": "averages of regions",
            },
        ),
    ):
        torch.manual_seed(0)
        network = torchvision.models.get_model(name, weights=None, num_classes=4).eval()
        with torch.no_grad():
            assert same(network, noise(1, 3, 96, 96), answers), name


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(8, 8), nn.Linear(8, 8)


def test_a_plain_chain_is_recognised_where_no_architecture_is():
    network = trained(nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 2)))
    state = network.state_dict()
    assert recognise_architecture(state) == PLAIN_CHAIN
    ours = load_architecture(PLAIN_CHAIN, state, {"activation": "tanh"})
    assert torch.allclose(ours(noise(3, 4)), network(noise(3, 4)), atol=1e-6)
    with pytest.raises(Problem, match="none of the 80 architectures .* as blocks with shortcuts"):
        recognise_architecture(
            nn.Sequential(nn.Linear(8, 8), Residual(), nn.Linear(8, 1)).state_dict()
        )


def test_blocks_that_may_have_shortcuts_are_refused():
    network = nn.Sequential(nn.Linear(3, 8), Residual(), Residual(), nn.Linear(8, 1))
    with pytest.raises(Problem, match="as blocks with shortcuts do"):
        describe(network.state_dict())


@pytest.mark.parametrize(
    "network, words",
    [
        (nn.TransformerEncoderLayer(8, 2), "self_attn"),
        (nn.Sequential(nn.Embedding(30, 8), nn.Linear(8, 2)), "make no chain"),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 3, 3)), "does not end in a linear layer"),
        (nn.Sequential(nn.Conv2d(13, 8, 3), nn.Flatten(), nn.Linear(8, 2)), "of 13 channels"),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(8 * 15, 2)), "no square input"),
        (nn.Sequential(nn.ConvTranspose2d(3, 8, 3), nn.Flatten(), nn.Linear(8, 2)), "transposed"),
        (nn.Sequential(nn.LSTM(3, 8, proj_size=2), nn.Linear(2, 2)), "without projections"),
        (nn.ModuleDict({"a": nn.Linear(3, 4), "b": nn.Linear(3, 4)}), "does not fit after 'a'"),
        (nn.ParameterDict({"w": nn.Parameter(torch.zeros(2, 2))}), "'w' is the name of no tensor"),
        (nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)), "is the name of no tensor"),
    ],
)
def test_other_weights_get_a_sentence_and_the_way_out(network, words):
    with pytest.raises(Problem, match=words):
        describe(network.state_dict())


@pytest.mark.parametrize(
    "answers, words",
    [
        ({"activation": "swish"}, "'swish' does not answer .*relu, tanh"),
        ({"activation": "relu, relu, relu"}, "or 2 of them with commas"),
        ({"colour": "blue"}, "no question 'colour'.*activation, ending"),
    ],
)
def test_wrong_answers_get_a_sentence(answers, words):
    one, two, three = linears(2, 3, 3, 1)
    state = nn.Sequential(one, nn.ReLU(), two, nn.ReLU(), three).state_dict()
    with pytest.raises(Problem, match=words):
        build_chain(describe(state), state, answers)
