"""Whatever a model raises, forward or backward, comes out as a sentence; arrays do as tensors."""

import dataclasses
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
import torch
from nets import smooth
from torch import nn
from torch.utils.checkpoint import checkpoint

from explainers import METHODS, ModelProblem, Problem, explain, jacobian
from explainers.checks.faithfulness import chance, deletion
from explainers.kinds.layout import InputLayout

X = torch.rand(2, 4, generator=torch.Generator().manual_seed(1))
NET = smooth(4).float()
Pair = namedtuple("Pair", "logits hidden")


@dataclasses.dataclass
class Output:
    logits: torch.Tensor
    hidden: torch.Tensor | None = None


class ModelOutput(OrderedDict):
    """As of transformers: a dict whose keys are attributes too."""


class NoBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2


class WrongShape(NoBackward):
    @staticmethod
    def backward(ctx, g):
        return g[:, :1].repeat(1, 9)


class Broken(NoBackward):
    @staticmethod
    def backward(ctx, g):
        raise KeyError("weights")


def in_place(x):
    h = NET(x).sigmoid()
    h *= 2
    return h


def reentrant(x):
    return checkpoint(NET, x, use_reentrant=True)


@torch.inference_mode()
def inference(x):
    return NET(x)


BACKWARD = {
    "in place": (in_place, "in place"),
    "reentrant": (reentrant, "use_reentrant=False"),
    "no backward": (lambda x: NET(NoBackward.apply(x)), "has no backward"),
    "wrong shape": (lambda x: NET(WrongShape.apply(x)), "another shape"),
    "raises": (lambda x: NET(Broken.apply(x)), "KeyError"),
    "inference": (inference, "inference_mode"),
    "whole": (lambda x: NET(x).argmax(1, keepdim=True), "whole numbers"),
}
VECTOR_METHODS = [key for key, m in METHODS.items() if m.kinds is None or "table" in m.kinds]


@pytest.mark.parametrize("method", VECTOR_METHODS)
@pytest.mark.parametrize("kind", BACKWARD)
def test_every_method_says_what_is_wrong_or_answers(kind, method):
    model, words = BACKWARD[kind]
    options = METHODS[method].trial_options(InputLayout.of((4,)))
    if not METHODS[method].needs_gradient:
        assert torch.isfinite(explain(model, X, method, target=0, **options).scores).all()
        return
    try:
        answer = explain(model, X, method, target=0, **options)
    except Problem as problem:
        if method in ("saliency", "integrated_gradients", "smoothgrad", "expected_gradients"):
            assert words in str(problem) and "occlusion" in str(problem)
    else:  # DeepLIFT finds its own way back
        assert torch.isfinite(answer.scores).all()


@pytest.mark.parametrize("kind", BACKWARD)
def test_the_jacobian_says_it_and_the_checks_need_no_way_back(kind):
    model, words = BACKWARD[kind]
    with pytest.raises(ModelProblem, match=words):
        jacobian(model, X)
    assert torch.isfinite(deletion(model, X, X, target=0, score="output").values).all()


class Odd(Exception):
    pass


@pytest.mark.parametrize(
    "error", [Odd("boom"), KeyError("boom"), StopIteration("boom"), RecursionError("boom")]
)
@pytest.mark.parametrize("late", [False, True])
def test_whatever_the_forward_raises(error, late):
    """At once, or only on what a method makes of the input."""

    def model(x):
        if not late or bool((x != X[: len(x)]).any()):
            raise error
        return NET(x)

    for method in ("saliency", "occlusion", "integrated_gradients"):
        with pytest.raises(ModelProblem, match="boom"):
            explain(model, X, method, target=0)
    with pytest.raises(ModelProblem, match="boom"):
        chance(model, X, target=0)
    with pytest.raises(ModelProblem, match="boom"):
        jacobian(model, X) if not late else explain(model, X, "rise", target=0)


