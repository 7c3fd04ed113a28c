"""A picture of another shape than the network takes: padded, and the padding is no evidence."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from answering import Question, answered
from PIL import Image
from torch import nn

from explainers.kinds import KINDS, fitting
from explainers.models.prepared import Prepared
from explainers.models.spec import ModelSpec
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parsers import PARSERS
from explainers.service.storage.store import Store
from explainers.service.worker.task_runner import TaskRunner

SIDE, MEAN, STD = 12, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
WIDE = np.random.default_rng(0).integers(0, 256, (10, 30, 3), np.uint8)
"""Three times as wide as high: 4 rows of 12, with 4 above and 4 below."""


@pytest.mark.parametrize("size", [(30, 10), (10, 30), (7, 5), (12, 12), (1, 500)])
@pytest.mark.parametrize("sides", [(12, 12), (48, 192), (5, 9)])
def test_the_whole_picture_lies_inside_in_its_own_shape(size, sides):
    top, bottom, left, right = fitting.padding(size, sides)
    down, across = sides[0] - top - bottom, sides[1] - left - right
    assert min(down, across) >= 1 and min(top, bottom, left, right) >= 0
    assert abs(top - bottom) <= 1 and abs(left - right) <= 1
    assert down == sides[0] or across == sides[1]
    scale = min(sides[1] / size[0], sides[0] / size[1])
    assert abs(across - size[0] * scale) <= 1 and abs(down - size[1] * scale) <= 1


@pytest.mark.parametrize(
    "preparation",
    [
        {"mean": MEAN, "std": STD},
        {"mean": (103.9, 116.8, 123.7), "std": (1.0, 1.0, 1.0), "white": 255.0, "order": "BGR"},
        {"mean": (0.3,), "std": (0.2,)},
    ],
)
def test_the_network_gets_zero_in_the_padding(preparation):
    spec = ModelSpec("upload", "", size=SIDE, fit="pad", **preparation)
    x = torch.from_numpy(KINDS["picture"].inputs(({}, {"pixels": WIDE}), spec, [0]))
    got = Prepared(nn.Identity(), spec)(x)
    assert got[..., :4, :].abs().max() < 1e-5 and got[..., 8:, :].abs().max() < 1e-5
    whole = replace(spec, fit="stretch", size=4, width=SIDE)
    inside = Prepared(nn.Identity(), whole)(
        torch.from_numpy(KINDS["picture"].inputs(({}, {"pixels": WIDE}), whole, [0]))
    )
    torch.testing.assert_close(got[..., 4:8, :], inside)


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return TaskRunner(Store(tmp_path_factory.mktemp("store")))


@pytest.fixture(scope="module")
def asked(runner):
    """A question about a network that reads its edge, as a file, and the padded picture."""
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 5, padding=2), nn.ReLU(), nn.Flatten(), nn.Linear(4 * SIDE**2, 2)
    network = nn.Sequential(*layers).eval()
    file = io.BytesIO()
    sides = ({0: torch.export.Dim("n")},)
    x = torch.zeros(2, 3, SIDE, SIDE)
    torch.export.save(torch.export.export(network, (x,), dynamic_shapes=sides), file)
    digest = runner.store.put_blob(file.getvalue())
    put(runner.store, "pt2", digest, PARSERS["pt2"].parse(file.getvalue()))
    picture = io.BytesIO()
    Image.fromarray(WIDE).save(picture, "PNG")
    name = runner.store.put_blob(picture.getvalue())
    put(runner.store, "picture", name, PARSERS["picture"].parse(picture.getvalue()))
    spec = ModelSpec("upload", "network", f"{digest}.pt2", size=SIDE, fit="pad", mean=MEAN, std=STD)
    return Question(spec, name)


@pytest.mark.parametrize("baseline", ["blur", "noise", "zeros"])
@pytest.mark.parametrize("method", ["integrated_gradients", "deeplift", "occlusion", "saliency"])
def test_no_score_lies_on_the_padding_and_the_receipt_adds_up(runner, asked, method, baseline):
    facts, arrays = answered(runner, replace(asked, method=method, baseline=baseline))
    scores = arrays["scores"]
    assert not scores[:, :4].any() and not scores[:, 8:].any() and scores[:, 4:8].any()
    assert any(note.startswith("The picture is padded with 4 px above") for note in facts["notes"])
    if method in ("integrated_gradients", "deeplift"):
        apart = facts["output"] - facts["baseline_output"]
        assert scores.sum() == pytest.approx(apart, abs=0.02 * abs(apart))
        assert facts["sum"] == pytest.approx(float(scores.sum()), abs=1e-4)
    left_out = any("strength lay on the padding" in note for note in facts["notes"])
    assert left_out == (method == "saliency")


def test_a_picture_that_fits_has_no_padding_and_no_note(runner, asked):
    square = io.BytesIO()
    Image.fromarray(WIDE[:, :10]).save(square, "PNG")
    name = runner.store.put_blob(square.getvalue())
    put(runner.store, "picture", name, PARSERS["picture"].parse(square.getvalue()))
    facts, arrays = answered(runner, replace(asked, data=name, method="saliency"))
    assert "padding" not in facts and not any("padded" in note for note in facts["notes"])
    assert arrays["scores"][:, 0].any()
