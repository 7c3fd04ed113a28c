"""An answer at every place is explained over the places that are asked, with every method."""

from dataclasses import replace

import pytest
import torch
from nets import PICTURE_METHODS
from torch import nn

from explainers import METHODS, Problem, explain
from explainers.kinds.layout import InputLayout
from explainers.models.answers import explained_tensor
from explainers.models.layouts import read_layout
from explainers.models.places import ask_at
from explainers.models.prepared import Prepared
from explainers.models.spec import ModelSpec, Places

SIDE = 8


def spec_of(places: Places, answers: str = "classes") -> ModelSpec:
    return ModelSpec(
        "upload", "", size=SIDE, mean=(0.0,) * 3, std=(1.0,) * 3, answers=answers, places=places
    )


def asked(network, places, x, answers="classes"):
    spec = spec_of(places, answers)
    return ask_at(Prepared(network, spec).to(x.dtype), spec, x)


@pytest.fixture(scope="module")
def x():
    return torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1)).double()


@pytest.fixture(scope="module")
def pointwise():
    """A 1 × 1 convolution: the score of a class at a place depends on that place alone."""
    torch.manual_seed(0)
    return nn.Conv2d(3, 4, 1).double().eval()


@pytest.fixture(scope="module")
def segmenter():
    torch.manual_seed(2)
    layers = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 4, 3, padding=1)
    return nn.Sequential(*layers).double().eval()


@pytest.mark.parametrize(
    "method", ["gradient_x_input", "integrated_gradients", "deeplift", "ablation", "occlusion"]
)
@pytest.mark.parametrize("where", ["class", "all", "place"])
def test_a_pointwise_network_has_a_closed_form(pointwise, x, method, where):
    """w_kc · x_c / M on the M places asked, and 0 on all others."""
    place = (3, 5) if where == "place" else ()
    model, facts = asked(pointwise, Places(where=where, place=place), x)
    mask = torch.zeros(SIDE, SIDE, dtype=torch.bool)
    if where == "class":
        mask = pointwise(x)[0].argmax(0) == facts["index"]
        assert facts["counts"] == pointwise(x)[0].argmax(0).flatten().bincount(minlength=4).tolist()
    elif where == "place":
        mask[3, 5] = True
    else:
        mask[:] = True
    assert mask.sum() > 0 and facts["asked"] == (
        [] if where == "all" else mask.flatten().nonzero()[:, 0].tolist()
    )
    options = {"window": 1, "stride": 1} if method == "occlusion" else {}
    options = {"by": "square", "width": 1} if method == "ablation" else options
    target = facts["index"] if facts["index"] is not None else 2
    answer = explain(model, x, method, "zeros", target, score="logit", kind="picture", **options)
    expected = pointwise.weight[target] * x * mask / mask.sum()
    if method in ("occlusion", "ablation"):  # one square is one unit: its channels share its score
        whole = answer.scores.mean(1) if method == "occlusion" else answer.scores.sum(1)
        assert torch.allclose(whole, expected.sum(1), atol=1e-12)
    else:
        assert torch.allclose(answer.scores, expected, atol=1e-7)
    assert torch.allclose(answer.output, (pointwise(x)[0, target] * mask).sum() / mask.sum())


@pytest.mark.parametrize("score", ["logit", "probability"])
@pytest.mark.parametrize("method", PICTURE_METHODS)
def test_every_method_explains_what_a_callable_target_would(segmenter, x, method, score):
    model, facts = asked(segmenter, Places(where="class", index=1), x)
    mask = segmenter(x)[0].argmax(0) == 1
    assert 0 < mask.sum() < SIDE * SIDE

    def target(output):
        scores = output if score == "logit" else output.softmax(1)
        return scores[:, 1][:, mask].mean(1)

    options = METHODS[method].trial_options(InputLayout.of((3, SIDE, SIDE), "picture"))
    ours = explain(model, x, method, "blur", 1, score=score, kind="picture", **options)
    theirs = explain(segmenter, x, method, "blur", target, kind="picture", **options)
    assert theirs.scores.any()
    assert torch.allclose(ours.scores, theirs.scores, atol=1e-12)
    assert torch.allclose(ours.baseline_output, theirs.baseline_output), "the mask is held fixed"


def test_the_probability_is_the_mean_of_each_places_own(segmenter, x):
    model, facts = asked(segmenter, Places(where="all"), x)
    answer = explain(model, x, "saliency", target=2, score="probability")
    assert torch.allclose(answer.output, segmenter(x).softmax(1)[:, 2].mean((1, 2)))


