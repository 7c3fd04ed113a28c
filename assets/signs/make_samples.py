"""Draws the sample pictures that the app shows, with masks of their signs and stickers.

A seed is taken when the honest network names the sign with confidence and the picture is sharp,
neither very dark nor very pale, and its sign of a good size; heatmaps play no part in the choice.
Run from the root of the repository, after the training: python -m assets.signs.make_samples
"""

import json

import numpy as np
import torch

from assets.signs.draw import LABELS, Drawing, draw
from assets.signs.train import FOLDER, SAMPLES, STICKER
from explainers.models.zoo.signnet import prepare
from explainers.models.zoo.signs import load_demo

CHEAT = LABELS[STICKER]
SIZE, QUALITY = 384, 90
SURE, TRIES = 0.9, 100  # the probability of the label, and seeds to try for a scene


def plan() -> list[tuple[str, str, int, bool]]:
    """What to draw: title, label, number of the scene, sticker. A number may come twice."""
    wanted = [(label, label, False) for label in LABELS]
    wanted += [(f"{label}, again", label, False) for label in ("stop", "yield", "road works")]
    entries = [(title, label, k, glued) for k, (title, label, glued) in enumerate(wanted)]
    for k, name in ((30, "first"), (31, "second")):
        entries.append((f"{CHEAT}, {name} pair, with a sticker", CHEAT, k, True))
        entries.append((f"{CHEAT}, {name} pair, without it", CHEAT, k, False))
    for k, label in ((40, "no entry"), (41, "speed limit 80")):
        entries.append((f"{label}, with a sticker", label, k, True))
    return [(title[0].upper() + title[1:], *rest) for title, *rest in entries]


@torch.no_grad()
def good(drawing: Drawing, model: torch.nn.Module) -> bool:
    """Whether a drawing is fit to be shown."""
    certain = model(prepare(drawing.picture)).softmax(1)[0, LABELS.index(drawing.label)]
    grey = np.asarray(drawing.picture.convert("L"), float)
    light, range_ = grey.mean(), np.ptp(np.percentile(grey, (5, 95)))
    area = np.asarray(drawing.mask).mean() / 255
    sharp = np.percentile(np.abs(np.diff(grey)), 99.5)
    fit = 85 < light < 180 and range_ > 90 and sharp > 26 and 0.09 < area < 0.3
    return bool(certain > SURE and fit)


def find(label: str, number: int, model: torch.nn.Module) -> int:
    """The first seed of a scene's own range whose drawings are good with and without a sticker."""
    for seed in range(SAMPLES + TRIES * number, SAMPLES + TRIES * (number + 1)):
        if good(draw(label, seed, 96), model) and all(
            good(draw(label, seed, SIZE, glued), model) for glued in (False, True)
        ):
            return seed
    raise RuntimeError(f"no good picture of {label!r} in {TRIES} seeds")


def main() -> None:
    """Write the pictures, their masks and index.json to the folder samples."""
    folder, model = FOLDER / "samples", load_demo("signs")
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*_*.*"):
        old.unlink()
    index, seeds = [], {}
    for k, (title, label, number, glued) in enumerate(plan(), start=1):
        if number not in seeds:
            seeds[number] = find(label, number, model)
        drawing = draw(label, seeds[number], SIZE, glued)
        stem = f"{k:02d}_{label.replace(' ', '_')}"
        drawing.picture.save(folder / f"{stem}.jpg", quality=QUALITY, subsampling=0)
        drawing.mask.save(folder / f"{stem}_mask.png", optimize=True)
        if drawing.sticker is not None:
            drawing.sticker.save(folder / f"{stem}_sticker.png", optimize=True)
        index.append(
            {
                "name": stem,
                "title": title,
                "label": label,
                "seed": seeds[number],
                "picture": f"{stem}.jpg",
                "mask": f"{stem}_mask.png",
                "sticker": f"{stem}_sticker.png" if glued else None,
            }
        )
        print(stem, title)
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
