"""Export, upload, doctor, explain: thirteen networks come back with the Python model's scores."""

import functools
import io
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from answering import Question, answered
from exportable import SHALLOW, Encoder, Recurrent
from torch import nn
from torchvision import models

from explainers import Attribution, explain
from explainers.models.spec import NORMALISATIONS, ModelSpec
from explainers.models.zoo.signnet import SignNet
from explainers.models.zoo.signs import samples
from explainers.service.parsing.parsed_uploads import put
from tests.onnx import onnx_files
from tests.pt2 import pt2_files

pytestmark = pytest.mark.filterwarnings("ignore")
METHODS = {"integrated_gradients": {"steps": 16}, "saliency": {}, "deeplift": {}}


class ChannelsLast(nn.Module):
    """A network of pictures with their channels last, as Keras exports them."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Sequential(
            nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(96, 5)
        )

    def forward(self, x):
        return self.inner(x.movedim(-1, 1)).softmax(1)


def letters():
    return nn.Sequential(
        nn.Conv1d(4, 8, 7, padding=3),
        nn.ReLU(),
        nn.MaxPool1d(4),
        nn.Conv1d(8, 8, 5),
        nn.GELU(),
        nn.AdaptiveAvgPool1d(1),
        nn.Flatten(),
        nn.Linear(8, 2),
    )


def regressor():
    return nn.Sequential(
        nn.Linear(7, 12), nn.Tanh(), nn.Linear(12, 12), nn.SiLU(), nn.Linear(12, 1)
    )


def digits():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))


# name: (how it is made, shape of one input as the network takes it, the kind that it is)
NETS = {
    **{
        name: (functools.partial(SHALLOW[name], 5), (3, 64, 64), "picture")
        for name in ("resnet", "mobilenet_v3", "mnasnet", "shufflenet", "efficientnet")
    },
    "vit": (
        lambda: models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=5),
        (3, 32, 32),
        "picture",
    ),
    "channels last": (ChannelsLast, (20, 20, 3), "picture"),
    "blurred halvings": (lambda: SignNet(5), (3, 96, 96), "picture"),
    "grey digits": (digits, (1, 8, 8), "picture"),
    "LSTM": (lambda: Recurrent(nn.LSTM, 3, outputs=2), (12, 3), "series"),
    "transformer": (Encoder, (10, 8), "series"),
    "DNA": (letters, (4, 60), "sequence"),
    "regressor": (regressor, (7,), "table"),
}


def made(name: str) -> nn.Module:
    torch.manual_seed(5)
    net = NETS[name][0]().eval()
    for parameter in net.parameters():  # heads that begin with zeros explain nothing
        if not parameter.detach().any():
            nn.init.normal_(parameter, std=0.1)
    return net


def exported(net: nn.Module, shape: tuple[int, ...], suffix: str) -> bytes:
    x = torch.rand(1, *shape)
    if suffix == "pt2":
        return pt2_files.exported(net, x, dynamic=False)
    return onnx_files.exported(net, x)


def data(kind: str, shape: tuple[int, ...]) -> tuple[bytes, str]:
    """A file of that kind that fits, and its suffix."""
    generator, buffer = np.random.default_rng(1), io.BytesIO()
    if kind == "table":
        names = [f"f{i}" for i in range(shape[0])]
        lines = [
            ",".join(f"{v:.4f}" for v in row) for row in generator.standard_normal((9, *shape))
        ]
        return "\n".join([",".join(names), *lines]).encode(), ".csv"
    if kind == "series":
        np.save(buffer, generator.standard_normal((4, *shape)))
        return buffer.getvalue(), ".npy"
    text = "".join(generator.choice(list("ACGT"), shape[1]))
    return f">one\n{text}\n".encode(), ".fasta"


@functools.cache
def python_models(
    name: str, method: str, swapped: bool, x: bytes, shape: torch.Size
) -> Attribution:
    """The answer of the Python model to these numbers, the same for both formats."""
    net = made(name)
    inner = (lambda v: net(v.movedim(1, -1))) if swapped else net
    numbers = torch.frombuffer(bytearray(x), dtype=torch.float32).reshape(shape)
    return explain(inner, numbers, method, "zeros", 0, **METHODS[method])


@pytest.mark.parametrize("reader, suffix", [("onnx", "onnx"), ("pt2", "pt2")])
@pytest.mark.parametrize("name", list(NETS))
def test_scores_are_those_of_the_python_model(runner, parser_pool, name, reader, suffix):
    net, (_, shape, kind) = made(name), NETS[name]
    content = exported(net, shape, suffix)
    weights = runner.store.put_blob(content)
    put(runner.store, reader, weights, parser_pool.parse(reader, content))
    photo = samples()[0].path.read_bytes()
    picture = runner.store.put_blob(photo)
    put(runner.store, "picture", picture, parser_pool.parse("picture", photo))
    spec = ModelSpec("upload", "network", f"{weights}.{suffix}")
    card = answered(runner, Question(spec, picture, check="inspection"))[0]
    assert card["kind"] == kind and not any(card["methods"].values()), card["methods"]
    taken = tuple(card["input"])
    width = 1 if kind != "picture" else taken[0]
    mean, std = NORMALISATIONS["0–1"]
    spec = ModelSpec(
        "upload",
        "network",
        f"{weights}.{suffix}",
        size=taken[-1],
        mean=mean[:width],
        std=std[:width],
        kind=kind,
        shape=taken,
        swapped=card["swapped"],
        answers="classes",
        columns=tuple(f"f{i}" for i in range(shape[0])) if kind == "table" else (),
    )
    file = picture
    if kind != "picture":
        own, suffix = data(kind, taken)
        digest = runner.store.put_blob(own)
        put(runner.store, kind, digest, parser_pool.parse(kind, own, suffix=suffix), suffix=suffix)
        file = digest + suffix
    x = torch.from_numpy(answered(runner, Question(spec, file))[1]["input"])[None]
    for method, options in METHODS.items():
        request = Question(spec, file, method=method, target=0, score="output", options=options)
        facts, arrays = answered(runner, request)
        truth = python_models(name, method, card["swapped"], x.numpy().tobytes(), x.shape)
        largest = truth.scores.abs().max().item()
        assert largest > 0
        np.testing.assert_allclose(
            arrays["scores"], truth.scores[0].detach().numpy(), atol=1e-4 * max(1.0, largest)
        )
        assert facts["output"] == pytest.approx(truth.output.item(), abs=1e-4)


def test_what_torch_cannot_run_runs_elsewhere_and_says_what_is_off(runner, parser_pool):
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestRegressor

    x = np.random.default_rng(0).standard_normal((200, 5)).astype(np.float32)
    forest = RandomForestRegressor(20, random_state=0).fit(x, x[:, 0] * x[:, 1] + x[:, 2])
    content = to_onnx(forest, x[:1]).SerializeToString()
    weights = runner.store.put_blob(content)
    put(runner.store, "onnx", weights, parser_pool.parse("onnx", content))
    spec = ModelSpec(
        "upload",
        "network",
        f"{weights}.onnx",
        kind="table",
        shape=(5,),
        mean=(0.0,),
        std=(1.0,),
        columns=tuple("abcde"),
        answers="numbers",
    )
    photo = samples()[0].path.read_bytes()
    picture = runner.store.put_blob(photo)
    put(runner.store, "picture", picture, parser_pool.parse("picture", photo))
    usual = ModelSpec("upload", "network", f"{weights}.onnx")
    card = answered(runner, Question(usual, picture, check="inspection"))
    methods = card[0]["methods"]
    assert card[0]["kind"] == "table" and card[0]["answers"] == "number"
    assert not methods["occlusion"] and not methods["finite_differences"]
    for key in ("saliency", "integrated_gradients", "deeplift"):
        assert "onnxruntime" in methods[key] and "occlusion" in methods[key], key
    row = tuple(map(float, x[3]))
    request = Question(spec, "", values=row, method="occlusion", target=0, score="output")
    _, arrays = answered(runner, request)
    full = forest.predict(x[3:4])[0]
    for place in range(5):
        hidden = x[3:4].copy()
        hidden[0, place] = 0
        expected = full - forest.predict(hidden)[0]
        assert arrays["scores"][place] == pytest.approx(expected, abs=1e-4)


def test_a_perceptron_of_scikit_learn_comes_back_with_its_own_scores(runner, parser_pool):
    from skl2onnx import to_onnx
    from sklearn.neural_network import MLPClassifier

    x = np.random.default_rng(2).standard_normal((120, 4)).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net = MLPClassifier((8,), max_iter=300, random_state=0).fit(x, x[:, 0] + x[:, 1] > 0)
    options = {id(net): {"zipmap": False}}
    content = to_onnx(net, x[:1], options=options).SerializeToString()
    weights = runner.store.put_blob(content)
    put(runner.store, "onnx", weights, parser_pool.parse("onnx", content))
    spec = ModelSpec(
        "upload",
        "network",
        f"{weights}.onnx",
        kind="table",
        shape=(4,),
        mean=(0.0,),
        std=(1.0,),
        columns=tuple("abcd"),
        answers="probabilities",
    )
    row = tuple(map(float, x[7]))
    _, answer = answered(runner, Question(spec, "", values=row))
    np.testing.assert_allclose(answer["probabilities"], net.predict_proba(x[7:8])[0], atol=1e-4)
    request = Question(spec, "", values=row, target=1, score="probability")
    _, occluded = answered(runner, replace(request, method="occlusion"))
    _, sloped = answered(runner, replace(request, method="saliency", options={"signed": True}))
    full = net.predict_proba(x[7:8])[0, 1]
    for place in range(4):
        hidden, above, below = (x[7:8].astype(np.float64).copy() for _ in range(3))
        hidden[0, place] = 0
        above[0, place] += 1e-3
        below[0, place] -= 1e-3
        drop = full - net.predict_proba(hidden)[0, 1]
        slope = (net.predict_proba(above)[0, 1] - net.predict_proba(below)[0, 1]) / 2e-3
        assert occluded["scores"][place] == pytest.approx(drop, abs=1e-4)
        assert sloped["scores"][place] == pytest.approx(slope, abs=1e-3)
