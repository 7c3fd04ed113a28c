"""What the viewer sends to the browser: one parcel of picture, maps, regions and words."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from explainers.figures import colours
from pages.viewers import picture as module

PICTURE = b"the picture's file"
HEAT = np.array([[0.5, -2.0, 0.0], [1.0, 0.25, -0.125]])


@pytest.fixture
def sent(monkeypatch):
    """Show a map; the header of its parcel and a function that takes the next bytes as numbers."""
    parcels = []
    monkeypatch.setattr(module, "_mount", lambda key, data: parcels.append(data))

    def show(heat=HEAT, **arguments):
        told = {"signed": True, "alt": "a map", "key": "one", **arguments}
        module.viewer(PICTURE, heat, **told)
        data = parcels.pop()
        length = int.from_bytes(data[:4], "little")
        left = [data[4 + length :]]

        def take(count, kind=np.uint8):
            size = count * np.dtype(kind).itemsize
            taken, left[0] = left[0][:size], left[0][size:]
            return np.frombuffer(taken, kind)

        return json.loads(data[4 : 4 + length]), take

    return show


def test_a_map_arrives_exactly_with_its_colours_and_its_picture(sent):
    header, take = sent()
    (described,) = header["maps"]
    assert (header["shape"], described["peak"], described["signed"]) == ([2, 3], 2.0, True)
    assert np.array_equal(take(described["colours"]), colours.colour_table(True).ravel())
    # Shares of the peak 2 are powers of two here, so float32 holds them exactly.
    assert np.array_equal(take(6, "<f4").reshape(2, 3) * 2.0, HEAT)
    assert take(len(PICTURE)).tobytes() == PICTURE


def test_a_second_map_has_its_own_limit_sign_and_name(sent):
    second = np.abs(HEAT) * 4
    header, take = sent(
        method="DeepLIFT",
        limit=3.0,
        other=second,
        other_name="Saliency",
        other_signed=False,
        other_limit=5.0,
    )
    first, other = header["maps"]
    assert (first["name"], first["limit"], first["signed"]) == ("DeepLIFT", 3.0, True)
    assert (other["name"], other["limit"], other["signed"]) == ("Saliency", 5.0, False)
    take(first["colours"])
    assert np.array_equal(take(6, "<f4") * 2.0, HEAT.ravel())
    assert np.array_equal(take(other["colours"]), colours.colour_table(False).ravel())
    assert np.array_equal(take(6, "<f4") * 8.0, second.ravel())
    assert take(len(PICTURE)).tobytes() == PICTURE


def test_regions_travel_as_bytes_in_their_order(sent):
    half = np.array([[0.0, 0.5, 1.0], [0.2, 0.0, 0.0]])
    header, take = sent(masks={"the sign": half, "all": np.ones((2, 3))})
    assert header["masks"] == ["the sign", "all"]
    take(header["maps"][0]["colours"])
    take(6, "<f4")
    assert take(6).tolist() == [0, 128, 255, 51, 0, 0]
    assert take(6).tolist() == [255] * 6
    assert take(len(PICTURE)).tobytes() == PICTURE


def test_other_regions_make_another_header_and_the_same_ones_the_same(sent):
    texts = [sent(masks={"it": np.full((2, 3), share)})[0] for share in (0.0, 0.0, 1.0)]
    assert texts[0] == texts[1] != texts[2]


def test_the_digest_knows_both_maps():
    alone = module.digest(PICTURE, HEAT)
    assert alone == module.digest(PICTURE, HEAT, None)
    assert (
        len({alone, module.digest(PICTURE, HEAT, HEAT), module.digest(PICTURE, HEAT, -HEAT)}) == 3
    )


def test_words_and_size_reach_the_browser(sent):
    header, _ = sent(
        sides=("more in B", "more in A"), unit="% of all scores", compact=True, group="g"
    )
    assert header["sides"] == ["more in B", "more in A"]
    assert (header["unit"], header["compact"], header["group"]) == ("% of all scores", True, "g")
    plain, _ = sent(method="Saliency")
    assert plain["sides"] == ["opposes", "supports"] and plain["compact"] is False
    assert plain["title"] == "Saliency"


def test_a_tool_bar_is_told_its_group_and_words(monkeypatch):
    told = {}
    monkeypatch.setattr(module, "_mount_bar", lambda **given: told.update(given))
    module.viewer_bar("g", key="bar", masks=("the sign",), signed=False)
    assert told["key"] == "bar"
    assert told["data"] == {
        "group": "g",
        "words": {"masks": ["the sign"], "sides": ["opposes", "supports"], "signed": False},
    }


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"other": HEAT[:1], "other_name": "b"}, "same rows and columns"),
        ({"other": HEAT, "name": "twin", "other_name": "twin"}, "different names"),
        ({"other": HEAT, "other_name": "b", "other_signed": False}, "without a sign"),
        ({"other": HEAT, "other_name": "b", "other_limit": 0.0}, "above 0"),
        ({"masks": {"it": np.ones((3, 2))}}, "The mask of it has shape"),
        ({"masks": {"it": np.full((2, 3), 1.5)}}, "shares from 0 to 1"),
        ({"masks": {"it": np.full((2, 3), np.nan)}}, "shares from 0 to 1"),
        ({"masks": {" ": np.ones((2, 3))}}, "needs a name"),
        ({"sides": ("same", "same")}, "two different words"),
        ({"sides": ("", "more")}, "two different words"),
        ({"alt": " "}, "alternative text"),
        ({"region": (0.5, 0.0, 0.6, 1.0)}, "fractions of the picture"),
    ],
)
def test_what_cannot_be_shown_is_named(sent, arguments, words):
    with pytest.raises(ValueError, match=words):
        sent(**arguments)


def test_every_file_of_the_script_is_in_it():
    script = module._SCRIPT
    for file in sorted(module._ASSETS.glob("*.js")):
        assert file.read_text(encoding="utf-8") in script, file.name
    assert script.count("export default") == 1 and "import " not in script


@pytest.mark.parametrize(
    ("clicked", "place"), [(None, None), ([1, 2], (1, 2)), ([9, -1], (3, 0)), ([2.0, 7], (2, 7))]
)
def test_a_click_chooses_a_place_of_the_grid(monkeypatch, clicked, place):
    """What a browser sends is kept within the grid; the marked place travels with the map."""
    told, parcels = [], []

    def mount(key, data, on_chosen_change):
        parcels.append(data)
        return SimpleNamespace(chosen=clicked)

    monkeypatch.setattr(module, "_mount", mount)
    module.viewer(
        PICTURE,
        HEAT,
        signed=True,
        alt="a map",
        key="one",
        grid=(4, 8),
        place=(0, 5),
        on_place=lambda row, column: told.append((row, column)),
    )
    assert told == ([] if place is None else [place])
    length = int.from_bytes(parcels[0][:4], "little")
    header = json.loads(parcels[0][4 : 4 + length])
    assert (header["grid"], header["place"], header["asks"]) == ([4, 8], [0, 5], True)


def test_without_a_grid_nothing_is_asked_or_marked(sent):
    header, _ = sent(place=(1, 1))
    assert (header["grid"], header["place"], header["asks"]) == (None, None, False)
