"""One's own network in the browser: weights alone, a forest, a series, the server's own."""

import io
import re

import numpy as np
import pytest
import torch
from driver import choose, give, no_exception, run_until, running, settled
from playwright.sync_api import expect
from safetensors.torch import save
from torch import nn

from tests.onnx import onnx_files

NAMES = ("weight", "height", "age", "dose")
ROWS = np.random.default_rng(0).standard_normal((40, 4)).astype(np.float32)
OWN = """
import torch

EVIDENT = {"sum": {"kind": "table", "columns": ["weight", "dose"], "answers": "numbers"}}


class Net(torch.nn.Module):
    def forward(self, x):
        return 2 * x[:, :1] + 3 * x[:, 1:]


def models():
    return {"sum": Net}
"""


class Steps(nn.Module):
    """A series in, (N, T, 3) out."""

    def __init__(self) -> None:
        super().__init__()
        self.layer, self.head = nn.LSTM(2, 5, batch_first=True), nn.Linear(5, 3)

    def forward(self, x):
        return self.head(self.layer(x)[0])


def table() -> bytes:
    lines = [",".join(NAMES), *(",".join(map(str, row)) for row in ROWS)]
    return "\n".join(lines).encode()


def share(net: nn.Module, row: int) -> str:
    """The largest share of its answer to a row, as the page writes it."""
    with torch.no_grad():
        return f"{100 * net(torch.from_numpy(ROWS[row : row + 1])).softmax(1).max():.1f} %"


def explained(page) -> None:
    run_until(page, page.get_by_text("Check:"))
    settled(page)
    no_exception(page)


def test_weights_alone_are_asked_for_what_they_leave_open(server, visit):
    torch.manual_seed(0)
    layers = [nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)]
    nn.init.normal_(layers[0].weight, std=2)
    net = nn.Sequential(*layers)
    other = share(nn.Sequential(layers[0], nn.ReLU(), layers[2]), 2)
    assert share(net, 2) != other
    page = visit(f"{server.url}/explain?model=upload&row=3")
    give(page, "A network as", "mlp.safetensors", save(net.state_dict()))
    page.get_by_text("What the weights leave open").wait_for()
    give(page, "A table", "own.csv", table())
    explained(page)
    expect(page.get_by_text(re.compile(f"Check: .*{other}"))).to_be_visible()
    choose(page, "Which activation stands between the layers?", "tanh")
    expect(page.get_by_text(re.compile(f"Check: .*{share(net, 2)}"))).to_be_visible()


def test_a_regression_in_thousands_is_shown_in_its_own_numbers(server, visit):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3)).eval()
    nn.init.constant_(net[2].bias, 1000)
    page = visit(f"{server.url}/explain?model=upload&row=3")
    give(page, "A network as", "thousands.onnx", onnx_files.exported(net, torch.zeros(1, 4)))
    page.get_by_text("values, explained as they are, it seems").wait_for()
    give(page, "A table", "own.csv", table())
    explained(page)
    with torch.no_grad():
        first = float(net(torch.from_numpy(ROWS[2:3]))[0, 0])
    expect(page.get_by_text(re.compile(f"Check: .*{first:,.4g}"))).to_be_visible()
    choose(page, "Its answers are", "Scores of classes: one of them is right")
    page.get_by_text("far from what scores before a softmax usually are").first.wait_for()


