"""The Learn page: an entry a method, sliders that change the numbers, axioms, links."""

import re

from axe_playwright_python.sync_playwright import Axe
from driver import choose, settled
from playwright.sync_api import expect

from explainers import METHODS
from explainers.checks.axioms import AXIOMS
from explainers.service.tasks.lesson import variants

BY_HAND = "By hand (Shapley)"


def numbers(page, name: str) -> list[str]:
    """What stands beside a method's name in the table of answers, but for the sentence."""
    rows = page.get_by_test_id("answers").get_by_role("row")
    row = rows.filter(has=page.get_by_role("rowheader", name=name, exact=True))
    return [cell.text_content() for cell in row.locator("td.number").all()]


def all_drawn(page) -> None:
    """Wait for every method's map."""
    for key in METHODS:
        card = page.locator(f".st-key-method_{key}")
        card.locator("[data-testid=viewer][data-ready=true], canvas").first.wait_for()
    settled(page)


def test_every_method_has_an_entry_with_its_map(server, visit):
    page = visit(f"{server.url}/learn")
    all_drawn(page)
    for method in METHODS.values():
        card = page.locator(f".st-key-method_{method.key}")
        for words in (method.name, method.says, method.cost, method.misleads, method.source):
            expect(card).to_contain_text(words)
        assert page.locator(f"#{method.key}").count() == 1, "links can name it"
    assert page.get_by_text("encountered an error").count() == 0
    rules = {"color-contrast": {"enabled": False}}
    options = {"rules": rules, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options)
    assert [violation["id"] for violation in found.response["violations"]] == []


def test_a_slider_changes_the_numbers_and_the_link(server, visit):
    page = visit(f"{server.url}/learn")
    all_drawn(page)
    assert numbers(page, BY_HAND) == ["0.5", "0.5"]
    assert numbers(page, "DeepLIFT, Rescale") == ["0", "1"]
    for variant in variants():
        assert len(numbers(page, variant.name)) == 2, variant.name
    slider = page.get_by_test_id("stSlider").nth(1).get_by_role("slider")
    slider.focus()
    for _ in range(4):  # as fast as they come
        slider.press("ArrowRight")
    # min(2, 1.4), of which each gets half.
    expect(page.locator("table.learn .exact")).to_contain_text("0.70.7")
    assert numbers(page, "Integrated Gradients") == ["0", "1.4"]
    expect(page.get_by_text("(0 + 1.4) / 2 = 0.7").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"minimum\.b=1\.4"))
    again = visit(page.url)
    expect(again.locator("table.learn .exact")).to_contain_text("0.70.7")


def test_every_network_is_calculated_beside_the_methods(server, visit):
    page = visit(f"{server.url}/learn")
    all_drawn(page)
    for title, exact, blind in (
        ("One times the other", ["3", "3"], ["6", "6"]),
        ("Threshold", ["10"], ["20"]),
        ("Saturation", ["0.5", "0.5"], ["0", "0"]),
    ):
        page.get_by_role("radio", name=title).click()
        expect(page.locator("table.learn .exact td.number")).to_have_text(exact)
        assert numbers(page, "Gradient × input") == blind
        assert numbers(page, "DeepLIFT, RevealCancel") == exact


def test_axioms_are_tried_and_their_numbers_can_be_read(server, visit):
    page = visit(f"{server.url}/learn?axiom=sensitivity")
    table = page.get_by_test_id("axioms")
    table.wait_for()

    def marks(name: str) -> str:
        rows = table.get_by_role("row")
        row = rows.filter(has=page.get_by_role("rowheader", name=name, exact=True))
        return "".join(row.locator("td").all_text_contents())

    assert marks("Integrated Gradients") == "✓" * len(AXIOMS)
    assert marks("Gradient × input").startswith("✗✗")
    assert marks("DeepLIFT, Rescale") == "✓✓✓✗✓"
    assert table.locator("td.no[title*='a gets 0']").count() >= 2
    page.get_by_text("The numbers", exact=True).click()
    expect(page.get_by_text("✗ a gets 0").first).to_be_visible()


def test_a_link_to_a_method_shows_it_on_top_until_it_is_closed(server, visit):
    page = visit(f"{server.url}/learn?about=deeplift")
    about = page.locator(".st-key-about")
    expect(about).to_contain_text(METHODS["deeplift"].misleads)
    about.get_by_role("button", name="Close").click()
    expect(about).to_have_count(0)
    settled(page)
    expect(page).not_to_have_url(re.compile("about="))


def test_a_broken_link_shows_what_is_possible(server, visit):
    page = visit(f"{server.url}/learn?about=magic&hand=zz&axiom=5&minimum.a=99&minimum.b=abc")
    page.get_by_test_id("answers").wait_for()
    assert numbers(page, BY_HAND) == ["0.5", "0.5"]
    assert page.get_by_text("not possible").count() >= 1
    assert page.get_by_text("encountered an error").count() == 0


def test_on_a_phone_one_part_and_one_method_are_read_at_a_time(server, visit):
    page = visit(f"{server.url}/learn", viewport={"width": 390, "height": 844})
    page.get_by_test_id("answers").wait_for()
    parts = {"By hand": "#by-hand", "Axioms": "#axioms", "Methods": "#methods"}

    def only(part: str) -> None:
        for name, heading in parts.items():
            expect(page.locator(heading)).to_be_visible(visible=name == part)
        main = page.get_by_test_id("stMain")
        tall, too_wide = main.evaluate("e => [e.scrollHeight, e.scrollWidth - e.clientWidth]")
        assert tall < 3 * 844 and too_wide <= 1, part

    only("By hand")
    row = page.get_by_test_id("answers").get_by_role("row").filter(has_text="Gradient × input")
    folded = row.bounding_box()["height"]
    row.locator("summary").click()
    expect(row.locator("details")).to_have_attribute("open", "")
    assert row.bounding_box()["height"] > folded + 15, "its sentence is there"
    for part in ("Axioms", "Methods"):
        page.get_by_role("radio", name=part).click()
        settled(page)
        only(part)
    choose(page, "Method", "RISE")
    card = page.locator(".st-key-method_rise")
    expect(card).to_contain_text(METHODS["rise"].misleads)
    expect(page.locator("[class*=st-key-method_]").and_(page.locator(":visible"))).to_have_count(1)
    card.locator("[data-testid=viewer][data-ready=true]").wait_for()
    rules = {"color-contrast": {"enabled": False}}
    options = {"rules": rules, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options)
    assert [violation["id"] for violation in found.response["violations"]] == []
    expect(page).to_have_url(re.compile("part=methods.*read=rise|read=rise.*part=methods"))
