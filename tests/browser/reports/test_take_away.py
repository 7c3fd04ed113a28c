"""What leaves by the Explain page: files that open, and a report that asks for nothing."""

import csv
import json

import numpy as np
from driver import downloaded, map_shown, settled
from PIL import Image
from playwright.sync_api import expect

from explainers.commands.verify import verify
from explainers.reports.page.record import read_record

# Sizes and sums of colours of what is in the clipboard, and of the canvas.
COPIED = """async (shown) => {
  const seen = (image) => {
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const colours = context.getImageData(0, 0, image.width, image.height).data;
    return [image.width, image.height, colours.reduce((sum, colour) => sum + colour, 0)];
  };
  const [item] = await navigator.clipboard.read();
  const copied = await createImageBitmap(await item.getType("image/png"));
  return [seen(copied), shown && seen(shown)];
}"""


def test_take_the_answer_away(server, visit, chromium, tmp_path):
    """Picture, map, numbers and report of the first example; the report opens with no network."""
    page = visit(f"{server.url}/explain?method=gradient_x_input")
    map_shown(page)
    page.get_by_text("Take away", exact=True).click()
    picture = Image.open(downloaded(page, "PNG", tmp_path))
    assert picture.width == 1600 and picture.text["Description"]
    assert Image.open(downloaded(page, "Map alone", tmp_path)).mode == "RGBA"
    with np.load(downloaded(page, "NPZ", tmp_path)) as arrays:
        scores, output = arrays["scores"][0], float(arrays["output"][0])
    rows = list(csv.DictReader(downloaded(page, "CSV", tmp_path).open(newline="")))
    assert np.array_equal(np.array([row["score"] for row in rows], np.float32), scores.ravel())
    page.get_by_label("Made by").fill("Ann <b>")
    page.get_by_label("Made by").press("Enter")
    settled(page)
    page.get_by_text("Put the picture itself into it").click()
    settled(page)
    report = downloaded(page, "Report", tmp_path)
    assert report.stat().st_size < 3_000_000
    asked: list[str] = []
    reader = chromium.new_context(offline=True).new_page()
    reader.on("request", lambda request: asked.append(request.url))
    reader.goto(report.as_uri())
    expect(reader.get_by_text("Ann <b>")).to_be_visible()
    for image in reader.locator("img").all():
        assert image.evaluate("image => image.naturalWidth") > 0
    reader.get_by_label("Strength of the map").fill("20")
    expect(reader.locator("#map")).to_have_css("opacity", "0.2")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    reader.context.close()
    holds, sentences = verify(report)
    assert holds and sentences[0].startswith("Reproduced"), sentences
    assert f"score {output:.6g}" in sentences[1]


def test_the_picture_is_copied_as_it_is_seen(server, visit):
    page = visit(f"{server.url}/explain?model=signs&method=gradient_x_input")
    map_shown(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_test_id("viewer-more").first.click()
    page.get_by_test_id("viewer-copy").first.click()
    expect(page.get_by_test_id("viewer-copy").first).to_have_text("Copied")
    copied, seen = page.get_by_test_id("viewer-canvas").first.evaluate(COPIED)
    assert copied == seen and copied[0] > 200
    expect(page.get_by_test_id("viewer-copy").first).to_have_text("Copy this picture")


def test_a_story_over_a_data_set_is_copied_and_taken_away(server, visit, tmp_path):
    page = visit(f"{server.url}/story?story=weights")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("Take away", exact=True).click()
    drawn = Image.open(downloaded(page, "PNG", tmp_path))
    copied = page.get_by_test_id("stExpander").get_by_test_id("copy").first
    copied.click()
    expect(copied).to_have_text("Copied")
    width, height, _ = page.evaluate(COPIED, None)[0]
    assert (width, height) == drawn.size
    rows = list(csv.DictReader(downloaded(page, "CSV", tmp_path).open(newline="")))
    assert {row["of"] for row in rows} == {"All methods", "Garson, as in R"}
    assert json.loads(downloaded(page, "Notebook", tmp_path).read_text())["nbformat"] == 4
    record, unsealed = read_record(downloaded(page, "Report", tmp_path).read_bytes())
    assert not unsealed and len(record["several"]) == 2


def test_as_code_shows_the_recipe(server, visit):
    page = visit(f"{server.url}/explain?model=signs&baseline=blur")
    map_shown(page)
    page.get_by_text("As code").click()
    code = page.get_by_test_id("stCode")
    assert 'BASELINES["blur"]' in code.text_content().replace("'", '"')
