"""What the DNA view sends to the browser: letters, scores, scale, spans and colours in a parcel."""

import json

import numpy as np
import pytest

from explainers.figures import colours, sequences
from pages.viewers import sequence as module

LETTERS = "ACGTN"
SCORES = np.array([0.5, -2.0, 0.0, 1.0, -0.25])
FOUR = np.array(
    [
        [1.0, 0.0, -0.5, 0.0, 0.0],
        [0.5, 0.0, -0.25, 0.0, 0.0],
        [0.0, -2.0, 0.0, 0.0, 0.0],
        [-4.0, 0.0, 1.0, 0.0, 0.0],
    ]
)


@pytest.fixture
def sent(monkeypatch):
    """Show a logo or a map; its header, colours, letters and scores as the script unpacks them."""
    parcels = []
    monkeypatch.setattr(module, "_mount", lambda key, data: parcels.append(data))

    def show(what=module.logo, first=LETTERS, second=SCORES, **arguments):
        what(first, second, **{"key": "one", "alt": "a logo", **arguments})
        data = parcels.pop()
        at = 4 + int.from_bytes(data[:4], "little")
        header = json.loads(data[4:at])
        ends = np.cumsum([at, header["colours"], header["length"]])
        table, letters = (data[a:b] for a, b in zip(ends, ends[1:], strict=False))
        scores = np.frombuffer(data[ends[-1] :], "<f4").reshape(header["rows"], header["length"])
        return header, np.frombuffer(table, np.uint8), np.frombuffer(letters, np.uint8), scores

    return show


def test_a_logo_arrives_exactly(sent):
    header, table, letters, scores = sent()
    assert (header["kind"], header["length"], header["rows"]) == ("logo", 5, 1)
    assert letters.tolist() == [0, 1, 2, 3, 4] and table.size == 0
    # Shares of the peak 2 are powers of two here, so float32 holds them exactly.
    assert header["peak"] == 2.0 and np.array_equal(scores[0] * 2.0, SCORES)
    assert header["digest"] == module.digest(LETTERS, SCORES)


def test_text_and_codes_are_the_same_sequence(sent):
    codes = np.arange(5)
    assert sent()[0] == sent(first=codes)[0] == sent(first="acgtn")[0]
    assert np.array_equal(sent(first=codes)[2], sent()[2])


def test_the_scale_reaches_as_far_as_letters_stacked_on_each_other(sent):
    header, *_ = sent(second=FOUR)
    # Up 1 + 0.5 at the first letter, down 4; in shares of the largest score.
    assert (header["peak"], header["top"], header["bottom"]) == (4.0, 1.5 / 4, 1.0)
    assert (sent()[0]["top"], sent()[0]["bottom"]) == (0.5, 1.0)


def test_a_limit_is_the_same_up_and_down(sent):
    header, *_ = sent(limit=3.0)
    assert (header["top"], header["bottom"]) == (1.5, 1.5)
    header, *_ = sent(second=np.abs(SCORES), signed=False, limit=3.0)
    assert (header["top"], header["bottom"]) == (1.5, 0.0)


def test_nothing_but_zeros_can_be_shown(sent):
    header, _, _, scores = sent(second=np.zeros(5))
    assert header["top"] > 0 and header["peak"] == 1.0 and not scores.any() and header["flat"]
    assert not sent()[0]["flat"]
    header, _, _, scores = sent(module.mutation_map, np.zeros((4, 5)), LETTERS)
    assert header["limit"] == 1.0 and not scores.any() and not header["beyond"]


def test_a_map_has_the_honest_colours_and_no_see_through(sent):
    header, table, letters, scores = sent(module.mutation_map, FOUR, LETTERS)
    assert (header["kind"], header["rows"], header["steps"]) == ("map", 4, colours.STEPS)
    rgba = table.reshape(-1, 4)
    assert (
        np.array_equal(rgba[:, :3], colours.colour_table(True)[:, :3]) and (rgba[:, 3] == 255).all()
    )
    assert np.array_equal(scores * 4.0, FOUR) and letters.tolist() == [0, 1, 2, 3, 4]
    assert header["limit"] == pytest.approx(colours.colour_limit(FOUR) / 4)
    assert header["beyond"] and not sent(module.mutation_map, FOUR, LETTERS, limit=4)[0]["beyond"]


