"""Nearest neighbours, Gaussian processes and support vectors: as onnxruntime or scikit-learn."""

import warnings

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from onnx_files import built, truth
from skl2onnx import to_onnx
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor, kernels
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import SVC

from explainers import explain
from explainers.errors import Problem
from explainers.models.formats.onnx import load_onnx

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 3)).astype(np.float32)
NEW = RNG.normal(size=(12, 3)).astype(np.float32)
LEVEL = X[:, 0] + np.sin(X[:, 1])
TWO = (LEVEL > 0).astype(int)
CLASSES = np.array(["low", "middle", "high"])[np.digitize(LEVEL, [-0.5, 0.5])]


def converted(model, y, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, y)
        held = {id(model): options} if options else None
        return model, to_onnx(model, X[:1], options=held).SerializeToString()


def answers(loaded, x=NEW):
    with torch.no_grad():
        return torch.as_tensor(loaded(torch.from_numpy(x))).numpy()


def gaussian(kernel):
    return GaussianProcessRegressor(kernel, alpha=0.1, optimizer=None)


BOTH = np.stack([LEVEL, -2 * LEVEL], 1)
SMOOTH = [
    (KNeighborsRegressor(4, weights="distance"), LEVEL, {}),
    (KNeighborsRegressor(4, weights="distance", p=3), LEVEL, {}),
    (gaussian(kernels.RBF() + kernels.WhiteKernel(0.1)), LEVEL, {}),
    (gaussian(kernels.RBF()), LEVEL, {"optim": "cdist"}),
    (gaussian(kernels.Matern(nu=1.5) * kernels.ConstantKernel(2.0)), BOTH, {}),
    (gaussian(kernels.RationalQuadratic()), LEVEL, {}),
]


@pytest.mark.parametrize(("model", "y", "options"), SMOOTH, ids=lambda one: str(one)[:40])
def test_those_with_slopes_run_as_torch_and_answer_as_the_file(model, y, options):
    model, data = converted(model, y, **options)
    loaded, card = load_onnx(data)
    assert card.gradients, card.notes
    found = answers(loaded)
    np.testing.assert_allclose(found, truth(data, NEW).reshape(found.shape), atol=1e-5)
    x, b = torch.tensor(NEW[:2]), torch.zeros(2, 3)
    if isinstance(model, KNeighborsRegressor):
        with pytest.raises(Problem, match="no rule .* topk"):
            explain(loaded, x, "deeplift", b, target=0)
        return
    np.testing.assert_allclose(found, model.predict(NEW).reshape(found.shape), atol=1e-4)
    answer = explain(loaded, x, "deeplift", b, target=0)
    apart = answer.output - answer.baseline_output
    torch.testing.assert_close(answer.scores.sum(1), apart, atol=1e-4, rtol=1e-3)


def test_slopes_of_a_process_are_those_of_its_kernel():
    """f(x) = Σ α_i exp(−|x − x_i|² / 2), so f′(x) = Σ α_i (x_i − x) exp(…)."""
    model, data = converted(gaussian(kernels.RBF()), LEVEL)
    loaded, _ = load_onnx(data)
    x = NEW[:3].astype(float)
    apart = X[None] - x[:, None]
    near = np.exp(-(apart**2).sum(2) / 2)
    slopes = (near[..., None] * apart * model.alpha_[:, None]).sum(1)
    found = explain(loaded, torch.tensor(NEW[:3]), "saliency", signed=True).scores
    np.testing.assert_allclose(found, slopes, atol=1e-4)


@pytest.mark.parametrize("nu", [0.5, 1.5])
def test_on_a_training_row_no_slope_is_nan(nu):
    """The distance has its lowest point there."""
    loaded, _ = load_onnx(converted(gaussian(kernels.Matern(nu=nu)), LEVEL)[1])
    scores = explain(loaded, torch.tensor(X[:4]), "saliency").scores
    assert bool(torch.isfinite(scores).all())


VOTES = [
    (KNeighborsClassifier(3), CLASSES, {"zipmap": False}),
    (KNeighborsClassifier(3, metric="manhattan"), TWO, {"zipmap": False}),
    (KNeighborsRegressor(3), BOTH, {}),
    (KNeighborsRegressor(3), LEVEL, {"optim": "cdist"}),
]


@pytest.mark.parametrize(("model", "y", "options"), VOTES, ids=lambda one: str(one)[:40])
def test_votes_have_no_slope_and_that_is_said(model, y, options):
    model, data = converted(model, y, **options)
    loaded, card = load_onnx(data)
    assert not card.gradients and any("No slope leads" in note for note in card.notes)
    found = answers(loaded)
    scores = truth(data, NEW, 1 if "zipmap" in options else 0)
    np.testing.assert_allclose(found, scores.reshape(found.shape), atol=1e-5)
    if y is CLASSES:
        assert card.classes == tuple(model.classes_)
        np.testing.assert_allclose(found, model.predict_proba(NEW), atol=1e-6)
    for method in ("saliency", "integrated_gradients", "deeplift"):
        with pytest.raises(Problem, match="slope|gradient|depend|no rule"):
            explain(loaded, torch.tensor(NEW), method, "zeros", target=0)
    assert bool(explain(loaded, torch.tensor(NEW), "occlusion", "zeros", target=0).scores.any())


