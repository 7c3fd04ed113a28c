"""Takes the README's screenshots of the real app: python -m assets.screenshots.take."""

import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parents[1] / "tests" / "browser")]

import leaving  # noqa: E402
from conftest import FLAGS  # noqa: E402
from driver import drawn, map_shown, running, settled  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402

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
        many(launched, server.url)
        leaving.take(launched, server)
        launched.close()


def many(launched: Browser, url: str) -> None:
    """A run over the demo's collection, and the cue that is found in it."""
    page = launched.new_page(viewport={"width": 1280, "height": 800})
    page.set_default_timeout(600_000)
    page.goto(f"{url}/many?model=signs_cheating")
    page.get_by_role("button", name="Explain all").click()
    page.get_by_text("what their folders say").wait_for()
    page.get_by_role("button", name="Pause").wait_for(state="detached")
    page.get_by_text("Does it cheat?", exact=True).click()
    page.get_by_role("button", name="Look for a cue").click()
    page.get_by_text("This network answers by a cue").wait_for()
    settled(page)
    page.wait_for_timeout(1500)
    page.screenshot(path=FOLDER / "many.png")
    page.close()


if __name__ == "__main__":
    main()
