"""Importance as a task: the rows it asks about, the table on its way, and the table."""

import numpy as np
import pytest
from answering import answered, question_about

from explainers import Cancelled, Problem
from explainers.importance import IMPORTANCE
from explainers.importance.tables.stored import StoredTable
from explainers.kinds import table as tables
from explainers.models.spec import ModelSpec
from explainers.service.parsing.parsed_uploads import put
from explainers.service.tasks import InputRef
from explainers.service.tasks.importance import Importance
from explainers.service.tasks.predict_rows import PredictRows

TRUTH = "progression after one year"
FEW = ("jacobian", "permutation", "connection_weights")


@pytest.fixture(scope="module")
def rows(runner) -> PredictRows:
    question = question_about(runner, "diabetes")
    return PredictRows(question.model, InputRef(question.data), TRUTH)


def uploaded(runner, text: str) -> InputRef:
    data = text.encode()
    digest = runner.store.put_blob(data)
    put(runner.store, "table", digest, tables.read(data, ".csv"), suffix=".csv")
    return InputRef(digest + ".csv")


def test_the_table_grows_method_by_method_and_ends_as_the_library_says(runner, rows):
    import torch

    from explainers import explain_dataset
    from explainers.kinds import KINDS

    task, on_the_way = Importance(rows, methods=FEW, seed=3), []
    facts, arrays = runner.run(task.digest(), task, on_the_way.append)
    table = StoredTable.of(facts, arrays)
    grown = [
        StoredTable.on_its_way(report.facts, report.partial).methods
        for report in on_the_way
        if report.partial is not None
    ]
    assert grown[-3:] == [FEW[:1], FEW[:2], FEW]
    assert all(report.done <= report.total for report in on_the_way)
    loaded = runner.load(rows.model, "cpu")
    parsed = runner.parsed(next(iter(task.uploads())))
    x = torch.from_numpy(KINDS["table"].some(parsed, loaded.spec, 5000))
    truth = parsed[1]["values"][:, parsed[0]["columns"].index(TRUTH)]
    right = explain_dataset(loaded.model, x, truth, FEW, loaded.spec.columns, seed=3)
    assert table.methods == right.methods and table.names == right.names
    np.testing.assert_allclose(table.values, right.values.numpy(), rtol=1e-6)
    assert table.quality == right.quality and 0.4 < table.quality["r2"] < 0.6


def test_a_cancelled_task_ends(runner, rows):
    def cancel(report):
        raise Cancelled

    task = Importance(rows, methods=("permutation",), seed=9)
    with pytest.raises(Cancelled):
        runner.run(task.digest(), task, cancel)


def test_large_tables_are_sampled_and_gaps_left_out_and_both_is_said(runner, rows):
    facts, arrays = answered(runner, rows.replace(most_rows=100))
    assert facts["rows"] == len(arrays["rows"]) == len(arrays["truth"]) == 100
    assert "100 of 442 rows, drawn at random" in facts["notes"][0]
    assert (np.diff(arrays["rows"]) > 0).all() and facts["outputs"] == 1
    file = uploaded(runner, "a,b,y\n" + "1,2,3\n4,5,\n,7,1\n2,1,0\n" * 10)
    spec = ModelSpec(
        "demo",
        "hand:minimum",
        kind="table",
        shape=(2,),
        columns=("a", "b"),
        mean=(0.0,),
        std=(1.0,),
        answers="numbers",
    )
    facts, arrays = answered(runner, PredictRows(spec, file, "y"))
    assert "20 of 40 rows lack a value" in facts["notes"][0]
    assert arrays["rows"][:4].tolist() == [0, 3, 4, 7] and arrays["truth"][:2].tolist() == [3, 0]
    assert arrays["answers"][:2, 0].tolist() == [1, 1]
    with pytest.raises(Problem, match="No row has all values"):
        gaps = PredictRows(spec, uploaded(runner, "a,b\n1,\n2,\n,3\n"))
        runner.run(gaps.digest(), gaps, lambda report: None)


def test_groups_count_as_one_and_slow_methods_are_only_run_when_named(runner, rows):
    spec_columns = rows.model.columns
    task = Importance(rows, methods=("permutation",), groups={"cholesterol": (4, 5)})
    table = StoredTable.of(*answered(runner, task))
    assert table.names == (*spec_columns[:4], "cholesterol", *spec_columns[6:])
    quick = Importance(rows)
    assert set(quick.asked) == {k for k, m in IMPORTANCE.items() if "retraining" not in m.needs}
    assert quick.costs(100, 10).keys() == set(quick.asked)
    assert task.costs(100, 10)["permutation"] <= quick.costs(100, 10)["permutation"]


def test_a_small_network_comes_with_its_diagram(runner, rows):
    facts, arrays = answered(runner, Importance(rows, methods=("connection_weights",)))
    layers, weights = arrays["diagram/layers"], arrays["diagram/weights"]
    assert np.bincount(layers).tolist() == [10, 16, 16, 1]
    assert len(weights) == 10 * 16 + 16 * 16 + 16
    names = facts["diagram"]["names"]
    assert len(names) == len(facts["diagram"]["states"]) == len(layers)
    starts, ends = arrays["diagram/starts"], arrays["diagram/ends"]
    assert (layers[ends] == layers[starts] + 1).all()
    facts, _ = answered(runner, Importance(rows, methods=("permutation",)))
    assert "diagram" not in facts
