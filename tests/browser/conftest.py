"""The real server, the real worker, and a real Chromium."""

import pytest
from driver import PATIENCE_MS, page_text, running, settled
from playwright.sync_api import Page, expect, sync_playwright

from tests.__main__ import browser as find_browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]
# Without a GPU whatever moves on the screen is drawn by the processor that the tests share.
STILL = """
document.addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent = "*, ::before, ::after"
    + "{animation: none !important; transition: none !important}";
  document.head.append(style);
});
"""
VIEWPORT = {"width": 1280, "height": 800}

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def chromium():
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with running(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.fixture
def fresh_server(tmp_path):
    with running(tmp_path) as started:
        yield started


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.failed = report.failed or getattr(item, "failed", False)
    return report


@pytest.fixture(scope="session")
def tabs() -> list[Page]:
    """At most one tab that a test left behind: it knows the app's scripts, and opens it sooner."""
    return []


@pytest.fixture
def visit(chromium, tabs, request):
    """Open an address as a new visitor.

    `before` is given the page, as yet empty; other arguments go to the browser's context.
    """
    pages: list[Page] = []
    plain: list[Page] = []

    def open_page(address: str, before=lambda page: None, **context) -> Page:
        if context or not tabs:
            made = chromium.new_context(**{"viewport": VIEWPORT, **context})
            made.add_init_script(STILL)
            page = made.new_page()
        else:
            page = tabs.pop()
        pages.append(page)
        plain.extend([] if context else [page])
        page.set_default_timeout(PATIENCE_MS)
        before(page)
        page.goto(address)
        settled(page)
        return page

    yield open_page
    broken = [
        shown.url
        for page in pages
        for shown in ([] if page.is_closed() else page.context.pages)
        if shown.get_by_test_id("stException").count()
    ]
    for page in pages:
        for shown in page.context.pages if request.node.failed else ():
            print(f"What stood at {shown.url}:\n{page_text(shown)}")
        if page in plain and not tabs and not request.node.failed:
            _forget_visitor(page)
            tabs.append(page)
        else:
            page.context.close()
    assert request.node.failed or not broken, f"an error stood at {', '.join(broken)}"


def _forget_visitor(page: Page) -> None:
    """Leave a tab as a new one."""
    page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    page.goto("about:blank")
    page.context.clear_cookies()
    for other in page.context.pages:
        if other != page:
            other.close()
    page.set_viewport_size(VIEWPORT)
    page.emulate_media(color_scheme="null")
