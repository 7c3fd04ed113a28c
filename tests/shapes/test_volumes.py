"""Networks of volumes on the pages' road: found, prepared, explained, and asked at places."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from answering import Question, answered
from torch import nn

from explainers import explain
from explainers.errors import Problem
from explainers.kinds import KINDS
from explainers.models.inspection import examine
from explainers.models.prepared import Prepared
from explainers.models.spec import ModelSpec, Places
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parsers import PARSERS
from explainers.service.storage.store import Store
from explainers.service.worker.task_runner import TaskRunner
from tests.onnx.onnx_files import exported

DEPTH, SIDE = 6, 8


def network(channels=1, out=2):
    torch.manual_seed(1)
    layers = nn.Conv3d(channels, 3, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool3d(2)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(24, out)).eval()


def numpy_file(array) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.parametrize(
    ("shape", "channels", "depth", "swapped"),
    [
        ((1, DEPTH, SIDE, SIDE), 1, DEPTH, False),
        ((2, DEPTH, SIDE, 12), 2, DEPTH, False),
        ((1, 0, 32, 32), 1, 16, False),
        ((DEPTH, SIDE, SIDE, 1), 1, DEPTH, True),
    ],
)
def test_they_are_found(shape, channels, depth, swapped):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network(channels)

        def forward(self, x):
            return self.inner(x.movedim(-1, 1) if swapped else x)

    card = examine(Net().eval(), ModelSpec("upload", "", shape=shape), [])
    assert (card["kind"], card["depth"], card["swapped"]) == ("picture", depth, swapped)
    assert card["input"][0] == channels * depth and card["outputs"] == 2
    works = [key for key, reason in card["methods"].items() if not reason]
    assert {"integrated_gradients", "deeplift", "occlusion", "saliency"} <= set(works)
    assert "slices" in card["methods"]["grad_cam"]


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return TaskRunner(Store(tmp_path_factory.mktemp("store")))


def upload(runner, net, channels=1):
    data = exported(net, torch.zeros(2, channels, DEPTH, SIDE, SIDE))
    digest = runner.store.put_blob(data)
    put(runner.store, "onnx", digest, PARSERS["onnx"].parse(data))
    return ModelSpec("upload", "network", f"{digest}.onnx")


def given(runner, array):
    data = numpy_file(array)
    digest = runner.store.put_blob(data)
    put(runner.store, "picture", digest, PARSERS["picture"].parse(data))
    return digest


def asked(spec, count, depth=DEPTH, **more):
    return replace(
        spec,
        size=SIDE,
        shape=(count, SIDE, SIDE),
        depth=depth,
        mean=(0.2,) * count,
        std=(0.5,) * count,
        **more,
    )


@pytest.mark.parametrize("method", ["integrated_gradients", "deeplift", "saliency", "occlusion"])
def test_a_file_of_slices_is_explained_as_the_volume_itself(runner, method):
    net, spec = network(), upload(runner, network())
    card, _ = answered(runner, Question(spec, "", check="inspection"))
    assert (card["depth"], card["input"]) == (DEPTH, [DEPTH, SIDE, SIDE])
    array = np.random.default_rng(0).normal(size=(DEPTH, SIDE, SIDE)).astype(np.float32)
    options = {"window": (2, 4, 4), "stride": (2, 4, 4)} if method == "occlusion" else {}
    question = Question(
        asked(spec, DEPTH), given(runner, array), method=method, options=options, target=1
    )
    facts, arrays = answered(runner, question)
    x = torch.from_numpy(array)[None, None]
    if method == "occlusion":
        options = {"window": (1, 2, 4, 4), "stride": (1, 2, 4, 4)}
    own = explain(lambda x: net((x - 0.2) / 0.5), x, method, "zeros", 1, score="logit", **options)
    np.testing.assert_allclose(arrays["scores"], own.scores[0, 0], atol=2e-5)
    assert facts["output"] == pytest.approx(own.output.item(), abs=1e-4)


def test_channels_lie_one_after_the_other():
    """A network that answers with single numbers of the volume gets the file's own numbers."""
    spec = ModelSpec(
        "upload", "", size=3, shape=(8, 3, 3), depth=4, mean=(0.0,) * 8, std=(1.0,) * 8
    )
    array = np.arange(8 * 9, dtype=np.float32).reshape(8, 3, 3)
    parsed = PARSERS["picture"].parse(numpy_file(array))
    x = torch.from_numpy(KINDS["picture"].inputs(parsed, spec, [0]))
    got = Prepared(nn.Identity(), spec)(x)
    assert got.shape == (1, 2, 4, 3, 3)
    assert float(got[0, 1, 2, 1, 1]) == array[6, 1, 1]


@pytest.mark.parametrize(("slices", "count"), [(5, DEPTH), (9, DEPTH), (1, DEPTH), (7, 12)])
def test_another_number_of_slices_is_refused_in_words(slices, count):
    parsed = PARSERS["picture"].parse(numpy_file(np.zeros((slices, 16, 16), np.float32)))
    with pytest.raises(Problem, match=f"volumes of {DEPTH} slices.*this file has {slices}"):
        KINDS["picture"].inputs(parsed, asked(ModelSpec("upload", ""), count), [0])


def test_a_segmentation_of_volumes_is_asked_at_places(runner):
    torch.manual_seed(2)
    net = nn.Sequential(nn.Conv3d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv3d(4, 3, 1)).eval()
    spec = upload(runner, net)
    card, _ = answered(runner, Question(spec, "", check="inspection"))
    assert card["places"]["classes"] == 1 and "segmentation of volumes" in card["recognised"]
    array = np.random.default_rng(0).normal(size=(DEPTH, SIDE, SIDE)).astype(np.float32)
    x = ((torch.from_numpy(array) - 0.2) / 0.5)[None, None]
    with torch.no_grad():
        scores = net(x)[0]
    at = (4, 2, 7)
    for places, expected in (
        (Places(where="place", place=at), scores[:, at[0], at[1], at[2]]),
        (Places(where="all"), scores.mean((1, 2, 3))),
        (Places(where="class", index=0), scores[:, scores.argmax(0) == 0].mean(1)),
    ):
        question = Question(
            asked(spec, DEPTH, places=places), given(runner, array), method="saliency", target=2
        )
        facts, arrays = answered(runner, question)
        assert facts["output"] == pytest.approx(float(expected[2]), abs=1e-4)
        assert facts["places"]["grid"] == [DEPTH, SIDE, SIDE]
    point = explain(
        lambda v: net((v - 0.2) / 0.5)[:, :, 4, 2, 7],
        torch.from_numpy(array)[None, None],
        "saliency",
        target=2,
    )
    asked_there = asked(spec, DEPTH, places=Places(where="place", place=at))
    question = Question(asked_there, given(runner, array), method="saliency", target=2)
    found = answered(runner, question)[1]["scores"]
    np.testing.assert_allclose(found, point.scores[0, 0], atol=1e-5)
