"""What the page of importance shows when one looks closer: each stands in a link."""

import json
import re
from urllib.parse import quote

from driver import no_exception, run_until, settled
from playwright.sync_api import expect

BMI = "body mass index (kg/m²)"
SIGNS = [{"input": BMI, "sign": "+"}, {"input": "age (years)", "sign": "0"}]
FEW = quote(json.dumps(["permutation", "jacobian"]))


def test_each_look_is_one_click_away_and_in_the_link(server, visit):
    expected = quote(json.dumps(SIGNS))
    page = visit(
        f"{server.url}/importance?model=signs&by={FEW}&closer=Plausibility&expected={expected}"
    )
    # A model of another page is not exchanged without a word.
    expect(page.get_by_text(re.compile("takes pictures, and this page asks"))).to_be_visible()
    run_until(page, page.get_by_text(re.compile("1 of 2 does not hold in every row")))
    broken = "age .years. must not change the output: it does in 442"
    expect(page.get_by_text(re.compile(broken))).to_be_visible()
    grid = page.get_by_test_id("stDataFrame").last.locator("canvas").first
    settled(page)
    page.get_by_test_id("stDataFrame").last.scroll_into_view_if_needed()
    box = grid.bounding_box()
    page.mouse.click(box["x"] + 15, box["y"] + 55)
    expect(page.get_by_role("button", name=re.compile(r"Explain row \d+"))).to_be_visible()
    page.get_by_role("radio", name="Consistency").click()
    run_until(page, page.get_by_text("All 5 hold, within the random error"))
    expect(page.get_by_label(re.compile("Permutation = 2 V T")).first).to_be_visible()
    page.get_by_role("radio", name="Hidden units").click()
    expect(page.get_by_label(re.compile("Hidden units by what they do")).first).to_be_visible()
    page.get_by_role("radio", name="Interactions").click()
    run_until(page, page.get_by_text(re.compile("of the output's variance .95 %")))
    expect(page.get_by_label(re.compile("Interactions .share of the")).first).to_be_visible()
    page.get_by_role("radio", name="One input").click()
    run_until(page, page.get_by_text("Every row keeps its other values"))
    expect(page.get_by_label(re.compile("Partial dependence on")).first).to_be_visible()
    no_exception(page)
    expect(page).to_have_url(re.compile("(?=.*closer=One)(?=.*expected=)"))


def test_expectations_that_cannot_be_used_get_a_sentence(server, visit):
    wrong = quote(json.dumps([{"input": "BMI", "sign": "+"}]))
    page = visit(f"{server.url}/importance?by={FEW}&closer=Plausibility&expected={wrong}")
    run_until(page, page.get_by_text(re.compile("'BMI', which the data do not have")))
    page.get_by_text("Or upload it as a CSV").click()
    picker = page.get_by_test_id("stFileUploader").filter(has_text="Expected signs")
    for text, said in (
        ("input,sign\nage (years),sideways\n", "'sideways' is no sign"),
        ("input,sign\n", "has a line of names"),
        ("input,sign\nage (years),-\n", "age .years. should lower the output"),
    ):
        file = {"name": "signs.csv", "mimeType": "text/csv", "buffer": text.encode()}
        picker.locator("input").first.set_input_files(file)
        run_until(page, page.get_by_text(re.compile(said)))
    no_exception(page)
