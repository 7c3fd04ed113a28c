"""Networks that take inputs of unusual shapes: what is found, explained, asked, or refused."""

import io
import warnings

import numpy as np
import pytest
import torch
from answering import Question, answered
from torch import nn

from explainers import METHODS, Problem, explain
from explainers.kinds.layout import InputLayout
from explainers.models.inspection import examine
from explainers.models.prepared import build
from explainers.models.spec import ModelSpec, preparation
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parsers import PARSERS
from explainers.service.storage.store import Store
from explainers.service.worker.task_runner import TaskRunner
from tests.onnx.onnx_files import exported

UPLOAD = ModelSpec("upload", "network")


class Last(nn.Module):
    """The same network for pictures with their channels last."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x.permute(0, 3, 1, 2))


def network(channels: int, height: int, width: int) -> nn.Sequential:
    """Only pictures of exactly this shape fit."""
    torch.manual_seed(channels)
    sides = (height // 4) * (width // 4)
    return nn.Sequential(
        nn.Conv2d(channels, 3, 4, 4), nn.ReLU(), nn.Flatten(), nn.Linear(3 * sides, 2)
    ).eval()


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return TaskRunner(Store(tmp_path_factory.mktemp("store")))


def uploaded(runner: TaskRunner, net: nn.Module, shape: tuple[int, ...]) -> ModelSpec:
    """The network as an ONNX file in the store."""
    data = exported(net, torch.rand(1, *shape))
    digest = runner.store.put_blob(data)
    put(runner.store, "onnx", digest, PARSERS["onnx"].parse(data))
    return ModelSpec("upload", "network", f"{digest}.onnx")


def picture_of(runner: TaskRunner, values: np.ndarray) -> str:
    file = io.BytesIO()
    np.save(file, values)
    digest = runner.store.put_blob(file.getvalue())
    put(runner.store, "picture", digest, PARSERS["picture"].parse(file.getvalue()))
    return digest


@pytest.mark.slow
@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(
    "shape", [(1, 64, 200), (3, 48, 192), (4, 32, 32), (2, 24, 40), (6, 40, 24)]
)
def test_a_picture_of_any_shape_goes_from_upload_to_map(runner, shape, last):
    net = network(*shape)
    given = Last(net) if last else net
    spec = uploaded(runner, given, (*shape[1:], shape[0]) if last else shape)
    card = answered(runner, Question(spec, "", check="inspection"))[0]
    assert (card["kind"], card["input"], card["swapped"]) == ("picture", list(shape), last)
    assert card["declared"] == list(shape[1:]) and "kind" not in card["questions"]
    assert not any(card["methods"].values()), card["methods"]
    values = np.random.default_rng(1).random(shape).astype(np.float32)
    data = picture_of(runner, values)
    usual = preparation("0–1", shape[0])
    kind, swapped, found = card["kinds"][0]
    spec = ModelSpec(
        "upload",
        "network",
        spec.weights,
        size=shape[1],
        width=shape[2],
        kind=kind,
        swapped=swapped,
        shape=tuple(found),
        mean=usual.mean,
        std=usual.std,
    )
    x = torch.from_numpy(values)[None]
    ask = Question(spec, data, method="integrated_gradients", target=1, options={"steps": 16})
    facts, arrays = answered(runner, ask)
    wanted = explain(net, x, "integrated_gradients", "zeros", 1, steps=16).scores[0].numpy()
    assert arrays["scores"].shape == shape
    np.testing.assert_allclose(arrays["scores"], wanted, atol=1e-6)
    prediction = answered(runner, Question(spec, data))
    assert np.array_equal(prediction[1]["input"], values), "the file's own numbers"
    assert prediction[1]["baseline_shown"].shape[:2] == shape[1:]
    proof = answered(runner, Question(spec, data, method="saliency", target=1, check="proof"))[1]
    assert proof["order"].shape == shape[1:], "one number a pixel, summed over its channels"


def test_the_file_alone_says_the_shape(runner):
    data = exported(network(1, 64, 200), torch.rand(1, 1, 64, 200))
    model, _, spec = build(UPLOAD, (data, ".onnx"))
    assert (spec.sides, len(spec.mean)) == ((64, 200), 1)
    x = torch.rand(2, 1, 64, 200)
    torch.testing.assert_close(model(x), network(1, 64, 200)(x))


@pytest.mark.parametrize("channels", [1, 2, 4, 6])
def test_free_sides_are_a_question_with_height_and_width(channels):
    net = nn.Sequential(nn.Conv2d(channels, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    card = examine(net, ModelSpec("upload", "", size=20, shape=(channels, 0, 0)), [])
    assert card["input"] == [channels, 20, 20] and card["declared"] == [0, 0]
    assert "size" in card["questions"] and card["first"] is None
    card = examine(net, ModelSpec("upload", "", shape=(channels, 24, 0)), [])
    assert card["declared"] == [24, 0] and card["sizes"][:2] == [24, [24, 224]]


def test_the_size_that_a_person_says_is_the_one_that_is_tried():
    net = network(1, 48, 200)
    with pytest.raises(Problem, match="No input that was tried fits this network: [^.]"):
        examine(net, ModelSpec("upload", "", shape=(1, 0, 0)), [])
    card = examine(net, ModelSpec("upload", "", shape=(1, 48, 200)), [])
    assert card["input"] == [1, 48, 200]


@pytest.mark.parametrize(
    "shape, words",
    [
        ((1, 16, 64, 64), "takes volumes, it seems: one has the shape 1 × 16 × 64 × 64"),
        ((1, 0, 64, 64), "1 × any × 64 × 64"),
        ((2, 3, 4, 5, 6), "takes inputs of 5 dimensions"),
        ((0, 0), "leaves both sides of this network's input free"),
        ((), "fits this network: [^.]"),
        ((0,), "fits this network: [^.]"),
        ((7,), "fits this network: [^.]"),
        ((3, 0), "fits this network: [^.]"),
        ((4, 0), "fits this network: [^.]"),
        ((0, 4), "fits this network: [^.]"),
        ((0, 0, 0), "fits this network: [^.]"),
        ((3, 0, 0), "fits this network: [^.]"),
        ((20, 20, 20), "fits this network: [^.]"),
    ],
)
@pytest.mark.parametrize("said", ["it takes nothing", ""])
def test_no_refusal_has_a_hole(shape, words, said):
    class Refuses(nn.Module):
        def forward(self, x):
            raise RuntimeError(said)

    with pytest.raises(Problem, match=words) as refused:
        examine(Refuses(), ModelSpec("upload", "", shape=shape), [])
    text = str(refused.value)
    assert ": ." not in text and ":  " not in text and text.endswith(".")
    assert "ay the shape" in text or "Export one" in text


def test_volumes_can_be_explained_in_python():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv3d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(2 * 2 * 4 * 5, 2))
    x = torch.rand(1, 1, 4, 6, 7)
    answer = explain(net, x, "integrated_gradients", target=1)
    assert answer.scores.shape == x.shape and abs(float(answer.gap)) < 0.01
    weights = torch.rand_like(x)
    scores = explain(lambda x: (x * weights).flatten(1).sum(1), x, "occlusion", window=1).scores
    torch.testing.assert_close(scores, x * weights)


@pytest.mark.slow
@pytest.mark.parametrize("length", [1001, 4097, 10_001, 15_000])
def test_the_letters_that_a_network_needs_are_found(length):
    """Only sequences of so many letters or more give an answer, as where a context is cut off."""

    class Exact(nn.Module):
        def forward(self, x):
            return x.flatten(1) @ x.new_ones(4 * 10_001, 2)

    class Strict(nn.Module):
        def forward(self, x):
            if x.shape[2] < length:
                raise RuntimeError("too short")
            return x[:, :2].mean(2)

    card = examine(Strict(), ModelSpec("upload", "", shape=(4, 0)), [])
    assert card["kind"] == "sequence" and card["input"][1] >= length and card["free"][0]
    if length == 10_001:
        card = examine(Exact(), ModelSpec("upload", "", shape=(4, 0)), [])
        assert card["input"] == [4, 10_001] and not card["free"][0]
        assert [key for key, why in card["methods"].items() if why] == ["grad_cam"]


class Spliced(nn.Module):
    """What lies 5,000 letters from either end is read; shorter sequences give NaN, not an error."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Conv1d(4, 3, 11, padding=5)

    def forward(self, x):
        return self.layer(x)[:, :, 5000 : x.shape[2] - 5000].mean(2)


