"""What scikit-learn's converter writes: answers as its own, slopes as closed forms, class names."""

import warnings

import numpy as np
import pytest
import torch
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType
from sklearn import preprocessing as prepare
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from explainers import explain
from explainers.models.formats.onnx import load_onnx

RNG = np.random.default_rng(0)
X = (RNG.normal(size=(90, 4)) * [1, 10, 100, 0.1] + [0, 5, 300, 1]).astype(np.float32)
LEVEL = X[:, 0] + (X[:, 1] - 5) / 10
THREE = np.digitize(LEVEL, [-0.7, 0.7])
TWO = (THREE > 0).astype(int)
WORDS = np.array(["setosa", "versicolor", "virginica"])[THREE]


def mlp(**options):
    return MLPClassifier((6,), max_iter=8, random_state=0, **options)


def converted(model, x, y, zipmap=None, **rest):
    """The fitted model, and the bytes of its file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, y)
        options = {id(model): {"zipmap": zipmap}} if zipmap is not None else None
        return model, to_onnx(model, x[:1], options=options, **rest).SerializeToString()


def own_answers(model, x):
    """What scikit-learn answers itself, (N, answers)."""
    for name in ("predict_proba", "decision_function", "predict"):
        if hasattr(model, name):
            return np.asarray(getattr(model, name)(x)).reshape(len(x), -1)
    raise AssertionError


def assert_as_itself(model, data, x, close=2e-6):
    loaded, card = load_onnx(data, verify=True)
    assert card.gradients, card.notes
    own = own_answers(model, x)
    with torch.no_grad():
        found = loaded(torch.tensor(np.asarray(x)).float()).numpy()
    assert found.shape == own.shape
    np.testing.assert_allclose(found, own, atol=close * np.abs(own).max(), rtol=0)
    return loaded, card


PREPARED = [
    prepare.StandardScaler(),
    prepare.MinMaxScaler(clip=True),
    prepare.Normalizer("l1"),
    SimpleImputer(),
    PCA(2, whiten=True),
    prepare.PolynomialFeatures(2),
    prepare.PowerTransformer(),
]


@pytest.mark.parametrize("first", PREPARED, ids=str)
def test_preparations(first):
    model, data = converted(make_pipeline(first, LogisticRegression()), X, THREE)
    assert_as_itself(model, data, X)


CLASSIFIERS = [
    LogisticRegression(),
    mlp(),
    OneVsRestClassifier(LogisticRegression()),
    GaussianNB(),
    SGDClassifier(loss="log_loss", random_state=0),
    CalibratedClassifierCV(LogisticRegression(), cv=2),
    SVC(probability=True, random_state=0),
    SVC(probability=True, kernel="poly", random_state=0),
]


@pytest.mark.parametrize("classifier", CLASSIFIERS, ids=lambda c: type(c).__name__)
@pytest.mark.parametrize("labels", [TWO, WORDS], ids=["numbers", "words"])
def test_classifiers(classifier, labels):
    model, data = converted(make_pipeline(prepare.StandardScaler(), classifier), X, labels)
    _, card = assert_as_itself(model, data, X)
    names = ("setosa", "versicolor", "virginica")
    assert card.classes == (names if labels is WORDS else ())


@pytest.mark.parametrize("zipmap", [True, False, "columns"])
@pytest.mark.parametrize("labels", [2 * THREE + 1, WORDS, TWO], ids=["odd", "words", "two"])
def test_all_classes_are_explained_and_named_however_they_are_given(zipmap, labels):
    model, data = converted(make_pipeline(prepare.StandardScaler(), mlp()), X, labels, zipmap)
    loaded, card = assert_as_itself(model, data, X)
    named = {"1": tuple(f"class {n}" for n in (1, 3, 5)), "0": ()}
    assert card.classes == named.get(str(model.classes_[0]), tuple(model.classes_))


@pytest.mark.parametrize("kind", [np.float64, np.int64])
@pytest.mark.parametrize("opset", [11, 15, 21])
def test_types_and_operator_sets(kind, opset):
    x = np.rint(X).astype(kind)
    model, data = converted(
        make_pipeline(prepare.StandardScaler(), mlp()), x, THREE, target_opset=opset
    )
    assert_as_itself(model, data, x)


REGRESSORS = [
    LinearRegression(),
    MLPRegressor(hidden_layer_sizes=[4], max_iter=8),
    SVR(),
    SVR(kernel="linear"),
]


@pytest.mark.parametrize("regressor", REGRESSORS, ids=str)
def test_regressors(regressor):
    model, data = converted(make_pipeline(prepare.StandardScaler(), regressor), X, LEVEL)
    assert_as_itself(model, data, X, close=1e-5)


@pytest.mark.parametrize("regressor", REGRESSORS[:2], ids=str)
def test_several_targets(regressor):
    model, data = converted(regressor, X, np.stack([LEVEL, X[:, 3], -LEVEL], 1))
    loaded, _ = assert_as_itself(model, data, X, close=1e-5)
    second = explain(loaded, torch.from_numpy(X[:2]).double(), target=1).output
    np.testing.assert_allclose(second, model.predict(X[:2])[:, 1], rtol=1e-4)


def test_slopes_behind_a_scaler():
    """Linear: w / scale. Logistic: (p (1 − p)) w / scale. MLP: W₂ (W₁ x + b > 0) W₁ / scale."""
    x = torch.from_numpy(X[:5]).double()
    model, data = converted(make_pipeline(prepare.StandardScaler(), LinearRegression()), X, LEVEL)
    scale = model[0].scale_
    found = explain(load_onnx(data)[0], x, "saliency", signed=True).scores
    np.testing.assert_allclose(found, [model[1].coef_ / scale] * 5, rtol=1e-5, atol=1e-9)

    model, data = converted(make_pipeline(prepare.StandardScaler(), LogisticRegression()), X, TWO)
    p = model.predict_proba(X[:5])[:, 1:]
    found = explain(load_onnx(data)[0], x, "saliency", target=1, signed=True).scores
    slope = p * (1 - p) * model[1].coef_ / scale
    np.testing.assert_allclose(found, slope, rtol=1e-4, atol=1e-9)

    model, data = converted(
        make_pipeline(prepare.StandardScaler(), MLPRegressor(hidden_layer_sizes=[5], max_iter=9)),
        X,
        LEVEL,
    )
    (first, second), (bias, _) = model[1].coefs_, model[1].intercepts_
    open_ = (model[0].transform(X[:5]) @ first + bias > 0) * second[:, 0]
    found = explain(load_onnx(data)[0], x, "saliency", signed=True).scores
    np.testing.assert_allclose(found, open_ @ first.T / scale, rtol=1e-4, atol=1e-8)


def test_every_method_that_adds_up_does_behind_a_scaler():
    _, data = converted(make_pipeline(prepare.StandardScaler(), mlp()), X, WORDS)
    model, _ = load_onnx(data)
    for method in ("integrated_gradients", "deeplift"):
        answer = explain(model, torch.from_numpy(X[:1]), method, score="logit", target=2)
        assert answer.gap.abs().max() < 0.011


@pytest.mark.parametrize("whole", [(), (3,), (0, 1, 2, 3)])
@pytest.mark.parametrize("zipmap", [True, "columns"])
def test_columns_that_are_inputs_of_their_own_become_one_table(whole, zipmap):
    table = np.concatenate([X[:, :3], np.arange(90)[:, None] % 3], 1)
    table[:, whole] = np.rint(table[:, whole])
    ports = [
        (name, (Int64TensorType if i in whole else FloatTensorType)([None, 1]))
        for i, name in enumerate(("age", "height", "income", "grade"))
    ]
    parts = [
        ("scaled", prepare.StandardScaler(), [0, 1, 2]),
        ("coded", prepare.OneHotEncoder(sparse_output=False), [3]),
    ]
    model = make_pipeline(ColumnTransformer(parts), LogisticRegression()).fit(table, WORDS)
    data = to_onnx(model, initial_types=ports, options={"zipmap": zipmap}).SerializeToString()
    loaded, card = assert_as_itself(model, data, table.astype(np.float32))
    assert card.columns == ("age", "height", "income", "grade")
    assert card.input.shape == (None, 4) and '"income"' in card.notes[0]
    weights = model[-1].coef_[1] - model[-1].coef_[0]
    row = torch.from_numpy(table[:1])
    slopes = explain(loaded, row, "saliency", target=(1, 0), score="logit", signed=True).scores
    scale = model[0].named_transformers_["scaled"].scale_
    np.testing.assert_allclose(slopes[0, :3], weights[:3] / scale, rtol=1e-4)


def test_trees_run_in_onnxruntime_with_one_input_a_column():
    ports = [(name, FloatTensorType([None, 1])) for name in "abcd"]
    parts = [("all", "passthrough", [0, 1, 2, 3])]
    model = make_pipeline(ColumnTransformer(parts), DecisionTreeClassifier(max_depth=3))
    model.fit(X, WORDS)
    data = to_onnx(model, initial_types=ports).SerializeToString()
    loaded, card = load_onnx(data)
    assert not card.gradients and card.classes == tuple(model.classes_)
    assert any("TreeEnsembleClassifier" in note for note in card.notes)
    np.testing.assert_allclose(loaded(torch.from_numpy(X)), model.predict_proba(X), atol=1e-6)


def test_a_width_that_is_left_free_is_that_of_the_weights():
    model, _ = converted(make_pipeline(prepare.StandardScaler(), mlp()), X, TWO)
    wide = to_onnx(model, initial_types=[("X", FloatTensorType([None, None]))])
    loaded, card = load_onnx(wide.SerializeToString())
    assert card.input.shape == (None, 4)
    with torch.no_grad():
        found = loaded(torch.from_numpy(X))
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-6)


@pytest.mark.parametrize("labels", [TWO, THREE])
def test_scores_of_classifiers_without_probabilities(labels):
    model, data = converted(LinearSVC(), X, labels)
    assert_as_itself(model, data, X, close=1e-5)
