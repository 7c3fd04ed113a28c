"""Networks that want standardised columns are told from those that do not, by asking them."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from explainers.errors import Problem
from explainers.importance.reliability.scale_doubt import scale_doubt
from explainers.kinds import KINDS, table
from explainers.kinds.scaling import is_coded, read_numbers, scale_of
from explainers.models.prepared import Prepared, build
from explainers.models.spec import ModelSpec
from explainers.models.zoo.demos import demos

RNG = np.random.default_rng(0)


def as_torch(model, answer):
    """scikit-learn's own answer as a function of tensors."""
    return lambda x: torch.from_numpy(np.asarray(getattr(model, answer)(x.double().numpy())))


def money(rows=300):
    """Age, income and height, and what depends on all three alike once standardised."""
    x = RNG.normal([40, 50_000, 1.7], [10, 20_000, 0.1], (rows, 3))
    z = (x - x.mean(0)) / x.std(0)
    return x, z.sum(1), (z.sum(1) > 0).astype(int)


def fitted(model, x, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(x, y)


CLASSIFIED = {
    "money": lambda: money()[::2],
    "wine": lambda: load_wine(return_X_y=True),
    "cancer": lambda: load_breast_cancer(return_X_y=True),
}


def mlp():
    return MLPClassifier((16,), max_iter=200, random_state=0)


def regressor():
    return MLPRegressor(hidden_layer_sizes=[16], max_iter=300, random_state=0)


@pytest.mark.parametrize("name", CLASSIFIED)
def test_classifiers_trained_on_standardised_columns(name):
    x, y = CLASSIFIED[name]()
    mean, std = scale_of(x)
    bare = fitted(mlp(), (x - mean) / std, y)
    assert scale_doubt(as_torch(bare, "predict_proba"), x, mean, std, classes=True).any
    whole = make_pipeline(StandardScaler(), mlp())
    whole = fitted(whole, x, y)  # the same network with its scaler inside
    assert not scale_doubt(as_torch(whole, "predict_proba"), x, mean, std, classes=True).any
    assert not scale_doubt(
        as_torch(bare, "predict_proba"), (x - mean) / std, *scale_of((x - mean) / std), True
    ).any


def test_regressors_trained_on_standardised_columns():
    x, y, _ = money()
    mean, std = scale_of(x)
    bare = fitted(regressor(), (x - mean) / std, y)
    doubt = scale_doubt(as_torch(bare, "predict"), x, mean, std, classes=False)
    assert doubt.column == 1 and doubt.share > 0.95
    whole = make_pipeline(StandardScaler(), regressor())
    whole = fitted(whole, x, y)
    assert not scale_doubt(as_torch(whole, "predict"), x, mean, std, classes=False).any


@pytest.mark.parametrize("data", [load_iris, load_wine, load_breast_cancer])
def test_no_doubt_about_linear_models_trained_on_columns_as_they_are(data):
    x, y = data(return_X_y=True)
    model = as_torch(fitted(LogisticRegression(max_iter=3000), x, y), "predict_proba")
    assert not scale_doubt(model, x, *scale_of(x), classes=True).any


@pytest.mark.parametrize("data", [load_iris, load_diabetes])
def test_no_doubt_about_networks_trained_on_columns_as_they_are(data):
    x, y = data(return_X_y=True)
    classes = data is load_iris
    model = mlp() if classes else regressor()
    answer = "predict_proba" if classes else "predict"
    model = as_torch(fitted(model, x, y), answer)
    assert not scale_doubt(model, x, *scale_of(x), classes).any


@pytest.mark.parametrize("name", [n for n, demo in demos().items() if demo.spec.kind == "table"])
def test_no_doubt_about_the_demos(name):
    demo = demos()[name]
    if demo.data is None:
        return
    model, _, spec = build(demo.spec, None)
    parsed = table.read(demo.data.read_bytes(), demo.data.suffix)
    rows = KINDS["table"].some(parsed, spec, 100).astype(float)
    assert not scale_doubt(model, rows, *scale_of(rows), spec.answers == "classes").any


def test_columns_of_0_and_1_and_categories_stay():
    x = np.array([[0, 3.0, 1, 2], [1, 5.0, 1, 0], [1, 7.0, 1, 1]])
    assert is_coded(x).tolist() == [True, False, False, False]
    mean, std = scale_of(x, np.array([False, False, False, True]))
    assert mean.tolist() == [0, 5, 1, 0] and std[[0, 2, 3]].tolist() == [1, 1, 1]
    every, _ = scale_of(x, np.array([False, False, False, True]), coded=True)
    np.testing.assert_allclose(every, x.mean(0))
    spec = ModelSpec("upload", "", kind="table", shape=(4,), mean=tuple(mean), std=tuple(std))
    ready = Prepared(torch.nn.Identity(), spec)(torch.from_numpy(x).float())
    assert ready[:, 0].tolist() == [0, 1, 1] and ready[:, 3].tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    "text", ["1, 2", "[1.0, 2.0, 3]", "1 2 x", "1, 2, nan", "1, 2, inf", "1, 2, 0"]
)
def test_pasted_numbers_that_are_no_scale(text):
    with pytest.raises(Problem):
        read_numbers(text, 2 if "[" in text else 3, positive=True)
    assert read_numbers("([1., 2.5])", 2, True) == (1.0, 2.5)
