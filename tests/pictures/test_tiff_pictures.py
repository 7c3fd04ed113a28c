"""TIFF files of any bits, channels and order: every number as it was written down."""

import io
import itertools

import numpy as np
import pytest
from PIL import Image
from test_picture_white import numbers_to, parsed, seen
from tiff_files import tiff

from explainers import Problem

DRAW = np.random.default_rng(9)
UNITS = ("uint8", "uint16", "int16", "uint32", "float32", "float64")


def drawn(kind: str, channels: int) -> np.ndarray:
    numbers = DRAW.normal(size=(21, 34, channels)) * 40 + (100 if kind == "uint8" else 2000)
    return numbers.astype(kind)


@pytest.mark.parametrize("kind", UNITS)
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 6])
def test_every_layout_gives_the_numbers_back(kind, channels):
    numbers = drawn(kind, channels)
    expected = numbers.transpose(2, 0, 1).astype(np.float32)
    layouts = itertools.product((False, True), (False, True), (0, 16), "<>")
    for planar, deflate, tile, order in layouts:
        last = 3 if kind.startswith("f") else 2
        for predictor in (1, last) if deflate else (1,):
            how = {"planar": planar, "deflate": deflate, "tile": tile, "predictor": predictor}
            found = parsed(tiff({"numbers": numbers, **how}, order=order))[1]["bands"]
            assert np.array_equal(found, expected), (how, order)


def test_sixteen_bits_of_colours_are_not_cut_to_eight():
    """Pillow alone gives the upper bytes: numbers up to 4,095 would be 0 to 15."""
    numbers = numbers_to(4095, 3)
    data = tiff({"numbers": numbers})
    assert np.array_equal(seen(data, 3), numbers.transpose(2, 0, 1).astype(np.float32))
    weights = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
    np.testing.assert_allclose(seen(data, 1)[0], numbers @ weights / 4095, atol=1e-6)
    assert np.allclose(seen(data, 1, white=8190)[0], numbers @ weights / 8190, atol=1e-6)
    assert parsed(data)[1]["pixels"].max() == 255


@pytest.mark.parametrize("top, white", [(2191, 4095), (60_000, 65535), (200, 255)])
def test_a_grey_page_is_a_photo_for_networks_of_colours(top, white):
    numbers = numbers_to(top)
    data = tiff({"numbers": numbers})
    shares = numbers[None, :, :, 0] / np.float32(white)
    np.testing.assert_allclose(seen(data, 3), np.repeat(shares, 3, 0), atol=1e-7)
    assert np.array_equal(seen(data, 1)[0], numbers[:, :, 0])


def test_what_the_file_says_of_its_largest_number_is_white_of_the_photo():
    numbers = numbers_to(700)
    for declared, white in ((1000, 1000), (600, 1023)):  # 600: smaller than what is there
        data = tiff({"numbers": numbers, "tags": {281: (declared,)}})
        shares = numbers[:, :, 0] / np.float32(white)
        np.testing.assert_allclose(seen(data, 3)[0], shares, atol=1e-7)


def test_eight_bits_are_photos_too():
    photo = DRAW.integers(0, 256, (6, 9, 3), dtype=np.uint8)
    weights = np.array([0.299, 0.587, 0.114])
    grey = seen(tiff({"numbers": photo}), 1)[0]
    np.testing.assert_allclose(grey, photo @ weights / 255, atol=1e-6)
    cmyk = io.BytesIO()
    Image.fromarray(photo).convert("CMYK").save(cmyk, "TIFF")
    np.testing.assert_allclose(
        seen(cmyk.getvalue(), 3), photo.transpose(2, 0, 1) / 255, atol=1.5 / 255
    )
    assert seen(cmyk.getvalue(), 4).shape == (4, 6, 9)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_page_stands_upright(orientation):
    """Of 16 bits as of 8, which Pillow turns itself."""
    numbers = numbers_to(250)
    eight, sixteen = (
        parsed(tiff({"numbers": numbers.astype(kind), "tags": {274: (orientation,)}}))[1]["bands"]
        for kind in (np.uint8, np.uint16)
    )
    assert np.array_equal(eight, sixteen.astype(np.uint8)) and eight.shape[0] == 1


def test_where_white_is_zero_brightness_is_turned_round():
    numbers = numbers_to(60_000)
    found = seen(tiff({"numbers": numbers, "tags": {262: (0,)}}), 1)[0]
    assert np.array_equal(found, 65535 - numbers[:, :, 0].astype(np.float32))


def test_transparency_is_drawn_over_white():
    numbers = np.concatenate((numbers_to(60_000, 3), np.zeros((6, 9, 1), np.uint16)), 2)
    data = tiff({"numbers": numbers, "tags": {262: (2,), 338: (2,)}})
    assert (parsed(data)[1]["pixels"] == 255).all()
    infrared = tiff({"numbers": numbers, "tags": {262: (2,), 338: (0,)}})
    facts, _ = parsed(infrared)
    assert not facts["photo"], "a fourth band that is no transparency"


def test_pages_are_channels_and_smaller_copies_are_not():
    numbers = drawn("uint16", 3)
    pages = [{"numbers": numbers[:, :, one : one + 1]} for one in range(3)]
    smaller = {"numbers": numbers[::2, ::2, :1], "tags": {254: (1,)}}
    for some in (pages, [pages[0], smaller, *pages[1:], smaller]):
        found = parsed(tiff(*some))[1]["bands"]
        assert np.array_equal(found, numbers.transpose(2, 0, 1).astype(np.float32))
    mixed = [{"numbers": numbers[:, :, :1]}, {"numbers": numbers[:, :, :2].astype(np.uint8)}]
    assert np.array_equal(
        parsed(tiff(*mixed))[1]["bands"][1:], mixed[1]["numbers"].transpose(2, 0, 1)
    )


def test_twelve_bits_are_read_by_what_they_say():
    values = np.array([0, 1000, 4095, 2191])
    bits = "".join(f"{value:012b}" for value in values)
    packed = np.packbits([int(bit) for bit in bits]).reshape(1, 6, 1)
    data = tiff({"numbers": packed, "tags": {256: (4,), 258: (12,)}})
    bands = parsed(data)[1]["bands"]
    assert bands.ravel().tolist() == values.tolist()


@pytest.mark.parametrize(
    "tags",
    [
        {256: (2**31,), 257: (2**31,)},
        {258: (7,)},
        {259: (34712,)},
        {273: (2**31,)},
        {277: (60000,)},
        {284: (2,), 277: (7,)},
        {317: (9,)},
        {322: (0,), 323: (0,), 324: (8,), 325: (4,)},
        {339: (6,)},
        {256: (0,)},
        {274: (77,), 258: (64,)},
    ],
)
def test_lying_tags_end_in_a_sentence(tags, parser_pool):
    data = tiff({"numbers": numbers_to(9000), "rows": 6, "tags": tags})
    with pytest.raises(Problem, match="cannot be read|are accepted|without a result|finite"):
        parser_pool.parse("picture", data)


def test_pages_in_a_circle_end():
    data = bytearray(tiff({"numbers": numbers_to(9000)}))
    data[-4:] = data[4:8]
    assert parsed(bytes(data))[1]["bands"].shape == (1, 6, 9)


def test_tiff_behind_the_wall(parser_pool):
    numbers = drawn("uint16", 6)
    how = {"planar": True, "deflate": True, "tile": 16, "predictor": 2}
    _, arrays = parser_pool.parse("picture", tiff({"numbers": numbers, **how}))
    assert np.array_equal(arrays["bands"], numbers.transpose(2, 0, 1).astype(np.float32))
