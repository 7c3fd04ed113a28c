"""The stories, told as in a meeting."""

import re

from driver import settled
from test_compare import finished, panels_in_order


def test_stories_are_told_with_the_arrow_keys(server, visit):
    page = visit(f"{server.url}/")
    page.get_by_role("button", name="Tell it").first.click()
    title = page.get_by_role("heading", level=1)
    titles = ["Is the model cheating?", "Why gradients go blind", "Does the baseline matter?"]
    maps = [4, 2, 3]
    for index, (words, count) in enumerate(zip(titles, maps, strict=True)):
        page.get_by_role("heading", name=words).wait_for()
        page.locator("[data-testid=viewer][data-ready=true]").nth(count - 1).wait_for()
        settled(page)
        assert page.get_by_test_id("viewer").count() == count
        assert page.get_by_role("combobox").and_(page.locator(":visible")).count() == 0
        if index < 2:
            page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(500)
    assert title.text_content() == titles[-1]
    page.keyboard.press("ArrowLeft")
    page.get_by_role("heading", name=titles[1]).wait_for()
    settled(page)
    page.get_by_role("button", name="Open this comparison").click()
    page.get_by_role("heading", name="Compare").wait_for()
    finished(page, 2)
    assert panels_in_order(page, 2) == ["Gradient × input", "Integrated Gradients"]


def test_the_cheating_story_shows_the_sticker(server, visit):
    page = visit(f"{server.url}/story?story=cheating")
    page.locator("[data-testid=viewer][data-ready=true]").nth(3).wait_for()
    words = page.locator(".st-key-story").text_content()
    honest, cheating = (int(x) for x in re.findall(r"; (\d+) % lies on the sticker", words))
    assert cheating > 5 * honest
