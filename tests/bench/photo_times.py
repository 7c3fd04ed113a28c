"""How soon a photo of one's own is explained: from the upload to the first map and to the last.

python -m tests.bench.photo_times [--rounds N] prints a Markdown table, measured in a real browser
on a server that has drawn its first page, for a laptop's screen and a phone's. No photo is one that
the server has seen.
"""

import argparse
import io
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))

from conftest import FLAGS
from driver import map_shown, running, settled
from playwright.sync_api import Page, sync_playwright

from explainers.models.zoo.imagenet.photos import photos
from tests.__main__ import browser

SCREENS = {"laptop, 1280 × 800": (1280, 800), "phone, 390 × 844": (390, 844)}


def unseen() -> Iterator[bytes]:
    """Photos that no server knows: each a little narrower than the last of its kind."""
    narrower = 0
    while True:
        narrower += 1
        for photo in photos():
            image = Image.open(photo.path).convert("RGB")
            data = io.BytesIO()
            image.crop((narrower, 0, *image.size)).save(data, "JPEG", quality=90)
            yield data.getvalue()


def uploaded(page: Page, url: str, data: bytes) -> tuple[float, float]:
    """Seconds from the upload to a map that is drawn, and to the finished answer's check."""
    page.goto(url)
    page.get_by_role("button", name="Explain your own picture").click()
    picker = page.locator("[data-testid=stFileUploader] input[type=file]").first
    picker.wait_for(state="attached")
    settled(page)
    started = time.perf_counter()
    picker.set_input_files({"name": "own.jpg", "mimeType": "image/jpeg", "buffer": data})
    page.locator("[data-testid=viewer][data-ready=true]").first.wait_for()
    first = time.perf_counter() - started
    page.locator("p", has_text="Check:").first.wait_for()
    return first, time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="photos a screen")
    rounds = parser.parse_args().rounds
    given = unseen()
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        running(Path(folder)) as server,
    ):
        launched = playwright.chromium.launch(executable_path=browser(), args=FLAGS)
        warm = launched.new_page()
        warm.goto(server.url)
        map_shown(warm)
        warm.close()
        print("| screen | what | median s | slowest s | load average |\n|---|---|---|---|---|")
        for name, (width, height) in SCREENS.items():
            page = launched.new_page(viewport={"width": width, "height": height})
            uploaded(page, server.url, next(given))  # the first visit loads the scripts
            seconds = np.array([uploaded(page, server.url, next(given)) for _ in range(rounds)])
            page.close()
            load = f"{os.getloadavg()[0]:.1f}"
            for what, each in zip(("first map", "finished"), seconds.T, strict=True):
                row = f"| {name} | {what} | {np.median(each):.2f} | {each.max():.2f} | {load} |"
                print(row, flush=True)
        launched.close()


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    main()
