"""The page of runs: what was asked before, by its owner alone; named, chosen and deleted."""

import msgspec
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explainers.locations import PROJECT
from explainers.models.spec import ModelSpec
from explainers.reports.pictures.thumbnail import cells
from explainers.service.storage.shelf import Run, Shelf, Subject
from explainers.service.storage.store import Store
from explainers.service.storage.uploads import Uploads
from explainers.service.tasks.explain import Explain
from pages.answers.grid import Panel
from pages.kinds import picture_view
from pages.shelf.compare_link import compare_link
from pages.state import service
from pages.state.cases import Case
from pages.state.chosen import ChosenInput
from pages.takeaway import several

HOSTILE = "![x](http://evil) <b>$x$ :red[no]"


class Server:
    """As much of a backend as the page asks for."""

    def __init__(self, store: Store) -> None:
        self.store = store


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    store = Store(tmp_path)
    shelf = Shelf(Uploads(store))
    monkeypatch.setattr(service, "backend", lambda: Server(store))
    monkeypatch.setattr(service, "shelf", lambda: shelf)
    monkeypatch.setattr(service, "owner", lambda: "ann")
    return shelf


def run(method: str, when: float, **fields) -> Run:
    task = Explain(ModelSpec("demo", "signs"), method=method, target=3)
    subject = Subject(msgspec.to_builtins(task), "", "Signs", "a sign", "sign.png")
    told = {
        "words": {"method": method, "network": "Signs"},
        "title": "stop: a sign",
        "thumbnail": cells([1.0, -1.0], signed=True),
        "alt": "two cells",
        "when": when,
    }
    return Run("explain", {"model": "signs", "method": method}, (subject,), **told | fields)


def page(**link: str) -> AppTest:
    opened = AppTest.from_file(str(PROJECT / "pages" / "runs.py"), default_timeout=60)
    for name, value in link.items():
        opened.query_params[name] = value
    return opened.run()


def texts(drawn: AppTest) -> str:
    return "\n".join(each.value for each in [*drawn.markdown, *drawn.caption, *drawn.warning])


def test_what_was_asked_stands_there_with_what_differs_and_names_are_text(shelf):
    old = shelf.keep("ann", run("rise", 1.0, title=HOSTILE))
    shelf.keep("ann", run("noise", 2.0))
    foreign = shelf.keep("bob", run("occlusion", 3.0, title="bob's secret"))
    shelf.change("ann", old, note=HOSTILE, pinned=True)
    drawn = page(runs=msgspec.json.encode([old, foreign]).decode())
    assert not drawn.exception
    said = texts(drawn)
    assert "method noise instead of rise" in said and "The first." in said
    assert "bob" not in said and "1 of the runs in this link is not on your shelf" in said
    assert HOSTILE not in said and said.count(r"\!\[x\]\(http") >= 2
    assert [box.value for box in drawn.checkbox] == [True, False], "what is pinned comes first"
    assert "1 of 2 chosen" in said
    drawn.button(key="choose_none").click().run()
    assert not any(box.value for box in drawn.checkbox) and "runs" not in drawn.query_params


def test_name_pin_and_delete_after_a_question(shelf):
    keys = [shelf.keep("ann", run(method, 1.0)) for method in ("rise", "noise")]
    drawn, short = page(), keys[0][:16]
    drawn.button(key=f"pin_{short}").click().run()
    assert shelf.get("ann", keys[0]).pinned
    named = next(
        index for index, box in enumerate(drawn.text_input) if box.form_id == f"own_{short}"
    )
    drawn.text_input[named].set_value("Mine")
    submit = next(b for b in drawn.button if b.label == "Save" and b.form_id == f"own_{short}")
    submit.click().run()
    assert shelf.get("ann", keys[0]).name == "Mine" and "**Mine**" in texts(drawn)
    drawn.button(key=f"delete_run_{short}").click().run()
    assert len(shelf.list_of("ann")) == 2, "it is asked first"
    drawn.button(key="delete_runs_for_good").click().run()
    assert list(shelf.list_of("ann")) == [keys[1]]
    drawn.button(key="delete_all_runs").click().run()
    drawn.button(key="keep_runs").click().run()
    assert len(shelf.list_of("ann")) == 1
    drawn.button(key="delete_all_runs").click().run()
    drawn.button(key="delete_runs_for_good").click().run()
    assert shelf.list_of("ann") == {} and "Nothing has been asked yet" in drawn.info[0].value
    assert not drawn.exception


def test_who_has_asked_nothing_sees_a_sentence_and_no_error(shelf):
    drawn = page()
    assert not drawn.exception and "Nothing has been asked yet" in drawn.info[0].value


@pytest.mark.parametrize("view", ["cells", "smooth"])
def test_files_of_a_comparison_have_the_view_and_the_scale_of_the_screen(view):
    rng = np.random.default_rng(0)
    values, scores = rng.random((2, 3, 64, 64), np.float32)
    region = {"shape": [3, 64, 64], "region": [0, 0, 1, 1]}
    shares = {"probabilities": np.array([0.9, 0.1]), "baseline_probabilities": np.array([0.5, 0.5])}
    prediction = (region, {"input": values, "baseline": values * 0, **shares})
    task = Explain(ModelSpec("demo", "signs"), method="occlusion", target=0)
    case = Case("Occlusion", task, ChosenInput("", "a sign", ""), ("stop", "go"), prediction)
    facts = {"signed": True, "output": 1.0, "baseline_output": 0.0, "gap": None, "notes": []}
    panel = Panel(case, (facts | {"repeats": 0}, {"scores": scores}), 2.5)
    one = several.shown(panel, lambda case: view)
    assert one.limit == 2.5 and one.title == "Occlusion: a sign"
    seen = picture_view.seen(case, case.heat(scores), view)
    assert np.array_equal(one.shown_heat, seen)
    assert np.allclose(seen, scores.sum(0), rtol=1e-5) == (view == "cells")
    (part,) = several.parts([panel], [one], with_input=False)
    assert (part.label, part.answer.title) == ("Occlusion", "a sign")


def changed(base: Run, link: dict[str, str], **fields) -> Run:
    task = msgspec.convert(base.subjects[0].task, Explain).replace(**fields)
    subject = Subject(msgspec.to_builtins(task))
    return msgspec.structs.replace(base, link=base.link | link, subjects=(subject,))


def test_two_runs_go_to_compare_where_one_axis_of_it_holds_what_differs():
    base = run("rise", 1.0)
    base = msgspec.structs.replace(base, link=base.link | {"o.rise.seed": "1", "versus": "true"})
    other = changed(base, {"method": "noise", "o.noise.sigma": "0.5"}, method="noise")
    link = compare_link(base, other)
    assert link["methods"] == '["rise", "noise"]' and link["across"] == "methods"
    assert link["o.rise.seed"] == "1" and link["o.noise.sigma"] == "0.5"
    assert link["target"] == "3" and "versus" not in link and "method" not in link
    assert compare_link(base, changed(base, {}, target=5))["classes"] == "[3, 5]"
    cheating = ModelSpec("demo", "signs_cheating")
    assert compare_link(base, changed(base, {}, model=cheating))["across"] == "models"
    assert compare_link(base, changed(base, {}, model=cheating, target=5)) is None
    assert compare_link(base, changed(base, {}, rather_than=1)) is None
    assert compare_link(base, changed(base, {}, options={"samples": 9})) is None
    assert compare_link(base, base) is None
