"""How an answer lies is seen by its shape: one for all, maps, boxes, or what cannot be followed."""

import pytest
import torch

from explainers import Problem
from explainers.models.answers import explained_tensor
from explainers.models.layouts import read_layout
from explainers.models.spec import Places


@pytest.mark.parametrize(
    "shape, sides, found",
    [
        ((21, 64, 64), (64, 64), Places(1)),
        ((21, 16, 24), (128, 192), Places(1)),
        ((64, 64, 21), (64, 64), Places(-1)),
        ((1, 64, 64), (64, 64), Places(1)),
        ((84, 8400), (640, 640), Places(1, 4)),
        ((85, 8400), (640, 640), Places(1, 5)),
        ((25200, 85), (640, 640), Places(-1, 5)),
        ((8400, 84), (640, 640), Places(-1, 4)),
        ((8400, 85), (640, 640), Places(-1, 5)),
        ((84, 2100), (320, 320), Places(1, 4)),
        ((7, 6300), (480, 640), Places(1, 4)),
        ((21, 4096), (64, 64), Places(1, grid=(64, 64))),
        ((84, 5000), (64, 64), Places(1, 4)),
        ((12, 5), (64, 64), None),
        ((197, 768), (224, 224), None),
    ],
)
def test_how_an_answer_lies_is_seen_by_its_shape(shape, sides, found):
    output = torch.randn(1, *shape, generator=torch.Generator().manual_seed(0))
    assert read_layout(output, sides).places == found


def test_boxes_beside_scores_tell_a_detector():
    scores = torch.randn(1, 100, 92)
    assert read_layout(scores, (64, 64), [(1, 100, 92), (1, 100, 4)]).places == Places(-1)
    assert "detector" in read_layout(scores, (64, 64), [(None, 100, 4)]).sentence
    assert read_layout(scores, (64, 64)).places is None


def test_the_one_raw_map_of_a_detector_is_no_segmentation_without_a_word():
    for count in (255, 425):
        with pytest.raises(Problem, match="raw maps of a detector"):
            read_layout(torch.randn(1, count, 13, 13), (416, 416))
        with pytest.raises(Problem, match="raw maps of a detector"):
            read_layout(torch.randn(1, 13, 13, count), (416, 416))
    for count in (18, 75, 125, 30):
        found = read_layout(torch.randn(1, count, 13, 13), (416, 416))
        assert found.places == Places() and "raw answer of a detector" in found.sentence
    for output, sides in (((21, 64, 64), (128, 128)), ((19, 16, 16), (128, 128))):
        assert "detector" not in read_layout(torch.randn(1, *output), sides).sentence
    rows = read_layout(torch.randn(1, 3 * 13 * 13, 85), (416, 416))
    assert rows.places == Places(-1, 5) and "507 boxes (3 at each of 13 × 13)" in rows.sentence


def test_what_cannot_be_followed_is_refused():
    picked = torch.tensor([[[5.0, 5, 9, 9, 0.9, 3], [1, 1, 4, 4, 0.4, 0]]])
    with pytest.raises(Problem, match="picks its boxes itself"):
        read_layout(picked, (64, 64))
    with pytest.raises(Problem, match="picks its boxes itself"):
        explained_tensor([{"boxes": torch.zeros(2, 4), "labels": 0, "scores": torch.zeros(2)}])
    with pytest.raises(Problem, match="number of a class at each place"):
        read_layout(torch.ones(1, 64, 64), (64, 64))
    with pytest.raises(Problem, match="raw maps of a detector"):
        read_layout(torch.randn(1, 3, 8, 8, 85), (64, 64))
    with pytest.raises(Problem, match="raw maps of a detector"):
        shapes = [(1, 255, 8, 8), (1, 255, 4, 4), (1, 255, 2, 2)]
        read_layout(torch.randn(1, 255, 8, 8), (64, 64), shapes)
