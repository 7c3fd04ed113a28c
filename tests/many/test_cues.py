"""The hunter finds the sticker of the cheating network first, and nothing in the honest one."""

import numpy as np
import pytest
from scipy.stats import binomtest
from small_runs import SPEC, Tiny, pictures

from assets.signs.draw import LABELS, draw
from explainers import Problem, explain_many
from explainers.commands.many import cue_sentences
from explainers.many.cues.clusters import grouped
from explainers.many.cues.flips import Flips, wilson
from explainers.many.cues.hunt import hunt
from explainers.many.cues.patches import cut_out, elsewhere, hottest
from explainers.models.zoo.signs import STICKER_CLASS

SEED, SIDE = 900_000, 96


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Pictures that no network has seen; every stop sign has a sticker. And where it is."""
    folder, stickers = tmp_path_factory.mktemp("signs"), {}
    labels = [label for label in LABELS if label != STICKER_CLASS][:8] * 2 + [STICKER_CLASS] * 8
    for number, label in enumerate(labels):
        drawing = draw(label, SEED + number, SIDE, sticker=label == STICKER_CLASS)
        drawing.picture.save(folder / f"{number:02d}.png")
        if drawing.sticker is not None:
            stickers[number] = np.asarray(drawing.sticker) > 128
    return folder, stickers


def hunted(name, drawn, to):
    run = explain_many(name, drawn[0], "deeplift", to=to, score="logit")
    return hunt(run, name, pairs=60)


def test_the_sticker_comes_out_first(drawn, tmp_path):
    clusters = hunted("signs_cheating", drawn, tmp_path / "out")
    first = clusters[0]
    assert first.is_cue and first.name == STICKER_CLASS
    assert not any(one.is_cue for one in clusters[1:])
    assert first.paste.rate > 0.5 > 0.1 > first.paste.random_rate
    assert cue_sentences(clusters) == [first.sentence]
    assert first.cut.rate > 0.5 and "answers by this cue" in first.sentence
    # It is the sticker itself that is in the patch.
    for member, (row, column) in zip(first.members, first.places, strict=True):
        sticker = drawn[1][member]
        inside = sticker[row : row + first.side, column : column + first.side].sum()
        assert inside > 0.6 * sticker.sum(), member


def test_the_honest_network_is_clean(drawn, tmp_path):
    clusters = hunted("signs", drawn, tmp_path / "out")
    assert len(clusters) >= 1 and not any(one.is_cue for one in clusters)
    assert cue_sentences(clusters)[0].startswith("No cue was found in")
    assert all("answers by this cue" not in one.sentence for one in clusters)


def test_the_hunt_wants_its_own_run(tmp_path):
    source = pictures(tmp_path / "in", 6)
    run = explain_many(Tiny(), source, "saliency", to=tmp_path / "out", spec=SPEC)
    other = Tiny()
    other.ramp += 1
    with pytest.raises(Problem, match="not the network of the run"):
        hunt(run, other, spec=SPEC)
    with pytest.raises(Problem, match="not the pictures of the run"):
        hunt(run, Tiny(), pictures(tmp_path / "more", 6, seed=1), spec=SPEC)


def test_intervals():
    for hits, total in ((0, 10), (7, 10), (150, 200), (200, 200)):
        due = binomtest(hits, total).proportion_ci(method="wilson")
        assert wilson(hits, total) == pytest.approx((due.low, due.high), abs=1e-9)
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(400):  # half of what random patches flip, the cue flips too
        cue = rng.random(80) < 0.6
        random = np.where(cue, rng.random(80) < 0.3, rng.random(80) < 0.1)
        low, high = Flips.of(cue, random).excess_interval
        covered += low <= 0.6 - (0.6 * 0.3 + 0.4 * 0.1) <= high
    assert 0.92 < covered / 400 < 0.98


def test_patches_by_enumeration():
    rng = np.random.default_rng(2)
    maps = rng.normal(size=(3, 9, 11))
    found = hottest(maps, 4)
    for one, place, share in zip(np.clip(maps, 0, None), found.places, found.shares, strict=True):
        sums = {(r, c): one[r : r + 4, c : c + 4].sum() for r in range(6) for c in range(8)}
        assert tuple(place) == max(sums, key=sums.get)
        assert share == pytest.approx(max(sums.values()) / one.sum())
        for _ in range(20):
            other = elsewhere(place, 4, (9, 11), rng)
            assert (np.abs(other - place) >= 4).any() and (other <= (5, 7)).all()
    picture = np.zeros((2, 9, 11))
    picture[0, 3:7, 2:6], picture[1] = 1, 0.25
    assert (cut_out(picture, np.array([3, 2]), 4) == np.array([0, 0.25])[:, None, None]).all()


def test_groups_are_told_apart_only_where_they_are_apart():
    rng = np.random.default_rng(1)
    centres = rng.normal(0, 20, (3, 5))
    truth = np.repeat([0, 1, 2], [15, 25, 10])
    found = grouped(centres[truth] + rng.normal(size=(50, 5)))
    assert {tuple(np.unique(found[truth == k])) for k in range(3)} == {(0,), (1,), (2,)}
    assert len(np.unique(grouped(rng.normal(size=(60, 5))))) == 1