def test_a_network_that_cuts_off_its_margins_is_given_what_is_long_enough(runner):
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Spliced(),
            (torch.rand(1, 4, 10_050),),
            file,
            dynamo=False,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": {0: "n", 2: "length"}},
        )
    model, _, spec = build(UPLOAD, (file.getvalue(), ".onnx"))
    assert model.network.rows is None, "any number of sequences at once"
    card = examine(model.network, spec, [])
    assert (card["kind"], card["input"], card["free"][0]) == ("sequence", [4, 10_001], True)
    assert not any(card["methods"].values()), card["methods"]
    letters = torch.randint(4, (1, 10_001), generator=torch.Generator().manual_seed(0))
    x = nn.functional.one_hot(letters, 4).movedim(-1, 1).float()
    answer = explain(model.network, x, "integrated_gradients", target=1, kind="sequence")
    weight = Spliced().layer.weight.detach()[1]
    expected = torch.zeros_like(x)
    expected[0, :, 4995:5006] = weight * x[0, :, 4995:5006]
    torch.testing.assert_close(answer.scores, expected, atol=1e-5, rtol=1e-4)


def test_a_length_beyond_those_that_are_tried_is_asked_for():
    class Long(nn.Module):
        def forward(self, x):
            return x.flatten(1) @ x.new_ones(4 * 40_001, 2)

    with pytest.raises(Problem, match="say the shape of one input"):
        examine(Long(), ModelSpec("upload", "", shape=(4, 0)), [])
    with torch.no_grad():
        from explainers.models.inspection.acceptance import accepted_inputs

        found = accepted_inputs(Long(), ModelSpec("upload", "", shape=(4, 40_001)))
    assert found.guesses[0].shape == (4, 40_001)


def test_every_method_takes_a_series_of_43_844_steps():
    """Its mean, and the closed forms of a linear function where a method has one."""
    steps = 43_844
    x = torch.randn(1, steps, 1, generator=torch.Generator().manual_seed(0))
    layout = InputLayout.of((steps, 1), "series")

    def model(x):
        return x.mean(1)

    for key, method in METHODS.items():
        if method.kinds is not None and "series" not in method.kinds or key == "grad_cam":
            continue
        # Orders of 43,844 single steps would take half a million evaluations.
        cell_by_cell = method.complete and key != "shapley"
        options = {} if cell_by_cell else method.trial_options(layout)
        answer = explain(model, x, key, "zeros", 0, kind="series", **options)
        assert answer.scores.shape == x.shape and torch.isfinite(answer.scores).all(), key
        if cell_by_cell:
            torch.testing.assert_close(answer.scores, x / steps, atol=1e-9, rtol=1e-4)
    whole = explain(model, x, "occlusion", window=steps, kind="series").scores
    torch.testing.assert_close(whole, model(x).expand(1, steps)[:, :, None])
    with pytest.raises(Problem, match="window=0 is not at least 1"):
        explain(model, x, "occlusion", window=0)
