"""An input that the network ignores gets exactly nothing; a method that gives some is found out."""

from dataclasses import replace

import pytest
import torch
from small_networks import NETWORKS, mlp, network, rows
from torch import nn

from explainers import IMPORTANCE, explain_dataset

TRIAL = {key: dict(entry.trial) for key, entry in IMPORTANCE.items()}
ASKING = {key for key, entry in IMPORTANCE.items() if entry.control == "network"}


@pytest.mark.parametrize("name", ["mlp", "ten layers", "recurrent"])
@pytest.mark.parametrize("labelled", [False, True])
def test_all_that_ask_the_network_are_tried_and_give_exactly_nothing(name, labelled):
    model, x = network(name)
    labels = rows(40, seed=6) if labelled else None
    if labelled and name == "ten layers":
        labels = rows(40, 10, seed=6)
    table = explain_dataset(model, x, labels=labels, output=0, options=TRIAL)
    assert set(table.control) == ASKING & set(table.methods)
    assert set(table.control.values()) == {0.0}


def test_wide_float32_networks_too_whatever_the_size_of_a_batch():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(20, 257), nn.ReLU(), nn.Linear(257, 33), nn.Linear(33, 1))
    chosen = ["permutation", "input_perturbation", "improved_stepwise_2", "attribution", "morris"]
    options = {key: TRIAL[key] for key in chosen if TRIAL[key]}
    for mode in ("single", "sequential"):
        options["improved_stepwise_2"] = {"mode": mode}
        x = rows(40, 20).float() + 100
        table = explain_dataset(model, x, methods=chosen, options=options)
        assert set(table.control.values()) == {0.0}


def test_a_method_that_gives_something_is_found_out(monkeypatch):
    entry = IMPORTANCE["permutation"]

    def generous(context, options):
        estimate = entry.importance(context, options)
        return replace(estimate, values=estimate.values + 0.5)

    monkeypatch.setitem(IMPORTANCE, "permutation", replace(entry, importance=generous))
    table = explain_dataset(mlp().double(), rows(40, 3), methods=["permutation", "jacobian"])
    assert table.control == {"permutation": 0.5, "jacobian": 0.0}
    (note,) = [note for note in table.notes if "do not trust" in note]
    assert note.startswith(f"{entry.name} gave 0.5 to an input that the network ignores")


def test_a_stepwise_method_that_misplaces_it_is_found_out(monkeypatch):
    entry = IMPORTANCE["improved_stepwise_2"]

    def shifted(context, options):
        estimate = entry.importance(context, options)
        error = estimate.details["error"] + torch.arange(len(estimate.values)) + 1
        return replace(estimate, details={**estimate.details, "error": error})

    monkeypatch.setitem(IMPORTANCE, entry.key, replace(entry, importance=shifted))
    table = explain_dataset(mlp().double(), rows(40, 3), methods=entry.key)
    assert table.control[entry.key] == pytest.approx(1)


def test_groups_keep_their_columns():
    x = rows(40, 4)
    table = explain_dataset(
        lambda x: x[:, 0] * x[:, 1] + x[:, 3], x, groups=[[0, 1]], methods=["permutation", "sobol"]
    )
    assert table.control == {"permutation": 0.0, "sobol": 0.0}


def test_pictures_letters_and_random_models_have_none():
    for name in ("convolution", "letters"):
        assert explain_dataset(*network(name), output=0, methods="jacobian").control == {}
    assert len(NETWORKS) > 5
