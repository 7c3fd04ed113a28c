"""Runs: what was asked stays over a restart of the server, is compared, reported, and deleted."""

import re

from driver import map_shown, no_exception, running, settled
from playwright.sync_api import expect
from test_take_away import downloaded

from explainers.commands.verify import verify


def entries(page):
    return page.locator("[class*='st-key-run_']")


def test_runs_stay_are_compared_reported_and_deleted(chromium, tmp_path):
    """Two questions on one server; on the next one with its store they stand as they were."""
    visitor = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = visitor.new_page()
    with running(tmp_path) as server:
        for method in ("gradient_x_input", "saliency"):
            page.goto(f"{server.url}/explain?model=signs&baseline=mean&method={method}")
            map_shown(page)
            settled(page)
        page.get_by_role("link", name="Runs").first.click()
        expect(entries(page)).to_have_count(2)
        expect(page.get_by_text("method Saliency instead of Gradient × input")).to_be_visible()
    answers = {path.name for path in (tmp_path / "store").glob("*.npz")}
    with running(tmp_path) as server:
        page.goto(f"{server.url}/runs")
        expect(entries(page)).to_have_count(2)
        settled(page)
        for name in ("Saliency", "Gradient × input"):
            ticked = entries(page).filter(has_text=f"· {name} ·")
            ticked.get_by_test_id("stCheckbox").locator("label").click()
            settled(page)
        expect(page.get_by_test_id("viewer")).to_have_count(2)
        page.get_by_text("Difference", exact=True).click()
        expect(page.get_by_test_id("viewer")).to_have_count(1)
        page.get_by_role("button", name="One report of these").click()
        expect(page.get_by_label("Title of the report")).to_be_visible()
        settled(page)
        report = downloaded(page, "Report", tmp_path)
        assert re.search(r"runs=[^&]*,", page.url), "the link holds what is chosen"
        page.get_by_role("button", name="Open both on Compare").click()
        expect(page.get_by_test_id("viewer")).to_have_count(2)
        no_exception(page)
        assert answers <= {path.name for path in (tmp_path / "store").glob("*.npz")}
        page.get_by_role("link", name="Runs").first.click()
        settled(page)
        other = chromium.new_context().new_page()
        other.goto(f"{server.url}/runs")
        expect(other.get_by_text("Nothing has been asked yet")).to_be_visible()
        other.context.close()
        page.get_by_role("button", name="Delete all").click()
        page.get_by_role("button", name="Delete for good").click()
        expect(page.get_by_text("Nothing has been asked yet")).to_be_visible()
        assert not list((tmp_path / "store").glob("*.run"))
    visitor.close()
    holds, said = verify(report)
    assert holds and said[0] == "Reproduced: all 2 answers.", said
