"""The doctor finds out by asking the network, and says what it cannot be sure of."""

import json
from dataclasses import replace

import pytest
import torch
from nets import PICTURE_METHODS
from PIL import Image
from torch import nn

from explainers import METHODS, Problem, explain
from explainers.kinds import picture
from explainers.kinds.layout import InputLayout
from explainers.models.inspection import examine
from explainers.models.inspection.pictures import likely_normalisation
from explainers.models.prepared import Prepared
from explainers.models.spec import NORMALISATIONS, ModelSpec
from explainers.models.zoo import signs

UPLOAD = ModelSpec("upload", "resnet18", size=32)


@pytest.fixture(scope="module")
def photos():
    return [Image.open(sample.path).convert("RGB") for sample in signs.samples()[:12]]


def convolutional(*end: nn.Module) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 5),
        *end,
    ).eval()


def test_the_demo_network_is_read_right(photos):
    card = examine(signs.load_demo("signs"), ModelSpec("upload", "x", size=96), photos)
    assert card == json.loads(json.dumps(card)), "plain data"
    assert card["input"] == [3, 96, 96] and 96 in card["sizes"] and 224 in card["sizes"]
    assert (card["outputs"], card["answers"], card["parameters"]) == (12, "logits", 295_164)
    assert card["normalisation"]["name"] == "0–1" and card["questions"] == ["size"]
    assert card["methods"] == dict.fromkeys(PICTURE_METHODS, "")
    stop = card["first"]
    assert signs.CLASSES[stop["index"]] == signs.samples()[0].label and stop["share"] > 0.9
    assert card["seconds_per_pass"] > 0


@pytest.mark.parametrize("name", list(NORMALISATIONS))
def test_the_normalisation_is_read_from_what_the_network_remembers(photos, name):
    net = convolutional()
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in NORMALISATIONS[name])
    net.train()
    net[1].momentum = None
    with torch.no_grad():
        for sample in photos[::2]:
            pixels = torch.from_numpy(picture.pixels(sample, 64, "crop"))[None]
            net((pixels - mean) / std)
    net.eval()
    with torch.no_grad():
        found, sure = likely_normalisation(net, photos[1::2], 64)
    assert found == name and sure


def test_a_network_that_remembers_nothing_is_a_question(photos):
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    card = examine(net, UPLOAD, photos)
    assert "normalisation" in card["questions"]
    assert card["normalisation"]["name"] == "ImageNet", "what the settings say"


@pytest.mark.parametrize(
    "end, answers",
    [
        ((), "logits"),
        ((nn.Softmax(1),), "softmax"),
        ((nn.Sigmoid(),), "sigmoid"),
        ((nn.Linear(5, 1),), "number"),
        ((nn.Linear(5, 1), nn.Flatten(0)), "number"),
        ((nn.Softmax(1), nn.Linear(5, 5, bias=False)), "probabilities"),
    ],
)
def test_what_the_answers_are(photos, end, answers):
    net = convolutional(*end)
    if answers == "probabilities":
        net[-1].weight.data = torch.eye(5).flip(0)
    assert examine(net, UPLOAD, photos)["answers"] == answers


def test_a_fixed_size_is_found_and_no_question():
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 28 * 28, 4))
    card = examine(net, UPLOAD, [])
    assert card["sizes"] == [28] and card["input"] == [3, 28, 28]
    assert "size" not in card["questions"] and card["first"] is None


def test_what_takes_no_pictures_is_told_so():
    with pytest.raises(Problem, match="No input that was tried fits"):
        examine(nn.Linear(10, 2), UPLOAD, [])


def test_methods_that_cannot_work_say_why(photos):
    class Numb(nn.Module):
        def forward(self, x):
            return x.detach().flatten(1)[:, :3]

    methods = examine(Numb(), UPLOAD, photos)["methods"]
    assert methods["occlusion"] == methods["rise"] == ""
    for key in ("saliency", "integrated_gradients", "smoothgrad"):
        assert "gradient" in methods[key]
    assert "no convolution" in methods["grad_cam"]


@pytest.mark.parametrize(
    "kind, shape",
    [("picture", (3, 64, 64)), ("series", (40, 3)), ("table", (6,)), ("sequence", (4, 40))],
)
def test_every_method_is_tried_in_few_passes(kind, shape):
    layout, x = InputLayout.of(shape, kind), torch.rand(1, *shape)
    if kind == "sequence":
        x = nn.functional.one_hot(x.argmax(1), 4).movedim(-1, 1).float()
    for key, method in METHODS.items():
        if key != "grad_cam" and (method.kinds is None or kind in method.kinds):
            options = method.trial_options(layout)
            answer = explain(lambda x: x.flatten(1).square(), x, key, "zeros", 0, **options)
            assert answer.passes < 100, key


def test_the_network_is_left_as_it_was(photos):
    net = convolutional().train()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    examine(net, UPLOAD, photos)
    assert net.training and all(p.requires_grad for p in net.parameters())
    assert all(torch.equal(before[key], value) for key, value in net.state_dict().items())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in net.modules())


class Turned(nn.Module):
    """Answers of a convolution, (N, outputs, steps)."""

    def __init__(self, channels, ending):
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.ending = nn.Conv1d(channels, 3, 5, padding=2), ending

    def forward(self, x):
        return self.ending(self.layer(x))


@pytest.mark.parametrize("margin", [0, 6])
@pytest.mark.parametrize("channels, kind, length", [(4, "sequence", 40), (2, "series", 50)])
def test_steps_are_found_behind_the_outputs_too(channels, kind, length, margin):
    def cut(y):
        return y[:, :, margin : y.shape[2] - margin].softmax(1)

    net = Turned(channels, cut).eval()
    card = examine(net, ModelSpec("upload", "", shape=(channels, length)), [])
    assert (card["kind"], card["outputs"], card["answers"]) == (kind, 3, "softmax")
    assert card["steps"] == length - 2 * margin and "answers" not in card["questions"]
    _, swapped, shape = card["kinds"][0]
    spec = ModelSpec("upload", "", kind=kind, shape=tuple(shape), swapped=swapped, step=7)
    model = Prepared(net, replace(spec, mean=(0.0,), std=(1.0,)))
    x = torch.rand(2, *shape)
    inner = x.movedim(1, 2) if swapped else x
    torch.testing.assert_close(model(x), net(inner)[:, :, 7])


def test_points_of_a_picture_are_no_classes():
    """Seventeen places of two coordinates each."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 34), nn.Unflatten(1, (17, 2)))
    card = examine(net, ModelSpec("upload", "", shape=(3, 32, 32)), [])
    assert (card["answers"], card["steps"], card["outputs"]) == ("numbers", 17, 2)
    assert "answers" in card["questions"]


def test_a_picture_that_comes_out_again_is_no_segmentation(photos):
    blurring = nn.Conv2d(3, 3, 3, padding=1, groups=3, bias=False)
    nn.init.constant_(blurring.weight, 1 / 9)
    card = examine(blurring, ModelSpec("upload", "", shape=(3, 32, 32)), photos)
    assert card["answers"] == "numbers" and "answers" in card["questions"]
    torch.manual_seed(0)
    classes = nn.Conv2d(3, 3, 3, padding=1)
    card = examine(classes, ModelSpec("upload", "", shape=(3, 32, 32)), photos)
    assert card["answers"] == "logits" and "answers" not in card["questions"]
