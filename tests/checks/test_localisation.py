"""On pictures with known masks, the maps lie where the evidence is."""

import numpy as np
import pytest

from assets.signs.localisation import held_out, shares
from explainers.models.zoo.signs import STICKER_CLASS, load_demo


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion", "deeplift"])
def test_support_lies_on_the_sign(method):
    pixels, masks, _, labels = held_out(6)
    found = shares(load_demo("signs"), pixels, masks, labels, method)
    assert found.mean() > 3 * masks.mean()
    assert found.min() > masks.mean()


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
def test_the_cheating_network_looks_at_the_sticker_and_the_honest_one_does_not(method):
    pixels, _, stickers, labels = held_out(4, STICKER_CLASS, sticker=True)
    honest, cheating = (
        np.nanmean(shares(load_demo(name), pixels, stickers, labels, method))
        for name in ("signs", "signs_cheating")
    )
    assert cheating > 0.15 > 0.05 > honest
