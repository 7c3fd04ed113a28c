"""Pictures of any shape and number of channels: what reaches the network, number by number."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from explainers import Problem
from explainers.kinds import KINDS, picture
from explainers.kinds.files import bands
from explainers.models.prepared import Prepared
from explainers.models.spec import PREPARATIONS, ModelSpec, preparation
from explainers.service.parsing.parsers import PARSERS

DRAW = np.random.default_rng(0)
PHOTO = DRAW.integers(0, 256, (90, 120, 3), dtype=np.uint8)


def saved(array: np.ndarray, **more) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=array, **more) if more else np.save(buffer, array)
    return buffer.getvalue()


def tiff(frames: list[np.ndarray], **options) -> bytes:
    buffer = io.BytesIO()
    first, *rest = map(Image.fromarray, frames)
    first.save(buffer, "TIFF", save_all=True, append_images=rest, **options)
    return buffer.getvalue()


def spec(channels: int, height: int, width: int, **more) -> ModelSpec:
    usual = preparation("0–1", channels)
    return ModelSpec(
        "upload", "", size=height, width=width, **{"mean": usual.mean, "std": usual.std} | more
    )


def given(data: bytes, wanted: ModelSpec) -> np.ndarray:
    facts, arrays = PARSERS["picture"].parse(data)
    PARSERS["picture"].check(facts, arrays)
    return KINDS["picture"].inputs((facts, arrays), wanted, [0])[0]


@pytest.mark.parametrize(
    "sides, box",
    [
        ((48, 192), (0, 30, 120, 60)),  # left, top, right, bottom of the largest centred part
        ((64, 16), (48.75, 0, 71.25, 90)),
        ((60, 60), (15, 0, 105, 90)),
        ((90, 120), (0, 0, 120, 90)),
    ],
)
def test_a_photo_is_cropped_to_the_networks_own_shape(sides, box):
    image = Image.fromarray(PHOTO)
    resized = image.resize(sides[::-1], Image.Resampling.BILINEAR, box=box)
    expected = np.asarray(resized, np.float32).transpose(2, 0, 1) / 255
    seen = picture.pixels(image, sides, "crop")
    assert seen.shape == (3, *sides) and np.array_equal(seen, expected)
    left, top, width, height = picture.crop_region(image.size, "crop", sides)
    at = (left * 120, top * 90, (left + width) * 120, (top + height) * 90)
    assert at == pytest.approx(box)


def test_a_photo_is_stretched_to_the_networks_own_shape():
    image = Image.fromarray(PHOTO)
    expected = np.asarray(image.resize((192, 48), Image.Resampling.BILINEAR), np.float32)
    seen = picture.pixels(image, (48, 192), "stretch")
    assert np.array_equal(seen, expected.transpose(2, 0, 1) / 255)


@pytest.mark.parametrize("name", list(PREPARATIONS))
def test_a_normalisation_is_what_its_framework_computes(name):
    """In float32 on the bytes of the photo, as torchvision, Keras and Caffe do it."""
    x = torch.from_numpy(PHOTO.transpose(2, 0, 1).copy())[None]
    raw = x.float()
    from torchvision.transforms.functional import normalize

    imagenet = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    expected = {
        "0–1": raw / 255,
        "ImageNet": normalize(raw / 255, *imagenet),
        "−1–1": (raw / 255 - 0.5) / 0.5,
        "0–255": raw,
        "0–255, BGR": raw[:, [2, 1, 0]],
        "Caffe": raw[:, [2, 1, 0]] - torch.tensor([103.939, 116.779, 123.68]).view(1, 3, 1, 1),
    }[name]
    wanted = ModelSpec("upload", "", size=90, width=120, **PREPARATIONS[name]._asdict())
    values = KINDS["picture"].inputs(({}, {"pixels": PHOTO}), wanted, [0])
    assert torch.equal(Prepared(nn.Identity(), wanted)(torch.from_numpy(values)), expected)


def test_a_preparation_of_other_channels():
    assert preparation("0–255", 6).white == 255 and len(preparation("0–255", 6).mean) == 6
    assert preparation("Caffe", 4) is None and preparation("ImageNet", 1) is None
    with pytest.raises(Problem, match="three channels"):
        Prepared(nn.Identity(), spec(4, 8, 8, order="BGR"))
    with pytest.raises(Problem, match="3 channels"):
        Prepared(nn.Identity(), spec(3, 8, 8))(torch.zeros(1, 4, 8, 8))


@pytest.mark.parametrize("channels", [1, 2, 4, 6, 13])
@pytest.mark.parametrize("kind", ["float32", "uint16", "float64", "uint8"])
def test_channels_reach_the_network_as_they_are(channels, kind):
    array = (DRAW.random((channels, 30, 50)) * 250).astype(kind)
    expected = array.astype(np.float32) / (255 if kind == "uint8" else 1)
    last = array.transpose(1, 2, 0)
    for data in (saved(array), saved(last), saved(array[None])):
        assert np.array_equal(given(data, spec(channels, 30, 50)), expected)
    if channels > 1:
        apart = {f"b{index}": band for index, band in enumerate(array[1:])}
        assert np.array_equal(given(saved(array[0], **apart), spec(channels, 30, 50)), expected)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("options", [{}, {"compression": "tiff_lzw"}])
def test_the_bands_of_a_tiff_are_its_frames(kind, options):
    frames = [(DRAW.random((30, 50)) * 250).astype(kind) for _ in range(6)]
    seen = given(tiff(frames, **options), spec(6, 30, 50))
    assert np.array_equal(
        seen, np.stack(frames).astype(np.float32) / (255 if kind == "uint8" else 1)
    )


def test_four_bands_of_a_tiff_or_png_are_four_channels():
    four = DRAW.integers(0, 256, (30, 50, 4), dtype=np.uint8)
    for form in ("TIFF", "PNG"):
        buffer = io.BytesIO()
        Image.fromarray(four, "RGBA").save(buffer, form)
        seen = given(buffer.getvalue(), spec(4, 30, 50))
        assert np.array_equal(seen, four.transpose(2, 0, 1).astype(np.float32) / 255)


def test_a_transparent_picture_stays_a_photo_for_networks_of_photos():
    buffer = io.BytesIO()
    Image.new("RGBA", (8, 6), (0, 0, 0, 0)).save(buffer, "PNG")
    assert (given(buffer.getvalue(), spec(3, 6, 8)) == 1).all(), "transparent is white"


def test_bands_of_numbers_are_resized_as_torch_resizes_them():
    array = DRAW.normal(size=(2, 40, 80)).astype(np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(array)[None], (16, 50), mode="bilinear", antialias=True
    )[0]
    seen = given(saved(array), spec(2, 16, 50, fit="stretch"))
    np.testing.assert_allclose(seen, expected.numpy(), atol=1e-5)


def test_what_is_drawn_of_many_channels():
    array = np.stack([np.full((6, 7), value, np.uint8) for value in (10, 20, 30, 40)])
    facts, arrays = bands.read_bands(saved(array))
    assert arrays["pixels"][0, 0].tolist() == [10, 20, 30]
    shown = bands.stretched(bands.network_scale(array), facts["low"], facts["high"])
    assert bands.in_colour(shown, (3, 0, 1))[0, 0].tolist() == [40, 10, 20]
    assert bands.in_colour(shown, (3,))[0, 0].tolist() == [40] * 3
    two = bands.read_bands(saved(array[:2]))[1]["pixels"]
    assert two[0, 0].tolist() == [10] * 3, "two channels are no colour"


@pytest.mark.parametrize(
    "array, words",
    [
        (np.zeros((2, 3, 4, 5)), "has the shape"),
        (np.zeros(5), "has the shape"),
        (np.zeros((0, 5, 5)), "has the shape"),
        (np.full((2, 5, 5), np.nan), "Channel 1 has nan at row 1, column 1"),
        (np.full((2, 5, 5), 1e300), "Channel 1 has 1e[+]300"),
        (np.zeros((2, 6000, 6000), np.uint8), "channels of 6000 × 6000"),
        (np.zeros((1200, 30, 30), np.uint8), "1200 channels"),
    ],
)
def test_other_arrays_get_a_sentence(array, words):
    with pytest.raises(Problem, match=words):
        picture.parse(saved(array))


def test_other_files_get_a_sentence():
    with pytest.raises(Problem, match="different sizes: 4 × 5 and 4 × 6"):
        picture.parse(saved(np.zeros((4, 5)), b=np.zeros((4, 6))))
    for data in (b"II*\0 no tiff", b"MM\0*"):
        with pytest.raises(Problem, match="TIFF file cannot be read"):
            picture.parse(data)
    for data in (b"\x93NUMPY no array", b"PK\x03\x04 no archive"):
        with pytest.raises(Problem, match="damaged"):
            picture.parse(data)


@pytest.mark.parametrize("channels", [2, 4, 6])
def test_a_photo_for_a_network_of_other_channels_is_refused_in_words(channels):
    with pytest.raises(Problem, match=f"takes pictures of {channels} channels; this one has 3"):
        KINDS["picture"].inputs(({}, {"pixels": PHOTO}), spec(channels, 8, 8), [0])
    with pytest.raises(Problem, match="takes pictures of 3 channels; this one has 5"):
        given(saved(np.zeros((5, 8, 8))), spec(3, 8, 8))


def test_bands_are_read_behind_the_wall(parser_pool):
    array = DRAW.normal(size=(6, 8, 9))
    for data in (saved(array), tiff([*array.astype(np.float32)], compression="tiff_lzw")):
        facts, arrays = parser_pool.parse("picture", data)
        assert arrays["bands"].shape == (6, 8, 9) and len(facts["low"]) == 6
