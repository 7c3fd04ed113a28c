"""Weights are found wherever training put them, under the names that the network itself uses."""

import io
from pathlib import Path

import pytest
import torch
from torch import nn

from explainers import Problem
from explainers.models.formats.state_dict import read_state_dict


def pickled(thing) -> bytes:
    buffer = io.BytesIO()
    torch.save(thing, buffer)
    return buffer.getvalue()


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
        self.classifier = nn.Linear(4, 2)


@pytest.fixture(scope="module")
def state():
    torch.manual_seed(0)
    return Net().state_dict()


def optimizer(state):
    moments = {"step": torch.tensor(9.0), "exp_avg": torch.zeros(4, 3, 3, 3)}
    return {"state": {i: dict(moments) for i in range(len(state) + 5)}, "param_groups": [{"lr": 1}]}


def found_is(thing, state) -> None:
    found = read_state_dict(pickled(thing), ".pth")
    assert list(found) == list(state)
    assert all(torch.equal(found[key], value) for key, value in state.items())


KEYS = ["state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights"]
KEYS += ["params", "ema", "ema_state_dict", "model_ema", "params_ema", "generator", "my_resnet"]


@pytest.mark.parametrize("key", KEYS)
def test_under_any_key(key, state):
    beside = {
        "epoch": 3,
        "best": torch.tensor(0.9),
        "rng_state": torch.zeros(5056, dtype=torch.uint8),
    }
    found_is({**beside, key: state, "optimizer": optimizer(state)}, state)
    found_is(
        {"optimizer_state_dict": optimizer(state), key: {"state_dict": state}, **beside}, state
    )


@pytest.mark.parametrize(
    "prefix",
    [
        "module.",
        "model.",
        "_orig_mod.",
        "backbone.",
        "net.",
        "network.",
        "module._orig_mod.model.",
        "_orig_mod.module.",
        "my_classifier.",
        "learner.net.module.",
        "1.",
    ],
)
def test_with_any_prefix(prefix, state):
    found_is({"state_dict": {prefix + key: value for key, value in state.items()}}, state)


def test_what_only_training_needs_is_left_out(state):
    lightning = {f"model.{key}": value for key, value in state.items()}
    beside = {"criterion.weight": torch.ones(2), "loss_fn.weight": torch.ones(2)}
    beside |= {"train_acc.tp": torch.tensor(3)}
    file = {"pytorch-lightning_version": "2.5", "state_dict": {**lightning, **beside}, "epoch": 1}
    found_is(file | {"hyper_parameters": {"weight": torch.ones(3)}, "loops": {}}, state)
    averaged = {"n_averaged": torch.tensor(5), **{f"module.{k}": v for k, v in state.items()}}
    found_is(averaged, state)


def test_parts_that_were_compiled_have_the_names_of_the_parts(state):
    compiled = {k.replace("features.", "features._orig_mod."): v for k, v in state.items()}
    found_is(compiled, state)


def test_the_network_comes_before_its_running_average(state):
    average = {key: value + 1 for key, value in state.items()}
    found_is({"ema": average, "model": state}, state)
    found_is({"swa_state_dict": average, "unet": state}, state)


@pytest.mark.parametrize(
    "names",
    [
        ("0.weight", "0.bias", "2.weight"),
        ("fc.weight", "fc.bias"),
        ("features.0.weight", "classifier.weight"),
        ("lstm.weight_ih_l0", "lstm.weight_hh_l0"),
        ("metrics.weight", "fc.weight"),
    ],
)
def test_a_networks_own_names_stay(names):
    state = {name: torch.ones(2, 2) for name in names}
    found_is(state, state)


def test_several_networks_are_a_question(state):
    with pytest.raises(Problem, match=r"several networks: encoder \(9 tensors\), decoder"):
        read_state_dict(pickled({"encoder": state, "decoder": state}), ".pt")


@pytest.mark.parametrize("thing", [{"epoch": 3}, {"optimizer": {"exp_avg": torch.ones(2)}}, {}])
def test_a_file_without_a_network_says_so(thing):
    with pytest.raises(Problem, match="no tensors"):
        read_state_dict(pickled(thing), ".pt")


def test_a_file_nested_without_end_is_no_network():
    thing: dict = {}
    for _ in range(50):
        thing = {"model": thing, "a": {"b": thing}} if len(str(thing)) < 500 else {"model": thing}
    with pytest.raises(Problem):
        read_state_dict(pickled(thing), ".pt")


def test_the_answers_are_those_of_the_network(tmp_path: Path):
    from explainers import load_model

    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    file = tmp_path / "last.pt"
    torch.save(
        {"epoch": 3, "model_state": {f"module.{k}": v for k, v in net.state_dict().items()}}, file
    )
    x = torch.randn(5, 4)
    assert torch.equal(load_model(file, "plain chain")(x), net(x))
