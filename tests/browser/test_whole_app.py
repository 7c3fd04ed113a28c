"""Every page: its example, its privacy, its accessibility, and how it looks."""

import re
import time
from pathlib import Path
from urllib.parse import urlparse

import pytest
from axe_playwright_python.sync_playwright import Axe
from driver import at_rest, drawn, map_shown, settled
from playwright.sync_api import expect

KINDS = ["/explain?model=diabetes", "/explain?model=lstm", "/explain?model=dna"]
PAGES = ["/", "/explain", "/compare", "/story", "/learn", *KINDS]
SHOTS = Path(__file__).parent / "shots"
DARK = """() => Math.max(...getComputedStyle(document.querySelector(
    "[data-testid=stApp]")).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)) < 100"""
# What is drawn and not in words. In one look: a part that runs by itself may replace a drawing.
WORDLESS = """() => [
    ...[...document.querySelectorAll("[data-testid=viewer-canvas]")]
        .filter(canvas => (canvas.getAttribute("aria-label") ?? "").length <= 20),
    ...[...document.querySelectorAll("[data-testid=stPlotlyChart]")]
        .filter(chart => !chart.matches("[aria-label]") && !chart.querySelector("[aria-label]")),
].map(element => element.outerHTML.slice(0, 200))"""
# Streamlit's own: the contrast of its captions, and the role of its uploader.
STREAMLITS_OWN = {
    "color-contrast": "[data-testid=stCaptionContainer] *, [data-testid=stFileUploader] *",
    "presentation-role-conflict": "[data-testid=stFileUploaderDropzone]",
}


def test_home_shows_a_finished_example_soon_after_the_server_answers(fresh_server, visit):
    started = time.monotonic()
    page = visit(f"{fresh_server.url}/")
    page.get_by_role("heading", name="See what a neural network looked at").wait_for()
    first = time.monotonic() - started
    for index in range(3):
        map_shown(page, index=index)
    print(f"first page after {first:.2f} s, all examples after {time.monotonic() - started:.2f} s")
    assert page.get_by_text("lies on the sign").count() >= 2
    page.get_by_role("button", name="Explain your own picture").click()
    page.get_by_text("A picture: PNG, JPEG, WebP").wait_for()


def test_a_story_opens_in_explain_with_its_settings(server, visit):
    page = visit(f"{server.url}/")
    map_shown(page, index=2)
    page.get_by_role("button", name="Open it and change the settings").nth(2).click()
    page.get_by_role("heading", name="Explain", exact=True).wait_for()
    settled(page)
    map_shown(page)
    expect(page).to_have_url(re.compile("model=signs_cheating"))


def _streamlits_own(page, rule: str, target: list) -> bool:
    allowed = STREAMLITS_OWN.get(rule)
    return (
        bool(allowed)
        and len(target) == 1
        and isinstance(target[0], str)
        and page.evaluate(
            "([found, allowed]) => document.querySelector(found)?.matches(allowed) ?? false",
            [target[0], allowed],
        )
    )


def accessible(page) -> None:
    """AssertionError where axe finds what hinders people, or a drawing has no words."""
    # Whole accounts of all that is well take longer than finding what is not.
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    left = [
        (violation["id"], node["target"], node["html"][:200])
        for violation in found
        for node in violation["nodes"]
        if not _streamlits_own(page, violation["id"], node["target"])
    ]
    assert left == []
    assert page.evaluate(WORDLESS) == []


def no_sideways_scrolling(page, shot: str) -> None:
    """AssertionError where the page is wider than the window; and a picture of it."""
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{shot}.png")
    assert page.get_by_test_id("stMain").evaluate("e => e.scrollWidth - e.clientWidth") <= 1


def all_drawn(page) -> None:
    drawn(page)
    expect(page.locator("[data-testid=viewer]:not([data-ready=true])")).to_have_count(0)
    expect(page.locator("canvas[role=img]:not([aria-label])")).to_have_count(0)
    expect(page.get_by_test_id("stProgress")).to_have_count(0)
    settled(page)


@pytest.mark.parametrize(
    "path",
    [
        *PAGES,
        "/explain?from=Upload",
        "/many?many_from=Upload",
        "/compare?across=classes&closer=Agreement",
    ],
)
def test_a_page_keeps_to_itself_and_serves_all_eyes(server, visit, path):
    asked, answers = [], []

    def listen(page) -> None:
        page.context.on("request", lambda request: asked.append(request.url))
        page.on("websocket", lambda socket: asked.append(socket.url))
        page.on("response", lambda answer: answers.append(answer))

    page = visit(f"{server.url}{path}", before=listen)
    if "Upload" not in path:
        all_drawn(page)
    page.wait_for_timeout(1000)
    hosts = {urlparse(url).hostname for url in asked if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    assert answers[0].request.is_navigation_request()
    headers = answers[0].headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"

    called = path.strip("/").replace("?model=", "-").partition("?")[0] or "home"
    accessible(page)
    no_sideways_scrolling(page, f"{called}-light")
    page.set_viewport_size({"width": 390, "height": 800})
    at_rest(page)
    no_sideways_scrolling(page, f"{called}-narrow")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(DARK)
    at_rest(page)
    accessible(page)
    no_sideways_scrolling(page, f"{called}-dark")


GONE = 32 * "ab"


def _of_the_signs(query: str) -> str:
    """The query about the traffic signs where it names no model."""
    return query if "model=" in query else f"model=signs&{query}"


@pytest.mark.parametrize(
    "query, words",
    [
        ("model=nonsense&method=magic&target=99&sample=zz", None),
        ("o.integrated_gradients.tolerance=abc", "not possible"),
        ("o.integrated_gradients.steps=1e99", "not possible"),
        ("method=smoothgrad&o.smoothgrad.samples=-5", "not possible"),
        ("method=saliency&o.saliency.signed=abc", "not possible"),
        ("versus=[1]", "not possible"),
    ],
)
def test_a_broken_link_is_mended_and_said(server, visit, query, words):
    page = visit(f"{server.url}/explain?{_of_the_signs(query)}")
    map_shown(page)
    if words:
        page.get_by_text(words).first.wait_for(state="attached")
    assert page.get_by_text("encountered an error").count() == 0


@pytest.mark.parametrize(
    "query",
    [
        "across=magic&down=magic&closer=magic&a=9&b=9&sane=9&way=zz",
        "methods=5&scale=7",
        'methods=["nonsense","saliency"]&o.saliency.signed=abc',
        "across=classes&classes=[99,0]",
        'across=pictures&pictures=["zz","01_stop"]&added=["zz"]',
        "across=baselines&down=baselines",
    ],
)
def test_a_broken_link_to_a_comparison_shows_what_is_possible(server, visit, query):
    page = visit(f"{server.url}/compare?{query}")
    drawn(page)
    assert page.get_by_text("encountered an error").count() == 0


@pytest.mark.parametrize(
    "query, words",
    [
        (f"baseline=own&own={GONE}", "no longer kept"),
        ("model=upload&weights=zz.safetensors", "Upload your network"),
        (f"from=Upload&picture={GONE}", "no longer kept"),
        ("from=Upload&picture=zz", "which is not possible"),
    ],
)
def test_a_link_to_what_is_gone_says_so(server, visit, query, words):
    page = visit(f"{server.url}/explain?{_of_the_signs(query)}")
    page.get_by_text(words).first.wait_for(state="attached")
    assert page.get_by_text("encountered an error").count() == 0