@pytest.mark.parametrize(
    "wrap, words",
    [
        (lambda y: {"logits": y, "loss": None}, ["'logits' of shape (2, 3)", "['logits']"]),
        (lambda y: ModelOutput(scores=y), ["'scores' of shape (2, 3)", "['scores']"]),
        (lambda y: (None, y), ["[1] of shape (2, 3)", "model(x)[1]"]),
        (lambda y: [y, y[:, :1]], ["[0] of shape (2, 3), [1] of shape (2, 1)", "model(x)[0]"]),
        (lambda y: Pair(y, y), ["logits of shape (2, 3)", "model(x).logits"]),
        (lambda y: Output(y), ["logits of shape (2, 3)", "model(x).logits"]),
        (lambda y: y.detach().numpy(), ["ndarray", "torch.as_tensor"]),
        (lambda y: None, ["None", "return"]),
        (lambda y: torch.complex(y, y), ["complex", "abs()"]),
        (lambda y: "stop", ["str"]),
    ],
)
def test_what_is_no_tensor_is_named_with_the_way_to_wrap_it(wrap, words):
    with pytest.raises(ModelProblem) as raised:
        explain(lambda x: wrap(NET(x)), X, "saliency")
    for part in words:
        assert part in str(raised.value)


@pytest.mark.parametrize("kind", [torch.Tensor.numpy, torch.Tensor.tolist, torch.Tensor.double])
def test_arrays_and_lists_do_as_tensors(kind):
    base = torch.rand(4, generator=torch.Generator().manual_seed(3))
    data = torch.rand(9, 4, generator=torch.Generator().manual_seed(4))
    right = explain(NET, X, "gradient_x_input", base, target=0).scores
    assert torch.allclose(explain(NET, X, "gradient_x_input", kind(base), target=0).scores, right)
    right = explain(NET, X, "gradient_x_input", "data_mean", target=0, data=data).scores
    given = explain(NET, X, "gradient_x_input", "data_mean", target=0, data=kind(data)).scores
    assert torch.allclose(given, right)
    given = explain(NET, kind(X), "gradient_x_input", base, target=0)
    assert torch.allclose(
        given.scores.double(), explain(NET, X, "gradient_x_input", base, target=0).scores.double()
    )
    assert jacobian(NET, kind(X)).shape == (2, 3, 4)


@pytest.mark.parametrize("what", ["inputs", "baseline", "data"])
@pytest.mark.parametrize("bad", [np.array([["a", "b"]]), [["a"]], [[1.0], [1.0, 2.0]], object()])
def test_what_is_no_numbers_gets_a_sentence(what, bad):
    given = {"inputs": X, "baseline": "data_mean", "data": X, what: bad}
    with pytest.raises(Problem, match=what):
        explain(NET, method="gradient_x_input", **given)


def test_a_baseline_with_gaps_is_named():
    with pytest.raises(Problem, match="1 values of the baseline are NaN"):
        explain(NET, X, "saliency", torch.tensor([0.0, float("nan"), 0.0, 0.0]))


def test_tensors_made_for_inference_do_too():
    right = explain(NET, X, "integrated_gradients", target=0, steps=3).scores
    with torch.inference_mode():
        made, x, base = smooth(4).float(), X.clone(), torch.zeros(4)
        inside = explain(NET, X, "integrated_gradients", target=0, steps=3).scores
    assert torch.equal(inside, right)
    for method in ("integrated_gradients", "deeplift", "occlusion", "saliency"):
        options = {"steps": 3} if method == "integrated_gradients" else {}
        expected = explain(NET, X, method, target=0, **options).scores
        torch.testing.assert_close(explain(made, x, method, base, 0, **options).scores, expected)
    assert made[0].weight.is_inference()


def test_weights_for_inference_in_a_callable_are_named():
    with torch.inference_mode():
        made = smooth(4).float()
    with pytest.raises(ModelProblem, match="torch.inference_mode"):
        explain(lambda x: made(x), X, "saliency", target=0)
    assert explain(lambda x: made(x), X, "occlusion", target=0).scores.shape == X.shape