def test_a_forest_is_explained_and_one_line_says_why_slopes_are_off(server, visit):
    from skl2onnx import to_onnx
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(9, random_state=0).fit(ROWS, ROWS[:, 0] * ROWS[:, 1] > 0)
    file = to_onnx(forest, ROWS[:1], options={"zipmap": False}).SerializeToString()
    page = visit(f"{server.url}/explain?model=upload&row=1")
    give(page, "A network as", "forest.onnx", file)
    page.get_by_text(re.compile("Works with Occlusion, .*Ablation")).wait_for()
    expect(page.get_by_text("Not with")).to_have_count(1)
    expect(page.get_by_text("Not with")).to_contain_text("Integrated Gradients, ")
    expect(page.get_by_text("Not with")).to_contain_text("which gives no gradients")
    give(page, "A table", "own.csv", table())
    explained(page)
    likely = f"{100 * forest.predict_proba(ROWS[:1]).max():.1f} %"
    expect(page.get_by_text(re.compile(f"Check: .*{likely}"))).to_be_visible()
    expect(page.get_by_text("with the strongest 1 feature hidden")).to_be_visible()
    page.get_by_role("button", name="Compare methods").click()
    run_until(page, page.get_by_text("does not promise"), 4)
    failed = page.get_by_test_id("stAlert").filter(has_text="gives no gradients")
    expect(failed).to_have_count(0)


@pytest.mark.parametrize("step, turned", [(2, False), (9, True)])
def test_of_a_series_as_answer_one_step_is_explained(server, visit, step, turned):
    torch.manual_seed(0)
    net, values = Steps().eval(), np.random.default_rng(0).standard_normal((2, 9, 2))
    buffer = io.BytesIO()
    np.save(buffer, values.swapaxes(1, 2) if turned else values)
    page = visit(f"{server.url}/explain?model=upload")
    give(page, "A network as", "steps.onnx", onnx_files.exported(net, torch.rand(1, 9, 2)))
    page.get_by_text("at each of 9 steps").wait_for()
    page.get_by_label("Output step", exact=True).fill(str(step))
    page.keyboard.press("Enter")
    settled(page)
    give(page, "Time series", "own.npy", buffer.getvalue())
    page.get_by_text("2 series of 9 steps and 2 variables").wait_for()
    expect(page.get_by_text("with its variables before its time")).to_have_count(int(turned))
    explained(page)
    with torch.no_grad():
        shares = net(torch.from_numpy(values[:1]).float())[0, step - 1].softmax(0)
    expect(page.get_by_text(re.compile(f"Check: .*{100 * shares.max():.1f} %"))).to_be_visible()


def test_a_file_of_an_archive_is_read_as_what_the_network_takes(server, visit):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv1d(1, 4, 5), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26, 2)).eval()
    values = np.random.default_rng(0).standard_normal((6, 30)).round(3)
    rows = ["\t".join(map(str, (1 + at % 2, *row))) for at, row in enumerate(values.tolist())]
    page = visit(f"{server.url}/explain?model=upload&series=2")
    give(page, "A network as", "net.onnx", onnx_files.exported(net, torch.rand(1, 1, 30)))
    page.get_by_text("time series of 30 steps and 1 variable").first.wait_for()
    give(page, "Time series", "own.tsv", "\n".join(rows).encode())
    page.get_by_text("6 series of 30 steps and 1 variable").wait_for()
    expect(page.get_by_text("The file calls this series 2.")).to_be_visible()
    explained(page)
    with torch.no_grad():
        shares = net(torch.from_numpy(values[1:2, None]).float())[0].softmax(0)
    expect(page.get_by_text(re.compile(f"Check: .*{100 * shares.max():.1f} %"))).to_be_visible()


def test_a_longer_record_with_iupac_letters_is_explained_in_windows(server, visit):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv1d(4, 4, 5), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 16, 2)).eval()
    letters = "ACGTRYKMACGT" * 4
    page = visit(f"{server.url}/explain?model=upload&window=3")
    give(page, "A network as", "net.onnx", onnx_files.exported(net, torch.rand(1, 4, 20)))
    page.get_by_text("DNA of 20 letters").first.wait_for()
    give(page, "DNA: ", "own.fa", f">chr9\n{letters}\n>empty\n>bad\nAC!\n".encode())
    page.get_by_text("window 3 of 4 is explained, from letter 21 to letter 40").wait_for()
    for said in (
        "16 of 48 letters stand for several: R (A or G)",
        '"empty"',
        'no DNA: record "bad"',
    ):
        expect(page.get_by_text(said)).to_be_visible()
    explained(page)
    shares = {"R": "AG", "Y": "CT", "K": "GT", "M": "AC"}
    means = [shares.get(letter, letter) for letter in letters[20:40]]
    x = torch.tensor([[(one in those) / len(those) for those in means] for one in "ACGT"])
    with torch.no_grad():
        share = net(x[None])[0].softmax(0).max()
    expect(page.get_by_text(re.compile(f"Check: .*{100 * share:.1f} %"))).to_be_visible()
    expect(page.get_by_test_id("logo-range").first).to_contain_text("letters 21 to 40")


