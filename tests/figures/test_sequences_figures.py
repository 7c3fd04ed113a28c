"""Stretches against their definition by enumeration, the table against BED's rules, colours."""

from itertools import combinations

import numpy as np
import pytest

from explainers.figures import sequences
from explainers.figures.sequences import Stretch, bed, sequence_alt_text, stretches
from explainers.kinds.alphabet import checked_codes, text_of

# Matrices of full dichromacy, in linear RGB: Machado, Oliveira & Fernandes,
# "A physiologically-based model for simulation of color vision deficiency" (2009).
SIGHT = {
    "usual": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
GROUND = {"light": "#ffffff", "dark": "#12171d"}


def by_definition(scores: np.ndarray) -> list[tuple[int, int]]:
    """Maximal segments by Ruzzo and Tompa's Proposition 1: all segments, both of its properties."""
    length = len(scores)
    total = np.concatenate([[0], np.cumsum(scores)])
    every = [(a, b) for a in range(length) for b in range(a + 1, length + 1)]

    def beats_its_parts(a, b):
        return total[b] > total[a] and all(
            total[d] - total[c] < total[b] - total[a]
            for c in range(a, b)
            for d in range(c + 1, b + 1)
            if (c, d) != (a, b)
        )

    good = [segment for segment in every if beats_its_parts(*segment)]
    return [
        (a, b) for a, b in good if not any(c <= a and b <= d and (c, d) != (a, b) for c, d in good)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_segments_are_those_of_the_definition(seed):
    draw = np.random.default_rng(seed)
    for _ in range(40):
        # Small whole numbers make many ties, and sums that are exact.
        scores = draw.integers(-3, 4, draw.integers(1, 13)).astype(float)
        assert sequences.maximal_segments(scores) == by_definition(scores), scores


def test_the_published_example_comes_out():
    # Section 1 of Ruzzo and Tompa (1999): 4 −5 3 −3 1 2 −2 2 −2 1 5.
    scores = np.array([4, -5, 3, -3, 1, 2, -2, 2, -2, 1, 5.0])
    assert sequences.maximal_segments(scores) == [(0, 1), (2, 3), (4, 11)]


def test_planted_stretches_are_found_and_told_by_their_sums():
    contribution = np.full(200, 0.0)
    contribution[50:58], contribution[120:126], contribution[10:12] = 1.0, 3.0, 9.0
    contribution[54] = -0.5  # a weak letter does not break a stretch
    letters = np.arange(200) % 4
    first, second = stretches(contribution, letters)
    assert (first.start, first.stop, first.score, first.mean) == (120, 126, 18.0, 3.0)
    assert (second.start, second.stop) == (50, 58)
    assert second.score == pytest.approx(6.5) and second.mean == pytest.approx(6.5 / 8)
    assert second.sequence == ("ACGT" * 50)[50:58]
    assert stretches(contribution, most=1) == [Stretch(120, 126, 18.0, 3.0, "")]
    # The shorter one has the same sum as the first, and comes before it.
    assert [s.start for s in stretches(contribution, min_width=2)] == [10, 120, 50]


def test_opposing_stretches_are_those_of_the_opposite_with_their_own_sums():
    contribution = np.random.default_rng(3).normal(size=300)
    there = stretches(-contribution, min_width=2)
    back = stretches(contribution, min_width=2, opposing=True)
    assert there and [(s.start, s.stop) for s in there] == [(s.start, s.stop) for s in back]
    for one, other in zip(there, back, strict=True):
        assert other.score == pytest.approx(-one.score) and other.score < 0


def test_no_stretch_overlaps_another_and_every_end_adds_something():
    contribution = np.random.default_rng(4).normal(size=2000)
    threshold = np.abs(contribution).mean()
    regions = stretches(contribution, most=10_000, min_width=1)
    assert len(regions) > 20
    taken = np.zeros(2000, int)
    for stretch in regions:
        taken[stretch.start : stretch.stop] += 1
        inside = contribution[stretch.start : stretch.stop] - threshold
        assert np.cumsum(inside).min() > 0 and np.cumsum(inside[::-1]).min() > 0
        assert stretch.score == pytest.approx(contribution[stretch.start : stretch.stop].sum())
    assert taken.max() == 1
    assert taken[contribution > threshold].all(), "each letter above the threshold is in one"


@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -2.5])
def test_where_all_letters_are_alike_none_stands_out(value):
    assert stretches(np.full(41, value), min_width=1) == []


def test_the_threshold_can_be_chosen():
    contribution = np.array([1.0, 1, 1, 1, 5, 5, 5, 5])
    assert [s.start for s in stretches(contribution, threshold=0.5)] == [0]
    assert [s.start for s in stretches(contribution, threshold=2.0)] == [4]


