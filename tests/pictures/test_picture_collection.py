"""A .zip of many pictures: each is what it is alone, and what cannot be read has its sentence."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from explainers import Problem
from explainers.kinds import KINDS, picture
from explainers.kinds.files.pictures import collection
from explainers.kinds.fitting import FITS
from explainers.models.spec import ModelSpec
from explainers.service.parsing.parsers import PARSERS

SPEC = ModelSpec("upload", "any", size=12)


def photo(width: int, height: int, seed: int, form: str = "PNG") -> bytes:
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, form)
    return buffer.getvalue()


def deep() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((5, 5), 4000, np.uint16)).save(buffer, "PNG")
    return buffer.getvalue()


def packed(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


MEMBERS = {
    "b/wide.png": photo(40, 20, 1),
    "a/tall.jpg": photo(9, 30, 2, "JPEG"),
    "a/broken.png": b"no picture",
    "deep.png": deep(),
    "notes.txt": b"x",
    "__MACOSX/a/._tall.jpg": b"x",
}


def test_each_picture_is_what_it_is_alone_behind_the_wall(parser_pool):
    for fit, mean in zip(FITS, ((0.4, 0.5, 0.6), (0.5,), (0.1, 0.2, 0.3)), strict=True):
        spec = replace(SPEC, fit=fit, mean=mean, std=(1.0,) * len(mean))
        content = parser_pool.parse(
            "picture_collection", packed(MEMBERS), sides=spec.sides, fit=spec.fit
        )
        facts, arrays = content
        assert facts["names"] == ["a/broken.png", "a/tall.jpg", "b/wide.png", "deep.png"]
        assert set(facts["errors"]) == {"0", "3"}
        assert "not a picture" in facts["errors"]["0"] and "8 bits" in facts["errors"]["3"]
        (note,) = facts["notes"]
        assert '"notes.txt"' in note and "tall" not in note
        kind = KINDS["picture"]
        assert kind.items(content, spec).tolist() == [1, 2]
        for item in (1, 2):
            alone = picture.parse(MEMBERS[facts["names"][item]])
            expected = kind.inputs(alone, spec, [0])
            assert np.array_equal(kind.inputs(content, spec, [item]), expected)
            assert kind.facts(content, spec, item) == kind.facts(alone, spec)
        with pytest.raises(Problem, match="not a picture"):
            kind.inputs(content, spec, [0])
        with pytest.raises(Problem, match="no picture 9"):
            kind.inputs(content, spec, [8])


def test_one_picture_comes_out_as_it_was_packed(parser_pool):
    _, arrays = parser_pool.parse("picture_archive", packed(MEMBERS), place=2)
    assert arrays["0"].tobytes() == MEMBERS["b/wide.png"]
    with pytest.raises(Problem, match="no picture 10"):
        parser_pool.parse("picture_archive", packed(MEMBERS), place=9)


@pytest.mark.parametrize(
    "data, words",
    [
        (b"no archive", "damaged"),
        (packed({"a.txt": b"x"}), "holds no pictures"),
        (packed({"a.png": b"x"}), "None of the 1 pictures can be read"),
        (packed({"../a.png": MEMBERS["b/wide.png"]}), "outside of its folder"),
        (packed(MEMBERS)[:-30], "damaged"),
    ],
)
def test_what_is_no_collection_gets_a_sentence(data, words, parser_pool):
    with pytest.raises(Problem, match=words):
        parser_pool.parse("picture_collection", data, sides=(12, 12), fit="crop")


def test_more_than_fit_are_refused_with_the_way_out(monkeypatch):
    monkeypatch.setattr(collection, "MOST_VALUES", 3 * 12 * 12 * 2)
    many = packed({f"{k}.png": photo(4, 4, k) for k in range(3)})
    with pytest.raises(Problem, match=r"holds 3 pictures; 1 to 2 of 12 × 12 px.*explainers many"):
        collection.parse(many, (12, 12), "crop", picture.parse)


def test_names_keep_their_folders_and_are_told_apart():
    long = "x" * 300
    members = {f"{long}/a.png": photo(4, 4, 1), f"{long}{long}/a.png": photo(4, 4, 2)}
    members["a\\b\nc.png"] = photo(4, 4, 3)
    facts, _ = collection.parse(packed(members), (4, 4), "crop", picture.parse)
    assert facts["names"][0] == "a/b c.png" and len(set(facts["names"])) == 3
    assert all(len(name) <= collection.LONGEST_NAME + 4 for name in facts["names"])
    assert facts["names"][1].endswith("x/a.png")


@pytest.mark.parametrize(
    "change",
    [
        lambda facts, arrays: facts.pop("notes"),
        lambda facts, arrays: facts["names"].append("one more"),
        lambda facts, arrays: facts["errors"].update({"7": "x"}),
        lambda facts, arrays: facts["errors"].update({"01": "x"}),
        lambda facts, arrays: facts["errors"].update({"0": 3}),
        lambda facts, arrays: arrays.update(stack=arrays["stack"].astype(np.int16)),
        lambda facts, arrays: arrays.update(stack=arrays["stack"][..., :2]),
        lambda facts, arrays: arrays.update(sizes=arrays["sizes"] * 0),
        lambda facts, arrays: arrays.update(more=arrays["sizes"]),
    ],
)
def test_an_answer_that_no_parser_gives_is_refused(change):
    check = PARSERS["picture_collection"].check
    given = {name: data for name, data in MEMBERS.items() if name != "deep.png"}
    facts, arrays = collection.parse(packed(given), (12, 12), "crop", picture.parse)
    check(facts, arrays)
    change(facts, arrays)
    with pytest.raises((ValueError, AttributeError)):
        check(facts, arrays)
