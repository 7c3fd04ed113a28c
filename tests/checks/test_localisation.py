"""On pictures with known masks, the maps lie where the evidence is."""

import functools

import numpy as np
import pytest

from assets.signs import localisation, methods
from assets.signs.localisation import METHODS_COMPARED, shares
from explainers import METHODS
from explainers.models.zoo.signs import STICKER_CLASS, load_demo

held_out = functools.cache(localisation.held_out)  # to draw them takes as long as to explain them


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


def test_the_tables_of_the_readme_can_be_made_again(capsys, monkeypatch):
    monkeypatch.setitem(localisation.OPTIONS, "rise", {"samples": 20})
    localisation.main(1)
    names = [METHODS[key].name for key in METHODS_COMPARED]
    assert [line.split(" | ")[0] for line in capsys.readouterr().out.splitlines()][4:-1] == [
        f"| {name}" for name in names
    ]
    found = methods.measured(2)
    assert [*found] == [*names, methods.CHANCE]
    assert all(rows.shape == (2, len(methods.COLUMNS)) for rows in found.values())
    assert methods.drawn(found).height > 40 * len(found)
