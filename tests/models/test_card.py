"""The card of a model: what its owner decided comes back, and what is impossible is named."""

import json

import pytest

from explainers.errors import Problem
from explainers.models.card import VERSION, card_settings, read_card
from explainers.models.spec import ModelSpec

SPEC = ModelSpec(
    "upload",
    "network",
    "0" * 64 + ".onnx",
    size=96,
    kind="series",
    shape=(10, 3),
    swapped=True,
    columns=("a", "b", "c"),
    answers="numbers",
    step=2,
    mean=(1.0, 2.0, 3.0),
    std=(0.5, 0.5, 2.0),
    choices=(("activation", "tanh"),),
)


def card(**settings) -> bytes:
    return json.dumps({"evident": VERSION, "settings": settings}).encode()


def test_what_was_settled_comes_back_through_the_wall(parser_pool):
    kept = card_settings(SPEC, ("x", "y"))
    text = json.dumps({"evident": VERSION, "found": [1, 2], "settings": kept})
    found, arrays = parser_pool.parse("card", text.encode())
    assert not arrays and found == json.loads(json.dumps(kept))
    assert (found["step"], found["columns"], found["classes"]) == (2, ["a", "b", "c"], ["x", "y"])


@pytest.mark.parametrize(
    "data, sentence",
    [
        (b"\x80\x04.", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "no saved settings"),
        (b'{"evident": 1}', "no saved settings"),
        (json.dumps({"evident": VERSION}).encode(), "no settings"),
        (card(size=True), "'size' = 'True'"),
        (card(size=10**9), "'size'"),
        (card(std=[1, 0]), "'std'"),
        (card(mean=[float("nan")]), "'mean'"),
        (card(kind="program"), "'kind'"),
        (card(weights="../secrets"), "'weights'"),
        (card(classes=["a"] * 200_000), "'classes'"),
        (card(choices={"a": ["b"]}), "'choices'"),
        (card(columns="abc"), "'columns'"),
    ],
)
def test_what_is_no_card_is_told_so(data, sentence):
    with pytest.raises(Problem, match=sentence):
        read_card(data)
    assert read_card(card(size=96, fit="crop")) == {"size": 96, "fit": "crop"}
