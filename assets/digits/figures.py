"""The table of erase.py, kept as figures.json, and drawn: python -m assets.digits.figures.

erased.png shows for every task a held-out digit A, and what is left of it once each method has
erased what speaks for A rather than B, with the fall of the log-odds and what the network sees now.
"""

from __future__ import annotations

import json

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from assets.digits import erase
from assets.digits.train import FOLDER, digits, trained

COLUMNS = (
    "DeepLIFT RevealCancel",
    "DeepLIFT Rescale",
    "Integrated Gradients",
    "gradient × input",
    erase.CHANCE,
)
CELL, DIGIT, LEFT, HEAD = 190, 128, 90, 60


def drawn() -> Image.Image:
    """Rows of tasks, columns of methods; the first digit of every task that is named rightly."""
    model = trained()
    pictures, labels, held = digits()
    with torch.no_grad():
        right = held & (model(pictures).argmax(1) == labels)
    size = (LEFT + CELL * (1 + len(COLUMNS)), HEAD + CELL * len(erase.TASKS))
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)

    def write(x: float, y: float, text: str, points: int = 15, ink: str = "#16161d") -> None:
        pen.text((x, y), text, ink, ImageFont.load_default(points), "mm", align="center")

    for column, title in enumerate(("held out", *COLUMNS)):
        words = title.replace("×", "x").replace(", ", ",\n").replace("DeepLIFT ", "DeepLIFT\n")
        write(LEFT + CELL * column + DIGIT / 2, HEAD / 2, words)
    for row, (a, b) in enumerate(erase.TASKS):
        top = HEAD + CELL * row
        write(LEFT / 2, top + DIGIT / 2, f"{a} to {b}", 20)
        one = pictures[right & (labels == a)][:1]
        for column, name in enumerate((None, *COLUMNS)):
            left = one
            if name:
                left = erase.erased(one, erase.mapped(model, one, a, b, name))
            with torch.no_grad():
                before, after = model(torch.cat([one, left]))
            fall = (before[a] - before[b] - after[a] + after[b]).item()
            values = (left[0, 0] * 255).round().byte().numpy()
            tile = Image.fromarray(np.asarray(values)).resize((DIGIT, DIGIT), Image.NEAREST)
            x = LEFT + CELL * column
            image.paste(tile, (x, top))
            said = f"named {after.argmax().item()}"
            write(x + DIGIT / 2, top + DIGIT + 18, f"{said}, down {fall:.1f}" if name else said)
    return image


def main() -> None:
    """Print the table, write figures.json and erased.png."""
    found = {"tasks": erase.TASKS, "most_erased": erase.ERASED, "mean_and_error": erase.main()}
    (FOLDER / "figures.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    drawn().save(FOLDER / "erased.png", optimize=True)


if __name__ == "__main__":
    main()
