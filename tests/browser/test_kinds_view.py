"""Every kind of input in the browser: the demo, one's own network and data, and bad files."""

import io
import json
import re

import numpy as np
import pytest
import torch
from driver import give, no_exception, run_until, settled
from exportable import Recurrent
from PIL import Image
from playwright.sync_api import Page, expect
from torch import nn

from tests.onnx import onnx_files

SHOWN = {
    "diabetes": "progression after one year: .*% of all effects",
    "additive": "of all effects",
    "lstm": "step 1",
    "dna": "of the support for .* lies on GATA-like",
}


def exported(net: nn.Module, *shape: int) -> bytes:
    torch.manual_seed(0)
    for parameter in net.parameters():
        nn.init.normal_(parameter, std=0.4)
    return onnx_files.exported(net.eval(), torch.rand(1, *shape))


def array(values: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values)
    return buffer.getvalue()


def grey() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (8, 8), np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def table() -> bytes:
    rows = np.random.default_rng(0).standard_normal((30, 4))
    lines = ["weight;height;age;dose", *(";".join(f"{v:.3f}" for v in row) for row in rows)]
    return "\n".join(lines).replace(".", ",").encode()


dice = np.random.default_rng(0)
DNA = ("first", "second")
OWN = {
    "table": (
        lambda: nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1)),
        (4,),
        "own.csv",
        table(),
        "in this row|of all effects",
        "rows of a table with 4 features",
    ),
    "series": (
        lambda: Recurrent(nn.LSTM, 2, 4, 2),
        (9, 2),
        "own.npy",
        array(dice.standard_normal((3, 9, 2))),
        "of 9 time steps|in this series",
        "time series of 9 steps and 2 variables",
    ),
    "sequence": (
        lambda: nn.Sequential(
            nn.Conv1d(4, 6, 5), nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 2)
        ),
        (4, 40),
        "own.fasta",
        "".join(f">{n}\n{''.join(dice.choice(list('ACGT'), 40))}\n" for n in DNA).encode(),
        "of 40 letters|in this sequence",
        "DNA of 40 letters",
    ),
    "picture": (
        lambda: nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3)),
        (1, 8, 8),
        "own.png",
        grey(),
        "lies on|in this picture",
        "pictures of 8 × 8 px, 1 channel",
    ),
}


@pytest.mark.parametrize("demo", list(SHOWN))
def test_the_demo_of_every_kind_is_explained_and_proved(server, visit, demo):
    page = visit(f"{server.url}/explain?model={demo}")
    run_until(page, page.get_by_text("Check:"))
    expect(page.get_by_role("heading", name=re.compile(SHOWN[demo]))).to_be_visible()
    run_until(page, page.get_by_text("with the strongest").first)
    expect(page.get_by_text(re.compile("scores add up to (99|100)"))).to_be_visible()
    no_exception(page)


@pytest.mark.parametrize("kind", list(OWN))
def test_from_ones_own_network_and_data_to_the_explanation(server, visit, kind):
    make, shape, name, data, says, takes = OWN[kind]
    page = visit(f"{server.url}/explain?model=upload{'&from=Upload' * (kind == 'picture')}")
    give(page, "A network as", "network.onnx", exported(make(), *shape))
    page.get_by_text(f"Takes {takes}").wait_for()
    give(
        page,
        {"table": "A table", "series": "Time series", "sequence": "DNA:", "picture": "A picture"}[
            kind
        ],
        name,
        data,
    )
    run_until(page, page.get_by_text("Check:"))
    expect(page.get_by_role("heading", name=re.compile(says)).first).to_be_visible()
    settled(page)
    no_exception(page)
    page.reload()
    run_until(page, page.get_by_text("Check:"))


