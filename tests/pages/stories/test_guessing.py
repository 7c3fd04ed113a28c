"""The guessing game: fair rounds, and a verdict that says no more than the guesses allow."""

from itertools import product

import numpy as np
import pytest

from explainers.perturbation.boxes import box_mask
from pages.stories.guessing.rounds import PARTS, Guess, chance, rounds, verdict

MIXED = {f"picture {n}": [bool(n >> k & 1) for k in range(len(PARTS))] for n in range(1, 31)}


@pytest.mark.parametrize("part", PARTS)
def test_every_part_is_half_of_the_picture(part):
    assert box_mask(PARTS[part], (224, 224)).mean() == pytest.approx(0.5, abs=0.01)


def test_two_opposite_halves_are_the_whole():
    left, right, upper, lower, _ = (box_mask(box, (9, 7)) for box in PARTS.values())
    assert (left ^ right).all() and (upper ^ lower).all()
    assert left[:, :3].all() and not left[:, 4:].any() and upper[:4].all()


def test_rounds_are_balanced_true_and_never_the_same_twice():
    told = rounds(MIXED, 2)
    assert len(told) == 2 * len(MIXED) == len({(one.picture, one.part) for one in told})
    for one in told:
        assert one.stays == MIXED[one.picture][list(PARTS).index(one.part)]
    assert abs(sum(one.stays for one in told) - len(told) / 2) <= 1
    assert rounds(MIXED, 2)[: len(MIXED)] == rounds(MIXED, 1), "more rounds keep those before"
    answers = np.array([one.stays for one in told])
    assert 0.3 < (answers[1:] != answers[:-1]).mean() < 0.9, "not by turns"


def test_pictures_with_one_answer_alone_are_asked_about_too():
    told = rounds({"cat": [True] * 5, "dog": [False] * 5}, 9)
    assert len(told) == 10 and {(one.picture, one.stays) for one in told} == {
        ("cat", True),
        ("dog", False),
    }


@pytest.mark.parametrize("won, lost", [(0, 0), (1, 0), (4, 1), (5, 0), (2, 6)])
def test_chance_is_what_counting_all_tosses_gives(won, lost):
    tosses = list(product((0, 1), repeat=won + lost))
    assert chance(won, lost) == pytest.approx(sum(sum(t) >= won for t in tosses) / len(tosses))


@pytest.mark.parametrize(
    "won, lost, says",
    [
        (0, 0, "changed no guess"),
        (1, 0, "may be luck"),
        (4, 0, "a coin does that in 6 % of rooms, so it may be luck"),
        (5, 0, "a coin does that in 3 % of rooms: the map taught it something"),
        (9, 0, "less than 1 % of rooms: the map taught it something"),
        (1, 1, "1 right one wrong: it taught this room nothing here"),
        (0, 2, "no wrong guesses right and 2 right ones wrong: it taught this room nothing"),
    ],
)
def test_the_verdict_says_what_a_sign_test_allows(won, lost, says):
    guesses = [Guess(False, True)] * won + [Guess(True, False)] * lost
    guesses += [Guess(True, True)] * 2 + [Guess(False, False)]
    text = verdict(guesses)
    assert says in text
    assert f"without the map: {2 + lost} of {len(guesses)}" in text
    assert f"Right with it: {2 + won} of {len(guesses)}" in text
