"""Which network looks at the sticker, on pictures that neither has seen.

python -m assets.signs.localisation prints the table of the README: for both networks the mean share
of the support for *stop* that lies on the yellow sticker of a stop sign, beside the sticker's own
share of the area (what a map without knowledge would get).
"""

import sys

import numpy as np
import torch

from assets.signs.draw import LABELS, draw
from explainers import METHODS, explain
from explainers.checks.localisation import relevance_mass
from explainers.kinds import picture
from explainers.models.zoo.signs import CLASSES, STICKER_CLASS, load_demo

FIRST_SEED = 400_000_000
METHODS_COMPARED = (
    "integrated_gradients",
    "deeplift",
    "occlusion",
    "gradient_x_input",
    "saliency",
    "smoothgrad",
    "grad_cam",
    "rise",
)
OPTIONS = {"rise": {"samples": 1000}, "smoothgrad": {"samples": 32}}
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


def main(count: int = 30) -> None:
    """Print the table in Markdown."""
    honest, cheating = load_demo("signs"), load_demo("signs_cheating")
    pixels, _, stickers, labels = held_out(count, STICKER_CLASS, sticker=True)
    print(f"Mean share of the support for {STICKER_CLASS} on the sticker, {count} pictures:\n")
    print("| method | honest network | cheating network |\n|---|---|---|")
    for key in METHODS_COMPARED:
        pair = [np.nanmean(shares(m, pixels, stickers, labels, key)) for m in (honest, cheating)]
        print(f"| {METHODS[key].name} | {pair[0]:.0%} | {pair[1]:.0%} |")
    print(f"| *the sticker's share of the area* | {stickers.mean():.1%} | {stickers.mean():.1%} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
