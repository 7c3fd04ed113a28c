"""How soon the app answers, from its first page to a cancelled job, and what its process holds.

python -m tests.bench.app_times prints Markdown tables, measured in a real browser, fresh server.
"""

import contextlib
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
from tests.bench.resident import resident


def first_page(folder: Path) -> tuple[dict[str, float], dict[str, int]]:
    """Seconds from the server's first healthy answer to what is shown; the web process's bytes."""
    with sync_playwright() as playwright, contextlib.ExitStack() as stack:
        launched = playwright.chromium.launch(executable_path=browser(), args=FLAGS)
        page = launched.new_page(viewport={"width": 1280, "height": 800})
        page.goto("about:blank")  # a person's browser is open before the server is
        server = stack.enter_context(running(folder))
        started = time.perf_counter()
        page.goto(server.url, wait_until="commit")
        home = page.evaluate(WHEN, HEADING)
        examples = [page.evaluate(WHEN, f"{EXAMPLES}{n + 1}") for n in range(3)]
        clock = (time.perf_counter() - started) * 1000
        assert abs(examples[-1] - clock) < 500, "the page's clock began with the question for it"
        memory = {"Home": resident(server.process.pid)}
        first, final, proved = clicks_to_maps(page, server.url)
        page.goto(f"{server.url}/explain?model=signs&method=rise&o.rise.samples=100000")
        settled(page)
        page.get_by_role("button", name="Cancel").wait_for()
        page.wait_for_timeout(2000)
        began = page.evaluate("performance.now()")
        page.get_by_role("button", name="Cancel").click()
        cancel = page.evaluate(WHEN, CANCELLED) - began
        memory["Explain, six pictures and a RISE"] = resident(server.process.pid)
        page.goto(f"{server.url}/compare?model=signs")
        page.get_by_text("hiding and revealing speak most for").first.wait_for()
        memory["Compare, six methods"] = resident(server.process.pid)
        launched.close()
    seconds = {
        "Home, after the server answers": home,
        "the first of its finished examples": examples[0],
        "all three": examples[-1],
        "Click on a picture, to its first map, median": first,
        "Click on a picture, to its final map, median": final,
        "Click on a picture, to all that is proved of it, median": proved,
        "Cancel of a long RISE, on the screen": cancel,
    }
    return {what: milliseconds / 1000 for what, milliseconds in seconds.items()}, memory


# What stands on the page, the roots of our components included.
STANDS = """const everything = () => [...document.querySelectorAll('*')];
const ours = () => everything().flatMap((element) => element.shadowRoot ?? []);
const all = (sought) => [document, ...ours()].flatMap((root) => [...root.querySelectorAll(sought)]);
const says = (sought, words) => all(sought).filter((element) => element.innerText.includes(words));
const maps = () => all('[data-testid=viewer][data-ready=true]');"""
HEADING = "says('h1', 'See what a neural network').length"
EXAMPLES = "Math.min(maps().length, says('p', 'Check:').length) >= "
CANCELLED = "says('p', 'Cancelled. Change a setting').length"
# When something holds. Playwright's own waiting looks every half second at last, and looking at
# every frame costs the page a fifth of its time.
WHEN = f"""(condition) => new Promise((done) => {{
    const holds = new Function(`{STANDS} return ${{condition}}`);
    const look = () => holds() ? done(performance.now()) : setTimeout(look, 30);
    look();
}})"""
# From the click on: the first map, the last one, and the last change before three seconds' rest.
AFTER_A_CLICK = f"""() => {{
    {STANDS}
    let clicked, first, last, changed, digest = maps()[0].dataset.digest;
    const once = {{capture: true, once: true}};
    addEventListener('click', () => {{ clicked = performance.now(); }}, once);
    const whatever = {{subtree: true, childList: true, characterData: true}};
    const watch = new MutationObserver(() => {{ changed = performance.now(); }});
    watch.observe(document.body, whatever);
    window.afterwards = new Promise((done) => {{
        const look = () => {{
            const now = performance.now();
            const shown = maps()[0]?.dataset.digest;
            if (clicked && shown && shown !== digest) {{
                [digest, last] = [shown, now];
                first ??= now;
            }}
            if (!first || now - changed < 3000) return setTimeout(look, 20);
            watch.disconnect();
            done([first - clicked, last - clicked, changed - clicked]);
        }};
        look();
    }});
}}"""


def clicks_to_maps(page: Page, url: str) -> list[float]:
    """Median milliseconds from a click on a demo's picture to its first map, its last, and all."""
    page.goto(f"{url}/explain?model=signs")
    map_shown(page)
    times = []
    for sample in samples()[1:6]:
        settled(page)
        page.evaluate(AFTER_A_CLICK)
        page.get_by_test_id(f"gallery-{sample.name}").click()
        times.append(page.evaluate("window.afterwards"))
    return [statistics.median(column) for column in zip(*times, strict=True)]


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
        found, memory = first_page(Path(one))
        found |= integrated_gradients(Path(two))
    print("| what | seconds |\n|---|---|")
    for what, seconds in found.items():
        print(f"| {what} | {seconds:.2f} |")
    print("\n| the web process after | MB |\n|---|---|")
    for page, size in memory.items():
        print(f"| {page} | {size / 1e6:.0f} |")
