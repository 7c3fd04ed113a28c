"""What an answer does not know is said, and nothing is said of the demos' own inputs."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from explainers.figures.text.doubts import calls, doubts, is_weak, unseen
from explainers.kinds.picture import pixels
from explainers.models.zoo.imagenet.photos import photos
from explainers.models.zoo.signs import CLASSES, DEMO_MODELS, load_demo, samples

NAMES = ("cat", "dog", "cow")


@pytest.mark.parametrize(
    ("shares", "weak"),
    [
        ([0.5, 0.5], False),  # of two, one always has half
        ([1 / 3, 1 / 3, 1 / 3], True),
        ([0.54, 0.46, 0.0], False),
        ([0.02, 0.05, 0.03], False),  # labels: each is right or not
        ([0.279] + [0.721 / 999] * 999, True),
        ([0.313] + [0.687 / 999] * 999, False),
    ],
)
def test_a_guess_is_weak_by_its_distance_from_an_even_split(shares, weak):
    assert is_weak(np.array(shares)) is weak


def test_an_undecided_network_calls_nothing_anything():
    assert calls(NAMES, np.array([0.4, 0.3, 0.3])).startswith("The network is undecided (best")
    assert calls(NAMES, np.array([0.1, 0.8, 0.1]), "Called") == "Called *dog*, 80.0 %."


def test_a_baseline_above_the_input_is_said():
    said = doubts(NAMES, np.array([0.6, 0.3, 0.1]), np.array([0.9, 0.1, 0.0]), 0)
    assert len(said) == 1 and "*cat* has 90.0 % there and 60.0 % here" in said[0]
    assert doubts(NAMES, np.array([0.6, 0.3, 0.1]), np.array([0.9, 0.1, 0.0]), 1) == []


@pytest.mark.parametrize("colour", [0.0, 1.0, 0.3])
def test_what_a_plain_baseline_cannot_show_is_said(colour):
    """Black against black has no score, white against white, and so has any other colour."""
    baseline, picture = np.full((3, 10, 10), colour), np.full((3, 10, 10), 0.6)
    picture[:, 0, :2] = (0.0, 1.0)
    assert unseen(picture, baseline, "Plain") == ""
    picture[:, 1:5] = colour
    picture[0, 9, :] = colour  # of one channel alone
    assert re.match(r"4[01]\.0 % of the picture is nearly", unseen(picture, baseline, "Plain"))
    other = baseline + np.linspace(0, 0.5, 10)
    assert unseen(other, other, "A gradient") == "", "no plain colour"


def test_a_score_that_rises_while_the_probability_falls_is_said():
    """Two classes: the scores go from (0, −1) to (1, 2), so that the first one's share falls."""
    scores, base = np.array([1.0, 2.0]), np.array([0.0, -1.0])
    shares, baseline = np.exp(scores) / np.exp(scores).sum(), np.exp(base) / np.exp(base).sum()
    (said,) = doubts(["a", "b"], shares, baseline, 0, change=1.0)
    assert "less likely here (26.9 %) than on the baseline (73.1 %)" in said and "rise more" in said
    (said,) = doubts(["a", "b"], baseline, shares, 0, change=-1.0)
    assert "more likely here (73.1 %)" in said and "is lower here" in said and "fall more" in said
    assert doubts(["a", "b"], shares, baseline, 1, change=3.0) == []


@pytest.mark.parametrize("name", DEMO_MODELS)
def test_the_traffic_signs_know_a_sign_from_a_photo(name):
    """A photo of a flower looks like a pedestrian crossing to them: one of seven is not noticed."""
    model, usual = load_demo(name), DEMO_MODELS[name].usual_evidence

    def said(sample):
        seen = pixels(Image.open(sample.path).convert("RGB"), 96, "crop")
        with torch.no_grad():
            logits = model(torch.from_numpy(seen)[None])[0]
        shares = logits.softmax(0).numpy()
        even = np.full(len(CLASSES), 1 / len(CLASSES))
        evidence = float(logits.logsumexp(0))
        return doubts(CLASSES, shares, even, int(shares.argmax()), evidence, usual)

    assert [sample.name for sample in samples() if said(sample)] == []
    assert {photo.name for photo in photos() if not said(photo)} <= {"flower"}
