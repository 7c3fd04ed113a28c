"""All methods on held-out pictures whose signs are known: right, faithful, and how fast.

python -m assets.signs.methods [pictures] prints the table of the README in Markdown and draws it as
assets/screenshots/methods.png. Every map explains the sign's class on the honest network, compared
with a blurred copy; the same copy hides and reveals. Means over the pictures, with their standard
errors.
"""

import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from assets.signs.localisation import BASELINE, METHODS_COMPARED, OPTIONS, held_out
from explainers import METHODS, explain
from explainers.checks.faithfulness import chance, deletion, insertion
from explainers.checks.localisation import pointing_game, relevance_mass, relevance_rank
from explainers.models.zoo.signs import load_demo

PICTURE = Path(__file__).resolve().parents[1] / "screenshots" / "methods.png"
COLUMNS = {
    "support on the sign": (relevance_mass, "higher is better"),
    "sign's cells found": (relevance_rank, "higher is better"),
    "strongest on the sign": (pointing_game, "higher is better"),
    "deletion area": (None, "lower is better"),
    "insertion area": (None, "higher is better"),
    "ms a picture": (None, "lower is better"),
}
CHANCE = "at random"


def measured(count: int) -> dict[str, np.ndarray]:
    """For every method and for chance: (pictures, columns)."""
    model = load_demo("signs")
    pixels, masks, _, labels = held_out(count)
    explain(model, pixels[:1], "deeplift", BASELINE)  # warm
    found = {}
    for key in METHODS_COMPARED:
        rows = []
        for x, mask, label in zip(pixels[:, None], masks, labels, strict=True):
            started = time.perf_counter()
            answer = explain(model, x, key, BASELINE, label, **OPTIONS.get(key, {}))
            seconds = time.perf_counter() - started
            heat = answer.scores.sum(1)
            rows.append(
                [
                    *(m(heat[0].numpy(), mask) for m, _ in COLUMNS.values() if m),
                    deletion(model, x, heat, BASELINE, label).area.item(),
                    insertion(model, x, heat, BASELINE, label).area.item(),
                    1000 * seconds,
                ]
            )
        found[METHODS[key].name] = np.array(rows)
        print(f"{METHODS[key].name} done", file=sys.stderr)
    rows = []
    for x, mask, label in zip(pixels[:, None], masks, labels, strict=True):
        areas = [
            chance(model, x, BASELINE, label, insert=insert).area.mean().item()
            for insert in (False, True)
        ]
        rows.append([*[mask.mean()] * 3, *areas, np.nan])
    found[CHANCE] = np.array(rows)
    return found


def drawn(found: dict[str, np.ndarray]) -> Image.Image:
    """The table as a picture: a bar and its number in every cell."""
    means = {name: rows.mean(0) for name, rows in found.items()}
    tops = np.nanmax(np.stack([*means.values()]), axis=0)
    tops[:5] = 1.0
    left, wide, high, head = 250, 172, 46, 96
    size = (left + wide * len(COLUMNS) + 24, head + high * len(means) + 16)
    image = Image.new("RGB", (2 * size[0], 2 * size[1]), "white")
    pen = ImageDraw.Draw(image)

    def write(x, y, text, points=16, ink="#16161d", anchor="lm"):
        pen.text((2 * x, 2 * y), text, ink, ImageFont.load_default(2 * points), anchor)

    for index, (title, (_, better)) in enumerate(COLUMNS.items()):
        write(left + wide * index, 34, title)
        write(left + wide * index, 58, better, 13, "#5b6470")
    for row, (name, values) in enumerate(means.items()):
        y = head + high * row + high / 2
        if row % 2 == 0:
            pen.rectangle([0, 2 * (y - high / 2), 2 * size[0], 2 * (y + high / 2)], "#f3f5f7")
        write(16, y, name.replace("×", "x"))  # which the font lacks
        for index, value in enumerate(values):
            if not np.isfinite(value):
                continue
            x = left + wide * index
            full = wide - 78
            pen.rectangle([2 * x, 2 * (y - 9), 2 * (x + full), 2 * (y + 9)], "#dfe4e9")
            ink = "#8a97a5" if name == CHANCE else "#2166ac"
            pen.rectangle(
                [2 * x, 2 * (y - 9), 2 * (x + full * value / tops[index]), 2 * (y + 9)], ink
            )
            write(x + full + 8, y, _number(index, value), 15)
    return image.resize(size, Image.Resampling.LANCZOS)


def _number(column: int, value: float) -> str:
    if column < 3:
        return f"{value:.0%}"
    return f"{value:.3f}" if column < 5 else f"{value:.0f}"


def main(count: int = 60) -> None:
    """Measure, print the table, and draw it."""
    found = measured(count)
    print(f"| method | {' | '.join(COLUMNS)} |\n|---|{'---|' * len(COLUMNS)}")
    for name, rows in found.items():
        errors = rows.std(0, ddof=1) / np.sqrt(count)
        cells = [
            "" if not np.isfinite(mean) else f"{_number(i, mean)} ± {_number(i, error)}"
            for i, (mean, error) in enumerate(zip(rows.mean(0), errors, strict=True))
        ]
        print(f"| {name} | {' | '.join(cells)} |")
    drawn(found).save(PICTURE)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
