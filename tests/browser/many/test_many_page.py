"""Many: an archive of one's own is explained, sorted, opened one by one, taken away, deleted."""

import io
import re
import zipfile

import numpy as np
from driver import at_rest, choose, downloaded, give, map_shown, no_exception, settled
from playwright.sync_api import expect
from test_whole_app import accessible, no_sideways_scrolling

from explainers.models.zoo.signs import samples

PICTURES = 6


def archive() -> bytes:
    """Six signs in folders of their classes, one of them in a wrong one; and a broken file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for place, one in enumerate(samples()[:PICTURES]):
            folder = "yield" if place == 0 else one.label
            file.writestr(f"{folder}/{one.name}.jpg", one.path.read_bytes())
        file.writestr("stop/*broken* <b>.jpg", b"no picture")
    return buffer.getvalue()


def cards(page):
    return page.locator(".st-key-sheet").get_by_role("button", name="Explain", exact=True)


def test_an_archive_is_explained_and_each_of_its_pictures_can_be_opened(server, visit, tmp_path):
    page = visit(f"{server.url}/many?model=signs&many_from=Upload&many_checks=both")
    give(page, "A ZIP of pictures", "signs.zip", archive())
    expect(page.get_by_text(re.compile(r"passes \(.* of them for the checks\)"))).to_be_visible()
    page.get_by_role("button", name="Explain and check all 7 pictures").click()
    expect(page.get_by_text("1 picture of 7 has no answer")).to_be_visible()
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    settled(page)
    expect(page.get_by_text("what their folders say; of 1 picture it says another")).to_be_visible()
    expect(page.get_by_text("This file is not a picture that can be read")).to_be_visible()
    expect(page.get_by_text("*broken* <b>.jpg")).to_be_visible()
    expect(cards(page)).to_have_count(PICTURES)
    expect(page.get_by_text(re.compile(f"^[0-6] of {PICTURES} maps beat chance"))).to_be_visible()
    expect(page.get_by_text(re.compile("rank correlation of .* medians of 6"))).to_be_visible()
    choose(page, "First", "Least agreement")
    settled(page)
    agreed = [
        float(re.search(r"agreement (−?\d\.\d\d)", line)[1].replace("−", "-"))
        for line in page.get_by_text(re.compile(r"agreement −?\d")).all_inner_texts()
    ]
    assert len(agreed) == PICTURES and agreed == sorted(agreed)
    wrong = page.get_by_text(re.compile("^stop .* filed under yield$"))
    said = wrong.inner_text()
    no_exception(page)
    accessible(page)

    page.get_by_label("Name holds").fill("01_stop")
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(1)
    page.get_by_text("Take away", exact=True).click()
    settled(page)
    with zipfile.ZipFile(downloaded(page, "Rows and maps", tmp_path)) as taken:
        parts = [name for name in taken.namelist() if name.startswith("maps/")]
        maps = [key for part in parts for key in np.load(io.BytesIO(taken.read(part))).files]
        rows = taken.read("rows.csv").decode("utf-8-sig").splitlines()
    assert len(rows) == PICTURES + 2 and len(set(maps)) == PICTURES
    report = downloaded(page, "Report", tmp_path).read_text(encoding="utf-8")
    assert "&lt;b&gt;.jpg" in report and "<b>.jpg" not in report
    page.get_by_text("All together", exact=True).click()
    expect(page.get_by_text("Mean map of each class")).to_be_visible()
    settled(page)
    no_exception(page)
    accessible(page)
    page.set_viewport_size({"width": 390, "height": 800})
    at_rest(page)
    no_sideways_scrolling(page, "many-narrow")
    page.set_viewport_size({"width": 1280, "height": 800})
    at_rest(page)

    page.get_by_role("radio", name="Inputs").click()
    settled(page)
    page.get_by_label("Name holds").fill("01_stop")
    page.keyboard.press("Enter")
    expect(cards(page)).to_have_count(1)
    cards(page).click()
    map_shown(page)
    assert "/explain" in page.url and "method=deeplift" in page.url
    share = re.search(r"stop (\S+ ?\S* %)", said)[1]
    expect(page.get_by_text(f"stop {share}").first).to_be_visible()
    expect(page.get_by_text("compared with Blurred picture")).to_be_visible()

    page.goto(f"{server.url}/runs")
    entry = page.locator("[class*='st-key-run_']").filter(has_text="7 pictures: Traffic signs")
    expect(entry).to_be_visible()
    settled(page)
    entry.get_by_role("button", name="Open").click()
    expect(page.get_by_text("1 picture of 7 has no answer")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Explain all|Continue"))).to_have_count(0)
    settled(page)
    made = {path.name for path in server.store.glob("*.made.*")}
    page.get_by_role("button", name="Delete my uploads").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("2 uploads were deleted")).to_be_visible()
    expect(page.get_by_text("A ZIP of pictures")).to_be_visible()
    left = {path.name for path in server.store.glob("*.made.*")}
    assert made - left, "what was made of the archive goes with it"
    assert not any(
        (server.store / f"{name.rpartition('.')[2]}.npz").exists() for name in made - left
    )


def test_only_the_answers_are_asked_for(server, visit, tmp_path):
    page = visit(f"{server.url}/many?model=signs&many_from=Upload&many_asks=what")
    give(page, "A ZIP of pictures", "signs.zip", archive())
    expect(page.get_by_text(re.compile(r"^About 7 passes, .*; no maps are kept"))).to_be_visible()
    expect(page.get_by_text("Method", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Ask for the answers to all 7 pictures").click()
    expect(page.get_by_text("6 pictures answered")).to_be_visible()
    expect(page.get_by_role("radio", name="Does it cheat?")).to_have_count(0)
    settled(page)
    expect(cards(page)).to_have_count(PICTURES)
    choose(page, "First", "Surest mistakes")
    expect(cards(page)).to_have_count(1)
    expect(page.get_by_text(re.compile("^stop .* filed under yield$"))).to_be_visible()
    page.get_by_text("All together", exact=True).click()
    expect(page.get_by_text("What is filed under what")).to_be_visible()
    expect(page.get_by_text("Mean map of each class")).to_have_count(0)
    settled(page)
    no_exception(page)
    accessible(page)
    page.get_by_text("Take away", exact=True).click()
    rows = downloaded(page, "Rows as CSV", tmp_path).read_text(encoding="utf-8-sig")
    assert rows.splitlines()[0].split(",")[:6] == [
        *("index", "name", "digest", "label", "class", "class_name")
    ]
    assert "support" not in rows and "Rows and maps" not in page.content()
    report = downloaded(page, "Report", tmp_path).read_text(encoding="utf-8")
    assert "6 of 7 pictures answered" in report
    page.get_by_role("radio", name="Inputs").click()
    expect(cards(page)).to_have_count(1)
    cards(page).click()
    map_shown(page)
    expect(page.get_by_text(re.compile("^stop ")).first).to_be_visible()
    page.goto(f"{server.url}/runs")
    entry = page.locator("[class*='st-key-run_']").filter(has_text="only the answers")
    entry.get_by_role("button", name="Open").click()
    expect(page.get_by_text("6 pictures answered")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("Ask for|Continue"))).to_have_count(0)
