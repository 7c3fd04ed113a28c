"""The table without torch is the table; a column of truth becomes the labels that it is."""

import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from explainers import Problem, explain_dataset
from explainers.importance.reading.truth import labels_from
from explainers.importance.tables.consensus import judges
from explainers.importance.tables.stored import StoredTable, so_far, stored

ROWS = torch.randn(80, 4, generator=torch.Generator().manual_seed(0))


def model(x):
    return torch.tanh(x[:, 0]) * 2 + x[:, 1]


def product(x):
    return x[:, 0] * x[:, 1] * x[:, 2]


@pytest.fixture(scope="module")
def table():
    return explain_dataset(
        model,
        ROWS,
        labels=model(ROWS),
        methods=["permutation", "profile", "jacobian", "sobol", "improved_stepwise_2"],
        options={"sobol": {"samples": 256, "check": True}},
        names=["a", "b", "c", "d"],
    )


def test_facts_and_arrays_hold_the_whole_table(table):
    facts, arrays = stored(table)
    assert json.loads(json.dumps(facts)) == facts
    again = StoredTable.of(facts, arrays)
    for name in ("values", "low", "high", "rank", "rank_low", "rank_high"):
        assert np.array_equal(getattr(again, name), getattr(table, name).numpy())
    for name in ("methods", "names", "notes"):
        assert getattr(again, name) == getattr(table, name)
    for source, values in table.sources.items():
        assert np.array_equal(again.sources[source], values.numpy())
    assert again.quality == table.quality and again.control == table.control
    for k in range(1, 5):
        np.testing.assert_allclose(again.top(k), table.top(k).numpy(), atol=1e-6)
    for k in (0, 5):
        with pytest.raises(Problem, match="between 1 and 4"):
            again.top(k)
    curves = again.details["profile"]["curves"]
    np.testing.assert_allclose(curves, table.details["profile"]["curves"].numpy(), rtol=1e-5)
    error = table.details["sobol"]["error"]["first"].numpy()
    np.testing.assert_allclose(again.details["sobol"]["error"]["first"], error, rtol=1e-5)
    assert again.details["permutation"]["about"] == "error"


def test_a_table_on_its_way_has_its_ranks(table):
    facts, partial = so_far(table)
    assert partial.dtype == np.float32 and json.loads(json.dumps(facts)) == facts
    again = StoredTable.on_its_way(facts, partial)
    assert np.array_equal(again.rank_high, table.rank_high.numpy())
    assert again.names == table.names and again.quality == table.quality


def test_methods_that_depend_on_units_or_know_no_interval_are_not_asked_what_is_sure(table):
    chosen, sure = judges(StoredTable.of(*stored(table)))
    assert sure and {table.methods[place] for place in chosen} <= {
        "permutation",
        "profile",
        "sobol",
        "improved_stepwise_2",
    }
    alone = explain_dataset(model, ROWS, methods=["jacobian"])
    places, _ = judges(StoredTable.of(*stored(alone)))
    assert places.tolist() == [0]


def test_a_method_that_cannot_be_asked_is_left_out_where_that_is_wanted():
    methods = ["garson", "permutation"]
    with pytest.raises(Problem):
        explain_dataset(product, ROWS, methods=methods)
    table = explain_dataset(product, ROWS, methods=methods, strict=False)
    assert table.methods == ("permutation",)
    assert any("eft out" in note and "Garson" in note for note in table.notes)
    assert set(table.remarks) == {"permutation"}


def test_it_needs_no_torch():
    code = (
        "import explainers.importance.tables.stored, explainers.importance.tables.consensus, sys; "
        "import explainers.importance.reading.truth; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


@pytest.mark.parametrize(
    "values, levels, classes, expected",
    [
        ([0, 1, 2, 1], [], [], [0, 1, 2, 1]),
        ([1, 2, 3, 2], [], [], [0, 1, 2, 1]),
        ([1, 2, 0, 2], ["c", "a", "b"], ["a", "b", "c"], [0, 1, 2, 1]),
        ([1, 0, 1, 1], ["c", "a"], ["a", "b", "c"], [0, 2, 0, 0]),
        ([7, 5, 5, 7], [], ["5", "6", "7"], [2, 0, 0, 2]),
        ([0, 1, 2, 1], ["x", "y", "z"], [], [0, 1, 2, 1]),
    ],
)
def test_classes_are_read_by_name_or_by_number(values, levels, classes, expected):
    labels, note = labels_from(np.array(values, float), levels, "classes", 3, classes, "kind")
    assert labels.dtype == np.int64 and labels.tolist() == expected
    by_name, counted = set(levels or ["5"]) <= set(classes), min(values) == 0 and not levels
    assert bool(note) == (not by_name and not counted)


def test_a_network_that_is_right_but_too_sure_is_not_called_worthless():
    x = torch.randn(200, 3, generator=torch.Generator().manual_seed(1))
    truth = (x[:, 0] > 0).long()
    wrong = torch.rand(200, generator=torch.Generator().manual_seed(2)) < 0.1
    truth[wrong] = 1 - truth[wrong]
    for net, says in (
        (lambda x: 90 * x[:, :2] * torch.tensor([-1, 0]), 0),
        (lambda x: 9 * x[:, 1:], 1),
    ):
        table = explain_dataset(net, x, truth, ["permutation"], output=0)
        assert table.quality["error"] > table.quality["constant_error"]
        assert sum("says nothing of the labels" in note for note in table.notes) == says


def test_numbers_stay_numbers_also_where_they_are_whole_and_outputs_are_many():
    values = np.array([0.0, 1.0, 2.0])
    assert labels_from(values, [], "numbers", 1)[0].tolist() == [0, 1, 2]
    labels, _ = labels_from(values, [], "numbers", 3)
    x = torch.eye(3)
    table = explain_dataset(lambda x: 2 * x, x, labels, ["permutation"], output=2)
    assert table.quality["error"] == pytest.approx(
        float(((2 * x[:, 2] - torch.arange(3)) ** 2).mean())
    )


@pytest.mark.parametrize(
    "values, levels, answers, outputs, says",
    [
        ([0, 1, 0], ["no", "yes"], "numbers", 1, "holds text, such as 'no'"),
        ([0.5, 1.5, 2.5], [], "classes", 3, "tells 3 classes apart"),
        ([0, 1, 2], [], "classes", 2, "has 3 different values, such as 0, 1, 2"),
        ([0, 1, 0], [], "labels", 2, "one column cannot hold"),
    ],
)
def test_a_column_that_cannot_be_the_truth_is_refused_in_a_sentence(
    values, levels, answers, outputs, says
):
    with pytest.raises(Problem, match=says):
        labels_from(np.array(values, float), levels, answers, outputs)


def test_networks_trained_anew_say_nothing_of_this_one():
    methods, even = ("permutation", "backward_elimination"), np.ones((2, 3))
    ranks = np.tile([1, 2, 3], (2, 1))
    table = StoredTable(even, even, 2 * even, ranks, ranks, ranks, methods, ("a", "b", "c"))
    assert judges(table)[0].tolist() == [0]
