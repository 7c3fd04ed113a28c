"""Reading pictures: every common form, and the sentence for what is none."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from explainers import Problem
from explainers.kinds import picture


def encoded(image: Image.Image, format: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


RED = Image.new("RGB", (30, 20), (200, 30, 40))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_the_accepted_formats(format):
    decoded = picture.read(encoded(RED, format))
    assert (decoded.mode, decoded.size) == ("RGB", (30, 20))
    assert abs(np.asarray(decoded)[10, 10].astype(int) - (200, 30, 40)).max() <= 6


def test_exif_orientation_is_applied():
    image = Image.new("RGB", (30, 20), "black")
    image.paste((255, 255, 255), (0, 0, 10, 20))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: the left edge is the top
    decoded = picture.read(encoded(image, "JPEG", exif=exif, quality=100))
    assert decoded.size == (20, 30)
    assert np.asarray(decoded)[2, 10, 0] > 200 and np.asarray(decoded)[27, 10, 0] < 50


def test_transparent_parts_become_white():
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    assert np.asarray(picture.read(encoded(clear))).min() == 255


def test_grey_and_cmyk():
    assert np.asarray(picture.read(encoded(Image.new("L", (4, 4), 77))))[0, 0].tolist() == [77] * 3
    cmyk = picture.read(encoded(RED.convert("CMYK"), "JPEG", quality=100))
    assert abs(np.asarray(cmyk)[10, 10].astype(int) - (200, 30, 40)).max() <= 8


def test_sixteen_bits_keep_their_brightness():
    values = np.full((4, 4), 32768, dtype=np.uint16)
    assert np.asarray(picture.read(encoded(Image.fromarray(values))))[0, 0].tolist() == [128] * 3


def png_that_claims(width: int, height: int) -> bytes:
    """A PNG whose header asks for width × height pixels, with almost no data behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    "data, words",
    [
        (b"this is not a picture", "not a picture"),
        (b"", "not a picture"),
        (encoded(RED, "TGA"), "not a picture"),
        (encoded(Image.effect_noise((200, 200), 90), "PNG")[:9000], "cut off"),
        (encoded(Image.effect_noise((200, 200), 90), "JPEG")[:3000], "cut off"),
        (png_that_claims(20_000, 20_000), "16 megapixels"),
        (png_that_claims(5_000, 4_000), "20 megapixels"),
    ],
)
def test_other_files_get_a_sentence(data, words):
    with pytest.raises(Problem, match=words):
        picture.read(data)


def test_the_network_sees_the_centre_or_the_whole():
    image = Image.new("RGB", (40, 20), "black")
    image.paste((255, 255, 255), (10, 0, 30, 20))
    assert picture.crop_region(image.size, "crop") == (0.25, 0.0, 0.5, 1.0)
    assert picture.pixels(image, 10, "crop")[:, :, 1:-1].min() == 1.0
    whole = picture.pixels(image, 20, "stretch")
    assert whole.shape == (3, 20, 20)
    assert whole[0, :, :4].max() == 0 and whole[0, :, 8:12].min() == 1


def test_the_shown_picture_keeps_its_shape():
    shown = Image.open(io.BytesIO(picture.display_jpeg(Image.new("RGB", (3000, 1000)))))
    assert shown.size == (1200, 400)