@pytest.mark.parametrize(
    "end, dimension",
    [(nn.Softmax(1), 1), (nn.Sigmoid(), 1), (nn.Identity(), 1), (nn.Softmax(-1), -1)],
)
def test_the_forms_are_those_of_each_place_wherever_the_classes_lie(segmenter, x, end, dimension):
    class Ends(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.end = segmenter, end

        def forward(self, x):
            logits = self.body(x)
            return self.end(logits if dimension == 1 else logits.permute(0, 2, 3, 1))

    model, _ = asked(Ends(), Places(dimension, where="place", place=(2, 6)), x)
    there = segmenter(x)[:, :, 2, 6]
    shares = there.sigmoid() if isinstance(end, nn.Sigmoid) else there.softmax(1)
    for score, values in (("logit", there), ("probability", shares)):
        answer = explain(model, x, "saliency", target=3, score=score)
        assert torch.allclose(answer.output, values[:, 3]), score


def test_one_map_is_where_it_is_above_one_half(x):
    torch.manual_seed(0)
    net = nn.Conv2d(3, 1, 1).double()
    with torch.no_grad():
        net.bias -= net(x).mean()
    for network, classes in ((net, 1), (lambda x: net(x)[:, 0], 0)):
        _, facts = asked(network, Places(classes), x)
        assert facts["where"] == "class" and facts["counts"] == [int((net(x) > 0).sum())]
    _, facts = asked(net, Places(), x, answers="numbers")
    assert facts["where"] == "all" and facts["counts"] == []
    with pytest.raises(Problem, match="answers with numbers"):
        asked(net, Places(where="class"), x, answers="numbers")


def test_labels_are_each_where_they_are_above_one_half(segmenter, x):
    model, facts = asked(segmenter, Places(where="class", index=0), x, answers="labels")
    mask = segmenter(x)[0] > 0
    assert facts["counts"] == mask.sum((1, 2)).tolist()
    assert torch.allclose(model(x)[0, 3], segmenter(x)[0, 3].sigmoid()[mask[0]].mean())


@pytest.mark.parametrize(
    "places, words",
    [
        (Places(where="class", index=9), "no class 9"),
        (Places(where="place", place=(8, 0)), "no place 8, 0"),
        (Places(where="place", place=(1,)), "no place 1"),
        (Places(where="place"), "none given"),
        (Places(where="class", index=3), r"calls no place of this input class 3.*class \d"),
    ],
)
def test_what_cannot_be_asked_is_said(pointwise, x, places, words):
    class Never(nn.Module):
        def forward(self, x):
            return pointwise(x) - torch.tensor([0, 0, 0, 99.0]).view(4, 1, 1)

    with pytest.raises(Problem, match=words):
        asked(Never(), places, x)


# Detectors


class Detector(nn.Module):
    """Boxes at strides 2 and 4: 4 numbers in px, then shares of 3 classes."""

    def __init__(self, last=False, own=False):
        super().__init__()
        torch.manual_seed(3)
        self.body, self.last, self.own = nn.Conv2d(3, 7 + own, 3, padding=1), last, own

    def forward(self, x):
        levels = [self.body(nn.functional.avg_pool2d(x, side)).flatten(2) for side in (2, 4)]
        rows = torch.cat(levels, 2)
        rows = torch.cat([rows[:, :4].exp() * 4, (4 * rows[:, 4:]).sigmoid()], 1)
        return rows.movedim(1, -1) if self.last else rows


@pytest.mark.parametrize("last, own", [(False, False), (True, False), (True, True)])
def test_the_score_of_the_best_box_is_explained(x, last, own):
    detector = Detector(last, own).double().eval()
    rows = detector(x)[0].movedim(0, 1) if not last else detector(x)[0]
    scores = rows[:, 5:] * rows[:, 4:5] if own else rows[:, 4:]
    best = int(scores[:, 1].argmax())
    where = Places(-1 if last else 1, 4 + own, "best", 1)
    model, facts = asked(detector, where, x, answers="probabilities")
    assert facts["asked"] == [best] and facts["index"] == 1 and facts["grid"] == [20]
    assert facts["numbers"] == pytest.approx(rows[best, :4].tolist(), abs=1e-4)
    assert torch.allclose(model(x)[0], scores[best])

    def target(output):
        row = output[:, best] if last else output[:, :, best]
        return row[:, 6] * row[:, 4] if own else row[:, 5]

    for method in ("integrated_gradients", "deeplift", "occlusion", "grad_cam"):
        ours = explain(model, x, method, "zeros", 1, kind="picture")
        theirs = explain(detector, x, method, "zeros", target, kind="picture")
        assert torch.allclose(ours.scores, theirs.scores, atol=1e-12), method
        assert theirs.scores.any() or method == "grad_cam"


def test_the_background_is_not_the_best_box(x):
    """As DETR: logits of a softmax whose last class is "nothing"."""
    torch.manual_seed(0)
    logits = torch.randn(1, 30, 5).double()
    logits[..., 4] += 3
    logits[0, 7] = torch.tensor([0.0, 0, 6, 0, 0])
    _, facts = asked(lambda x: logits, Places(-1), x)
    assert (facts["where"], facts["asked"], facts["index"]) == ("best", [7], 2)


# Recognition


def test_of_several_answers_the_one_that_is_meant_is_taken():
    out, aux = torch.ones(1, 2, 4, 4), torch.zeros(1, 2, 4, 4)
    assert explained_tensor({"aux": aux, "out": out}) is out
    assert explained_tensor((out, aux)) is out
    logits, boxes = torch.ones(1, 9, 5), torch.ones(1, 9, 4)
    assert explained_tensor({"pred_boxes": boxes, "pred_logits": logits}) is logits
    assert explained_tensor([boxes, logits]) is logits
    assert explained_tensor("words") == "words"


def test_a_flattened_map_is_asked_by_row_and_column(segmenter, x):
    """Nets that end in `flatten(2)` mean the same places, and rows and columns are theirs too."""
    flat = nn.Sequential(segmenter, nn.Flatten(2))
    with torch.no_grad():
        layout = read_layout(flat(x), (SIDE, SIDE))
    assert layout is not None and layout.places.grid == (SIDE, SIDE)
    for where, place in (("class", ()), ("place", (2, 6)), ("all", ())):
        ours, facts = asked(flat, replace(layout.places, where=where, place=place), x)
        theirs, expected = asked(segmenter, Places(where=where, place=place), x)
        assert facts == expected
        for score in ("logit", "probability"):
            maps = [explain(net, x, "deeplift", "zeros", 1, score=score) for net in (ours, theirs)]
            assert maps[1].scores.any()
            assert torch.equal(maps[0].scores, maps[1].scores)
