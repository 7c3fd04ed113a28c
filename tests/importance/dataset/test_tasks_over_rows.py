"""Plausibility, single rows' curves and interactions as tasks: what the library says."""

import io

import numpy as np
import pytest
import torch
from answering import answered, question_about

from explainers import Problem
from explainers.importance.reliability.plausibility import plausibility
from explainers.kinds import KINDS, series
from explainers.service.parsing.parsed_uploads import put
from explainers.service.tasks import InputRef, decode, encode
from explainers.service.tasks.over_rows.dependence import Dependence
from explainers.service.tasks.over_rows.interactions import Interactions
from explainers.service.tasks.over_rows.plausibility import Plausibility, expectation_of
from explainers.service.tasks.predict_rows import LABELS, PredictRows

BMI, AGE = "body mass index (kg/m²)", "age (years)"


@pytest.fixture(scope="module")
def rows(runner) -> PredictRows:
    question = question_about(runner, "diabetes")
    return PredictRows(question.model, InputRef(question.data), most_rows=150)


@pytest.fixture(scope="module")
def asked(runner, rows):
    """The network, and the rows themselves."""
    places = answered(runner, rows)[1]["rows"]
    loaded = runner.load(rows.model, "cpu")
    parsed = runner.parsed(next(iter(rows.uploads())))
    return loaded.model, torch.from_numpy(KINDS["table"].inputs(parsed, loaded.spec, places))


def test_violations_are_the_librarys_and_come_back_as_expectations(runner, rows, asked):
    given = ({"input": BMI, "sign": "+", "high": 5.0}, {"input": AGE, "sign": "0"})
    task = Plausibility(rows, given)
    assert decode(encode(task)) == task
    facts, arrays = answered(runner, task)
    right = plausibility(*asked, list(given), rows.model.columns)
    for place, check in enumerate(right.checks):
        assert expectation_of(facts["checks"][place]) == check.expectation
        np.testing.assert_array_equal(arrays[f"violated/{place}"], check.rows)
        np.testing.assert_allclose(arrays[f"slopes/{place}"], check.slopes, rtol=1e-5)
    assert len(arrays["violated/1"]) == 150 and facts["checks"][0]["low"] is None
    wrong = Plausibility(rows, ({"input": "BMI", "sign": "+"},))
    with pytest.raises(Problem, match="'BMI', which the data do not have"):
        runner.run(wrong.digest(), wrong, lambda report: None)


def test_curves_are_the_models_own_answers(runner, rows, asked):
    model, x = asked
    facts, arrays = answered(runner, Dependence(rows, 2, points=5))
    assert arrays["curves"].shape == (150, 5) and facts["shares"] is False
    moved = x.clone()
    moved[:, 2] = float(arrays["grid"][3])
    with torch.no_grad():
        answers = model(moved)[:, 0].double()
    np.testing.assert_allclose(arrays["curves"][:, 3], answers, rtol=1e-4)
    np.testing.assert_allclose(arrays["mean"], arrays["curves"].mean(0), rtol=1e-4)
    grouped = Dependence(rows, 4, groups={"both": (4, 5)}, points=3)
    assert answered(runner, grouped)[0]["shares"] is True


def test_the_labels_of_series_are_their_truth(runner):
    question = question_about(runner, "lstm")
    values = np.random.default_rng(0).random((6, 10, 3))
    for labels, truth, levels in (
        (["up", "down"] * 3, [1, 0] * 3, ["down", "up"]),
        (["0", "2.5"] * 3, [0, 2.5] * 3, []),
    ):
        file = io.BytesIO()
        np.savez(
            file, values=values, labels=np.array(labels), variables=np.array(["x1", "x2", "x3"])
        )
        digest = runner.store.put_blob(file.getvalue())
        put(runner.store, "series", digest, series.read(file.getvalue(), ".npz"), suffix=".npz")
        task = PredictRows(question.model, InputRef(f"{digest}.npz"), LABELS)
        facts, arrays = answered(runner, task)
        assert arrays["truth"].tolist() == truth and facts["levels"] == levels
    with pytest.raises(Problem, match="holds no truth"):
        none = PredictRows(question.model, InputRef(question.data), LABELS)
        runner.run(none.digest(), none, lambda report: None)


def test_interactions_of_some_features_by_their_names(runner, rows):
    task = Interactions(rows, (0, 2, 8), samples=256)
    facts, arrays = answered(runner, task)
    assert facts["names"] == [rows.model.columns[place] for place in (0, 2, 8)]
    assert arrays["index"].shape == (3, 3) and (arrays["index"] >= 0).all()
    assert task.cost((10,)) == 256 * 7 and Interactions(rows).cost((10,)) == 4096 * 56
