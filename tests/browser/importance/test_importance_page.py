"""The page of importance in the browser: a table and weights of one's own, and a demo."""

import json
import re
from urllib.parse import quote

import numpy as np
import pytest
import torch
from driver import choose, give, no_exception, run_until, settled
from playwright.sync_api import expect
from safetensors.torch import save
from torch import nn

FEW = quote(json.dumps(["permutation", "profile", "jacobian", "sobol", "garson"]))
SLOW = ("forward_addition", "backward_elimination")
NAMES = ["elevation", "temperature", "rain", "slope", "acidity", "noise"]
EXCEPTION = "stException"
SENTENCE = re.compile("(come before the rest|comes first|surely among|cannot be told apart)")


@pytest.fixture(scope="module")
def own() -> tuple[bytes, bytes]:
    """320 rows with an id, a text, six numbers of very different sizes, a truth and gaps; weights.

    The network was trained on standardised columns. Elevation and temperature say the same, and it
    does not look at the noise at all.
    """
    rng = np.random.default_rng(0)
    elevation = rng.normal(1500, 600, 320)
    table = np.column_stack(
        [
            elevation,
            20 - 0.004 * elevation + rng.normal(0, 1.2, 320),
            rng.gamma(3, 2, 320),
            rng.uniform(0, 40, 320),
            rng.normal(0.06, 0.01, 320),
            rng.normal(0, 1, 320),
        ]
    )
    z = (table - table.mean(0)) / table.std(0)
    truth = 1.5 * z[:, 0] - 1.5 * z[:, 1] + 0.7 * z[:, 2] + 0.2 * z[:, 3]
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))
    optimiser = torch.optim.Adam(net.parameters(), 0.03)
    rows, wanted = torch.tensor(z).float(), torch.tensor(truth).float()[:, None]
    for _ in range(150):
        optimiser.zero_grad()
        (net(rows) - wanted).square().mean().backward()
        optimiser.step()
    with torch.no_grad():
        net[0].weight[:, 5] = 0
    gaps = rng.random(table.shape) < 0.01
    lines = [f"id,site,{','.join(NAMES)},cover"]
    for number, (row, gap) in enumerate(zip(table, gaps, strict=True)):
        cells = ["" if missing else f"{value:.6g}" for value, missing in zip(row, gap, strict=True)]
        lines.append(f"{number + 501},site {number} by the lake,{','.join(cells)},{truth[number]}")
    return "\n".join(lines).encode(), save(net.state_dict())


def ready(page) -> None:
    """Wait for the finished table."""
    closer, broken = page.get_by_role("heading", name="Look closer"), page.get_by_test_id(EXCEPTION)
    run_until(page, closer.or_(broken))
    no_exception(page)
    settled(page)


def test_ones_own_table_and_weights_give_a_sentence_and_lead_to_a_row(server, visit, own):
    table, weights = own
    columns = quote(json.dumps(NAMES))
    asked = f"model=upload&target_column=cover&columns={columns}&by={FEW}"
    page = visit(f"{server.url}/importance?{asked}")
    give(page, "A network as", "mlp.safetensors", weights)
    page.get_by_text("Read as a plain chain").wait_for()
    give(page, "A table", "own.csv", table)
    # A scale that it was not trained on is asked about, and the network is then a bad one.
    page.get_by_text("with standardised columns, no column does").first.wait_for()
    ready(page)
    first = page.get_by_test_id("stAlert").filter(has_text="Before you read on")
    expect(first).to_contain_text("it was trained on standardised columns")
    expect(page.get_by_text("it explains nothing of the truth")).to_be_visible()
    page.locator(".st-key-mend_scale button").click()
    expect(page.get_by_text(re.compile(r"it explains 9\d\.\d % of the truth"))).to_be_visible()
    ready(page)
    said = page.locator("h3").filter(has_text=SENTENCE).inner_text()
    assert re.match("(elevation and temperature|temperature and elevation) cannot", said), said
    assert "noise plays no part" in said
    expect(page.get_by_text(re.compile(r"\d+ of 320 rows lack a value"))).not_to_have_count(0)
    warned = page.locator("[data-testid=stAlert] li").filter(
        has_text="elevation and temperature (-0."
    )
    expect(warned).to_be_visible()
    ranks = page.get_by_label(re.compile("Ranks of 6 inputs by [5-8] methods")).first
    expect(ranks).to_be_visible()
    expect(page).to_have_url(re.compile("(?=.*standardise=true).*data="))
    page.get_by_role("radio", name="Rows").click()
    page.get_by_text("Choose a row to see").wait_for()
    grid = page.get_by_test_id("stDataFrame").last.locator("canvas").first
    settled(page)
    box = grid.bounding_box()
    page.mouse.click(box["x"] + 15, box["y"] + 55)
    page.get_by_role("button", name=re.compile("Explain row")).click()
    run_until(page, page.get_by_text("Check:"))
    no_exception(page)
    page.wait_for_url(re.compile("/explain.*standardise=true.*row="))


def test_a_click_on_a_bar_opens_its_input_and_the_link_holds_all(server, visit):
    page = visit(f"{server.url}/importance?by={FEW}")
    ready(page)
    expect(page.get_by_text(re.compile(r"it explains 51\.\d % of the truth"))).to_be_visible()
    expect(page.get_by_text(re.compile(r"About [\d,]+ evaluations of the network"))).to_be_visible()
    bar = page.locator(".barlayer .point path").first
    bar.scroll_into_view_if_needed()
    bar.click(force=True)
    page.get_by_text("How the output follows it").wait_for()
    settled(page)
    expect(page).to_have_url(re.compile(r"closer=One\+input"))
    choose(page, "Input", "age (years)")
    page.get_by_text("Correlated columns count as one", exact=True).click()
    expect(page).to_have_url(re.compile("(?=.*feature=age).*together=true"))
    ready(page)
    again = visit(page.url)
    ready(again)
    expect(again.get_by_text(re.compile("age .years. is for sure at rank"))).to_be_visible()
    cells = again.get_by_test_id("stPlotlyChart").first.locator(".scatterlayer .point")
    cells.first.click(force=True)
    expect(again.get_by_text(re.compile("age .years. is for sure at rank"))).to_have_count(0)
    expect(again).not_to_have_url(re.compile("feature="))
    no_exception(again)


def test_a_link_to_unknown_methods_gets_a_sentence_and_series_a_table(server, visit):
    page = visit(f"{server.url}/importance?by=[%22nonsense%22]")
    expect(page.get_by_text(re.compile("Methods.*nonsense.*not possible"))).to_be_visible()
    page = visit(f"{server.url}/importance?model=lstm&output=4&by=[%22profile%22,%22jacobian%22]")
    ready(page)
    said = page.locator("h3").filter(has_text=SENTENCE)
    expect(said).to_have_text(
        "x1 and x2 cannot be told apart and come before the rest; x3 is last."
    )


def test_whoever_cancels_the_slow_methods_keeps_the_table_of_the_quick_ones(server, visit):
    by = quote(json.dumps(["permutation"]))
    many = "".join(f"&i.{key}.seeds=30&i.{key}.steps=1000" for key in SLOW)
    page = visit(f"{server.url}/importance?by={by}&retrain=true{many}")
    run = page.get_by_role("button", name=re.compile("Run it: about"))
    run.click()
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.get_by_text("2 slower methods are not in the table yet")).to_be_visible()
    expect(run).to_be_visible()
    expect(page.get_by_text("Cancelled.")).to_have_count(0)
    expect(page.get_by_role("heading", name="Look closer")).to_be_visible()
    no_exception(page)
