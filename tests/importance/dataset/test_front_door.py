"""`explain_dataset`: its shape and promises, whatever the method."""

import random

import numpy as np
import pandas
import pytest
import torch
from torch import nn

from explainers import IMPORTANCE, Importance, Problem, explain_dataset

TRIAL = {key: dict(entry.trial) for key, entry in IMPORTANCE.items()}
CONTRACT = (
    "connection_weights garson partial_derivatives input_perturbation profile forward_addition "
    "backward_elimination improved_stepwise_1 improved_stepwise_2 permutation jacobian dgsm sobol "
    "morris shapley_effects attribution"
)


def rows(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def mlp(inputs: int = 3, outputs: int = 1) -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(nn.Linear(inputs, 6), nn.Tanh(), nn.Linear(6, outputs))


@pytest.fixture(scope="module")
def table() -> Importance:
    x = rows(60, 3)
    return explain_dataset(mlp(), x, labels=(2 * x[:, 0] - x[:, 1]).double(), options=TRIAL)


def test_all_methods_of_the_contract_are_there(table):
    assert set(IMPORTANCE) == set(CONTRACT.split())
    assert table.methods == tuple(IMPORTANCE) and table.names == ("x0", "x1", "x2")
    assert set(table.details) == set(table.evaluations) == set(IMPORTANCE)


def test_every_number_has_its_interval_and_its_rank(table):
    shape = (len(IMPORTANCE), 3)
    for part in (table.values, table.low, table.high, *table.sources.values()):
        assert part.shape == shape and part.dtype == torch.float64 and bool(part.isfinite().all())
    assert set(table.sources) == {"monte_carlo", "sample", "training"}
    assert bool((table.low <= table.values).all() and (table.values <= table.high).all())
    assert bool((table.rank_low <= table.rank).all() and (table.rank <= table.rank_high).all())
    assert int(table.rank.min()) == 1 and int(table.rank_high.max()) <= 3
    for k in (1, 2, 3):
        torch.testing.assert_close(table.top(k).sum(1), torch.full((shape[0],), float(k)).double())
    assert bool((table.top(3) == 1).all())
    for k in (0, 4):
        with pytest.raises(Problem, match="k lies between 1 and"):
            table.top(k)


def test_ranks_are_by_magnitude_and_those_of_stepwise_are_the_values(table):
    for method, values, rank in zip(table.methods, table.values, table.rank, strict=True):
        if IMPORTANCE[method].ranks:
            assert "stepwise" in method or "_" in method
            assert int(values.argmin()) in (rank == 1).nonzero().flatten().tolist()
        else:
            order = 1 + (values.abs() > values.abs().unsqueeze(1)).sum(1)
            assert rank.tolist() == order.tolist(), method


def test_what_is_computed_from_one_network_has_no_interval_and_says_so(table):
    for method in ("connection_weights", "garson"):
        at = table.methods.index(method)
        assert torch.equal(table.low[at], table.values[at])
        assert torch.equal(table.high[at], table.values[at])
        assert not any(bool(source[at].any()) for source in table.sources.values())
        name = IMPORTANCE[method].name
        assert any(name in note and "no interval" in note for note in table.notes)


def test_sources_are_where_they_should_be(table):
    at = {method: number for number, method in enumerate(table.methods)}
    chance, sample = table.sources["monte_carlo"], table.sources["sample"]
    for method, entry in IMPORTANCE.items():
        if entry.family == "gradients" and not entry.random:
            assert not bool(chance[at[method]].any()) and bool(sample[at[method]].all()), method
    for method in ("permutation", "input_perturbation", "sobol", "dgsm", "shapley_effects"):
        assert bool(chance[at[method]].any()) and bool(sample[at[method]].any()), method
    training = table.sources["training"]
    assert not bool(training[[at[m] for m in at if IMPORTANCE[m].family != "retraining"]].any())


@pytest.mark.parametrize("method", sorted(set(IMPORTANCE) - {"forward_addition"}))
def test_the_numbers_of_a_method_do_not_depend_on_the_others(table, method):
    x = rows(60, 3)
    alone = explain_dataset(
        mlp(),
        x,
        labels=(2 * x[:, 0] - x[:, 1]).double(),
        methods=method,
        options={method: TRIAL[method]},
    )
    at = table.methods.index(method)
    for name in ("values", "low", "high", "rank", "rank_low", "rank_high"):
        assert torch.equal(getattr(alone, name)[0], getattr(table, name)[at]), name


def test_seeds():
    x, chosen = rows(50, 3), ["permutation", "sobol"]
    options = {key: TRIAL[key] for key in chosen}
    first, again, other = (
        explain_dataset(mlp(), x, methods=chosen, options=options, seed=seed) for seed in (5, 5, 6)
    )
    assert torch.equal(first.values, again.values) and torch.equal(first.low, again.low)
    assert not torch.equal(first.values, other.values)


def test_nothing_is_left_changed():
    model, x, options = mlp(3, 2), rows(50, 3), {key: TRIAL[key] for key in ("sobol", "morris")}
    model = nn.Sequential(model, nn.BatchNorm1d(2), nn.Dropout(0.5)).train()
    model[0][0].weight.requires_grad_(False)
    model[0][2].weight.grad = torch.ones(2, 6)
    hook = model[0][1].register_forward_hook(lambda *_: None)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    kept, states = x.clone(), (torch.get_rng_state(), random.getstate(), np.random.get_state())
    explain_dataset(model, x, output=0, options=options)
    assert model.training and model[1].training
    assert list(model[0][1]._forward_hooks) == [hook.id]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model[0][0].weight.requires_grad and model[0][0].weight.grad is None
    assert torch.equal(model[0][2].weight.grad, torch.ones(2, 6))
    assert torch.equal(x, kept) and x.grad is None
    assert torch.equal(torch.get_rng_state(), states[0]) and random.getstate() == states[1]
    assert all(np.array_equal(a, b) for a, b in zip(np.random.get_state(), states[2], strict=True))


def test_a_model_that_stops_leaves_nothing_changed_either():
    model, calls = mlp().train(), []

    def stop(progress):
        calls.append(progress.done)
        if len(calls) > 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        explain_dataset(model, rows(50, 3), methods="permutation", progress=stop)
    assert model.training and len(calls) == 4


def test_methods_left_out_are_named_with_the_reason():
    x = rows(50, 3)
    table = explain_dataset(lambda x: x[:, 0].sin() * x[:, 1], x, options=TRIAL)
    missing = set(IMPORTANCE) - set(table.methods)
    assert missing == {
        "connection_weights",
        "garson",
        "improved_stepwise_1",
        "forward_addition",
        "backward_elimination",
    }
    for method in missing:
        (note,) = [note for note in table.notes if f"({method})" in note]
        assert note.startswith("Left out: ") and len(note.split(". ")) > 1
    with pytest.raises(Problem, match="weights cannot be read"):
        explain_dataset(lambda x: x[:, 0].sin() * x[:, 1], x, methods=["permutation", "garson"])


def test_which_output():
    model, x = mlp(3, 4), rows(50, 3)
    for methods in (None, ["permutation"]):
        with pytest.raises(Problem, match="4 outputs. Choose which one .* output=0 to output=3"):
            explain_dataset(model, x, methods=methods)
    weights = (model[2].weight @ model[0].weight).detach().double()
    for output, expected in (
        (2, weights[2]),
        (3, weights[3]),
        ((0, 3), weights[0] - weights[3]),
        (np.int64(1), weights[1]),
    ):
        table = explain_dataset(model, x, methods="connection_weights", output=output)
        torch.testing.assert_close(table.values[0], expected)
    squared = explain_dataset(model, x, methods="jacobian", output=lambda y: y.square().sum(1))
    y = model(x).detach()
    slope = 2 * torch.einsum("no,no...->n...", y, _jacobian(model, x)).double()
    torch.testing.assert_close(squared.values[0], slope.square().mean(0).sqrt(), rtol=1e-5, atol=0)
    for wrong in (4, -1, "rain", 1.5, [0, 1], (0, 9)):
        with pytest.raises(Problem, match="outputs 0 to 3|not one output"):
            explain_dataset(model, x, methods="jacobian", output=wrong)
    with pytest.raises(Problem, match="Say what is explained by a function"):
        explain_dataset(lambda x: x[:, :, None] * torch.ones(3, 2), x)


def _jacobian(model, x):
    return torch.stack([torch.autograd.functional.jacobian(model, row[None])[0, :, 0] for row in x])


def test_labels_alone_suffice_for_methods_about_the_error():
    table = explain_dataset(
        mlp(3, 4), rows(50, 3), labels=torch.arange(50) % 4, methods=["permutation"]
    )
    assert table.details["permutation"]["about"] == "error" and table.quality["accuracy"] <= 1


@pytest.mark.parametrize("what", ["tensor", "numpy", "list", "frame", "float64", "int"])
def test_rows_in_any_form(what):
    x = (10 * rows(40, 2)).round()
    given = {
        "tensor": lambda: x,
        "numpy": x.numpy,
        "list": x.tolist,
        "frame": lambda: pandas.DataFrame(x.numpy(), columns=["rain", "wind"]),
        "float64": lambda: x.double(),
        "int": lambda: x.long(),
    }[what]()
    table = explain_dataset(lambda x: 3 * x[:, 0] + x[:, 1], given, methods="jacobian")
    assert table.values.tolist() == [[3, 1]]
    assert table.names == (("rain", "wind") if what == "frame" else ("x0", "x1"))


def test_names_given_come_before_those_of_a_frame_and_labels_may_be_a_column():
    frame = pandas.DataFrame(rows(40, 2).numpy(), columns=["rain", "wind"])
    table = explain_dataset(
        lambda x: x[:, :1], frame, labels=frame["rain"], names=["a", "b"], methods="permutation"
    )
    assert table.names == ("a", "b") and table.quality["r2"] == 1


def test_tables_so_far_and_evaluations_are_counted():
    seen, x = [], rows(40, 2)
    calls = [0]

    def model(x):
        calls[0] += len(x)
        return x[:, 0]

    table = explain_dataset(
        model,
        x,
        methods=["jacobian", "permutation"],
        options={"permutation": {"repeats": 3}},
        partial=lambda part: seen.append(part.methods),
    )
    assert seen == [("jacobian",), ("jacobian", "permutation")]
    assert table.evaluations["permutation"] == 40 * 2 * 3
    assert table.settings["seed"] == 0 and table.seconds > 0
