"""A segmentation network in the browser: it is asked where, and says over how many pixels."""

import re

import numpy as np
import torch
from driver import choose, give, no_exception, run_until, settled
from PIL import Image
from playwright.sync_api import expect
from torch import nn

from explainers.kinds import picture
from explainers.models.spec import NORMALISATIONS
from explainers.models.zoo.signs import samples
from tests.onnx import onnx_files

SIDE = 64


def network() -> nn.Module:
    torch.manual_seed(4)
    return nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 3, 1)).eval()


def scores(net: nn.Module) -> torch.Tensor:
    """Its scores (3, SIDE, SIDE) for the first of the signs, as the page prepares it."""
    image = Image.open(samples()[0].path).convert("RGB")
    pixels = torch.from_numpy(np.asarray(picture.pixels(image, SIDE, "crop"), np.float32))
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in NORMALISATIONS["ImageNet"])
    with torch.no_grad():
        return net(((pixels - mean) / std)[None])[0]


def test_a_segmentation_network_is_asked_where(server, visit):
    net = network()
    said = scores(net).argmax(0)
    counts = said.flatten().bincount(minlength=3)
    first, second = counts.argsort(descending=True)[:2].tolist()
    assert counts[second] > 5
    file = onnx_files.exported(net, torch.zeros(1, 3, SIDE, SIDE))
    page = visit(f"{server.url}/explain?model=upload&sample={samples()[0].name}")
    give(page, "A network as", "segmentation.onnx", file)
    page.get_by_text(re.compile(f"a segmentation.* at each of {SIDE} × {SIDE} places")).wait_for()
    expect(page.get_by_text(re.compile("Works with Integrated Gradients, "))).to_be_visible()

    def check(index: int):
        over = f"over the {counts[index]:,} pixels that the network calls class {index};"
        return page.get_by_text(re.compile(f"Check: the mean score of class {index} {over}"))

    run_until(page, check(first))
    shares = scores(net).softmax(0)[first][said == first].mean()
    expect(check(first)).to_contain_text(f"to picture ({100 * shares:.1f} %)")
    expect(check(first)).to_contain_text("the scores add up to")
    expect(page.get_by_text(re.compile("lies on what is asked about"))).to_be_visible()
    choose(page, "Class", f"class {second} ({counts[second]:,} of {SIDE**2:,} places)")
    run_until(page, check(second))
    page.get_by_text("One place", exact=True).click()
    settled(page)
    page.get_by_label("Row (0 to 63)", exact=True).fill("3")
    page.keyboard.press("Enter")
    settled(page)
    there = page.get_by_text(re.compile(r"Check: .*over the pixel in row 3, column 32"))
    run_until(page, there)
    shares = scores(net).softmax(0)[:, 3, 32]
    expect(there).to_contain_text(f"change in class {int(shares.argmax())} from")
    expect(there).to_contain_text(f"to picture ({100 * shares.max():.1f} %)")
    no_exception(page)
    expect(page).to_have_url(re.compile("where=place.*row=3"))
    # A click into the picture asks about the place that lies there; the mark is drawn around it.
    canvas = page.get_by_test_id("viewer-canvas").first
    box = canvas.bounding_box()
    spot = {"x": box["width"] * 20.5 / SIDE, "y": box["height"] * 9.5 / SIDE}
    canvas.click(position=spot)
    there = page.get_by_text(re.compile(r"Check: .*over the pixel in row 9, column 20"))
    run_until(page, there)
    shares = scores(net).softmax(0)[:, 9, 20]
    expect(there).to_contain_text(f"change in class {int(shares.argmax())} from")
    expect(there).to_contain_text(f"to picture ({100 * shares.max():.1f} %)")
    settled(page)
    expect(page.get_by_label("Column (0 to 63)", exact=True)).to_have_value("20")
    expect(page).to_have_url(re.compile("row=9.*column=20|column=20.*row=9"))
    no_exception(page)
    page.reload()
    run_until(page, there)
    page.get_by_role("button", name="Compare methods").click()
    run_until(page, page.get_by_text(re.compile("over the pixel in row 9, column 20")), 6)
    no_exception(page)