def test_an_empty_file_and_a_wrong_card_get_a_sentence(server, visit):
    page = visit(f"{server.url}/explain?model=upload")
    empty = page.get_by_test_id("stAlert").filter(has_text="is empty")
    give(page, "A network as", "network.onnx", b"")
    expect(empty).to_have_count(1)
    no_exception(page)
    give(page, "A network as", "network.onnx", onnx_files.exported(Steps(), torch.rand(1, 9, 2)))
    page.get_by_text("at each of 9 steps").wait_for()
    expect(empty).to_have_count(0)
    give(page, "Class names", "names.txt", b"")
    expect(empty).to_have_count(1)
    give(page, "Saved settings", "card.json", b"{")
    refused = page.get_by_test_id("stAlert").filter(has_text="These are no saved settings")
    expect(refused).to_have_count(1)
    give(page, "Class names", "names.txt", b"a\nb\nc")
    expect(empty).to_have_count(0)
    settled(page)
    expect(refused).to_have_count(1)  # as long as the file stands there
    no_exception(page)


def test_who_starts_the_server_brings_python_models_and_allows_scripts(
    visit, tmp_path, monkeypatch
):
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    monkeypatch.setenv("EVIDENT_ALLOW_TORCHSCRIPT", "1")
    with running(tmp_path, "--", "--models", str(tmp_path / "own.py")) as server:
        page = visit(f"{server.url}/explain?model=signs&row=1")
        choose(page, "Model", "sum")
        give(page, "A table", "own.csv", table())
        explained(page)
        answer = 2 * ROWS[0, 0] + 3 * ROWS[0, 3]
        said = page.get_by_text(re.compile("Check: .*from baseline")).text_content()
        said = said.replace("−", "-")
        shown = re.search(r"to row \((-?[\d.]+)\)", said)[1]
        assert float(shown) == pytest.approx(answer, rel=1e-3)
        net, buffer = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2)), io.BytesIO()
        torch.jit.save(torch.jit.script(net), buffer)
        page = visit(f"{server.url}/explain?model=upload&method=occlusion&row=1")
        give(page, "A network as", "net.torchscript", buffer.getvalue())
        page.get_by_role("textbox", name="Shape of one input").fill("4")
        page.keyboard.press("Enter")
        page.get_by_text("rows of a table with 4 features").first.wait_for()
        give(page, "A table", "own.csv", table())
        explained(page)
        expect(page.get_by_text(re.compile(f"Check: .*{share(net, 0)}"))).to_be_visible()


def test_a_picture_of_four_channels_that_is_no_square(server, visit):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(4, 3, 8, 8), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 144, 2))
    page = visit(f"{server.url}/explain?model=upload&bands=[3,2,1]")
    give(page, "A network as", "bands.onnx", onnx_files.exported(net, torch.rand(1, 4, 48, 192)))
    page.get_by_text("Takes pictures of 48 × 192 px, 4 channels").wait_for()
    values = np.random.default_rng(0).random((48, 192, 4)).astype(np.float32)
    file = io.BytesIO()
    np.save(file, values)
    give(page, "A picture", "bands.npy", file.getvalue())
    explained(page)
    with torch.no_grad():
        x = torch.from_numpy(values.transpose(2, 0, 1).copy())[None]
        best = f"{100 * net(x).softmax(1).max():.1f} %"
    expect(page.get_by_text(re.compile(f"Check: .*{best}"))).to_be_visible()
    box = page.get_by_test_id("viewer").locator("canvas").first.bounding_box()
    assert box["width"] / box["height"] == pytest.approx(4, rel=0.02)
