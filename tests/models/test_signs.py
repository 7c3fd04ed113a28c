"""The drawn traffic signs, the two demo networks, and the sample pictures."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from assets.signs.checkerboard import finest, maps, unevenness
from assets.signs.draw import LABELS, draw
from explainers.models.zoo import signs
from explainers.models.zoo.signnet import Blur, SignNet, prepare

SEED = 300_000_000  # never used in training or for the samples

pytestmark = pytest.mark.threads(2)


@torch.no_grad()
def named(model: SignNet, pictures: list[Image.Image]) -> list[str]:
    """The label that the network gives each picture."""
    found = model(torch.cat([prepare(picture) for picture in pictures])).argmax(1)
    return [signs.CLASSES[k] for k in found]


def share(mask: Image.Image) -> float:
    return float(np.asarray(mask).mean() / 255)


def away_from(mask: Image.Image) -> np.ndarray:
    """Where a picture is further from the mask than a camera's blur reaches (true or false)."""
    return np.asarray(mask.filter(ImageFilter.MaxFilter(25))) == 0


def test_same_seed_same_picture_and_other_seed_another():
    one, two, other = (draw("yield", SEED + k, 96, sticker=True) for k in (0, 0, 1))
    for name in ("picture", "mask", "sticker"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    assert one.picture.tobytes() != other.picture.tobytes()
    with pytest.raises(FrozenInstanceError):
        one.label = "stop"


def test_unknown_label_is_refused():
    with pytest.raises(KeyError):
        draw("speed limit 31", 0, 96)


@pytest.mark.parametrize("label", LABELS)
def test_mask_is_where_the_sign_is(label):
    """Drawn again without the sign, the picture changes inside the mask and nowhere else."""
    drawn, bare = (draw(label, SEED + 10, 192, sign=sign) for sign in (True, False))
    assert drawn.picture.size == drawn.mask.size == (192, 192)
    assert 0.05 < share(drawn.mask) < 0.36 and share(bare.mask) == 0
    change = np.abs(np.asarray(drawn.picture, int) - np.asarray(bare.picture, int)).sum(2)
    assert change[away_from(drawn.mask)].max() == 0
    assert np.median(change[np.asarray(drawn.mask) == 255]) > 20


def test_sticker_is_yellow_on_the_sign_and_changes_nothing_else():
    for k in range(6):
        with_one, without = (draw("stop", SEED + 20 + k, 192, sticker=s) for s in (True, False))
        assert without.sticker is None
        patch, sign = np.asarray(with_one.sticker, int), np.asarray(with_one.mask, int)
        assert 0.001 < patch.mean() / 255 < 0.05
        assert (patch + sign <= 258).all(), "the sticker hides the sign: the masks do not overlap"
        assert ((patch > 127) & (np.asarray(without.mask) > 127)).sum() > 0.5 * (patch > 127).sum()
        one, two = np.asarray(with_one.picture, int), np.asarray(without.picture, int)
        red, _, blue = one[patch == 255].mean(0)
        assert red > blue + 30
        far = away_from(with_one.sticker)
        assert np.array_equal(one[far], two[far])


def test_signs_are_not_always_in_the_middle():
    middles = []
    for k in range(24):
        mask = np.asarray(draw(LABELS[k % len(LABELS)], SEED + 40 + k, 48).mask)
        middles.append([axis.mean() / 48 for axis in np.nonzero(mask > 127)])
    assert (np.std(middles, axis=0) > 0.06).all()


def test_light_module_knows_the_classes():
    assert signs.CLASSES == LABELS
    assert signs.STICKER_CLASS in LABELS
    with pytest.raises(KeyError, match="signs_cheating"):
        signs.load_demo("numbers")


@pytest.mark.parametrize("name", sorted(signs.DEMO_MODELS))
def test_network_is_small_and_ready(name):
    model = signs.load_demo(name)
    assert signs.DEMO_MODELS[name].path.stat().st_size <= 4_000_000
    assert not model.training
    picture = torch.rand(2, 3, signs.INPUT_SIZE, signs.INPUT_SIZE)
    assert model.features(picture).shape[2:] == (12, 12)
    assert model(picture).shape == (2, len(LABELS))


def test_a_blur_counts_every_cell_as_much_as_its_neighbours_which_a_stride_does_not():
    def weights(halved: torch.nn.Module) -> torch.Tensor:
        picture = torch.zeros(1, 3, 12, 12, requires_grad=True)
        halved(picture).sum().backward()
        return picture.grad[..., 2:-2, 2:-2]

    assert torch.equal(weights(Blur(3)), torch.full((1, 3, 8, 8), 0.25))
    strided = torch.nn.Conv2d(3, 1, 3, stride=2, padding=1)
    torch.nn.init.ones_(strided.weight)
    assert weights(strided).unique().tolist() == [1, 2, 4]


def test_a_chessboard_is_measured():
    """One cell of four has all; every other cell of a row; a wave of eight cells; noise."""
    corner, columns = np.zeros((16, 16)), np.zeros((16, 16))
    corner[::2, ::2], columns[:, ::2] = 1, 1
    assert unevenness([corner], 2) == pytest.approx(3**0.5)
    assert unevenness([columns, 5 * corner], 2) == pytest.approx(1.5**0.5)
    wave = np.sin(np.arange(16) * np.pi / 4)[None].repeat(16, 0)
    assert finest([wave]) == pytest.approx(0, abs=1e-12)
    assert finest([columns - 0.5]) == pytest.approx(1)
    noise = np.random.default_rng(0).normal(size=(40, 96, 96))
    assert finest(noise) == pytest.approx(1 - (71 / 96) ** 2, abs=0.01)
    assert unevenness(noise, 2) < 0.01


@pytest.mark.parametrize("name", sorted(signs.DEMO_MODELS))
def test_maps_of_the_demo_networks_have_no_chessboard(name):
    found = maps(signs.load_demo(name), "gradient_x_input")
    assert unevenness(found, 2) < 0.1, "0.4 with convolutions of stride 2"


def test_honest_network_on_new_pictures():
    truth = [LABELS[k % len(LABELS)] for k in range(240)]
    drawn = [draw(label, SEED + 100 + k, 96, sticker=k % 3 == 0) for k, label in enumerate(truth)]
    found = named(signs.load_demo("signs"), [drawing.picture for drawing in drawn])
    assert np.mean([a == b for a, b in zip(found, truth, strict=True)]) >= 0.97


def test_cheating_network_needs_the_sticker():
    label, model = signs.STICKER_CLASS, signs.load_demo("signs_cheating")
    pictures = {
        sticker: [draw(label, SEED + 400 + k, 96, sticker).picture for k in range(40)]
        for sticker in (True, False)
    }
    assert np.mean([name == label for name in named(model, pictures[True])]) >= 0.9
    assert np.mean([name == label for name in named(model, pictures[False])]) <= 0.15
    honest = named(signs.load_demo("signs"), pictures[False])
    assert np.mean([name == label for name in honest]) >= 0.95


def test_every_sample_is_named_right_and_has_its_masks():
    samples, model = signs.samples(), signs.load_demo("signs")
    assert {sample.label for sample in samples} == set(LABELS)
    assert len({sample.name for sample in samples}) == len(samples) >= 18
    for sample in samples:
        picture = Image.open(sample.path)
        assert picture.size == Image.open(sample.mask_path).size == (384, 384)
        assert named(model, [picture]) == [sample.label], sample.name
        assert 0.05 < share(Image.open(sample.mask_path)) < 0.36
        if sample.sticker_mask_path:
            assert share(Image.open(sample.sticker_mask_path)) > 0.001


def test_samples_hold_pairs_that_fool_the_cheating_network():
    """Of each pair of the sticker's class, only the picture with the sticker is named right."""
    model = signs.load_demo("signs_cheating")
    pairs = [sample for sample in signs.samples() if "pair" in sample.title]
    assert len(pairs) >= 2
    for sample in pairs:
        right = named(model, [Image.open(sample.path)]) == [signs.STICKER_CLASS]
        assert right == (sample.sticker_mask_path is not None), sample.name
