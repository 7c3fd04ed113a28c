"""The stories, told as in a meeting, and the baseline lab that one of them opens."""

import re

import pytest
from driver import map_shown, run_until, settled
from playwright.sync_api import expect
from test_compare import compare, finished, panel, panels_in_order

MAPS = {
    "additive": "stPlotlyChart",
    "lstm": "stPlotlyChart",
    "dna": "logo",
    "digits": "viewer",
    "diabetes": "stPlotlyChart",
}
TOLD = {"additive": 2, "lstm": 2, "dna": 2, "digits": 3, "diabetes": 2}
OVER_ROWS = {
    "useless": "in the published experiment",
    "shares": "is off by more than",
    "weights": "By its weights x1 matters 4.36",
    "together": "A short bar on the left",
    "wrong_sign": "has the wrong sign",
}
WORDS = {
    "additive": "Rank correlation",
    "lstm": "Only this ratio can be compared",
    "dna": "by chance",
    "digits": "log-odds",
    "diabetes": "There is no truth",
}


def test_stories_are_told_with_the_arrow_keys(server, visit):
    page = visit(f"{server.url}/")
    map_shown(page, index=2)
    page.get_by_role("button", name="Tell it").first.click()
    titles = ["What did it look at?", "Can you predict it?", "Is the model cheating?"]
    titles += ["Why gradients go blind", "Does the baseline matter?"]
    maps = [3, 0, 4, 2, 3]
    for index, (words, count) in enumerate(zip(titles, maps, strict=True)):
        page.get_by_role("heading", name=words).wait_for()
        expect(page.locator("[data-testid=viewer][data-ready=true]")).to_have_count(count)
        settled(page)
        assert page.get_by_test_id("viewer").count() == count
        assert page.get_by_role("combobox").and_(page.locator(":visible")).count() == 0
        if index < 4:
            page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.get_by_role("heading", name=titles[3]).wait_for()
    settled(page)
    page.get_by_role("button", name="Open this comparison").click()
    page.get_by_role("heading", name="Compare").wait_for()
    finished(page, 2)
    assert panels_in_order(page, 2) == ["Gradient × input", "Integrated Gradients"]


def test_a_presentation_has_picture_sentence_and_proof_alone(server, visit):
    page = visit(f"{server.url}/story?story=cheating")
    maps = page.locator("[data-testid=viewer][data-ready=true]")
    maps.nth(3).wait_for()
    told = page.get_by_text(re.compile("of the support for stop lies on the sign"))
    ways = page.get_by_role("button", name="Next").bounding_box()
    for index, sentence in enumerate(told.all()):
        box = sentence.bounding_box()
        assert box["y"] + box["height"] <= ways["y"], f"sentence {index} is cut"
    tops = {round(shown.bounding_box()["y"]) for shown in maps.all()}
    assert len(tops) == 1, "maps stand on one line"
    page.keyboard.press("p")
    page.get_by_role("button", name="Leave (Esc)").wait_for()
    expect(page).to_have_url(re.compile("present=true"))
    for name in ("Next", "Open this comparison"):
        expect(page.get_by_role("button", name=name)).to_be_hidden()
    expect(page.get_by_role("link", name="Compare")).to_be_hidden()
    expect(told).to_have_count(4)
    page.keyboard.press("ArrowRight")
    run_until(page, page.get_by_test_id("proof-slider"))
    expect(page.get_by_test_id("stPlotlyChart")).to_have_count(0)
    page.get_by_role("button", name="Leave (Esc)").click()
    page.get_by_role("button", name="Next").wait_for()
    expect(page).not_to_have_url(re.compile("present"))


@pytest.mark.parametrize("key", MAPS)
def test_a_story_shows_its_maps_and_then_the_truth(server, visit, key):
    page = visit(f"{server.url}/story?story={key}")
    page.get_by_test_id(MAPS[key]).nth(TOLD[key] - 1).wait_for()
    settled(page)
    assert page.get_by_test_id(MAPS[key]).count() == TOLD[key]
    page.get_by_text("page 1 of 2").wait_for()
    page.keyboard.press("ArrowRight")
    page.get_by_text("page 2 of 2").wait_for()
    chart = page.get_by_test_id("stPlotlyChart").first
    chart.wait_for()
    page.get_by_text(WORDS[key]).first.wait_for()
    settled(page)
    expect(page).to_have_url(re.compile(f"story={key}&part=2"))
    for shown in page.get_by_test_id("stPlotlyChart").all():
        alt = shown.locator("[aria-label]").first
        named = shown.get_attribute("aria-label") or alt.get_attribute("aria-label")
        assert named and len(named) > 40
    for picture in page.locator("[data-testid=stImage] img").all():
        assert len(picture.get_attribute("alt")) > 20
    assert page.get_by_text("encountered an error").count() == 0
    assert page.get_by_test_id("stException").count() == 0
    page.keyboard.press("ArrowLeft")
    page.get_by_text("page 1 of 2").wait_for()


