"""Convolutions from their weights alone: sides, strides, poolings, channels and letters."""

import json

import pytest
import torch
from chains import linears, noise, same, trained
from torch import nn

from explainers import Problem
from explainers.models.formats.inferred import build_chain, describe, input_shape
from explainers.models.formats.inferred.plans import Plan, fitting, plans


def lenet() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.Tanh(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        *linears(400, 120),
        nn.Tanh(),
        nn.Linear(120, 10),
    )


def test_a_grey_picture_network_and_the_sides_that_fit_it():
    network = trained(lenet())
    answers = {"activation": "tanh", "pooling": "average 2", "padding": "none"}
    found = describe(network.state_dict())
    assert (found.kind, found.shape, found.outputs) == ("picture", (1, None, None), 10)
    assert input_shape(found, answers) == ("picture", (1, 32, 32))
    assert same(network, noise(2, 1, 32, 32), answers)
    with pytest.raises(Problem, match=r"4 of 28 are left on a side, .* takes 5.* of 32 to 35"):
        build_chain(found, network.state_dict(), {**answers, "input side": "28"})


def test_the_usual_network_for_digits_is_built_by_its_defaults():
    network = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(9216, 16),
        nn.ReLU(),
        nn.Linear(16, 10),
    )
    network = trained(network)
    assert input_shape(describe(network.state_dict()), {})[1] == (1, 28, 28)
    assert same(network, noise(2, 1, 28, 28))


def test_strides_paddings_and_poolings_may_be_said_layer_by_layer():
    network = nn.Sequential(
        nn.Conv2d(3, 4, 7, stride=2, padding=3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(4, 8, 3, padding=1, groups=1),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, groups=8),
        nn.GELU(),
        nn.AvgPool2d(2),
        nn.Flatten(),
        nn.Linear(8 * 25, 3),
        nn.Softmax(1),
    )
    network = trained(network)
    answers = {
        "stride": "2,1,1",
        "padding": "3, 1, none",
        "pooling": "max 3 step 2, none, average 2",
        "activation": "relu,relu,gelu",
        "input side": "50",
        "ending": "softmax",
    }
    assert same(network, noise(2, 3, 50, 50), answers)


@pytest.mark.parametrize(
    "where", ["before the activation", "after the activation", "after the pooling"]
)
def test_where_a_normalisation_stands_among_convolutions(where):
    norm, active, pool = nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2)
    order = {"b": [norm, active, pool], "n": [active, norm, pool], "g": [active, pool, norm]}
    key = {"before the activation": "b", "after the activation": "n", "after the pooling": "g"}
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3),
        *order[key[where]],
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(6, 4),
    )
    answers = {"padding": "none", "pooling": "max 2", "normalisation": where}
    assert same(trained(network), noise(2, 3, 20, 17), answers)


def test_groups_of_normalisations_are_asked_for():
    network = nn.Sequential(
        nn.Conv2d(3, 12, 3),
        nn.GroupNorm(4, 12),
        nn.SiLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(12, 4),
    )
    answers = {"padding": "none", "pooling": "none", "activation": "silu", "groups": "4"}
    assert same(trained(network), noise(2, 3, 9, 9), answers)
    assert not same(network, noise(2, 3, 9, 9), {**answers, "groups": "each channel"})


def test_a_series_network_takes_steps_by_variables():
    network = nn.Sequential(
        nn.Conv1d(7, 8, 5, padding=2),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.MaxPool1d(2),
        nn.Conv1d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(16, 2),
    )
    network, series = trained(network), noise(3, 40, 7)
    found = describe(network.state_dict())
    assert (found.kind, found.shape) == ("series", (None, 7))
    assert same(network, series, {"pooling": "max 2, none"}, theirs=series.transpose(1, 2))


def test_four_channels_in_a_row_are_taken_for_letters():
    network = nn.Sequential(
        nn.Conv1d(4, 8, 11), nn.ReLU(), nn.MaxPool1d(4), nn.Flatten(), nn.Linear(8 * 47, 1)
    )
    network, answers = (
        trained(network),
        {"pooling": "max 4", "padding": "none", "stride": "1", "input length": "200"},
    )
    found = describe(network.state_dict())
    assert found.kind == "sequence" and input_shape(found, answers) == ("sequence", (4, 200))
    assert same(network, noise(2, 4, 200), answers)
    series = {**answers, "input": "a series of 4 variables"}
    assert input_shape(found, series) == ("series", (200, 4))
    assert same(network, noise(2, 200, 4), series, theirs=noise(2, 200, 4).transpose(1, 2))
    with pytest.raises(Problem, match="22 of 100 are left"):
        build_chain(found, network.state_dict(), {**series, "stride": "1", "input length": "100"})


def test_channels_that_are_seen_one_by_one_are_asked_for():
    network = nn.Sequential(
        nn.Conv1d(3, 6, 5, groups=3),
        nn.ReLU(),
        nn.Conv1d(6, 6, 1),
        nn.ReLU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(6, 2),
    )
    answers = {"channels": "3", "padding": "none", "pooling": "none"}
    assert same(trained(network), noise(2, 30, 3), answers, theirs=noise(2, 30, 3).transpose(1, 2))
    assert input_shape(describe(network.state_dict()), answers) == ("series", (None, 3))


def test_maps_may_be_averaged_by_regions():
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(3),
        nn.Flatten(),
        nn.Linear(36, 2),
    )
    answers = {"head": "averages of regions", "pooling": "none"}
    assert same(trained(network), noise(2, 3, 25, 31), answers)


@pytest.mark.parametrize("side", [28, 32, 64, 224])
@pytest.mark.parametrize("plan", range(0, 24, 5))
def test_a_plan_leaves_what_torch_leaves(side, plan):
    kernels, plan = (7, 3, 4), plans(3)[plan]
    x = torch.zeros(1, 1, side)
    try:
        for kernel, stride, padding, pooling in zip(
            kernels, plan.stride, plan.padding, plan.pooling, strict=True
        ):
            step = kernel if stride == "kernel" else int(stride)
            around = (kernel - 1) // 2 if padding == "same" else 0
            x = nn.functional.conv1d(x, torch.zeros(1, 1, kernel), None, step, around)
            if pooling != "none":
                x = nn.functional.max_pool1d(x, 2)
    except RuntimeError:
        x = torch.zeros(1, 1, 0)
    assert plan.side(kernels, side) == x.shape[-1]


def test_every_choice_of_sides_fits_a_plan():
    found = fitting((5, 5), 5, (32, 28, 224))
    assert found[0] == (Plan(("1", "1"), ("none", "none"), ("max 2", "max 2")), 32)
    assert all(plan.side((5, 5), side) == 5 for plan, side in found)


def test_a_description_is_plain_data_with_a_sentence():
    facts = describe(lenet().state_dict()).to_facts()
    assert json.loads(json.dumps(facts))["layers"][0]["kernel"] == [5, 5]
    assert "convolution 6 → 16, linear 400 → 120" in facts["sentence"]
    assert "cannot be seen" in facts["sentence"]