@pytest.mark.parametrize(
    "kind, name, data, said",
    [
        ("diabetes", "own.csv", b"a,b,c\n1,2,3\n4,5\n6,7,8\n", "line 3"),
        ("diabetes", "own.csv", b"a,b\n1,2\n3,4\n5,6\n", "has no column"),
        ("lstm", "own.csv", b"id,time,x1,x2,x3\na,1,0,1,2\na,2,1,1,2\nb,1,2,2,2\n", "length"),
        ("dna", "own.fasta", b">one\nACGTXACGT\n", "X"),
        ("dna", "own.fasta", b">one\nACGTACGT\n", "takes sequences of 200 letters"),
    ],
)
def test_a_bad_file_gets_a_sentence_and_the_next_good_one_works(
    server, visit, kind, name, data, said
):
    page = visit(f"{server.url}/explain?model={kind}&source=Upload")
    label = {"diabetes": "A table", "lstm": "Time series", "dna": "DNA:"}[kind]
    give(page, label, name, data)
    alert = page.get_by_test_id("stAlert").filter(has_text=said)
    expect(alert.first).to_be_visible()
    expect(page.get_by_text("Check:")).to_have_count(0)
    no_exception(page)
    settled(page)
    page.get_by_role("radio", name="The demo's").click()
    run_until(page, page.get_by_text("Check:"))
    expect(page.get_by_role("heading", name=re.compile(SHOWN[kind]))).to_be_visible()
    expect(alert).to_have_count(0)
    no_exception(page)


def check(page: Page) -> str:
    return page.get_by_text(re.compile("Check: .*from baseline")).text_content()


def test_many_rows_and_a_value_changed_by_hand(server, visit):
    page = visit(f"{server.url}/explain?model=diabetes&row=5")
    run_until(page, page.get_by_text("Which features matter"))
    page.get_by_text("Contribution against value of").wait_for()
    expect(page.get_by_text("Over many rows")).to_have_count(1)
    own = check(page)
    page.get_by_text("Change its values").click()
    cells = page.locator(".dvn-scroller").and_(page.locator(":visible")).last
    cells.dblclick(position={"x": 0.85 * cells.bounding_box()["width"], "y": 52})
    page.locator(".gdg-input").fill("20")
    page.locator(".gdg-input").press("Enter")
    expect(page).to_have_url(re.compile("changed=.*age"))
    settled(page)
    page.get_by_text("age (years) = 20").first.wait_for()
    changed = check(page)
    assert changed != own
    again = visit(page.url)
    assert check(again) == changed, "the link shows the changed row"
    page.get_by_role("spinbutton", name="Row").fill("6")
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("changed="))
    no_exception(page)


@pytest.mark.parametrize("demo", ["diabetes", "lstm", "dna"])
def test_compare_works_for_every_kind(server, visit, demo):
    page = visit(
        f"{server.url}/compare?model={demo}&closer=Agreement"
        '&methods=["integrated_gradients","gradient_x_input"]'
    )
    run_until(page, page.get_by_text(re.compile("add up to|does not promise")), 2)
    for closer in ("Agreement", "Two at a time", "Sanity", "Answers"):
        page.get_by_role("radio", name=closer, exact=True).click()
        expect(page).to_have_url(re.compile("closer=" + closer.split()[0]))
        settled(page)
        page.get_by_role("heading", name="Look closer").wait_for()
        no_exception(page)
        assert page.get_by_test_id("stAlert").count() == 0


def test_a_card_brings_back_what_was_settled(server, visit):
    page = visit(f"{server.url}/explain?model=upload&from=Upload")
    give(page, "A network as", "network.onnx", exported(OWN["picture"][0](), 1, 8, 8))
    page.get_by_text("Takes pictures").wait_for()
    give(page, "Saved settings", "card.json", b'{"evident": 1}')
    page.get_by_test_id("stAlert").filter(has_text="no saved settings").wait_for()
    settings = {"fit": "stretch", "mean": [0.25], "std": [0.5], "classes": ["ant", "bee", "wasp"]}
    card = json.dumps({"evident": 2, "settings": settings}).encode()
    give(page, "Saved settings", "card.json", card)
    page.get_by_text("The saved settings are used").wait_for()
    settled(page)
    give(page, "A picture", "own.png", grey())
    run_until(page, page.get_by_text("Check:"))
    expect(page.get_by_text(re.compile("ant|bee|wasp")).first).to_be_visible()
    expect(page).to_have_url(re.compile("(?=.*fit=stretch).*normalise=Own"))
    no_exception(page)
