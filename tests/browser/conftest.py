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


@pytest.fixture
def visit(chromium, request):
    """Open an address as a new visitor; keyword arguments go to the browser's context."""
    contexts = []

    def open_page(address: str, **context) -> Page:
        contexts.append(
            chromium.new_context(**{"viewport": {"width": 1280, "height": 800}, **context})
        )
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(address)
        settled(page)
        return page

    yield open_page
    for context in contexts:
        for page in context.pages if request.node.failed else ():
            print(f"What stood at {page.url}:\n{page_text(page)}")
        context.close()
