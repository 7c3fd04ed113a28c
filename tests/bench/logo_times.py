"""How fast the DNA view draws 10,000 letters while it is dragged.

python -m tests.bench.logo_times prints a Markdown table, measured in a real browser.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser" / "logo"))

from conftest import FLAGS
from logo_server import logos_served
from playwright.sync_api import Page, sync_playwright

from tests.__main__ import browser

WINDOWS = {"9,000 letters": 9_000, "500 letters": 500, "100 letters": 100}
FRAMES = """() => {
  window.evidentLogoTimes = []; window.frames_ = []; let last = performance.now();
  const tick = (now) => { frames_.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""


def dragged(page: Page, letters: int) -> tuple[list, list[float]]:
    """[kind, look, ms] of each drawing, and ms between frames, while one window is dragged."""
    logo = page.get_by_test_id("logo").first
    logo.get_by_test_id("logo-all").click()
    strip = logo.get_by_test_id("logo-strip").bounding_box()
    left, width, y = strip["x"] + 46, strip["width"] - 54, strip["y"] + 10
    page.mouse.move(left + width * 0.4, y)
    page.mouse.down()
    page.mouse.move(left + width * (0.4 + letters / 10_000), y)
    page.mouse.up()
    box = logo.get_by_test_id("logo-canvas").bounding_box()
    page.mouse.move(box["x"] + 1000, box["y"] + 60)
    page.mouse.down()
    page.evaluate(FRAMES)
    page.mouse.move(box["x"] + 200, box["y"] + 60, steps=200)
    page.mouse.move(box["x"] + 1000, box["y"] + 60, steps=200)
    page.mouse.up()
    return page.evaluate("[window.evidentLogoTimes, window.frames_]")


if __name__ == "__main__":
    print("| window | drawn | drawings | median ms | 95 % ms | frame to frame, median ms |")
    print("|---|---|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory() as folder,
        logos_served(Path(folder)) as url,
        sync_playwright() as playwright,
    ):
        launched = playwright.chromium.launch(executable_path=browser(), args=FLAGS)
        for dots in (1, 2):
            page = launched.new_page(
                viewport={"width": 1280, "height": 800}, device_scale_factor=dots
            )
            page.goto(url)
            page.locator("[data-testid=logo][data-ready=true]").nth(5).wait_for()
            for name, letters in WINDOWS.items():
                times, frames = dragged(page, letters)
                for kind in ("logo", "map"):
                    own = [ms for drawn, _, ms in times if drawn == kind]
                    shows = next(look for drawn, look, _ in times if drawn == kind)
                    print(
                        f"| {name}, {dots} dots a pixel | {kind}: {shows} | {len(own)}"
                        f" | {median(own):.1f} | {quantiles(own, n=20)[-1]:.1f}"
                        f" | {median(frames):.1f} |"
                    )
        launched.close()
