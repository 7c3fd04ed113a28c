"""Runs: what was asked stays there for who asked it, is compared, reported, and deleted."""

from driver import downloaded, map_shown, no_exception, settled
from playwright.sync_api import expect

from explainers.reports.page.record import read_record


def entries(page):
    return page.locator("[class*='st-key-run_']")


def test_runs_are_kept_compared_reported_and_deleted(server, visit, tmp_path):
    """Two questions, opened again without a new answer, as a report, and gone from the disk."""
    of_others = {path.name for path in server.store.glob("*.run")}
    address = f"{server.url}/explain?model=signs&baseline=mean&method="
    page = visit(f"{address}gradient_x_input")
    map_shown(page)
    settled(page)
    page.goto(f"{address}saliency")
    map_shown(page)
    settled(page)
    page.get_by_role("link", name="Runs").first.click()
    expect(entries(page)).to_have_count(2)
    expect(page.get_by_text("method Saliency instead of Gradient × input")).to_be_visible()
    settled(page)
    for name in ("Saliency", "Gradient × input"):
        ticked = entries(page).filter(has_text=f"· {name} ·")
        ticked.get_by_test_id("stCheckbox").locator("label").click()
        settled(page)
    answers = {path.name for path in server.store.glob("*.npz")}
    expect(page.get_by_test_id("viewer")).to_have_count(2)
    page.get_by_text("Difference", exact=True).click()
    expect(page.get_by_test_id("viewer")).to_have_count(1)
    page.get_by_role("button", name="One report of these").click()
    expect(page.get_by_label("Title of the report")).to_be_visible()
    settled(page)
    record, changed = read_record(downloaded(page, "Report", tmp_path).read_bytes())
    assert changed == [] and [one["about"] for one in record["several"]] == ["stop", "stop"]
    page.get_by_role("button", name="Open both on Compare").click()
    expect(page.get_by_test_id("viewer")).to_have_count(2)
    no_exception(page)
    assert "methods=" in page.url
    assert {path.name for path in server.store.glob("*.npz")} >= answers
    mine = {path.name for path in server.store.glob("*.run")} - of_others
    page.get_by_role("link", name="Runs").first.click()
    settled(page)
    other = visit(f"{server.url}/runs", viewport={"width": 390, "height": 844})
    expect(other.get_by_text("Nothing has been asked yet")).to_be_visible()
    page.get_by_role("button", name="Delete all").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Nothing has been asked yet")).to_be_visible()
    assert mine and not mine & {path.name for path in server.store.glob("*.run")}
