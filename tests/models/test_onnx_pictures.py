"""A picture classifier as ONNX, on the road that uploads take: read, built, examined, explained."""

import io

import numpy as np
import pytest
import torch
from answering import Question, answered
from PIL import Image
from torch import nn

from explainers import explain
from explainers.models.prepared import build
from explainers.models.spec import NORMALISATIONS, ModelSpec
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parsers import PARSERS
from explainers.service.parsing.parsers.onnx import graph
from explainers.service.storage.store import Store
from explainers.service.worker.task_runner import TaskRunner
from tests.onnx.onnx_files import exported

PLAIN = dict(zip(("mean", "std"), NORMALISATIONS["0–1"], strict=True))


def network() -> nn.Sequential:
    torch.manual_seed(3)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, 2), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(96, 5)
    ).eval()


class Last(nn.Module):
    """The same network for pictures with their channels last, as Keras exports them."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x.permute(0, 3, 1, 2))


@pytest.mark.parametrize("last", [False, True])
def test_an_uploaded_network_gives_the_maps_of_the_python_model(tmp_path, last):
    net = network()
    shape = (20, 20, 3) if last else (3, 20, 20)
    data = exported(Last(net) if last else net, torch.rand(1, *shape))
    store = Store(tmp_path)
    photo = np.random.default_rng(0).integers(0, 256, (30, 30, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(photo).save(buffer, "PNG")
    picture, weights = store.put_blob(buffer.getvalue()), store.put_blob(data)
    put(store, "picture", picture, ({}, {"pixels": photo}))
    put(store, "onnx", weights, PARSERS["onnx"].parse(data))
    spec = ModelSpec("upload", "onnx", f"{weights}.onnx", size=224, **PLAIN)
    runner = TaskRunner(store)
    request = Question(
        spec, picture, "mean", method="integrated_gradients", target=2, options={"steps": 20}
    )
    facts, arrays = answered(runner, request)
    assert arrays["scores"].shape == (3, 20, 20), "the file says the size"
    from explainers.kinds.picture import pixels

    x = torch.from_numpy(pixels(Image.fromarray(photo), 20, "crop"))[None]
    expected = explain(net, x, baseline="mean", target=2, steps=20)
    np.testing.assert_allclose(arrays["scores"], expected.scores[0].numpy(), atol=1e-5)
    assert facts["output"] == pytest.approx(expected.output.item(), abs=1e-5)
    card = answered(runner, Question(spec, picture, check="inspection"))[0]
    assert (card["input"], card["outputs"]) == ([3, 20, 20], 5)
    assert card["sizes"] == [20]
    assert not any(card["methods"].values()), card["methods"]


def test_what_is_no_graph_is_no_graph():
    facts, arrays = PARSERS["onnx"].parse(exported(network(), torch.rand(1, 3, 20, 20)))
    PARSERS["onnx"].check(facts, arrays)
    assert graph((facts, arrays)).nodes
    for broken in ({}, {**facts, "nodes": [{"op": 5}]}):
        with pytest.raises(ValueError):
            PARSERS["onnx"].check(broken, arrays)


def test_ones_own_file_needs_no_store():
    model, classes, spec = build(
        ModelSpec("upload", "onnx", **PLAIN),
        (exported(network(), torch.rand(1, 3, 20, 20)), ".onnx"),
    )
    assert spec.size == 20 and classes == ()
    x = torch.rand(2, 3, 20, 20)
    torch.testing.assert_close(model(x), network()(x), atol=1e-5, rtol=1e-5)
