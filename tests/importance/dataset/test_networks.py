"""Every build of network is taken by every method, or the method says why not; never NaN."""

import numpy as np
import pytest
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from small_networks import NETWORKS, Skipping, mlp, network, rows
from torch import nn

from explainers import IMPORTANCE, explain_dataset

TRIAL = {key: dict(entry.trial) for key, entry in IMPORTANCE.items()}
OF_WEIGHTS = {"connection_weights", "garson"}
RETRAIN = {"forward_addition", "backward_elimination"}
LEFT_OUT = {
    "recurrent": OF_WEIGHTS,
    "convolution": OF_WEIGHTS,
    "letters": OF_WEIGHTS | {"morris"},
}


def sound(table):
    for part in (table.values, table.low, table.high, *table.sources.values()):
        assert bool(part.isfinite().all())
    assert bool((table.low <= table.values).all() and (table.values <= table.high).all())
    assert set(table.control.values()) <= {0.0}, table.control
    assert not any("do not trust" in note for note in table.notes)
    return table


@pytest.mark.parametrize("name", NETWORKS)
def test_every_build(name):
    model, x = network(name)
    table = sound(explain_dataset(model, x, output=0, options=TRIAL))
    assert set(IMPORTANCE) - set(table.methods) == RETRAIN | LEFT_OUT.get(name, set())


def test_with_labels_too():
    model, x = network("skip")
    table = sound(explain_dataset(model, x, labels=[0, 1] * 20, output=1, options=TRIAL))
    assert set(table.methods) >= set(IMPORTANCE) - RETRAIN


def test_a_column_that_never_changes_moves_nothing():
    x = rows(50, 3)
    x[:, 1] = 7
    table = sound(explain_dataset(mlp().double(), x, options=TRIAL))
    at = dict(zip(table.methods, table.values[:, 1].tolist(), strict=True))
    for method in set(at) - OF_WEIGHTS - {"jacobian", "partial_derivatives", "dgsm"}:
        if not IMPORTANCE[method].ranks:
            assert at[method] == pytest.approx(0, abs=1e-12), method
    assert table.details["jacobian"]["scaled"][1] == 0 and at["jacobian"] > 0
    assert any('same value in every row: "x1"' in note for note in table.notes)


def test_nothing_that_changes_at_all():
    table = sound(explain_dataset(mlp().double(), torch.ones(40, 3).double(), options=TRIAL))
    shares = [table.methods.index(key) for key in ("sobol", "shapley_effects", "permutation")]
    assert not bool(table.values[shares].any())
    assert any("output does not change at all" in note for note in table.notes)


def test_dead_and_saturated_units_are_said():
    notes = sound(explain_dataset(*network("dead units"), options=TRIAL)).notes
    assert any("1 of 4 hidden units is dead" in note for note in notes)
    full = mlp().double()
    with torch.no_grad():
        full[0].bias[:2] = torch.tensor([30.0, -30.0])
    notes = explain_dataset(full, rows(40, 3), methods="garson").notes
    assert any("2 of 6 hidden units are saturated" in note for note in notes)
    fine = explain_dataset(mlp().double(), 0.1 * rows(40, 3), methods="garson").notes
    assert not any("hidden units are" in note for note in fine)


@pytest.mark.parametrize("kind", ["network", "forest"])
def test_scikit_learn(kind):
    """A callable around `predict_proba`, without gradients."""
    x = rows(80, 3)
    y = (x[:, 0] + 0.5 * x[:, 1] > 0).long()
    builder = MLPClassifier(hidden_layer_sizes=(6,), max_iter=300, random_state=0)
    made = builder if kind == "network" else RandomForestClassifier(8, random_state=0)
    fitted = made.fit(x.numpy(), y.numpy())

    def model(z):
        return torch.from_numpy(fitted.predict_proba(z.detach().double().numpy()))

    table = sound(explain_dataset(model, x, labels=y, output=1, options=TRIAL))
    assert table.quality["accuracy"] == pytest.approx(fitted.score(x.numpy(), y.numpy()))
    assert set(IMPORTANCE) - set(table.methods) >= OF_WEIGHTS | RETRAIN
    for method in ("permutation", "sobol", "shapley_effects", "attribution"):
        assert table.rank[table.methods.index(method)].tolist() == [1, 2, 3], method
    if kind == "network":
        weight = [torch.from_numpy(part) for part in fitted.coefs_]
        bias = [torch.from_numpy(part) for part in fitted.intercepts_]

        def same(z):
            one = ((z @ weight[0] + bias[0]).relu() @ weight[1] + bias[1])[:, 0].sigmoid()
            return torch.stack([1 - one, one], 1)

        leaf = x.clone().requires_grad_()
        (slopes,) = torch.autograd.grad(same(leaf)[:, 1].sum(), leaf)
        found = table.values[table.methods.index("jacobian")]
        torch.testing.assert_close(found, slopes.square().mean(0).sqrt(), rtol=1e-3, atol=0)


def test_networks_in_training_mode_with_batch_norm_and_dropout():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Linear(3, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(), nn.Linear(6, 1)
    )
    table = sound(explain_dataset(net.train(), rows(60, 3).float(), options=TRIAL))
    assert set(table.methods) >= OF_WEIGHTS and net.training


def test_models_that_draw_random_numbers_are_repeatable_and_say_so():
    def model(x):
        return x[:, 0] + 0.1 * torch.randn(len(x), dtype=x.dtype)

    chosen = ["permutation", "jacobian", "sobol"]
    options = {key: TRIAL[key] for key in chosen}
    one, two = (
        explain_dataset(model, rows(50, 3), methods=chosen, options=options) for _ in range(2)
    )
    assert torch.equal(one.values, two.values) and one.control == {}
    assert any("random" in note for note in one.notes)
    alone = explain_dataset(model, rows(50, 3), methods="sobol", options={"sobol": TRIAL["sobol"]})
    assert torch.equal(alone.values[0], one.values[2])


def test_pictures_count_squares_and_letters_positions():
    model, x = network("convolution")
    table = explain_dataset(model, x, output=0, methods="jacobian")
    assert len(table.names) == 16 and table.names[0] == "square 0"
    large = explain_dataset(lambda x: x[:, 0, 3, 4], rows(40, 1, 16, 16), methods="permutation")
    assert len(large.names) == 64
    assert large.values[0].nonzero().flatten().tolist() == [1 * 8 + 2]
    model, x = network("letters")
    table = explain_dataset(model, x, output=0, methods=["permutation"])
    assert table.names == tuple(f"position {i}" for i in range(8))


def test_precision_of_the_model_and_of_the_rows_may_differ():
    x = rows(50, 3)
    single = explain_dataset(Skipping(), x, output=0, methods="jacobian")
    assert single.values.dtype == torch.float64
    np.testing.assert_array_equal(single.rank, single.rank.round())
