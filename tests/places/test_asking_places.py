"""A segmentation network is asked as a file, as a person uploads it, by every task."""

import io
from dataclasses import replace

import numpy as np
import pytest
import torch
from answering import Question, answered
from PIL import Image
from torch import nn

from explainers.errors import Problem
from explainers.models.formats.pt2 import load_exported
from explainers.models.prepared import Prepared
from explainers.models.spec import ModelSpec, Places
from explainers.output_cache import OutputCache
from explainers.service import recipe
from explainers.service.parsing.parsed_uploads import put
from explainers.service.parsing.parsers import PARSERS
from explainers.service.storage.store import Store
from explainers.service.tasks.context import LoadedModel
from explainers.service.worker.task_runner import TaskRunner

SIDE = 16
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 5, 3, padding=1), nn.ReLU(), nn.Conv2d(5, 3, 1)
    return nn.Sequential(*layers).eval()


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    return TaskRunner(Store(tmp_path_factory.mktemp("store")))


@pytest.fixture(scope="module")
def upload(runner, network):
    """The network as a .pt2 file in the store."""
    file = io.BytesIO()
    program = torch.export.export(
        network, (torch.zeros(2, 3, SIDE, SIDE),), dynamic_shapes=({0: torch.export.Dim("n")},)
    )
    torch.export.save(program, file)
    digest = runner.store.put_blob(file.getvalue())
    put(runner.store, "pt2", digest, PARSERS["pt2"].parse(file.getvalue()))
    return ModelSpec("upload", "network", f"{digest}.pt2", size=SIDE, mean=MEAN, std=STD)


@pytest.fixture(scope="module")
def picture(runner):
    """Its digest, and its pixels (1, 3, SIDE, SIDE)."""
    values = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    digest = runner.store.put_blob(file.getvalue())
    put(runner.store, "picture", digest, ({}, {"pixels": values}))
    return digest, torch.from_numpy(values).movedim(-1, 0)[None].float() / 255


def asked(upload, picture, places, **changes):
    return Question(replace(upload, places=places), picture[0], **changes)


def scores_of(network, pixels):
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, STD))
    with torch.no_grad():
        return network((pixels - mean) / std)


def test_the_inspection_says_what_it_is(runner, upload):
    bare = ModelSpec("upload", "network", upload.weights)
    card, _ = answered(runner, Question(bare, "", check="inspection"))
    assert (card["kind"], card["outputs"], card["answers"]) == ("picture", 3, "logits")
    assert card["places"] == {"classes": 1, "box": 0, "grid": []} and card["steps"] is None
    assert "segmentation" in card["recognised"] and f"{SIDE} × {SIDE} places" in card["recognised"]
    assert not any(card["methods"].values()), "every method works"


def test_all_tasks_ask_over_the_same_places(runner, network, upload, picture):
    digest, pixels = picture
    scores = scores_of(network, pixels)
    mask = scores[0].argmax(0) == 1
    assert 0 < mask.sum() < SIDE**2
    question = asked(upload, picture, Places(where="class", index=1))
    facts, arrays = answered(runner, question)
    assert facts["places"]["asked"] == mask.flatten().nonzero()[:, 0].tolist()
    shares = scores.softmax(1)[0][:, mask].mean(1)
    assert arrays["probabilities"] == pytest.approx(shares.numpy(), abs=1e-6)
    black = scores_of(network, torch.zeros_like(pixels)).softmax(1)[0][:, mask].mean(1)
    assert arrays["baseline_probabilities"] == pytest.approx(black.numpy(), abs=1e-6)

    asked_why = asked(
        upload, picture, Places(where="class", index=1), method="integrated_gradients"
    )
    facts, _ = answered(runner, asked_why)
    assert facts["target"] == 1
    assert facts["output"] == pytest.approx(float(scores[0, 1][mask].mean()), abs=1e-5)
    assert abs(facts["gap"]) < 0.01

    proof, curves = answered(runner, replace(asked_why, check="proof"))
    assert curves["deletion"][0] == pytest.approx(shares.numpy(), abs=1e-6)
    assert curves["deletion"][-1] == pytest.approx(black.numpy(), abs=1e-6), "all hidden"
    _, chance = answered(runner, replace(asked_why, check="chance"))
    assert chance["deletion"][:, 0] == pytest.approx(np.tile(shares.numpy(), (10, 1)), abs=1e-6)
    sanity, _ = answered(runner, replace(asked_why, check="randomisation"))
    assert sanity["layers"] == 2


def test_an_own_mask_for_each_picture(runner, upload, picture):
    facts, _ = answered(runner, asked(upload, picture, Places()))
    counts = facts["places"]["counts"]
    assert sum(counts) == SIDE**2 and facts["places"]["index"] == int(np.argmax(counts))


def test_the_recipe_gives_the_same_numbers(runner, network, upload, picture):
    task = asked(
        upload, picture, Places(where="place", place=(2, 3)), method="saliency", target=0
    ).task
    text = recipe.recipe(task, "picture.png", "weights.pt2")
    assert "places=Places(where='place', place=(2, 3))" in text and "ask_at(" in text
    compile(text, "recipe", "exec")


def test_a_class_that_is_not_there_is_said(runner, upload, picture):
    with pytest.raises(Problem, match="no class 7"):
        answered(runner, asked(upload, picture, Places(where="class", index=7)))


def test_a_python_model_with_several_answers_is_asked_at_its_places(
    runner, network, picture, tmp_path, monkeypatch
):
    """As torchvision's segmentation networks answer: {"out": …, "aux": …}."""

    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.network = network

        def forward(self, x):
            return {"aux": -self.network(x), "out": self.network(x)}

    spec = ModelSpec("python", "both", "digest", size=SIDE, mean=MEAN, std=STD)
    loaded = LoadedModel(Prepared(Both(), spec).eval(), (), spec, OutputCache())
    monkeypatch.setattr(type(runner), "load", lambda self, spec, device: loaded)
    facts, arrays = answered(runner, Question(spec, picture[0]))
    scores = scores_of(network, picture[1])
    mask = scores[0].argmax(0) == facts["places"]["index"]
    assert facts["places"]["where"] == "class" and int(mask.sum()) == len(facts["places"]["asked"])
    expected = scores.softmax(1)[0][:, mask].mean(1).numpy()
    assert arrays["probabilities"] == pytest.approx(expected, abs=1e-6)


def test_files_keep_the_answer_that_is_meant(tmp_path):
    """A file with boxes first and scores second is explained by its scores."""

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.boxes, self.scores = nn.Linear(6, 4), nn.Linear(6, 5)

        def forward(self, x):
            x = x.unflatten(1, (3, 6))
            return self.boxes(x), self.scores(x)

    net = Two().eval()
    file = io.BytesIO()
    torch.export.save(torch.export.export(net, (torch.zeros(1, 18),)), file)
    model, card = load_exported(file.getvalue())
    x = torch.randn(1, 18)
    assert torch.allclose(model(x), net(x)[1], atol=1e-6)
    assert [port.shape for port in card.outputs] == [(1, 3, 4), (1, 3, 5)]
