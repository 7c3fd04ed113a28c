"""Which number is white: pictures of 10 to 16 bits, masks, and what the network is given."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from explainers import Problem
from explainers.kinds import KINDS, picture
from explainers.models.spec import ModelSpec, preparation
from explainers.service.parsing.parsers import PARSERS

DRAW = np.random.default_rng(5)
KINDS_OF_PNG = {1: 0, 2: 4, 3: 2, 4: 6}
"""Channels → colour type."""


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(numbers: np.ndarray, *chunks: tuple[bytes, bytes]) -> bytes:
    """A 16-bit PNG of numbers (H, W, C), as the standard writes it down."""
    height, width, channels = numbers.shape
    head = struct.pack(">IIBBBBB", width, height, 16, KINDS_OF_PNG[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in numbers)
    parts = [chunk(b"IHDR", head), *(chunk(*one) for one in chunks)]
    body = [chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts + body)


def numbers_to(top: int, channels: int = 1) -> np.ndarray:
    numbers = DRAW.integers(0, top, (6, 9, channels)).astype(np.uint16)
    numbers[2, 3] = top
    return numbers


def parsed(data: bytes, **options):
    found = PARSERS["picture"].parse(data, **options)
    PARSERS["picture"].check(*found)
    return found


def seen(data: bytes, channels: int, **options) -> np.ndarray:
    usual = preparation("0–1", channels)
    spec = ModelSpec("upload", "", size=6, width=9, mean=usual.mean, std=usual.std)
    return KINDS["picture"].inputs(parsed(data, **options), spec, [0])[0]


@pytest.mark.parametrize(
    "top, white", [(1, 1), (2, 255), (700, 1023), (2191, 4095), (4095, 4095), (9000, 16383)]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_numbers_of_fewer_bits_are_scaled_by_their_own_white_and_said(top, white, channels):
    numbers = numbers_to(top, channels)
    expected = numbers.transpose(2, 0, 1).astype(np.float32) / np.float32(white)
    facts, arrays = parsed(png(numbers))
    assert facts["white"] == white and {1, white, 65535} <= {*facts["whites"]}
    assert f"end at {top:,}, far below the 65,535" in facts["notes"][0]
    assert np.array_equal(seen(png(numbers), channels), expected)
    drawn = arrays["pixels"].transpose(2, 0, 1)
    assert np.abs(drawn / 255 - expected).max() <= 0.5 / 255 + 1e-6


@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_reach_the_network_in_full_and_without_a_word(channels):
    numbers = numbers_to(60_000, channels)
    facts, _ = parsed(png(numbers))
    assert facts["white"] == 65535 and not facts["whites"] and not facts["notes"]
    exact = numbers.transpose(2, 0, 1) / np.float32(65535)
    assert np.array_equal(seen(png(numbers), channels), exact.astype(np.float32))


def test_grey_of_sixteen_bits_is_three_equal_colours_and_colours_are_one_grey():
    grey, colours = numbers_to(60_000), numbers_to(60_000, 3)
    assert np.array_equal(seen(png(grey), 3), np.repeat(seen(png(grey), 1), 3, 0))
    weights = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
    np.testing.assert_allclose(seen(png(colours), 1)[0], colours @ weights / 65535, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_white_that_is_chosen_counts(channels):
    numbers = numbers_to(2191, channels)
    for white in (1, 2191, 4095, 65535):
        expected = numbers.transpose(2, 0, 1) / np.float32(white)
        assert np.array_equal(seen(png(numbers), channels, white=white), expected)
        facts, arrays = parsed(png(numbers), white=white)
        assert facts["white"] == white and facts["usual"] == 4095 and white in facts["whites"]
        assert arrays["pixels"].max() == round(255 * min(1, 2191 / white))


def test_to_choose_the_usual_white_is_to_choose_nothing():
    """A page asks with the usual white from then on, and must go on to say what was noticed."""
    numbers = numbers_to(2191)
    array = io.BytesIO()
    np.save(array, numbers[:, :, 0])
    mask = io.BytesIO()
    Image.fromarray((numbers[:, :, 0] > 1000).astype(np.uint8)).save(mask, "PNG")
    tiff = io.BytesIO()
    Image.fromarray(numbers[:, :, 0]).save(tiff, "TIFF")
    for data in (png(numbers), array.getvalue(), mask.getvalue(), tiff.getvalue()):
        facts, arrays = parsed(data)
        again, same = parsed(data, white=facts["usual"])
        assert facts["whites"] and facts == again
        assert all(np.array_equal(arrays[name], same[name]) for name in arrays)


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_significant_bits_tell_the_white(bits):
    """By the PNG standard numbers are scaled up to 16 bits; cameras often leave them alone."""
    most = 2**bits - 1
    numbers = numbers_to(most)
    said = (b"sBIT", bytes([bits]))
    facts, _ = parsed(png(numbers, said))
    assert facts["white"] == most and f"have {bits} bits" in facts["notes"][0]
    scaled = (numbers << (16 - bits)) | (numbers >> (2 * bits - 16))
    assert np.allclose(seen(png(scaled, said), 1)[0], numbers[:, :, 0] / most, atol=1e-4)
    dark = (numbers >> 4) << (16 - bits)  # ends below 2^bits, and is scaled all the same
    facts, _ = parsed(png(dark.astype(np.uint16), said))
    assert facts["white"] == 65535 and not facts["notes"]


def test_transparent_parts_of_sixteen_bits_are_white():
    for channels in (1, 3):
        numbers = numbers_to(2000, channels)
        clear = np.concatenate((numbers, np.full((6, 9, 1), 65535, np.uint16)), 2)
        clear[0, 0, -1] = 0
        clear[1, 1, -1] = 32768
        found = parsed(png(clear))[1]["pixels"]
        half = numbers[1, 1] / 4095 * (32768 / 65535) + 1 - 32768 / 65535
        assert (found[0, 0] == 255).all()
        assert np.abs(found[1, 1] / 255 - half).max() <= 0.5 / 255 + 1e-6
        assert np.array_equal(
            seen(png(clear), channels + 1)[-1], clear[:, :, -1] / np.float32(65535)
        )
        keyed = png(numbers, (b"tRNS", numbers[2, 3].astype(">u2").tobytes()))
        same = (numbers == numbers[2, 3]).all(2)
        expected = np.where(same, 1, numbers.transpose(2, 0, 1) / np.float32(4095))
        assert np.array_equal(seen(keyed, channels), expected.astype(np.float32))


def test_a_turned_picture_of_sixteen_bits_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    numbers = numbers_to(60_000)
    buffer = io.BytesIO()
    Image.fromarray(numbers[:, :, 0]).save(buffer, "PNG", exif=exif)
    bands = parsed(buffer.getvalue())[1]["bands"]
    assert np.array_equal(bands[0], np.rot90(numbers[:, :, 0], -1) / np.float32(65535))


def test_a_mask_of_eight_bits_is_said_to_be_nearly_black():
    mask = (DRAW.random((6, 9)) > 0.5).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, "PNG")
    facts, arrays = parsed(buffer.getvalue())
    assert "nearly black" in facts["notes"][0] and 1 in facts["whites"]
    assert arrays["pixels"].max() == 1
    assert np.array_equal(seen(buffer.getvalue(), 1, white=1)[0], mask)
    array = io.BytesIO()
    np.save(array, mask)
    assert "nearly black" in parsed(array.getvalue())[0]["notes"][0]
    assert np.array_equal(seen(array.getvalue(), 1, white=1)[0], mask)


def test_plain_photos_have_nothing_to_say():
    photo = DRAW.integers(0, 256, (6, 9, 3), dtype=np.uint8)
    for form in ("PNG", "JPEG", "WEBP"):
        buffer = io.BytesIO()
        Image.fromarray(photo).save(buffer, form)
        assert parsed(buffer.getvalue())[0] == {}


def test_arrays_count_as_they_are_unless_people_choose():
    numbers = numbers_to(4095)[:, :, 0]
    buffer = io.BytesIO()
    np.save(buffer, numbers)
    facts, _ = parsed(buffer.getvalue())
    assert facts["white"] == 1 and {1, 4095, 65535} <= {*facts["whites"]} and not facts["notes"]
    assert np.array_equal(seen(buffer.getvalue(), 1)[0], numbers)
    shares = seen(buffer.getvalue(), 1, white=4095)[0]
    assert np.array_equal(shares, numbers / np.float32(4095))
    for bad in (-1, float("nan"), float("inf")):
        with pytest.raises(Problem, match="must be a number above 0"):
            parsed(buffer.getvalue(), white=bad)


def test_what_the_network_is_given_is_a_sentence():
    spec = ModelSpec("upload", "", size=6, width=9, mean=(0.0,), std=(1.0,))
    numbers = numbers_to(4095)
    numbers[0, 0] = 0
    assert picture.given(parsed(png(numbers)), spec) == (
        "Before its normalisation the network is given numbers from 0 to 1: 4,095 in the file is 1."
    )
    buffer = io.BytesIO()
    np.save(buffer, numbers[:, :, 0])
    assert "from 0 to 4,095: as they are in the file. It is drawn" in picture.given(
        parsed(buffer.getvalue()), spec
    )
    photo = ({}, {"pixels": np.zeros((6, 9, 3), np.uint8)})
    assert picture.given(photo, spec) == ""


def test_the_white_is_chosen_behind_the_wall(parser_pool):
    numbers = numbers_to(2191, 3)
    for white in (0, 65535):
        facts, arrays = parser_pool.parse("picture", png(numbers), white=white)
        expected = numbers.transpose(2, 0, 1) / np.float32(white or 4095)
        assert np.array_equal(arrays["bands"], expected) and facts["usual"] == 4095
