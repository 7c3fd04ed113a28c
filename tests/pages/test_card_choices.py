"""A card that is brought back: its settings are the page's choices, number by number."""

import json

import pytest

from explainers.models.card import VERSION, card_settings, read_card
from explainers.models.spec import PREPARATIONS, ModelSpec, preparation
from pages.widgets.inspection import takes
from pages.widgets.model_card import _choices


def choices(spec: ModelSpec) -> dict:
    card = {"evident": VERSION, "settings": card_settings(spec, ())}
    return _choices(read_card(json.dumps(card).encode()))


@pytest.mark.parametrize("name", list(PREPARATIONS))
def test_a_known_normalisation_goes_by_its_name(name):
    spec = ModelSpec("upload", "network", size=48, width=192, **PREPARATIONS[name]._asdict())
    found = choices(spec)
    assert (found["normalise"], found["size"], found["width"]) == (name, 48, 192)
    assert [float(part) for part in found["mean"].split(",")] == list(spec.mean)
    assert (found["white"], found["order"]) == (spec.white, spec.order)


def test_numbers_of_ones_own_lose_no_digit():
    mean, std = (0.123456789012345, 2.0, 1e-9, 4.5), (1.0, 0.1 + 0.2, 3.0, 1e5)
    found = choices(ModelSpec("upload", "network", size=32, mean=mean, std=std, white=255.0))
    assert found["normalise"] == "Own" and found["width"] == 32
    assert tuple(float(part) for part in found["mean"].split(",")) == mean
    assert tuple(float(part) for part in found["std"].split(",")) == std
    known = preparation("0–255", 4)
    assert choices(ModelSpec("upload", "n", **known._asdict()))["normalise"] == "0–255"


def test_a_card_of_before_is_one_of_squares_from_0_to_1():
    settings = {"size": 96, "mean": [0.5] * 3, "std": [0.5] * 3}
    data = json.dumps({"evident": VERSION, "settings": settings}).encode()
    found = _choices(read_card(data))
    assert (found["width"], found["normalise"], found["order"]) == (96, "−1–1", "RGB")


@pytest.mark.parametrize(
    "kind, shape, words",
    [
        ("table", (1,), "1 feature"),
        ("table", (12,), "12 features"),
        ("series", (21, 1), "21 steps and 1 variable"),
        ("series", (1, 11), "1 step and 11 variables"),
        ("sequence", (4, 10_001), "10,001 letters"),
    ],
)
def test_what_a_network_takes_is_told_in_the_right_number(kind, shape, words):
    assert takes(kind, shape, False).endswith(words)