@pytest.mark.parametrize(
    ("contribution", "given", "words"),
    [
        ([[1.0]], {}, "one row"),
        ([], {}, "one row"),
        ([1.0, np.nan], {}, "finite"),
        ([1.0, 2.0], {"letters": "ACG"}, "3 letters and 2 contributions"),
        ([1.0], {"most": 0}, "at least 1"),
        ([1.0], {"min_width": 0}, "at least 1"),
    ],
)
def test_what_has_no_stretches_is_refused(contribution, given, words):
    with pytest.raises(ValueError, match=words):
        stretches(contribution, **given)


def test_letters_and_codes_are_the_same():
    assert checked_codes("ACGTNacgtn").tolist() == [0, 1, 2, 3, 4] * 2
    assert text_of(np.array([3, 4, 0])) == "TNA"
    for wrong, words in [("ACX", "letter 3 is 'X'"), ("Aé", "letter 2"), ("", "at least one")]:
        with pytest.raises(ValueError, match=words):
            checked_codes(wrong)
    for wrong in [np.array([15]), np.array([-1]), np.array([0.0]), np.zeros((2, 2), int)]:
        with pytest.raises(ValueError, match="from 0 to 14"):
            checked_codes(wrong)


def test_a_table_is_half_open_from_0_with_the_strongest_at_1000():
    regions = [Stretch(50, 58, -4.0, -0.5, "AGATAAGG"), Stretch(0, 4, 1.0, 0.25, "")]
    head, first, second, end = bed(regions, "chr1:100-200").split("\n")
    assert head.startswith("#") and end == ""
    assert first == "chr1:100-200\t50\t58\tAGATAAGG\t1000\t.\t-4\t-0.5"
    assert second == "chr1:100-200\t0\t4\tstretch_2\t250\t.\t1\t0.25"
    assert bed([], "x").count("\n") == 1


@pytest.mark.parametrize(
    "name",
    [
        "a\tb",
        "a\nchr2\t0\t9",
        "a b",
        "=1+1",
        "+x",
        "-x",
        "@x",
        "#x",
        "track name=x",
        "Browser",
        "",
        "  ",
        "a\x85b",
        "a\u2028b",
        "a\x00b",
        "a\u202eb",
        "x" * 999,
    ],
)
def test_no_name_breaks_the_table(name):
    table = bed([Stretch(0, 4, 1.0, 0.25, "ACGT")], name)
    lines = table.splitlines()  # which also splits at rarer ends of lines
    assert len(lines) == 2 and table.isascii()
    columns = lines[1].split("\t")
    assert len(columns) == 8 and columns[1:3] == ["0", "4"]
    assert columns[0] and columns[0][0] not in "=+-@#" and len(columns[0]) <= 256
    assert not columns[0].lower().startswith(("track", "browser"))
    assert not any(letter.isspace() for letter in columns[0])


def test_it_is_said_aloud_with_positions_from_1():
    regions = [Stretch(50, 58, 1.234, 0.15, "AGATAAGG"), Stretch(9, 10, -0.5, -0.5, "")]
    alt_text = sequence_alt_text("ACGT" * 300, regions, about="GATA", name="peak 7")
    assert alt_text == (
        "Contributions to GATA along the 1,200 letters of peak 7."
        " Letters 51 to 58, AGATAAGG, support with +1.23 in total."
        " Letter 10 opposes with −0.5 in total."
    )
    assert sequence_alt_text("A") == "Contributions along the 1 letter. No stretch stands out."
    assert "Letter 10" not in sequence_alt_text("ACGT", regions, read=1)


def linear(colour: str) -> np.ndarray:
    share = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.maximum(to_xyz @ rgb / [0.9505, 1.0, 1.089], 0.008856))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("ground", GROUND)
def test_letters_can_be_seen_and_told_apart_by_everybody(ground):
    letters = [linear(colour) for colour in sequences.LETTER_COLOURS[ground]]
    weights = [0.2126, 0.7152, 0.0722]
    behind = linear(GROUND[ground]) @ weights
    for colour in letters:
        dim, bright = sorted([colour @ weights, behind])
        assert (bright + 0.05) / (dim + 0.05) >= 3, "WCAG 1.4.11, graphics"
    for name, seen in SIGHT.items():
        simulated = [lab(np.clip(seen @ colour, 0, 1)) for colour in letters[:4]]
        for one, other in combinations(simulated, 2):
            assert np.linalg.norm(one - other) >= 15, name
