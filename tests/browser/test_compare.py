"""The Compare page and the stories, driven as a person would."""

import json
import re
import time
from urllib.parse import urlencode

import pytest
from driver import (
    PATIENCE_MS,
    Sent,
    bottom,
    choose,
    drag,
    map_shown,
    page_text,
    run_until,
    run_what_is_offered,
    settled,
    upload,
)
from playwright.sync_api import expect

SIX = ["Integrated Gradients", "DeepLIFT", "Occlusion", "Gradient × input", "Saliency", "Grad-CAM"]


def compare(server, **chosen) -> str:
    """The link to a comparison."""
    text = {k: v if isinstance(v, str) else json.dumps(v) for k, v in chosen.items()}
    return f"{server.url}/compare?{urlencode(text)}"


def panel(page, index: int):
    return page.locator(f".st-key-panel_{index}")


def finished(page, count: int) -> list[str]:
    """Wait until the panels, and no others, have their maps; the maps' digests."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < until:
        settled(page)
        panels = [panel(page, index) for index in range(count)]
        viewers = [one.get_by_test_id("viewer") for one in panels]
        # While a page is drawn anew, a panel may still hold what stood in its place; and while a
        # method runs, its map so far stands there, without a check.
        parts = [*viewers, *(one.get_by_text("receipt_long") for one in panels)]
        alone = all(part.count() == 1 for part in parts) and not panel(page, count).count()
        if alone and all(viewer.get_attribute("data-ready") == "true" for viewer in viewers):
            return [viewer.get_attribute("data-digest") for viewer in viewers]
        run_what_is_offered(page)
        page.wait_for_timeout(150)
    raise AssertionError(f"{count} maps never stood at {page.url}: {page_text(page)}")


def test_six_methods_side_by_side(server, visit):
    page = visit(f"{server.url}/compare")
    digests = finished(page, 6)
    assert len(set(digests)) == 6
    maps = [panel(page, index).get_by_test_id("viewer-canvas") for index in range(6)]
    assert bottom(maps[0]) <= 800, "the first map stands above the fold"
    page.set_viewport_size({"width": 1920, "height": 1080})
    expect(maps[5]).to_be_in_viewport(ratio=1)
    assert max(map(bottom, maps)) <= 1080, "six maps on one projected screen"
    page.set_viewport_size({"width": 1280, "height": 800})
    for index, name in enumerate(SIX):
        words = panel(page, index).text_content()
        assert name in words and re.search(r"to picture \((> )?99\..*pass(es|,)", words)
    assert "add up to" in panel(page, 0).text_content()
    assert "does not promise" in panel(page, 2).text_content()
    scales = [
        panel(page, index).get_by_test_id("viewer-legend").text_content() for index in range(6)
    ]
    assert scales[0].split("0")[0] == scales[1].split("0")[0], "contributions share a scale"
    page.get_by_text("One colour scale").click()
    settled(page)
    own = panel(page, 1).get_by_test_id("viewer-legend")
    page.wait_for_function(
        "([e, was]) => e.textContent !== was", arg=[own.element_handle(), scales[1]]
    )
    expect(page).to_have_url(re.compile("scale=false"))


def test_pointing_and_the_box_reach_all_panels_without_traffic(server, visit):
    sent = Sent()
    page = visit(f"{server.url}/compare", before=sent.listen)
    finished(page, 6)
    sent.end(page)
    canvas = panel(page, 0).get_by_test_id("viewer-canvas")
    canvas.hover(position={"x": 100, "y": 150})
    place = re.compile(r"column \d+, row \d+")
    places = []
    for index in range(6):
        readout = panel(page, index).get_by_test_id("viewer-readout")
        expect(readout).to_contain_text(re.compile(r"column \d+, row \d+"))
        places.append(place.search(readout.text_content()).group())
    assert len(set(places)) == 1
    bar = page.get_by_test_id("viewer-bar")
    bar.get_by_test_id("viewer-box").click()
    drag(page, canvas, (0.3, 0.35), (0.75, 0.9))
    shares = []
    for index in range(6):
        text = panel(page, index).get_by_test_id("viewer-evidence-text")
        expect(text).to_contain_text(re.compile(r"In the box"))
        shares.append(int(re.search(r"In the box: (\d+) %", text.text_content()).group(1)))
    assert min(shares) > 25 and len(set(shares)) > 1, shares
    bar.get_by_test_id("viewer-evidence").select_option(label="the sign")
    text = panel(page, 0).get_by_test_id("viewer-evidence-text")
    expect(text).to_contain_text(re.compile(r"the sign"))
    bar.get_by_test_id("viewer-mode-heat").click()
    for index in range(6):
        viewer = panel(page, index).get_by_test_id("viewer")
        viewer.and_(page.locator("[data-mode=heat]")).wait_for()
    assert sent == []
    page.reload()
    finished(page, 6)
    expect(text).to_contain_text(re.compile(r"In the sign"))
    expect(panel(page, 5).locator("[data-mode=heat]")).to_have_count(1)


def test_a_panel_grows_on_a_click_and_shrinks_on_escape(server, visit):
    page = visit(f"{server.url}/compare")
    finished(page, 6)
    canvas = panel(page, 2).get_by_test_id("viewer-canvas")
    canvas.scroll_into_view_if_needed()
    small = canvas.bounding_box()["width"]
    canvas.click()
    panel(page, 2).locator("[data-large=true]").wait_for()
    page.wait_for_timeout(400)
    assert canvas.bounding_box()["width"] > 1.5 * small
    page.keyboard.press("Escape")
    panel(page, 2).locator("[data-large=true]").wait_for(state="hidden")
    page.wait_for_timeout(400)
    assert canvas.bounding_box()["width"] == pytest.approx(small, abs=2)


def test_one_cancelled_one_failing_the_others_go_on(server, visit):
    page = visit(
        compare(
            server,
            methods=["integrated_gradients", "rise", "grad_cam", "saliency"],
            **{"o.rise.samples": 100000, "o.rise.seed": 5, "o.grad_cam.layer": "no.such.layer"},
        )
    )
    texts = {name: index for index, name in enumerate(panels_in_order(page, 4))}
    rise, failing = panel(page, texts["RISE"]), panel(page, texts["Grad-CAM"])
    run = rise.get_by_role("button", name=re.compile("Run it: about 100,00. passes"))
    run.click()
    rise.get_by_text(re.compile(r"\d+ of 100\d+ passes")).wait_for()
    rise.get_by_role("button", name="Cancel").click()
    rise.get_by_text("Cancelled. Change a setting").wait_for()
    failing.get_by_text("no layer 'no.such.layer'").wait_for()
    for name in ("Integrated Gradients", "Saliency"):
        viewer = panel(page, texts[name]).get_by_test_id("viewer")
        run_until(page, viewer.and_(page.locator("[data-ready=true]")))
    assert page.get_by_text("Traceback").count() == 0


def panels_in_order(page, count: int) -> list[str]:
    return [panel(page, i).locator("p strong").first.text_content() for i in range(count)]


def test_the_proof_moves_without_traffic(server, visit):
    sent = Sent()
    page = visit(f"{server.url}/compare", before=sent.listen)
    finished(page, 6)
    proof = page.get_by_test_id("proof")
    run_until(page, proof.and_(page.locator("[data-ready=true]")))
    assert proof.get_by_test_id("proof-canvas").count() == 7, "six methods and chance"
    sent.end(page)
    canvas = proof.get_by_test_id("proof-canvas").first
    before = canvas.evaluate("canvas => canvas.toDataURL()")
    slider = proof.get_by_test_id("proof-slider")
    slider.focus()
    slider.press("Home")
    sentence = proof.get_by_test_id("proof-sentence")
    expect(sentence).to_contain_text(re.compile(r"Nothing is hidden"))
    for _ in range(8):
        slider.press("ArrowRight")
    expect(sentence).to_contain_text(re.compile(r"a random 10 %"))
    words = sentence.text_content()
    start, end, chance = (
        float(part)
        for part in re.search(
            r"from [<> ]*([\d.]+) % to [<> ]*([\d.]+) %.*random 10 %: [<> ]*([\d.]+) %", words
        ).groups()
    )
    assert start > 95 and end < 20 and chance > 80, words
    slider.press("End")
    page.wait_for_timeout(300)
    assert canvas.evaluate("canvas => canvas.toDataURL()") != before
    assert sent == []
    page.get_by_text("hiding and revealing speak most for").first.wait_for()
    table = page.get_by_role("table")
    rows = [row.text_content() for row in table.get_by_role("row").all()][1:]
    assert len(rows) == 6 and all(any(name in row for row in rows) for name in SIX)


def test_agreement_and_two_at_a_time(server, visit):
    page = visit(compare(server, closer="Agreement"))
    finished(page, 6)
    page.get_by_text(re.compile("On average two of these maps share")).first.wait_for()
    assert page.get_by_test_id("stPlotlyChart").count() == 2
    page.get_by_role("radio", name="Two at a time").click()
    settled(page)
    which = page.get_by_test_id("viewer-which")
    which.and_(page.locator(":visible")).first.wait_for()
    page.get_by_role("radio", name="Difference").click()
    settled(page)
    legend = page.get_by_test_id("viewer-legend").filter(has_text="more in DeepLIFT")
    legend.wait_for()
    expect(page).to_have_url(re.compile("closer=.*way=difference"))
    again = visit(page.url)
    finished(again, 6)
    again.get_by_test_id("viewer-legend").filter(has_text="more in DeepLIFT").wait_for()


def test_a_link_reopens_the_comparison(server, visit):
    page = visit(
        compare(
            server,
            across="methods",
            down="classes",
            classes=[1, 0],
            baseline="mean",
            methods=["integrated_gradients", "occlusion"],
            sample="02_yield",
        )
    )
    finished(page, 4)
    labels = panels_in_order(page, 4)
    assert labels[0] == "yield · Integrated Gradients" and labels[3] == "stop · Occlusion"
    shown = finished(page, 4)
    passes = " passes of the network, "
    said = [panel(page, index).get_by_text(passes).text_content() for index in range(4)]
    settled(page)
    again = visit(page.url)
    assert finished(again, 4) == shown and panels_in_order(again, 4) == labels
    for index, words in enumerate(said):  # another time it would take another time
        expect(panel(again, index)).to_contain_text(words)


def test_presets_and_axes_leave_the_options_alone(server, visit):
    page = visit(f"{server.url}/compare")
    finished(page, 6)
    panels = {"Baseline lab": 5, "Methods": 6, "Honest or cheating": 4, "Classes × methods": 9}
    for preset, count in panels.items():
        page.get_by_role("button", name=preset, exact=True).click()
        finished(page, count)
        settled(page)
        expect(page).not_to_have_url(re.compile("tolerance|steps"))
    choose(page, "Columns", "Models")
    expect(page).to_have_url(re.compile("across=models"))
    finished(page, 6)
    assert panels_in_order(page, 1) == ["stop · Traffic signs"]


def test_the_way_from_explain_keeps_the_own_picture(server, visit, photo):
    page = visit(f"{server.url}/explain?model=signs")
    first = map_shown(page)
    upload(page, photo)
    map_shown(page, not_digest=first)
    page.get_by_role("button", name="Compare methods").click()
    page.get_by_role("heading", name="Compare").wait_for()
    shown = finished(page, 6)
    expect(page).to_have_url(re.compile("picture="))
    page.reload()
    settled(page)
    assert finished(page, 6) == shown


def test_sanity_shows_every_stage(server, visit):
    page = visit(compare(server, closer="Sanity", methods=["gradient_x_input"]))
    finished(page, 1)
    run_until(page, page.locator("strong", has_text="With all weights random"))
    for words in ("As trained", "1 of 17 layers shuffled", "17 of 17 layers shuffled"):
        expect(page.get_by_text(words).first).to_be_visible()


def test_own_pictures_can_be_compared(server, visit, photo):
    page = visit(compare(server, across="pictures", pictures=["01_stop"]))
    finished(page, 1)
    page.get_by_role("button", name="Add your own").click()
    picker = page.locator("[data-testid=stFileUploader] input[type=file]").last
    picker.set_input_files(
        [
            {"name": "mine.png", "mimeType": "image/png", "buffer": photo},
            {"name": "bad.png", "mimeType": "image/png", "buffer": b"nothing"},
        ]
    )
    page.get_by_text("bad.png: This file is not a picture").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Pictures").fill("mine")
    page.get_by_role("option", name="mine.png").click()
    page.keyboard.press("Escape")  # else the other options lie over the panels
    finished(page, 2)
    assert "mine.png" in panels_in_order(page, 2)
