"""The proof's parcel: what the page is sent is what was computed, and nothing twice."""

import dataclasses
import json

import numpy as np
import pytest

from pages.viewers import proof
from pages.viewers.proof import Hidden

GRID = [0.0, 0.1, 0.5, 1.0]
ROWS, COLUMNS = 3, 5


def case(name="Saliency", seed=0, **changes) -> Hidden:
    draw = np.random.default_rng(seed)
    made = Hidden(
        name=name,
        picture=b"a photo",
        baseline=np.full((ROWS, COLUMNS, 3), 7, np.uint8),
        order=draw.permutation(ROWS * COLUMNS).reshape(ROWS, COLUMNS),
        answers=[0.97, 0.5, 0.1, 0.03],
        says=["stop", "stop", "yield", "yield"],
        chance=np.array([[0.97, 0.9, 0.5, 0.03], [0.97, 0.8, 0.75, 0.03]]),
    )
    return dataclasses.replace(made, **changes)


def parcel(cases, shares=GRID, about="stop", start=0.1, max_height=260) -> bytes:
    return proof._parcel(cases, shares, about, start, max_height)


def unpack(sent: bytes) -> tuple[dict, list[bytes]]:
    """Header and blocks, read the way the script reads them."""
    length = int.from_bytes(sent[:4], "little")
    header = json.loads(sent[4 : 4 + length])
    at, blocks = 4 + length, []
    for size in header["blocks"]:
        blocks.append(sent[at : at + size])
        at += size
    assert at == len(sent), "nothing is left over"
    return header, blocks


def order_of(figure: dict, blocks: list[bytes]) -> np.ndarray:
    return np.frombuffer(blocks[figure["order"]], "<u4").reshape(figure["shape"])


def test_every_case_comes_back():
    cases = [case("Saliency", 1), case("Occlusion", 2, answers=[0.9, 0.8, 0.7, 0.6])]
    header, blocks = unpack(parcel(cases, start=0.5, max_height=300))
    assert (header["about"], header["shares"]) == ("stop", GRID)
    assert (header["start"], header["maxHeight"]) == (0.5, 300)
    figures = [figure for figure in header["figures"] if figure["hot"]]
    for sent, figure in zip(cases, figures, strict=True):
        assert (figure["name"], figure["answers"], figure["says"]) == (
            sent.name,
            sent.answers,
            sent.says,
        )
        assert np.array_equal(order_of(figure, blocks), sent.order)
        assert blocks[figure["picture"]] == sent.picture
        assert blocks[figure["baseline"]] == sent.baseline.tobytes()
        assert figure["region"] == [0, 0, 1, 1]


def test_chance_is_told_by_its_mean_and_ends():
    figure = unpack(parcel([case()]))[0]["figures"][0]
    assert figure["draws"] == 2
    assert figure["low"] == [0.97, 0.8, 0.5, 0.03] and figure["high"] == [0.97, 0.9, 0.75, 0.03]
    assert figure["mean"] == pytest.approx([0.97, 0.85, 0.625, 0.03])


def test_as_many_cells_are_hidden_as_the_answers_were_computed_for():
    for figure in unpack(parcel([case()]))[0]["figures"]:
        assert figure["hidden"] == [0, 2, 8, 15]  # of 15: 1.5 and 7.5 round to even


def test_order_and_baseline_come_back_row_by_row_however_they_lie_in_memory():
    lying = case(baseline=np.arange(45, dtype=np.uint8).reshape(ROWS, COLUMNS, 3))
    turned = dataclasses.replace(
        lying, order=np.asfortranarray(lying.order), baseline=np.asfortranarray(lying.baseline)
    )
    assert parcel([turned]) == parcel([lying])


def test_what_is_alike_is_sent_once():
    header, blocks = unpack(parcel([case("One", 1), case("Two", 2), case("Three", 3)]))
    assert len(blocks) == len(set(blocks)) == 6  # photo, baseline, three orders and a random one
    one, two, three, random = header["figures"]
    assert one["picture"] == two["picture"] == three["picture"] == random["picture"]
    assert not random["hot"] and random["beside"] == ["One", "Two", "Three"]
    assert random["answers"] == random["mean"]
    assert sorted(order_of(random, blocks).ravel()) == list(range(ROWS * COLUMNS))


