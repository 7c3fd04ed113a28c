"""Reports: nothing in them runs or asks, they hold what they say, and they prove themselves."""

import json
import re
from html.parser import HTMLParser

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import save

from explainers import explain
from explainers.commands.command_line import main
from explainers.models.zoo.demos import demos
from explainers.reports.explanation import Explanation, Feature
from explainers.reports.page.record import PLACE, differences, kept_scores, read_record, with_record
from explainers.reports.page.report_page import Source, report_page
from tests.reports.test_pictures_of_reports import HOSTILE, of_a_photo

NAMES = (*HOSTILE, '"><img src=x onerror=alert(1)>', "</script><script>alert(2)</script>", "{7*7}")
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "ul", "li"),
    *("table", "tr", "th", "td", "figure", "figcaption", "img", "div", "label", "input", "span"),
    *("pre", "script"),
}


class Elements(HTMLParser):
    """What a browser would make of a page: its tags with their attributes, and its text."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words += data


def hostile(name: str, kind: str = "table") -> bytes:
    scores = np.array([3, -1], np.float32)
    one = Explanation(
        kind,
        "integrated_gradients",
        scores,
        True,
        name,
        2.0,
        0.1,
        title=name,
        names=(name, "b"),
        features=(Feature(name, name, (0,)), Feature("b", "1", (1,))),
        sentence=name,
        check=name,
        settings={name: name},
        notes=(name,),
        answer=name,
    )
    everything = Source(name, name, name, name, {"data": name}, [(name, name)], name, None, True)
    return report_page(one, everything)


@pytest.mark.parametrize("name", NAMES)
def test_no_name_injects_anything(name, monkeypatch):
    monkeypatch.setattr("explainers.reports.page.report_page.picture_part", lambda *given: "")
    page = Elements(hostile(name))
    assert {tag for tag, _ in page.tags} <= ALLOWED
    assert sum(tag == "script" for tag, _ in page.tags) == 2, "its own, and the record"
    for _, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on")]
        for key in ("src", "href", "action"):
            assert (attributes.get(key) or "data:").startswith("data:")
    assert name in page.words, "escaped once, and not twice"
    record, changed = read_record(hostile(name))
    assert record["about"] == name and changed == []


def test_a_page_may_ask_for_nothing():
    page = Elements(report_page(of_a_photo(), Source(with_input=True)))
    policy = next(meta["content"] for tag, meta in page.tags if meta.get("http-equiv") is not None)
    assert "default-src 'none'" in policy and "http" not in policy
    text = report_page(of_a_photo(), Source(with_input=True)).decode()
    assert not re.search(r"(src|href)=\"(?!data:)|url\(|@import", text)
    assert len(text) < 3_000_000
    tags = [(tag, attributes.get("alt")) for tag, attributes in page.tags if tag == "img"]
    assert len(tags) == 2 and all(alt for _, alt in tags)


def test_without_being_asked_it_holds_no_input():
    scores = np.array([3, -1], np.float32)
    one = Explanation(
        "table",
        "saliency",
        scores,
        True,
        "risk",
        2.0,
        input=np.array([41.0625, 7.8125], np.float32),
        names=("age", "mass"),
        features=(Feature("age", "41.0625", (0,)), Feature("mass", "7.8125", (1,))),
        sentence="*age* = 41.0625 carries 100 % of the support for *risk*.",
    )
    hidden, shown = (report_page(one, Source(with_input=w)).decode() for w in (False, True))
    assert "41.06" in shown and "41.06" not in hidden and "7.81" not in hidden
    assert "age carries 100 %" in hidden
    assert read_record(hidden.encode())[0]["digests"]["input"]


def sealed() -> tuple[bytes, np.ndarray]:
    heat = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)
    record = {"scores": kept_scores(heat), "output": 2.0, "baseline_output": 0.5}
    return with_record(f"<html><p>78 % lies on the sign</p>{PLACE}</html>\n", record).encode(), heat


def test_a_changed_letter_anywhere_is_found_out():
    page, _ = sealed()
    assert read_record(page)[1] == []
    assert read_record(page.replace(b"\n", b"\r\n"))[1] == [], "mail may turn the ends of lines"
    (said,) = read_record(page.replace(b"78 %", b"98 %"))[1]
    assert "page was changed" in said
    (said,) = read_record(page.replace(b'"output": 2.0', b'"output": 3.0'))[1]
    assert "record was changed" in said
    (said,) = read_record(page[: page.index(b"</script>") + 9])[1]
    assert "its end is missing" in said


def test_scores_are_compared_cell_by_cell():
    page, heat = sealed()
    record, _ = read_record(page)
    assert differences(record, heat, 2.0, 0.5) == (0.0, [])
    other = heat.copy()
    other[3, 7] += 0.5
    largest, (said,) = differences(record, other, 2.0, 0.5)
    assert largest == pytest.approx(0.5 / np.abs(heat).max(), rel=1e-4) and "(4, 8)" in said
    assert "on the" not in said and differences(record, heat, 2.1, 0.5)[1][0].startswith("The expl")
    large = np.random.default_rng(0).normal(size=(900, 1200))
    kept = kept_scores(large)
    assert kept["factor"] == 2 and len(kept["data"]) < 1_700_000
    told = {"scores": kept, "output": 2.0}
    assert differences(told, large, 2.0, None)[0] < 1e-6
    large[899, 1199] += 1
    assert differences(told, large, 2.0, None)[1]


def test_the_command_line_explains_and_verifies(tmp_path, capsys):
    """A network of a known answer: c·x, whose contributions against zeros are c·x themselves."""
    net = torch.nn.Linear(3, 1)
    torch.nn.init.zeros_(net.bias)
    file = tmp_path / "net.safetensors"
    file.write_bytes(save(torch.nn.Sequential(net).state_dict()))
    (tmp_path / "rows.csv").write_text("age,mass,=dose\n1.5,2,3\n4,5,6\n")
    out, given = tmp_path / "out", [str(file), str(tmp_path / "rows.csv")]
    arguments = ["--baseline", "zeros", "--kind", "table", "--by", "Ann", "--item", "1"]
    assert main(["explain", *given, "--to", str(out), *arguments]) == 0
    written = {".png", ".svg", ".pdf", ".csv", ".npz", ".html", ".ipynb"}
    assert {path.suffix for path in out.iterdir()} == written
    wanted = (net.weight[0] * torch.tensor([4.0, 5, 6])).tolist()
    with np.load(out / "rows.npz") as found:
        assert found["scores"][0].tolist() == pytest.approx(wanted, rel=1e-4)
    capsys.readouterr()
    report = out / "rows.html"
    check = ["verify", str(report), "--model", given[0], "--data", given[1]]
    assert main(check) == 0
    assert capsys.readouterr().out.startswith("Reproduced: largest difference")
    report.write_bytes(report.read_bytes().replace(b"<h1>", b"<h1>Not "))
    assert main(check) == 1 and "page was changed" in capsys.readouterr().out
    (tmp_path / "rows.csv").write_text("age,mass,=dose\n1.5,2,3\n4,5,7\n")
    assert main(check) == 1 and "data is another file" in capsys.readouterr().out
    assert main(check[:-2]) == 2 and "give its file with --data" in capsys.readouterr().err
    report.write_bytes(report.read_bytes()[:3000])
    assert main(check) == 2 and "cut short" in capsys.readouterr().err
    run_notebook(out / "rows.ipynb", (tmp_path / "rows.csv"), "1.5,2,3\n4,5,6\n", tmp_path)


def run_notebook(path, data, rows: str, folder) -> None:
    """All its code runs, draws, and finds the numbers; with other data it says so."""
    book = json.loads(path.read_text())
    assert book["nbformat"] == 4 and all(cell["id"] for cell in book["cells"])
    code = ["".join(c["source"]) for c in book["cells"] if c["cell_type"] == "code"]
    with pytest.raises(ValueError, match="Not reproduced"):
        exec(compile(moved("\n".join(code), folder), "notebook", "exec"), {})
    data.write_text("age,mass,=dose\n" + rows)
    exec(compile(moved("\n".join(code), folder), "notebook", "exec"), {})
    assert (folder / "explanation.png").read_bytes()[1:4] == b"PNG"


def moved(code: str, folder) -> str:
    return code.replace('"explanation.png"', repr(str(folder / "explanation.png")))


def test_an_attribution_writes_its_own_report(tmp_path):
    answer = explain(lambda x: x.prod(1), torch.tensor([[2.0, 3.0]]), "gradient_x_input")
    page = Elements(answer.report(tmp_path / "answer.html", by="Ann").read_bytes())
    assert "Ann" in page.words and "feature 1 supports: +6" in page.words
    assert main(["verify", str(tmp_path / "answer.html")]) == 2
    assert "Script" not in page.words


def test_the_question_of_a_report_is_a_question():
    """What the record holds can be asked again: it is a task, whatever is in it."""
    from explainers.service.tasks.explain import Explain

    for demo in demos().values():
        task = Explain(demo.spec)
        told = json.loads(json.dumps(msgspec.to_builtins(task)))
        assert msgspec.convert(told, Explain) == task
