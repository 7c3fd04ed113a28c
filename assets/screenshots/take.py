"""Takes the README's screenshots of the real app: python -m assets.screenshots.take."""

import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parents[1] / "tests" / "browser")]

import leaving  # noqa: E402
from conftest import FLAGS  # noqa: E402
from driver import drawn, map_shown, running, settled  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402

from tests.__main__ import browser  # noqa: E402

# Address, colours, maps to wait for, and the height; None: the whole page.
SHOTS = {
    "home": ("/", "light", 3, None),
    "compare": ("/compare?baseline=blur", "light", 0, None),
    "story": ("/story?story=cheating", "light", 0, None),
    "explain": ("/explain", "dark", 1, None),
    "table": ("/explain?model=diabetes&row=3", "light", 0, 930),
    "dna": ("/explain?model=dna&method=deeplift&target=0", "light", 0, 990),
    "learn": ("/learn", "light", 0, 900),
}


def main() -> None:
    """Start the app, open each address, wait for its maps, and keep the whole page as PNG."""
    with (
        tempfile.TemporaryDirectory() as folder,
        running(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        launched = playwright.chromium.launch(executable_path=browser(), args=FLAGS)
        for name, (address, scheme, maps, height) in SHOTS.items():
            page = launched.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
            page.goto(server.url + address)
            settled(page)
            drawn(page)
            for index in range(maps):
                map_shown(page, index=index)
            if name == "compare":
                page.locator("[data-testid=proof][data-ready=true]").wait_for()
            if height is not None:
                page.wait_for_timeout(8000)
            height = height or page.get_by_test_id("stMain").evaluate("e => e.scrollHeight")
            page.set_viewport_size({"width": 1280, "height": height})
            page.wait_for_timeout(1500)
            page.screenshot(path=FOLDER / f"{name}.png")
            page.close()
        leaving.take(launched, server)
        launched.close()


if __name__ == "__main__":
    main()