def test_only_a_map_under_a_logo_goes_without_its_own_strip(sent):
    for arguments, strip in [
        ({}, True),
        ({"compact": True}, True),
        ({"group": "g"}, True),
        ({"compact": True, "group": "g"}, False),
    ]:
        assert sent(module.mutation_map, FOUR, LETTERS, **arguments)[0]["strip"] is strip
        assert sent(**arguments)[0]["strip"] is True


def test_strengths_without_a_sign_are_neither_red_nor_blue(sent):
    signed, plain = sent()[0]["inks"], sent(second=np.abs(SCORES), signed=False)[0]["inks"]
    for ground in ("light", "dark"):
        assert signed[ground]["supports"] != plain[ground]["supports"]
        assert signed[ground]["letters"] == list(sequences.LETTER_COLOURS[ground])
        red, _, blue = json.loads("[" + signed[ground]["supports"][4:-1] + "]")
        assert red > blue, "support is red"
        red, _, blue = json.loads("[" + signed[ground]["opposes"][4:-1] + "]")
        assert blue > red, "opposition is blue"


def test_spans_that_overlap_lie_in_lanes_of_their_own(sent):
    spans = [(2, 5, "c"), (1, 3, "a"), (3, 4, "d"), (0, 2, "b")]
    placed = sent(spans=spans)[0]["spans"]
    assert sorted((start, stop, name) for start, stop, name, _ in placed) == sorted(spans)
    for start, stop, _, lane in placed:
        others = [p for p in placed if p[3] == lane and p != [start, stop, _, lane]]
        assert all(stop <= other[0] or other[1] <= start for other in others)
    assert max(lane for *_, lane in placed) == 1  # at most two of them share a letter


def test_many_spans_in_one_place_do_not_push_the_page_down(sent):
    placed = sent(spans=[(0, 5, f"{number}") for number in range(50)])[0]["spans"]
    assert len(placed) == 50 and {lane for *_, lane in placed} == set(range(6))


def test_the_digest_changes_with_letters_and_scores():
    variants = [
        (LETTERS, SCORES),
        ("ACGTA", SCORES),
        (LETTERS, -SCORES),
        (LETTERS, np.stack([SCORES] * 4)),
    ]
    assert len({module.digest(*variant) for variant in variants}) == len(variants)


def test_words_reach_the_browser_as_they_are(sent):
    header, *_ = sent(
        title="<b>GATA</b>", alt="“é”", group="g", compact=True, height=90, sides=("less", "more")
    )
    assert (header["title"], header["alt"], header["group"]) == ("<b>GATA</b>", "“é”", "g")
    assert (header["compact"], header["height"], header["sides"]) == (True, 90, ["less", "more"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"second": SCORES[:4]}, r"5 letters have the shape \(L,\) or \(4, L\); got \(1, 4\)"),
        ({"second": np.zeros((2, 5))}, "got"),
        ({"second": np.zeros((4, 5, 1))}, "got"),
        ({"second": [0, 0, np.inf, 0, 0]}, "finite"),
        ({"first": "ACGTX"}, "letter 5 is 'X'"),
        ({"first": "", "second": []}, "at least one letter"),
        ({"signed": False}, "without a sign"),
        ({"limit": 0.0}, "above 0"),
        ({"alt": " "}, "alternative text"),
        ({"sides": ("same", "same")}, "two different words"),
        ({"height": 20}, "pixels high"),
        ({"spans": [(3, 3, "x")]}, "start before stop"),
        ({"spans": [(-1, 3, "x")]}, "start before stop"),
        ({"spans": [(0, 6, "x")]}, "within the 5 letters"),
        ({"spans": [(0, 2, " ")]}, "has a name"),
        ({"what": module.mutation_map, "first": SCORES, "second": LETTERS}, r"shape \(4, L\)"),
    ],
)
def test_what_cannot_be_shown_is_named(sent, arguments, words):
    with pytest.raises(ValueError, match=words):
        sent(**arguments)


def test_every_file_of_the_script_is_in_it():
    joined = module._read(*(f"{name}.js" for name in module._SCRIPTS))
    for file in sorted(module._ASSETS.glob("*.js")):
        assert file.read_text(encoding="utf-8") in joined, file.name
    assert joined.count("export default") == 1 and "import " not in joined
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "Function("):
        assert way not in joined, "strings go through textContent"
