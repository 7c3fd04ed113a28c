"""How soon the app answers: first page, a click, Integrated Gradients, cancel.

python -m tests.bench.app_times prints a Markdown table, measured in a real browser, fresh server.
"""

import dataclasses
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))

from answering import Question
from conftest import FLAGS
from driver import map_shown, running, settled
from playwright.sync_api import Page, sync_playwright

from explainers.models.zoo.signs import samples
from explainers.service.backends.local import LocalBackend
from pages.widgets import models
from tests.__main__ import browser


def first_page(folder: Path) -> dict[str, float]:
    """Seconds from the server's first healthy answer to Home, and to its finished examples."""
    with sync_playwright() as playwright, running(folder) as server:
        launched = playwright.chromium.launch(executable_path=browser(), args=FLAGS)
        page = launched.new_page(viewport={"width": 1280, "height": 800})
        started = time.perf_counter()
        page.goto(server.url)
        page.get_by_role("heading", name="See what a neural network").wait_for()
        home = time.perf_counter() - started
        examples = []
        for index in range(3):
            map_shown(page, index=index)
            examples.append(time.perf_counter() - started)
        first, final = click_to_map(page, server.url)
        started = time.perf_counter()
        page.goto(f"{server.url}/explain?model=signs&method=rise&o.rise.samples=100000")
        settled(page)
        page.get_by_role("button", name="Cancel").wait_for()
        page.wait_for_timeout(2000)
        started = time.perf_counter()
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("Cancelled. Change a setting").wait_for()
        cancel = time.perf_counter() - started
        launched.close()
    return {
        "Home, after the server answers": home,
        "the first of its finished examples": examples[0],
        "all three": examples[-1],
        "Click on a picture, to its first map, median": first,
        "Click on a picture, to its final map, median": final,
        "Cancel of a long RISE, on the screen": cancel,
    }


def click_to_map(page: Page, url: str) -> tuple[float, float]:
    """Median seconds from a click on a demo's picture to the first map of it, and to the last."""
    page.goto(f"{url}/explain?model=signs")
    shown, viewer = map_shown(page), page.get_by_test_id("viewer").first
    times = []
    for sample in samples()[1:6]:
        settled(page)
        started = time.perf_counter()
        page.get_by_test_id(f"gallery-{sample.name}").click()
        while viewer.get_attribute("data-digest") == shown:
            page.wait_for_timeout(10)
        first = time.perf_counter() - started
        settled(page)
        while page.get_by_role("button", name="Cancel").count():
            page.wait_for_timeout(10)
            settled(page)
        shown = viewer.get_attribute("data-digest")
        times.append((first, time.perf_counter() - started))
    first, final = (statistics.median(column) for column in zip(*times, strict=True))
    return first, final


def integrated_gradients(folder: Path) -> dict[str, float]:
    """Seconds of 50 steps on a demo picture through the engine, on a warm worker, best of five."""
    engine = LocalBackend(folder)
    data = samples()[0].path.read_bytes()
    asked = Question(models.demo("signs").spec, engine.store.put_blob(data), target=0)
    times = []
    for seed in range(6):
        request = dataclasses.replace(
            asked,
            method="integrated_gradients",
            options={"steps": 50},
            baseline="noise",
            baseline_options={"seed": seed},
        )
        started = time.perf_counter()
        job = engine.submit(request.task, "bench")
        while not job.over:
            time.sleep(0.002)
        times.append(time.perf_counter() - started)
    engine.close()
    return {"Integrated Gradients, 50 steps, demo picture": min(times[1:])}


if __name__ == "__main__":
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        found = first_page(Path(one)) | integrated_gradients(Path(two))
    print("| what | seconds |\n|---|---|")
    for what, seconds in found.items():
        print(f"| {what} | {seconds:.2f} |")
