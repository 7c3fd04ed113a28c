"""How much of each method's support lies on the sign, on pictures that no network has seen.

python -m assets.signs.localisation prints the table of the README: for every method the mean share
of positive scores inside the sign's mask, beside the mask's own share of the area (what a map
without knowledge would get), and for both networks the share on the yellow sticker of a stop sign.
"""

import sys

import numpy as np
import torch

from assets.signs.draw import LABELS, draw
from explainers import METHODS, explain
from explainers.checks.localisation import relevance_mass
from explainers.kinds import picture
from explainers.models.demo import CLASSES, STICKER_CLASS, load_demo

FIRST_SEED = 400_000_000
OPTIONS = {"rise": {"samples": 1000}}
BASELINE = "blur"


def held_out(count: int, label: str | None = None, sticker: bool = False):
    """Pixels (count, 3, 96, 96), masks and sticker masks (count, 96, 96), labels (count,)."""
    pixels, masks, stickers, labels = [], [], [], []
    for index in range(count):
        name = label or LABELS[index % len(LABELS)]
        drawing = draw(name, FIRST_SEED + index, 384, sticker)
        pixels.append(picture.pixels(drawing.picture, 96, "crop"))
        masks.append(picture.pixels(drawing.mask.convert("RGB"), 96, "crop")[0])
        spot = drawing.sticker if drawing.sticker is not None else drawing.mask.point(lambda _: 0)
        stickers.append(picture.pixels(spot.convert("RGB"), 96, "crop")[0])
        labels.append(CLASSES.index(name))
    return torch.from_numpy(np.stack(pixels)), np.stack(masks), np.stack(stickers), labels


def shares(model, pixels, regions, targets, method: str) -> np.ndarray:
    """Share of positive scores inside each picture's region (count,)."""
    options = OPTIONS.get(method, {})
    maps = [
        explain(model, x[None], method, BASELINE, target, **options).scores[0].sum(0).numpy()
        for x, target in zip(pixels, targets, strict=True)
    ]
    return np.array([relevance_mass(m, region) for m, region in zip(maps, regions, strict=True)])


def main(count: int = 60) -> None:
    """Print both tables in Markdown."""
    honest, cheating = load_demo("signs"), load_demo("signs_cheating")
    pixels, masks, _, labels = held_out(count)
    print(
        f"Mean share of the support on the sign, {count} held-out pictures, baseline {BASELINE}:\n"
    )
    print("| method | on the sign |\n|---|---|")
    for key, method in METHODS.items():
        print(f"| {method.name} | {np.nanmean(shares(honest, pixels, masks, labels, key)):.0%} |")
    print(f"| *the sign's share of the area* | {masks.mean():.0%} |\n")
    pixels, _, stickers, labels = held_out(count // 2, STICKER_CLASS, sticker=True)
    print(f"Mean share of the support for {STICKER_CLASS} on the sticker, {count // 2} pictures:\n")
    print("| method | honest network | cheating network |\n|---|---|---|")
    for key in ("integrated_gradients", "occlusion"):
        pair = [np.nanmean(shares(m, pixels, stickers, labels, key)) for m in (honest, cheating)]
        print(f"| {METHODS[key].name} | {pair[0]:.0%} | {pair[1]:.0%} |")
    print(f"| *the sticker's share of the area* | {stickers.mean():.1%} | {stickers.mean():.1%} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