def test_stories_over_all_rows_are_one_page_each_and_lead_to_their_tables(server, visit):
    page = visit(f"{server.url}/story?story=useless")
    for key, words in OVER_ROWS.items():
        expect(page).to_have_url(re.compile(f"story={key}$"))
        page.get_by_text(words).first.wait_for()
        settled(page)
        charts = page.get_by_test_id("stPlotlyChart")
        expect(charts).to_have_count(3 if key == "wrong_sign" else 2)
        for shown in charts.all():
            alt = shown.locator("[aria-label]").first
            named = shown.get_attribute("aria-label") or alt.get_attribute("aria-label")
            assert named and len(named) > 40
        assert page.get_by_test_id("stException").count() == 0
        page.keyboard.press("ArrowRight")
    assert page.get_by_role("button", name="Next").is_disabled()
    page.get_by_text("has the wrong sign").wait_for()
    page.get_by_role("button", name="Open the whole table").click()
    expect(page).to_have_url(re.compile("/importance.*model=lorenz"))
    page.get_by_text("Which of the 8 outputs").first.wait_for()


def test_a_broken_link_begins_anew(server, visit):
    page = visit(f"{server.url}/story?story=dna&part=99")
    page.get_by_text("page 1 of 2").wait_for()


def test_home_offers_every_story(server, visit):
    page = visit(f"{server.url}/")
    expect(page.get_by_role("button", name="Tell it")).to_have_count(15)


def test_the_room_guesses_without_and_with_the_map(server, visit):
    page = visit(f"{server.url}/story?story=predict")
    still = page.get_by_role("button", name=re.compile("^Still "))
    viewer = page.get_by_test_id("viewer")
    for told in range(7):
        page.get_by_text(f"Picture {told + 1} of 7").wait_for()
        expect(page.get_by_text("First guess:")).to_be_visible()
        settled(page)
        expect(viewer).to_have_count(0)
        still.click()
        expect(page.get_by_text("And now, with the map:")).to_be_visible()
        expect(viewer.and_(page.locator("[data-ready=true]"))).to_have_count(1)
        settled(page)
        still.click()
        # The same guess twice is right both times or wrong both times.
        expect(
            page.get_by_text(re.compile("(stays|changes). You were .* both times"))
        ).to_be_visible()
        page.get_by_role("button", name="Next picture").click()
    result = page.get_by_role("heading", name=re.compile(r"^Right without the map: (\d) of 7. .*"))
    expect(result).to_contain_text("It changed no guess for better or worse")
    right = re.search(r"without the map: (\d) of 7. Right with it: (\d) of 7", result.inner_text())
    stayed = int(right[1])
    assert 2 <= stayed <= 5 and right[2] == right[1]
    cells = page.get_by_role("table").get_by_role("cell", name="stayed", exact=True)
    expect(cells).to_have_count(stayed)
    page.get_by_role("button", name="The same pictures, other parts").click()
    page.get_by_text("Picture 8 of 14").wait_for()


def test_the_cheating_story_shows_the_sticker(server, visit):
    page = visit(f"{server.url}/story?story=cheating")
    page.locator("[data-testid=viewer][data-ready=true]").nth(3).wait_for()
    words = page.locator(".st-key-story").text_content()
    honest, cheating = (int(x) for x in re.findall(r"; (\d+) % lies on the sticker", words))
    assert cheating > 5 * honest


def test_leaving_home_before_it_is_done_opens_the_story(fresh_server, visit):
    page = visit(f"{fresh_server.url}/")
    page.wait_for_timeout(2000)  # its examples' progress is looked at meanwhile
    page.get_by_role("button", name="Tell it").nth(6).click()
    page.get_by_role("heading", name="Does it see what is useless?").wait_for()
    page.wait_for_timeout(3000)
    assert page.get_by_role("heading", name="Does it see what is useless?").count() == 1
    assert page.get_by_text("encountered an error").count() == 0


def test_the_baseline_lab_shows_what_the_network_says_to_each(server, visit):
    page = visit(f"{server.url}/compare")
    finished(page, 6)
    page.get_by_role("button", name="Baseline lab").click()
    finished(page, 5)
    for index in range(5):
        words = panel(page, index).text_content()
        assert re.search(r"(Called|best guess) .+%", words) and "add up to" in words
    expect(page).to_have_url(re.compile("across=baselines"))
    judged = page.get_by_text(re.compile("in turn, and no map with its own baseline"))
    run_until(page, judged)
    cells = page.get_by_role("table").get_by_role("cell")
    own = cells.filter(has_text=re.compile(r"^\([+−]\d\.\d{3}\)$"))
    expect(own).to_have_count(5)
    page = visit(compare(server, model="diabetes"))
    page.get_by_role("button", name="Baseline lab").wait_for()
    expect(page.get_by_role("button", name="Honest or cheating")).to_have_count(0)