def test_a_classifying_process_that_onnxruntime_cannot_load():
    model, data = converted(GaussianProcessClassifier(kernels.RBF(), optimizer=None), TWO)
    with pytest.raises(Exception, match="Solve"):
        onnxruntime.InferenceSession(data)
    loaded, card = load_onnx(data)
    assert card.gradients, card.notes
    np.testing.assert_allclose(answers(loaded), model.predict_proba(NEW), atol=5e-4)


@pytest.mark.parametrize("labels", [TWO, np.array(["no", "yes"])[TWO]], ids=["numbers", "words"])
@pytest.mark.parametrize("options", [{}, {"zipmap": False}, {"raw_scores": True, "zipmap": False}])
def test_margins_of_two_classes_have_the_names_of_their_labels(labels, options):
    """The file writes the first class's name on the second one's margin; the labels are right."""
    model, data = converted(SVC(), labels, **options)
    loaded, card = load_onnx(data)
    assert card.gradients, card.notes
    found = answers(loaded)
    if options:
        np.testing.assert_allclose(found, truth(data, NEW, 1), atol=1e-5)
    classes = card.classes or tuple(model.classes_)
    says = [str(classes[place]).removeprefix("class ") for place in found.argmax(1)]
    assert says == [str(one) for one in model.predict(NEW)]
    np.testing.assert_allclose(abs(found[:, 0]), abs(model.decision_function(NEW)), atol=1e-5)


ML = {"domain": "ai.onnx.ml"}


def test_a_loop_that_is_no_distance_is_left_to_onnxruntime():
    """Running sums: what comes out of one row goes into the next."""
    ports = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [2]) for n in ("s", "r", "t", "o")]
    steps = [helper.make_node("Add", ["s", "r"], ["t"]), helper.make_node("Identity", ["t"], ["o"])]
    body = helper.make_graph(steps, "body", ports[:2], ports[2:])
    scan = helper.make_node("Scan", ["start", "x"], ["last", "y"], body=body, num_scan_inputs=1)
    start = helper.make_tensor("start", TensorProto.FLOAT, [2], [0.0, 0.0])
    loaded, card = load_onnx(built([scan], {"start": start}, shape=("n", 2)).SerializeToString())
    assert not card.gradients and "Scan" in card.notes[0]


def words(op, **attributes):
    return helper.make_node(op, ["code"], ["word"], **attributes, **ML)


MAPS = [
    words("CategoryMapper", cats_int64s=[1, 2, 3], cats_strings=["low", "mid", "high"]),
    words("LabelEncoder", keys_int64s=[1, 2, 3], values_strings=["low", "mid", "high"]),
    words(
        "LabelEncoder",
        keys_tensor=helper.make_tensor("k", TensorProto.INT64, [3], [1, 2, 3]),
        values_tensor=helper.make_tensor("v", TensorProto.STRING, [3], [b"low", b"mid", b"high"]),
        default_tensor=helper.make_tensor("d", TensorProto.STRING, [1], [b"none"]),
    ),
]
BACK = [
    ("OneHotEncoder", {"cats_strings": ["high", "low"]}),
    ("CategoryMapper", {"cats_int64s": [7, 9], "cats_strings": ["high", "mid"]}),
    ("LabelEncoder", {"keys_strings": ["high", "mid"], "values_floats": [0.5, -1.5]}),
]


@pytest.mark.parametrize("first", MAPS, ids=lambda node: node.op_type)
@pytest.mark.parametrize(("op", "attributes"), BACK, ids=lambda one: str(one)[:14])
def test_words_between_numbers(first, op, attributes):
    """x is a code, which becomes a word, which becomes numbers; and x itself is added."""
    nodes = [
        helper.make_node("Cast", ["x"], ["code"], to=TensorProto.INT64),
        first,
        helper.make_node(op, ["word"], ["hot"], **attributes, **ML),
        helper.make_node("Cast", ["hot"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["floats"], ["flat"]),
        helper.make_node("Concat", ["flat", "x"], ["y"], axis=1),
    ]
    tables = {"domain": "ai.onnx.ml", "version": 4}
    model = built(nodes, shape=("n", 1))
    del model.opset_import[:]
    model.opset_import.extend([helper.make_opsetid("", 18), helper.make_opsetid(*tables.values())])
    data, x = model.SerializeToString(), np.array([[1], [2], [3], [4]], np.float32)
    loaded, card = load_onnx(data)
    np.testing.assert_allclose(answers(loaded, x), truth(data, x), atol=1e-6)
    assert card.gradients
    assert any("as codes" in note for note, _ in card.on_answers())
