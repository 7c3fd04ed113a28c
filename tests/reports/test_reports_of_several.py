"""Reports of comparisons and of importance: nothing in them runs, and they prove themselves."""

import ast
import csv
import io
import json
import re
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from explainers.commands.verify import verify
from explainers.commands.workplace import Workplace
from explainers.figures.text.as_text import escape_markdown
from explainers.importance.tables.stored import StoredTable
from explainers.models.zoo.demos import demos
from explainers.reports import numbers
from explainers.reports import ranking as files
from explainers.reports.explanation import Explanation
from explainers.reports.page.collection_page import Part, collection_page
from explainers.reports.page.record import read_record
from explainers.reports.page.report_page import Source
from explainers.reports.pictures import ranking as pictures
from explainers.reports.pictures import together
from explainers.reports.ranking import Ranking
from explainers.service import importance_notebook, notebook
from explainers.service.explained import explained
from explainers.service.tasks import BaselineRef, InputRef
from explainers.service.tasks.explain import Explain
from explainers.service.tasks.importance import Importance
from explainers.service.tasks.predict import Predict
from explainers.service.tasks.predict_rows import PredictRows
from tests.reports.test_pictures_of_reports import of_a_photo
from tests.reports.test_reports import ALLOWED, NAMES, Elements

MORE = {"h3", "b", "thead", "tbody"}


def table(name: str = "rain") -> Ranking:
    values = np.array([[3.0, 1.0, 2.0], [0.5, -0.25, 1.0]])
    rank = np.array([[1, 3, 2], [2, 3, 1]])
    methods = ("permutation", "connection_weights")
    found = StoredTable(
        values,
        values - 0.5,
        values + 0.5,
        rank,
        rank,
        rank,
        methods,
        (name, "b", "c"),
        remarks={"permutation": (name,)},
        control={"permutation": 0.0},
    )
    words = (f"*{name}* comes first.", name, name, (name,), (name,), {name: name})
    return Ranking(found, name, name, (0, 2, 1), (name, "weight"), *words)


def bars(name: str, *scores: float) -> Explanation:
    given = np.array(scores, np.float32)
    return Explanation(
        "table",
        "integrated_gradients",
        given,
        True,
        name,
        2.0,
        0.1,
        title=name,
        input=np.ones(len(given), np.float32),
        names=tuple("abc"[: len(given)]),
        sentence=name,
    )


def hostile(name: str) -> bytes:
    source = Source(name, name, name, name, {"data": name}, [(name, name)], name, None, True)
    answers = [bars(name, 3, -1), bars(name, 1, 2), table(name)]
    parts = [Part(f"{place} {name}", each, source) for place, each in enumerate(answers)]
    return collection_page(name, parts, name, name)


@pytest.mark.parametrize("name", NAMES)
def test_no_name_injects_anything(name, monkeypatch):
    monkeypatch.setattr("explainers.reports.page.report_page.picture_part", lambda *given: "")
    monkeypatch.setattr("explainers.reports.page.ranking_page._bars", lambda one: "")
    written = hostile(name)
    page = Elements(written)
    assert {tag for tag, _ in page.tags} <= ALLOWED | MORE
    assert sum(tag == "script" for tag, _ in page.tags) == 2, "its own, and the record"
    for _, attributes in page.tags:
        assert not [key for key in attributes if key.startswith("on")]
        for key in ("src", "href", "action"):
            assert (attributes.get(key) or "data:").startswith("data:")
    assert name in page.words, "escaped once, and not twice"
    record, unsealed = read_record(written)
    assert unsealed == [] and [each["about"] for each in record["several"]] == [name] * 3
    assert read_record(written.replace(b"</h2>", b"!</h2>", 1))[1]


@pytest.mark.parametrize("name", NAMES)
def test_names_in_a_notebook_are_text_and_code_keeps_them_as_strings(name):
    demo = demos()["diabetes"]
    task = Importance(PredictRows(demo.spec, InputRef("0" * 64 + ".csv")), groups={name: (0, 1)})
    told = importance_notebook.cells(task, replace(table(name), sentence="It."), "rows.csv")
    assert escape_markdown(name) in told[0][1]
    tree = ast.parse(notebook.script(told))
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert name in strings
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not {each for each in called if "alert" in each}


def test_a_comparison_shows_how_far_its_maps_of_one_input_agree():
    """Three of one input and one of another; correlations from the definition, Σd² = 8 of n = 3."""
    one, same, against = bars("cat", 3, 2, 1), bars("cat", 30, 20, 10), bars("cat", 1, 2, 3)
    parts = [
        Part(label, each, Source()) for label, each in zip("ABC", (one, same, against), strict=True)
    ]
    words = Elements(collection_page("All", [*parts, Part("D", bars("dog", 1, 2), Source())])).words
    agreed = words[words.index("How far they agree on cat") :]
    assert "1.00" in agreed and "-1.00" in agreed and "agree on dog" not in words
    photo = collection_page("Photos", [Part(x, of_a_photo(), Source()) for x in "AB"])
    drawn = [each for tag, each in Elements(photo).tags if each.get("id")]
    ids = [each["id"] for each in drawn]
    assert len(ids) == len(set(ids)) and {"map", "map1"} <= set(ids)
    assert len(photo) < 3_000_000
    assert not re.search(rb"(src|href)=\"(?!data:)|url\(|@import", photo)


