"""The DNA view in a real browser: zoom, pan, hover, keys, groups, and what they leave alone."""

import re

import pytest
from driver import Sent, settled
from logo_page import LENGTH, letters, scores
from logo_server import logos_served

from explainers.figures import sequences
from pages.state.headers import POLICY
from pages.viewers import sequence as module


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with logos_served(tmp_path_factory.mktemp("logos")) as url:
        yield url


@pytest.fixture
def page(visit, address):
    opened = visit(address)
    opened.locator("[data-testid=logo][data-ready=true]").nth(5).wait_for()
    return opened


def view(page, title: str):
    """The logo with this title; the map has none, and is under the first logo."""
    return page.get_by_test_id("logo").nth(
        ["DeepLIFT", "map", "Short", "Hypothetical", "Saliency", "Zeros"].index(title)
    )


def window(logo) -> tuple[int, int]:
    """First and last letter on the screen, from 1."""
    said = logo.get_by_test_id("logo-range").text_content().replace(",", "")
    if whole := re.fullmatch(r"all (\d+) letters", said):
        return 1, int(whole[1])
    return tuple(int(n) for n in re.fullmatch(r"letters (\d+) to (\d+) of \d+", said).groups())


def frame(page) -> None:
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def value(logo) -> str:
    return logo.locator("[data-part=value]").text_content()


def place(logo) -> str:
    return logo.locator("[data-part=place]").text_content()


def test_the_numbers_shown_are_those_of_the_parcel(page):
    logo = view(page, "DeepLIFT")
    assert logo.get_attribute("data-digest") == module.digest(letters, scores)
    assert window(logo) == (1, LENGTH)
    logo.get_by_test_id("logo-strongest").click()
    frame(page)
    best = int(abs(scores).argmax())
    side = "supports" if scores[best] > 0 else "opposes"
    assert value(logo) == f"{'ACGTN'[letters[best]]} {scores[best]:+.3f} {side}"
    assert place(logo).startswith(f"letter {best + 1:,} · ")
    first, last = window(logo)
    assert last - first + 1 == 60 and first <= best + 1 <= last
    logo.get_by_test_id("logo-strongest").click()
    frame(page)
    assert f"letter {best + 1:,} ·" not in place(logo), "again goes to the next one"


def test_the_wheel_scrolls_the_page_and_zooms_only_with_ctrl(page):
    page.set_viewport_size({"width": 1280, "height": 500})
    logo = view(page, "DeepLIFT")
    canvas = logo.get_by_test_id("logo-canvas")
    canvas.hover(position={"x": 500, "y": 60})
    top = canvas.bounding_box()["y"]
    page.mouse.wheel(0, 120)
    page.wait_for_timeout(300)
    assert canvas.bounding_box()["y"] < top and window(logo) == (1, LENGTH)
    canvas.hover(position={"x": 500, "y": 60})
    top = canvas.bounding_box()["y"]
    before = place(logo)
    page.keyboard.down("Control")
    for _ in range(6):
        page.mouse.wheel(0, -120)
    page.keyboard.up("Control")
    frame(page)
    first, last = window(logo)
    assert last - first < LENGTH / 5 and canvas.bounding_box()["y"] == top
    assert first <= int(before.split()[1].replace(",", "")) <= last, "it zooms to the pointer"


def test_dragging_moves_the_letters_with_the_hand(page):
    logo = view(page, "DeepLIFT")
    for _ in range(6):
        logo.get_by_test_id("logo-in").click()
    frame(page)
    first, last = window(logo)
    box = logo.get_by_test_id("logo-canvas").bounding_box()
    width = box["width"] - 46 - 8
    page.mouse.move(box["x"] + 700, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 700 - width / 4, box["y"] + 50, steps=5)
    page.mouse.up()
    frame(page)
    moved = window(logo)[0] - first
    assert moved == pytest.approx((last - first) / 4, rel=0.02)
    assert window(logo)[1] - window(logo)[0] == pytest.approx(last - first, abs=1)


