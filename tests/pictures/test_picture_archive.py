"""Archives of pictures: each comes back as it was packed, and hostile ones end in a sentence."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from explainers import Problem
from explainers.kinds import picture
from explainers.kinds.files.pictures import archive


def encoded(value: int, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (5, 4), (value, 0, 0)).save(buffer, form)
    return buffer.getvalue()


def packed(members: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


PICTURES = {"cats/tom.png": encoded(10), "größe.JPG": encoded(20, "JPEG"), "b.gif": encoded(30)}


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_pictures_come_back_as_they_were_packed_behind_the_wall(how, parser_pool):
    beside = {"cats/": b"", "__MACOSX/cats/._tom.png": b"x", ".DS_Store": b"x", "labels.csv": b"a"}
    facts, arrays = parser_pool.parse("picture_archive", packed(PICTURES | beside, how))
    assert facts["names"] == ["tom.png", "größe.JPG", "b.gif"]
    assert [one.tobytes() for one in arrays.values()] == list(PICTURES.values())
    (note,) = facts["notes"]
    assert '"labels.csv"' in note and "tom" not in note and "DS_Store" not in note


def test_pictures_of_one_name_in_two_folders_are_told_apart():
    found, _ = archive.unpacked(packed({"a/1.png": b"x", "b/1.png": b"y"}))
    assert found == {"1.png": b"x", "1.png (2)": b"y"}


@pytest.mark.parametrize(
    "members, words",
    [
        ({"a.png": b"x", "more.zip": b"y"}, 'another archive, "more.zip"'),
        ({"a.png": b"x", "arrays.npz": b"y"}, "another archive"),
        ({"../../a.png": b"x"}, "outside of its folder"),
        ({"/etc/a.png": b"x"}, "outside of its folder"),
        ({"C:\\a.png": b"x"}, "outside of its folder"),
        ({"a.txt": b"x"}, "holds 0 pictures"),
        ({f"{i}.png": b"x" for i in range(101)}, "holds 101 pictures"),
        ({f"{i}.txt": b"" for i in range(1001)}, "more than 1,000 files"),
        ({"a.png": bytes(41_000_000)}, "the largest 41"),
        ({f"{i}.png": bytes(39_000_000) for i in range(4)}, "take 156 MB"),
    ],
)
def test_what_is_not_accepted_ends_in_a_sentence(members, words, parser_pool):
    with pytest.raises(Problem, match=words):
        parser_pool.parse("picture_archive", packed(members))


def test_what_is_damaged_or_lies_of_its_size_ends_in_a_sentence(parser_pool):
    data = packed({"a.png": bytes(1_000_000)})
    lying = bytearray(data)
    directory = lying.rindex(b"PK\x01\x02")
    lying[directory + 24 : directory + 28] = (10).to_bytes(4, "little")
    locked = bytearray(data)
    locked[directory + 8] |= 1
    for bad in (data[:200], b"words", bytes(lying), bytes(locked)):
        with pytest.raises(Problem, match="damaged|unusual"):
            parser_pool.parse("picture_archive", bad)


def test_where_one_picture_is_wanted_the_archive_is_told_what_it_is():
    with pytest.raises(Problem, match=r"\.zip file of pictures\. Upload them one by one"):
        picture.parse(packed(PICTURES))
    buffer = io.BytesIO()
    np.savez(buffer, a=np.ones((4, 5)))
    assert picture.parse(buffer.getvalue())[1]["bands"].shape == (1, 4, 5)