@pytest.mark.parametrize(
    "other",
    [
        {"picture": b"another photo"},
        {"baseline": np.zeros((ROWS, COLUMNS, 3), np.uint8)},
        {"region": (0.25, 0, 0.5, 1)},
        # The same mean and ends, but not the same draws.
        {"chance": np.array([[0.97, 0.9, 0.75, 0.03], [0.97, 0.8, 0.5, 0.03]])},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_another_scene_has_its_own_random_figure(other):
    figures = unpack(parcel([case("One"), case("Two", **other)]))[0]["figures"]
    assert [figure["hot"] for figure in figures] == [True, True, False, False]
    assert [figure["beside"] for figure in figures[2:]] == [["One"], ["Two"]]


def test_the_same_arguments_give_the_same_bytes():
    assert parcel([case()]) == parcel([case()])
    assert proof.digest([case()], GRID, "stop") == unpack(parcel([case()]))[0]["digest"]


def test_the_digest_changes_with_everything_that_is_shown():
    variants = [
        ([case()], GRID, "stop"),
        ([case()], GRID, "yield"),
        ([case()], [0.0, 0.2, 0.5, 1.0], "stop"),
        ([case(seed=1)], GRID, "stop"),
        ([case(picture=b"another photo")], GRID, "stop"),
        ([case(answers=[0.97, 0.5, 0.1, 0.04])], GRID, "stop"),
    ]
    assert len({proof.digest(*variant) for variant in variants}) == len(variants)


SQUARE = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"order": SQUARE + 1}, "each rank"),
        ({"order": np.zeros_like(SQUARE)}, "each rank"),
        ({"order": SQUARE.ravel()}, "each rank"),
        ({"order": np.zeros((0, 0), int)}, "each rank"),
        ({"order": SQUARE.T}, "`baseline`"),
        ({"baseline": np.zeros((ROWS, COLUMNS, 3))}, "`baseline` is uint8"),
        ({"baseline": np.zeros((ROWS, COLUMNS), np.uint8)}, "`baseline`"),
        ({"answers": [0.5]}, "one entry"),
        ({"says": ["stop"] * 5}, "one entry"),
        ({"answers": [0.97, 0.5, 0.1, 1.1]}, "from 0 to 1"),
        ({"answers": [0.97, 0.5, 0.1, np.nan]}, "from 0 to 1"),
        ({"chance": np.full((2, 4), -0.1)}, "from 0 to 1"),
        ({"chance": np.zeros(4)}, "one row a draw"),
        ({"chance": np.zeros((2, 3))}, "one row a draw"),
        ({"chance": np.zeros((0, 4))}, "one row a draw"),
        ({"region": (0.5, 0, 0.6, 1)}, "`region`"),
        ({"region": (0, 0, 0, 1)}, "`region`"),
    ],
)
def test_a_case_that_does_not_fit_is_refused_by_name(changes, rule):
    with pytest.raises(ValueError, match=f"'Saliency' cannot be shown unless .*{rule}"):
        parcel([case(**changes)])


@pytest.mark.parametrize(
    "shares",
    [[], [0.0], [0.0, 1.0, 1.0], [0.0, 0.5, 0.1, 1.0], [0.1, 1.0], [0, 0.9], [0, np.nan, 1]],
)
def test_shares_that_make_no_slider_are_refused(shares):
    with pytest.raises(ValueError, match="ascends from 0 to 1"):
        parcel([case()], shares)


def test_nothing_to_show_is_refused():
    for cases, about in [([], "stop"), ([case()], " ")]:
        with pytest.raises(ValueError, match="at least one case"):
            parcel(cases, about=about)
    with pytest.raises(ValueError, match="starts at a share"):
        parcel([case()], start=1.5)
