"""The everyday formats of pictures, behind the wall; and what is said of those not read."""

import gzip
import io
import struct

import numpy as np
import pytest
from PIL import Image, features

from explainers import Problem
from explainers.kinds import KINDS, picture
from explainers.models.spec import ModelSpec
from explainers.service.parsing.parsers import PARSERS

DRAW = np.random.default_rng(3)
PHOTO = np.kron(DRAW.integers(0, 256, (3, 4, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8))
NO_AVIF = pytest.mark.skipif(not features.check("avif"), reason="this Pillow reads no AVIF")


def encoded(*frames: np.ndarray, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    first, *more = map(Image.fromarray, frames)
    many = {"save_all": True, "append_images": more} if more else {}
    first.save(buffer, form, **many, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "form, options, most",
    [
        ("GIF", {}, 0),
        ("BMP", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        pytest.param("AVIF", {"quality": 100, "subsampling": "4:4:4"}, 6, marks=NO_AVIF),
    ],
)
def test_a_photo_comes_back_behind_the_wall(form, options, most, parser_pool):
    """Read by its content; no name is asked for."""
    facts, arrays = parser_pool.parse("picture", encoded(PHOTO, form=form, **options))
    assert facts == {} and np.abs(arrays["pixels"].astype(int) - PHOTO).max() <= most


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", pytest.param("AVIF", marks=NO_AVIF)])
def test_of_several_pictures_the_first_is_taken_and_said(form, parser_pool):
    other = 255 - PHOTO
    data = encoded(PHOTO, other, form=form, **({"lossless": True} if form == "WEBP" else {}))
    facts, arrays = parser_pool.parse("picture", data)
    assert "the first is taken" in facts["notes"][0]
    near = {"AVIF": 12}.get(form, 0)
    assert np.abs(arrays["pixels"].astype(int) - PHOTO).mean() <= near
    spec = ModelSpec("upload", "", size=24, width=32, mean=(0.0,) * 3, std=(1.0,) * 3)
    seen = KINDS["picture"].inputs((facts, arrays), spec, [0])[0]
    assert np.array_equal(seen, arrays["pixels"].transpose(2, 0, 1) / np.float32(255))
    assert picture.given((facts, arrays), spec) == ""


def test_phones_that_add_a_second_picture_to_a_photo_get_no_note():
    data = encoded(PHOTO, PHOTO, form="MPO")
    assert Image.open(io.BytesIO(data)).format == "MPO" and PARSERS["picture"].parse(data)[0] == {}


def test_the_fourth_byte_of_a_bitmap_that_is_empty_hides_nothing():
    height, width = PHOTO.shape[:2]
    rows = np.concatenate((PHOTO[::-1, :, ::-1], np.zeros((height, width, 1), np.uint8)), 2)
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    head = struct.pack("<IiiHHIIiiII", 108, width, height, 1, 32, 3, 0, 0, 0, 0, 0) + masks
    head += bytes(108 - len(head))
    data = (
        b"BM" + struct.pack("<IHHI", 14 + 108 + rows.size, 0, 0, 14 + 108) + head + rows.tobytes()
    )
    assert np.array_equal(PARSERS["picture"].parse(data)[1]["pixels"], PHOTO)


HEAD = bytes(344)
FOREIGN = {
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    "DICOM": bytes(128) + b"DICM",
    "NIfTI": HEAD + b"n+1\0",
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "JPEG XL": b"\xff\x0a\0\0",
    "Photoshop": b"8BPS\0\x01",
    "PDF": b"%PDF-1.7",
    "FITS": b"SIMPLE  =                    T",
    "HDF5": b"\x89HDF\r\n\x1a\n",
    "SVG": b"<?xml version='1.0'?>\n<svg></svg>",
    "web page": b"<!DOCTYPE html><html></html>",
    ".gz": gzip.compress(b"words"),
    "RAR": b"Rar!\x1a\x07",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_not_read_is_named_with_the_way_to_convert_it(name):
    with pytest.raises(Problem, match=rf"This file is .*{name}.*, which is not read here\. .+\."):
        picture.parse(FOREIGN[name])


def test_nifti_is_named_in_its_packed_form_too():
    with pytest.raises(Problem, match=r"NIfTI.*nibabel"):
        picture.parse(gzip.compress(FOREIGN["NIfTI"] + bytes(10_000_000)))


def test_avif_is_refused_in_words_where_pillow_does_not_read_it(monkeypatch):
    monkeypatch.setattr(features, "check", lambda name: False)
    with pytest.raises(Problem, match="Pillow 11.3 and newer"):
        picture.parse(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1")


@pytest.mark.parametrize("form", ["GIF", "BMP", pytest.param("AVIF", marks=NO_AVIF)])
def test_what_is_cut_off_or_lies_of_its_size_ends_in_a_sentence(form, parser_pool):
    data = encoded(PHOTO, form=form)
    with pytest.raises(Problem, match="cut off|damaged"):
        parser_pool.parse("picture", data[: len(data) // 2])
    lying = bytearray(data)
    if form == "GIF":
        lying[6:10] = struct.pack("<HH", 65_000, 65_000)
    elif form == "BMP":
        lying[18:26] = struct.pack("<ii", 60_000, 60_000)
    else:
        place = lying.index(b"ispe") + 8
        lying[place : place + 8] = struct.pack(">II", 60_000, 60_000)
    with pytest.raises(Problem, match="too large|megapixels|damaged|cut off|not a picture"):
        parser_pool.parse("picture", bytes(lying))