def test_the_strip_moves_stretches_and_makes_the_window(page):
    logo = view(page, "DeepLIFT")
    box = logo.get_by_test_id("logo-strip").bounding_box()
    width = box["width"] - 46 - 8

    def drag(start: float, stop: float) -> tuple[int, int]:
        y = box["y"] + box["height"] / 2
        page.mouse.move(box["x"] + 46 + start * width, y)
        page.mouse.down()
        page.mouse.move(box["x"] + 46 + stop * width, y, steps=4)
        page.mouse.up()
        frame(page)
        return window(logo)

    assert drag(0.2, 0.4) == pytest.approx((2000, 4000), abs=15), "drawn anew"
    assert drag(0.3, 0.5) == pytest.approx((4000, 6000), abs=15), "moved"
    assert drag(0.6, 0.7) == pytest.approx((4000, 7000), abs=15), "stretched at its end"
    assert drag(0.1, 0.1) == pytest.approx((1, 3000), abs=15), "put elsewhere, within the sequence"
    assert drag(0.15, 0.99)[1] == LENGTH


def test_keys_go_everywhere_and_are_heard(page):
    logo = view(page, "DeepLIFT")
    canvas = logo.get_by_test_id("logo-canvas")
    live = logo.get_by_test_id("logo-live")
    canvas.focus()
    for key, letter in (("Home", 1), ("Shift+ArrowRight", 2), ("End", LENGTH)):
        page.keyboard.press(key)
        frame(page)
        assert place(logo).startswith(f"letter {letter:,}"), key
    page.wait_for_timeout(450)
    assert live.text_content() == f"{value(logo)}, {place(logo)}"
    page.keyboard.press("s")
    frame(page)
    first, last = window(logo)
    page.keyboard.press("ArrowRight")
    frame(page)
    assert window(logo) == (first + 6, last + 6), "a tenth of the window"
    page.wait_for_timeout(450)
    assert live.text_content() == f"Showing letters {first + 6:,} to {last + 6:,} of 10,000"
    page.keyboard.press("-")
    frame(page)
    assert window(logo)[1] - window(logo)[0] == pytest.approx(89, abs=1)
    page.keyboard.press("End")
    frame(page)
    assert window(logo)[1] == LENGTH
    page.keyboard.press("0")
    page.keyboard.press("Escape")
    frame(page)
    assert window(logo) == (1, LENGTH) and value(logo) == ""


def test_one_group_has_one_window_and_one_letter(page):
    logo, under, other = view(page, "DeepLIFT"), view(page, "map"), view(page, "Saliency")
    logo.get_by_test_id("logo-strongest").click()
    frame(page)
    assert window(under) == window(logo) != (1, LENGTH)
    assert place(under) == place(logo).split(" · ")[0]
    assert window(other) == (1, LENGTH) and value(other) == "", "another group"
    assert logo.get_attribute("data-shows") == "letters"
    assert other.get_attribute("data-shows") == "bars"
    box = under.get_by_test_id("logo-canvas").bounding_box()
    page.mouse.move(box["x"] + 46 + 300, box["y"] + 112 * 3 / 8)  # in the second row
    frame(page)
    assert value(under).startswith("C instead of") or value(under).startswith("C, which is there")
    assert place(logo).split(" · ")[0] == place(under)


def test_many_letters_under_one_dot_show_the_strongest(page):
    logo = view(page, "DeepLIFT")
    box = logo.get_by_test_id("logo-canvas").bounding_box()
    each = LENGTH / (box["width"] - 46 - 8)
    page.mouse.move(box["x"] + 46 + 400.5, box["y"] + 50)
    frame(page)
    at = int(place(logo).split()[1].replace(",", "")) - 1
    first = int(400.5 * each)
    assert first <= at < first + each
    near = scores[first : first + int(each)]
    assert at == first + abs(near).argmax()
    assert "the strongest of" in place(logo)


