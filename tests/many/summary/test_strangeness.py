"""Inputs that are unlike the others of a run are found, with the reason, and no others."""

import math

import numpy as np
import pytest

from explainers.many.strangeness import strangest


@pytest.fixture
def rows():
    """A hundred inputs of two classes as a run tells them, nothing strange about any."""
    rng = np.random.default_rng(3)

    def one(index):
        low = rng.uniform(-1, 1, 6)
        return {
            "index": index,
            "name": f"{index}.png",
            "class": index % 2,
            "error": None,
            "border": 0.2 + 0.02 * low[0],
            "gap": 0.01 * low[1],
            "confidence": 0.9 + 0.02 * low[2],
            "support": 10.0 + low[3],
            "opposition": -2.0 + 0.1 * low[3],
            "centre": [0.3 + 0.4 * (index % 2) + 0.02 * low[4], 0.5 + 0.02 * low[5]],
        }

    return [one(index) for index in range(100)]


@pytest.mark.parametrize(
    "name, value, words",
    [
        ("border", 0.8, "80 % of its evidence lies at the border; usual is 20 %"),
        ("gap", -0.5, "The scores miss 50 % of the change"),
        ("confidence", 0.3, "The network is 30 % sure; usual is 90 %"),
        ("opposition", -9.0, "times what supports"),
        # Usual for the other class.
        ("centre", [0.7, 0.5], "The centre of its evidence lies 4"),
    ],
)
def test_what_is_far_is_found_with_its_reason(rows, name, value, words):
    assert strangest(rows) == []
    rows[42][name] = value
    (found,) = strangest(rows)
    assert found.index == 42 and words in found.reasons[0] and found.strength > 3


def test_what_failed_comes_first_and_the_rest_by_strength(rows):
    rows[1]["border"], rows[2]["border"] = 0.5, 0.9
    rows[3] = {**dict.fromkeys(rows[3]), "index": 3, "name": "3.png", "error": "No picture."}
    found = strangest(rows)
    assert [one.index for one in found] == [3, 2, 1]
    assert math.isinf(found[0].strength) and found[0].reasons == ("No picture.",)
    assert [one.index for one in strangest(rows, most=2)] == [3, 2]


def test_of_few_inputs_nothing_is_said(rows):
    rows[2]["border"] = 0.9
    assert strangest(rows[:5]) == []


def test_a_sure_mistake_comes_first_and_says_both_names(rows):
    for row in rows:
        row["class_name"] = ("stop", "yield")[row["class"]]
    labels = [row["class_name"] for row in rows]
    rows[7]["border"] = 0.9
    assert [one.index for one in strangest(rows, labels=labels)] == [7]
    labels[10], rows[10]["confidence"] = "Yield", 0.991
    labels[20], rows[20]["confidence"] = "yield", 0.95
    labels[30], rows[30]["confidence"] = "yield", 0.89
    labels[40] = None
    found = strangest(rows, labels=labels)
    assert [one.index for one in found] == [10, 20, 7]
    assert found[0].reasons == ("It is called “stop”, with 99.1 %, and filed under “Yield”.",)
    assert [one.index for one in strangest(rows, 2, labels)] == [10, 7], "half are mistakes"
    assert [one.index for one in strangest(rows, labels={20: "yield", 21: "YIELD"})] == [20, 7]


def test_rows_are_read_once_and_failures_may_be_left_out(rows):
    rows[3] = {**dict.fromkeys(rows[3]), "index": 3, "name": "3.png", "error": "No picture."}
    rows[5]["border"] = 0.9
    assert [one.index for one in strangest(iter(rows))] == [3, 5]
    assert [one.index for one in strangest(iter(rows), failed=False)] == [5]


def test_what_is_too_small_to_matter_is_not_strange(rows):
    for row in rows:
        row["gap"], row["confidence"] = row["gap"] / 1e5, 1 - (1 - row["confidence"]) / 1e4
    rows[4]["gap"], rows[5]["confidence"] = 0.0009, 0.96
    assert strangest(rows) == []
    rows[4]["gap"], rows[5]["confidence"] = -0.0011, 0.94
    assert {one.index for one in strangest(rows)} == {4, 5}


def test_low_agreement_and_a_failed_proof_are_strange_where_others_are_not(rows):
    rng = np.random.default_rng(8)
    for row in rows:
        noise = rng.uniform(-1, 1, 3)
        row |= {"rank_correlation": 0.9 + 0.02 * noise[0], "deletion": 0.3, "chance": 0.02}
        row |= {"insertion": 0.7 + 0.3 * noise[2], "proven": True}
    assert strangest(rows) == []
    rows[3]["rank_correlation"] = 0.2
    rows[4] |= {"insertion": 0.3, "proven": False}  # within what is usual, but no proof
    rows[5] |= {"insertion": None, "deletion": None, "chance": None, "proven": None}
    found = strangest(rows)
    assert [one.index for one in found] == [3, 4]
    assert found[0].reasons == (
        "Other methods show another map: rank correlation 0.2; usual is 0.9.",
    )
    assert found[1].reasons[0].startswith("Its map does not beat chance")
    assert "is −0.02 beyond" in found[1].reasons[0]
    # Where most maps do not beat chance, that is no mark of one of them: the run says it.
    for row in rows[10:90]:
        row |= {"insertion": 0.1, "proven": False}
    assert [one.index for one in strangest(rows)] == [3]


def test_maps_of_which_methods_agree_well_are_not_strange_however_well_the_others_do(rows):
    for row in rows:
        row["rank_correlation"] = 0.99 + 0.0001 * (row["index"] % 7)
    rows[9]["rank_correlation"] = 0.8
    assert strangest(rows) == []
    rows[9]["rank_correlation"] = 0.7
    assert [one.index for one in strangest(rows)] == [9]