@pytest.mark.parametrize(
    "target", [lambda y: y[:, 99], lambda y: float(y.sum()), lambda y: y.sum(1).tolist()]
)
def test_a_target_function_that_fails_is_named(target):
    with pytest.raises(Problem, match="target function"):
        explain(NET, X, "saliency", target=target)


def test_what_a_progress_callback_raises_is_its_own():
    def stop(progress):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        explain(NET, X, "deeplift", target=0, progress=stop)
    assert not isinstance(nn.Module, Problem)


def quantised(x):
    return torch.ops.own_of_tests.cube(x).sum(1, keepdim=True) + 0 * NET(x)


@pytest.mark.filterwarnings("ignore")
def test_operations_without_a_derivative_are_no_flat_ones():
    """PyTorch takes their slope for 0 and only warns: as of layers that were quantised."""
    library = torch.library.Library("own_of_tests", "DEF")
    library.define("cube(Tensor x) -> Tensor")
    library.impl("cube", lambda x: x.detach() ** 3, "CPU")
    for method in ("saliency", "integrated_gradients", "gradient_x_input"):
        with pytest.raises(ModelProblem, match="no derivative.*occlusion"):
            explain(quantised, X, method, target=0)
    with pytest.raises(ModelProblem, match="no derivative"):
        jacobian(quantised, X)
    scores = explain(quantised, X, "occlusion", target=0, window=1).scores
    torch.testing.assert_close(scores, X**3)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "model, words",
    [
        (lambda x: NET(x).to_sparse(), "to_dense"),
        (lambda x: torch.nested.nested_tensor([NET(row[None])[0] for row in x]), "to_padded"),
        (lambda x: NET(x)[:, :0], "holds no number"),
        (lambda x: NET(x).sum(), "one row per input"),
        (lambda x: x.double() @ torch.ones(4, 2), "precision that the model computes in"),
        (lambda x: torch.from_numpy(x.numpy()).sum(1), "NumPy.*occlusion"),
        (nn.LazyLinear(2), "Run the model once"),
        (nn.Linear(4, 2, device="meta"), "have no numbers yet"),
        (nn.Linear(4, 2).state_dict(), "cannot be called.*load_model"),
        ("resnet18", "cannot be called"),
        (nn.Linear, "the class Linear"),
        (lambda x: torch.autograd.grad(NET(x).sum(), x)[0], "enable_grad"),
    ],
)
def test_what_is_no_model_or_no_answer_is_named(model, words):
    with pytest.raises(Problem, match=words):
        explain(model, X, "saliency", target=0)


@pytest.mark.parametrize(
    "options, words",
    [
        ({"batch_size": "8"}, "positive whole number"),
        ({"repeats": 1.5}, "positive whole number"),
        ({"device": "moon"}, "is not known"),
        ({"baseline": torch.zeros(3)}, r"\(2, R, 4\)"),
    ],
)
def test_wrong_arguments_are_named(options, words):
    with pytest.raises(Problem, match=words):
        explain(NET, X, "gradient_x_input", target=0, **options)


@pytest.mark.parametrize("base", [0.5, np.float32(0.5), torch.full((1, 4), 0.5)])
def test_one_number_or_one_row_is_a_baseline_for_all(base):
    right = explain(NET, X, "gradient_x_input", torch.full((4,), 0.5), target=0).scores
    assert torch.equal(explain(NET, X, "gradient_x_input", base, target=0).scores, right)


def test_where_an_answer_is_not_finite_is_said():
    def model(x):
        return (x / x).sum(1) if bool((x == 0).any()) else x.sum(1)

    with pytest.raises(ModelProblem, match="answer to the input is finite.*its baseline"):
        explain(model, X + 1, "saliency")
    with pytest.raises(ModelProblem, match="a point that this method asks about"):
        explain(lambda x: x.sum(1).sqrt(), X + 0.1, "smoothgrad", torch.ones(4), sigma=2.0)
