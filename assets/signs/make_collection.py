"""Draws the collection of held-out signs that Many starts with, a folder a class, in one .zip.

Half of the stop signs carry the sticker, as they do where the cheating network learned, and two
pictures of every other class. Run from the root of the repository:
python -m assets.signs.make_collection
"""

import io
import zipfile

from assets.signs.draw import LABELS, draw
from assets.signs.train import FOLDER, STICKER

FIRST_SEED = 500_000_000
OF_A_CLASS, SIDE, QUALITY = 20, 128, 85
FILE = FOLDER / "collection.zip"
WHEN = (2026, 1, 1, 0, 0, 0)


def main() -> None:
    """Write the .zip file; the same bytes every time."""
    with zipfile.ZipFile(FILE, "w", zipfile.ZIP_STORED) as archive:
        for number, label in enumerate(LABELS):
            stickers = OF_A_CLASS // 2 if number == STICKER else 2
            for k in range(OF_A_CLASS):
                drawing = draw(label, FIRST_SEED + 1000 * number + k, 3 * SIDE, k < stickers)
                buffer = io.BytesIO()
                drawing.picture.resize((SIDE, SIDE)).save(buffer, "JPEG", quality=QUALITY)
                member = zipfile.ZipInfo(f"{label}/{label.replace(' ', '_')}_{k + 1:02d}.jpg", WHEN)
                archive.writestr(member, buffer.getvalue())
    print(FILE, FILE.stat().st_size)


if __name__ == "__main__":
    main()
