"""What leaves the app, for the README: a report, figures in a slide and a paper, and the runs."""

import base64
import io
from pathlib import Path

from driver import Server, map_shown, settled
from PIL import Image
from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).resolve().parent
COLOURS = 256
"""Few enough for a small file."""
ASKED = (
    "/explain?model=lstm",
    "/explain?model=dna&method=deeplift&target=0",
    "/explain?model=diabetes&row=3",
    "/explain",
)
USED = """<html><style>
body {{ margin: 0; background: #8a94a0; font-family: sans-serif; display: flex; gap: 24px;
  align-items: center; box-sizing: border-box; height: 100vh; padding: 24px }}
.slide {{ background: #17324d; color: white; width: 680px; height: 382px; padding: 24px 28px;
  box-sizing: border-box; display: grid; grid-template-columns: 1fr 372px; gap: 20px }}
.slide h1 {{ font-size: 26px; margin: 0 0 16px }} .slide p {{ font-size: 18px; line-height: 1.4 }}
.slide img {{ width: 372px; align-self: center }}
.paper {{ background: white; flex: 1; height: 580px; padding: 30px 44px; box-sizing: border-box;
  font: 12px/1.4 serif; overflow: hidden }}
.paper img {{ width: 380px; display: block; margin: 0 auto }}
.paper h2 {{ font-size: 15px; margin: 0 0 6px }}
</style>
<div class="slide"><div><h1>Why a cat?</h1><p>Nothing says so as loudly as its eye.</p></div>
<img src="data:image/png;base64,{photo}"></div>
<div class="paper"><h2>3.2 What the estimate rests on</h2>
<p>Ten measurements of one patient, compared
with the mean patient; the contributions add up to the difference of the two estimates.</p>
<img src="data:image/svg+xml;base64,{table}">
<p><b>Figure 2.</b> From the mean patient (152.7) to this one (173.3).</p></div></html>"""


def take(launched: Browser, server: Server) -> None:
    """Ask for a few answers as one visitor, take two of them away, and photograph what came."""
    page = launched.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
    for address in ASKED:
        page.goto(server.url + address)
        settled(page)
        page.get_by_text("Take away", exact=True).wait_for()
        if "diabetes" in address:
            table = _downloaded(page, "SVG")
    map_shown(page)
    photo = _downloaded(page, "PNG")
    page.get_by_text("Put the picture itself into it").click()
    settled(page)
    report = _downloaded(page, "Report")
    page.goto(f"{server.url}/runs")
    settled(page)
    page.wait_for_timeout(2500)
    _keep(page, "runs")
    page.set_viewport_size({"width": 1000, "height": 1180})
    page.set_content(report.decode())
    page.wait_for_timeout(500)
    _keep(page, "report", 0.65)
    page.set_viewport_size({"width": 1280, "height": 620})
    page.set_content(
        USED.format(photo=base64.b64encode(photo).decode(), table=base64.b64encode(table).decode())
    )
    page.wait_for_timeout(500)
    _keep(page, "figure")
    page.close()


def _downloaded(page: Page, name: str) -> bytes:
    expander = page.get_by_test_id("stExpander").filter(has_text="Take away")
    if not expander.get_by_text("Picture", exact=True).is_visible():
        expander.get_by_text("Take away", exact=True).click()
    settled(page)
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_text(name, exact=True).first.click()
    return Path(download.value.path()).read_bytes()


def _keep(page: Page, name: str, share: float = 0.8) -> None:
    """A screenshot of few colours, made smaller."""
    seen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    sides = round(seen.width * share), round(seen.height * share)
    small = seen.resize(sides, Image.Resampling.LANCZOS)
    # Rare colours, such as those of a map, are kept.
    few = small.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few.save(FOLDER / f"{name}.png", optimize=True)