def test_numbers_of_several_methods_stand_under_each_other():
    first, other = bars("=cat", 3, -1), bars("dog", 1, 2)
    rows = list(csv.DictReader(io.StringIO(numbers.as_csv([first, other]).decode())))
    assert [row["of"] for row in rows] == ["'=cat", "'=cat", "dog", "dog"]
    whole = Explanation(**vars(first) | {"parts": {"positive": np.array([3.0, 0], np.float32)}})
    rows = list(csv.DictReader(io.StringIO(numbers.as_csv([whole, other]).decode())))
    assert [row["positive"] for row in rows] == ["3.0", "0.0", "nan", "nan"]
    with np.load(io.BytesIO(numbers.as_npz([whole, other]))) as arrays:
        assert arrays["scores"].tolist() == [[3, -1], [1, 2]] and "positive" not in arrays


def test_a_table_of_importance_as_numbers_and_pictures():
    one = table("=rain")
    rows = list(csv.DictReader(io.StringIO(files.as_csv(one).decode())))
    assert [row["input"] for row in rows] == ["'=rain", "c", "b"] * 2
    assert [float(row["value"]) for row in rows] == [3, 2, 1, 0.5, 1, -0.25]
    assert [int(row["rank"]) for row in rows] == [1, 2, 3, 2, 1, 3]
    import pyarrow.parquet as pq

    assert pq.read_table(io.BytesIO(files.as_parquet(one))).num_rows == 6
    of_two = {"=first": one, "second": table()}
    rows = list(csv.DictReader(io.StringIO(files.as_csv(of_two).decode())))
    assert [row["of"] for row in rows] == ["'=first"] * 6 + ["second"] * 6
    assert [float(row["value"]) for row in rows] == [3, 2, 1, 0.5, 1, -0.25] * 2
    told = pq.read_table(io.BytesIO(files.as_parquet(of_two))).schema.metadata[b"evident"]
    assert [each["data"] for each in json.loads(told)] == ["=rain", "rain"]
    with np.load(io.BytesIO(files.as_npz(one))) as arrays:
        assert arrays["rank"].tolist() == [[1, 3, 2], [2, 3, 1]]
        assert json.loads(str(arrays["settings"]))["data"] == "=rain"
    drawn = pictures.ranks(one)
    (cells, *_) = drawn.axes
    written = [text.get_text() for text in cells.texts]
    assert written == ["1", "2", "2", "1", "3", "3"], "rows are inputs, the first on top"
    assert "=rain is first" in drawn.alt
    (bar, *_) = pictures.bars(one, 1).axes
    assert sorted(round(patch.get_width(), 6) for patch in bar.patches) == [-0.25, 0.5, 1.0]
    assert together.pdf([bars("a", 1, 2)] * 2).count(b"/Type /Page ") == 2


@pytest.fixture(scope="module")
def made():
    """A comparison and a table of importance of a demo, computed, as one report."""
    demo = demos()["diabetes"]
    with Workplace() as place:
        file = place.keep(demo.data) + demo.data.suffix
        asked = [
            Explain(demo.spec, InputRef(file, 3), BaselineRef("data_mean"), method=method, target=0)
            for method in ("gradient_x_input", "deeplift")
        ]
        told = place.answer(Predict(demo.spec, InputRef(file, 3), BaselineRef("data_mean")))
        words = {"about": "progression", "title": "row 4"}
        parts = [
            Part(
                task.method,
                explained(task, told, place.answer(task), None, **words),
                Source(task=msgspec.to_builtins(task)),
            )
            for task in asked
        ]
        rows = PredictRows(demo.spec, InputRef(file), most_rows=60)
        task = Importance(rows, methods=("permutation", "jacobian"))
        found = StoredTable.of(*place.answer(task))
        order = tuple(range(len(found.names)))
        one = Ranking(found, "progression", "rows", order, ("change", "slope"), "*bmi* is first.")
        source = Source(task=msgspec.to_builtins(task), digests={"data": file.partition(".")[0]})
    return [*parts, Part("matters", one, source)], task


def test_a_report_of_several_proves_itself_and_a_changed_digit_is_found(made, tmp_path):
    parts, _ = made
    report = tmp_path / "all.html"
    report.write_bytes(collection_page("All", parts))
    holds, said = verify(report)
    assert holds and said[0] == "Reproduced: all 3 answers.", said
    assert sum("Reproduced: largest difference" in line for line in said) == 3
    table = parts[2].answer.table
    table.values[1, 2] *= 1.01
    try:
        report.write_bytes(collection_page("All", parts))
    finally:
        table.values[1, 2] /= 1.01
    holds, said = verify(report)
    assert not holds and any(
        f"{table.names[2]} " in line and "report says" in line for line in said
    )


def test_the_notebook_of_a_table_computes_draws_and_checks_it(made, tmp_path, monkeypatch, capsys):
    parts, task = made
    one = parts[2].answer
    monkeypatch.chdir(tmp_path)
    told = importance_notebook.cells(task, one, "rows.csv")
    assert json.loads(notebook.notebook(told))["cells"][1]["source"]
    found: dict = {}
    exec(compile(notebook.script(told), "script", "exec"), found)
    printed = capsys.readouterr().out
    assert f": {one.table.values[0].max():.6g}\n" in printed
    assert printed.count("\n") == 3 + 2 * len(one.table.names)
    assert "Reproduced: largest difference" in printed
    assert found["figure"].file("png") == pictures.ranks(one).file("png")
    assert (tmp_path / "importance.png").exists()
    check = told[-1][1].replace("shown = np.array([[", "shown = np.array([[1e9 + ")
    with pytest.raises(ValueError, match="Not reproduced"):
        exec(compile(check, "check", "exec"), found)


def test_what_cannot_be_verified_is_said(made, tmp_path):
    parts, _ = made
    report = tmp_path / "all.html"
    without = Part("x", parts[0].answer, Source())
    report.write_bytes(collection_page("All", [without]))
    with pytest.raises(Exception, match="does not hold its question"):
        verify(report)
    report.write_bytes(report.read_bytes()[:2000])
    with pytest.raises(Exception, match="cut short"):
        verify(report)