def test_stacked_letters_and_stretches_are_named(page):
    short, four = view(page, "Short"), view(page, "Hypothetical")
    box = short.get_by_test_id("logo-canvas").bounding_box()
    page.mouse.move(box["x"] + 46 + 2.5 * 44, box["y"] + 30)
    frame(page)
    assert value(short) == "G −2.00 opposes"
    assert place(short) == "letter 3 · first · across"
    four.get_by_test_id("logo-strongest").click()
    frame(page)
    assert value(four) and len(re.findall(r"[ACGT] [+−]", place(four))) == 3


def test_new_scores_keep_the_window_and_are_never_shown_under_the_old_digest(page):
    logo = view(page, "DeepLIFT")
    logo.get_by_test_id("logo-strongest").click()
    frame(page)
    seen, said = window(logo), value(logo)
    page.get_by_text("Turned round").click()
    page.locator(f"[data-digest='{module.digest(letters, -scores)}']").wait_for()
    assert window(logo) == seen
    assert value(logo) == said.replace("+", "−").replace("supports", "opposes") != said


def test_a_shorter_sequence_of_the_group_shows_what_it_has(page):
    short = view(page, "Zeros")
    view(page, "DeepLIFT").get_by_test_id("logo-strongest").click()
    frame(page)
    assert window(short) == (1, 4)
    assert place(short) == "Every score is zero: no letter counts for or against it."
    assert short.locator("[data-part=title]").text_content() == "<i>Zeros</i>"
    canvas = view(page, "DeepLIFT").get_by_test_id("logo-canvas")
    assert canvas.get_attribute("aria-label") == "Contributions to GATA"


def test_another_theme_is_another_drawing(page):
    canvas = view(page, "DeepLIFT").get_by_test_id("logo-canvas")
    colour = """canvas => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, 40);
      const found = {};
      for (let i = 0; i < data.length; i += 4)
        if (data[i + 3] === 255) found[data.slice(i, i + 3)] = 1;
      return Object.keys(found);
    }"""
    light = set(canvas.evaluate(colour))
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(1000)
    dark = set(canvas.evaluate(colour))
    assert ",".join(map(str, sequences.SIGN_COLOURS["light"][0])) in light - dark
    assert ",".join(map(str, sequences.SIGN_COLOURS["dark"][0])) in dark - light


def test_fingers_pan_and_pinch(visit, address):
    phone = visit(address, viewport={"width": 390, "height": 800}, has_touch=True)
    logo = view(phone, "DeepLIFT")
    phone.locator("[data-testid=logo][data-ready=true]").nth(5).wait_for()
    assert "two zoom" in place(logo) or "One finger" in place(logo)
    box = logo.get_by_test_id("logo-canvas").bounding_box()
    touch = phone.context.new_cdp_session(phone)

    def send(kind: str, *across: float) -> None:
        points = [{"x": box["x"] + x, "y": box["y"] + 60, "id": i} for i, x in enumerate(across)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", 180, 220)
    for reach in range(25, 110, 5):
        send("touchMove", 200 - reach, 200 + reach)
    send("touchEnd")
    frame(phone)
    first, last = window(logo)
    assert last - first == pytest.approx(LENGTH * 20 / 105, rel=0.1)
    send("touchStart", 250)
    for x in range(240, 100, -10):
        send("touchMove", x)
    send("touchEnd")
    frame(phone)
    assert window(logo)[0] > first + (last - first) / 4
    wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert phone.evaluate(wide), "no sideways scrolling"


def test_it_asks_nothing_of_the_server_and_keeps_the_apps_policy(chromium, address):
    page = chromium.new_context(viewport={"width": 1280, "height": 800}).new_page()
    wrong = []
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    sent = Sent()
    sent.listen(page)
    answer = page.goto(address)
    assert answer.headers["content-security-policy"] == POLICY
    page.locator("[data-testid=logo][data-ready=true]").nth(5).wait_for()
    settled(page)
    before = len(sent)
    logo = view(page, "DeepLIFT")
    for button in ("strongest", "in", "out", "all"):
        logo.get_by_test_id(f"logo-{button}").click()
    logo.get_by_test_id("logo-canvas").hover()
    page.wait_for_timeout(300)
    assert len(sent) == before and not wrong
    page.context.close()
