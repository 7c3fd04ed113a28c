"""Starting the real app, and the few gestures that the browser tests share."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, TimeoutError, expect

ROOT = Path(__file__).resolve().parents[2]
# A busy machine takes long; a test that hangs ends all the same.
PATIENCE_MS = 180_000
READY = (
    "[data-testid=stApp][data-test-connection-state=CONNECTED][data-test-script-state=notRunning]"
)

# Resolved once nothing has changed on the page for so many ms.
REST = """async (rest) => {
  let changed = performance.now();
  const watch = new MutationObserver(() => { changed = performance.now(); });
  const whatever = {subtree: true, childList: true, attributes: true, characterData: true};
  watch.observe(document.body, whatever);
  while (performance.now() - changed < rest)
    await new Promise(done => requestAnimationFrame(done));
  watch.disconnect();
}"""


@dataclass
class Server:
    """A running app: its address, its process, and the folder of its store."""

    url: str
    process: subprocess.Popen
    store: Path


@contextmanager
def running(folder: Path, *arguments: str):
    """Start the app as the README does, on a free port; stop it, children included."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (folder / "server.log").open("w+")
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    command.append("--server.headless=true")  # the test has a browser of its own
    process = subprocess.Popen(
        [*command, "--server.address=127.0.0.1", *arguments],
        cwd=ROOT,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, "EVIDENT_STORE": str(folder / "store")},
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_healthy(url, process, log)
        yield Server(url, process, folder / "store")
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()


def _wait_until_healthy(url: str, process: subprocess.Popen, log) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)
            return
        except OSError:
            time.sleep(0.1)
    log.seek(0)
    raise RuntimeError(f"the server did not start:\n{log.read()}")


class Sent(list):
    """What a page sends to the server over websockets, from before it is opened."""

    def listen(self, page: Page) -> None:
        """To the websockets that it opens from now on."""
        page.on("websocket", lambda socket: socket.on("framesent", lambda sent: self.append(sent)))

    def end(self, page: Page) -> None:
        """Wait until it has sent nothing for a second; begin anew."""
        assert self, "what it sends is heard"
        before = None
        while before != len(self):
            before = len(self)
            page.wait_for_timeout(1000)
        self.clear()


def settled(page: Page) -> None:
    """Wait until the page's script has run."""
    page.wait_for_selector(READY)


def at_rest(page: Page) -> None:
    """Wait until what another size or theme sets in motion has been drawn."""
    settled(page)
    page.evaluate(REST, 300)
    settled(page)


def drawn(page: Page) -> None:
    """Wait until a map is on the screen and the page's script has run."""
    sought = page.locator(
        "[data-testid=viewer][data-ready=true], [data-testid=logo][data-ready=true], "
        "[data-testid=stPlotlyChart] svg.main-svg"
    ).first
    until = time.monotonic() + PATIENCE_MS / 1000
    while not sought.is_visible() and time.monotonic() < until:
        run_what_is_offered(page)
        page.wait_for_timeout(100)
    sought.wait_for()
    settled(page)


def run_what_is_offered(page: Page) -> None:
    """What seems long is only run when asked for, and on a busy machine all seems long."""
    offered = page.get_by_role("button", name=re.compile("(Run|Prove|Check) it: about"))
    if offered.count():
        with suppress(TimeoutError):  # it may be gone by then
            offered.first.click(timeout=3000)
            # Clicks that follow each other faster than the page runs let none of its runs end.
            page.wait_for_timeout(300)
            settled(page)


def run_until(page: Page, sought: Locator, count: int = 1) -> None:
    """Run what is offered until so many of what is sought stand on the page."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while sought.count() < count and time.monotonic() < until:
        run_what_is_offered(page)
        page.wait_for_timeout(150)
    expect(sought).to_have_count(count)


def map_shown(page: Page, not_digest: str | None = None, index: int = 0) -> str:
    """Wait for a finished map, another than the given one; its digest."""
    viewer, check = page.get_by_test_id("viewer").nth(index), page.get_by_text("Check:")
    until = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < until:
        if check.count() <= index:
            run_what_is_offered(page)
            page.wait_for_timeout(100)
            continue
        digest = viewer.get_attribute("data-digest")
        if viewer.get_attribute("data-ready") == "true" and digest and digest != not_digest:
            return digest
        page.wait_for_timeout(100)
    raise AssertionError(f"no map other than {not_digest} was shown: {page_text(page)}")


def page_text(page: Page) -> str:
    """What stands on the page, for the failure of a test."""
    return page.locator("body").inner_text(timeout=5000)


def choose(page: Page, label: str, option: str) -> None:
    """Pick an option of a select box by what is written on it; a rerun may close it once."""
    for _ in range(5):
        settled(page)
        # Typing narrows the list, of which only a part is in the page.
        page.get_by_role("combobox", name=label).fill(option)
        try:
            page.get_by_role("option", name=option, exact=True).click(timeout=3000)
            break
        except TimeoutError:
            page.keyboard.press("Escape")
    else:
        raise AssertionError(f"{label} never offered {option}")
    page.wait_for_timeout(300)
    settled(page)


def give(page: Page, label: str, name: str, data: bytes) -> None:
    """Hand a file to the uploader whose label has these words."""
    picker = page.get_by_test_id("stFileUploader").filter(has_text=label).locator("input").first
    picker.set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": data})


def no_exception(page: Page) -> None:
    """Fail where a traceback is shown, or markup that nobody should read."""
    assert page.get_by_test_id("stException").count() == 0
    assert page.get_by_text("<span").count() == 0


def upload(page: Page, data: bytes, name="photo.png", mime="image/png") -> None:
    """Give the Explain page a picture of one's own."""
    page.get_by_role("radio", name="Upload").click()
    settled(page)
    picker = page.locator("[data-testid=stFileUploader] input[type=file]").first
    picker.set_input_files({"name": name, "mimeType": mime, "buffer": data})


def bottom(shown: Locator) -> float:
    """Where it ends on the screen, in px."""
    box = shown.bounding_box()
    return box["y"] + box["height"]


def drag(page: Page, canvas, start, end) -> None:
    """Press at one place of the canvas, in fractions, and let go at another."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    page.mouse.move(*places[1], steps=5)
    page.mouse.up()


def downloaded(page: Page, name: str, folder: Path) -> Path:
    """Where the file lies that a download button of this name gives."""
    settled(page)
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_text(name, exact=True).first.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path
