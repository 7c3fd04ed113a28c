"""Links that anybody may write: what is not exactly of its parameter's type makes no task."""

import ast
import dataclasses
import json
import math
import os
import time
from pathlib import Path

import pytest
import streamlit
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from explainers.baselines import BASELINES
from explainers.importance import IMPORTANCE
from explainers.locations import PROJECT
from explainers.methods import METHODS
from pages.links import schema as link_schema
from pages.state import service as page_service

DIGEST = "0123456789abcdef" * 4
SAMPLES = {
    **dict.fromkeys(link_schema._SWITCHES.split(), True),
    **dict.fromkeys(link_schema._WORDS.split(), "a word"),
    **dict.fromkeys(("deviations", "mean", "means", "shape", "std"), "1, 2"),
    **dict.fromkeys(("a", "b", "box", "box_numbers", "column", "output", "rather", "row"), 3),
    **dict.fromkeys(("checked", "stretch"), 3),
    **dict.fromkeys(link_schema._GROUPS, ["a", "b"]),
    **dict.fromkeys([f"{group}_name" for group in link_schema._GROUPS], "a word"),
    "expected": [{"input": "a", "sign": "+", "low": 0.0, "output": 1}, {"input": "b"}],
    **dict.fromkeys(
        ("sane", "place_slice", "sequence", "takes", "of", "target", "repeats", "rows"), 3
    ),
    **dict.fromkeys(
        ("repeats", "rows", "series", "size", "slice", "step", "stride", "width", "window"), 3
    ),
    **dict.fromkeys(("hide", "own_white", "photo_white", "picture_white", "white"), 0.5),
    **dict.fromkeys(("names", "own", "photo", "picture", "weights"), DIGEST),
    **dict.fromkeys(("baselines", "by", "columns", "inputs", "methods", "models"), ["a", "b"]),
    "pictures": ["16_stop"],
    "bands": [0, 2],
    "classes": [0, 2],
    "data": f"{DIGEST}.csv.gz",
    "added": [DIGEST],
    "runs": [DIGEST],
    "card": {"kind": "table", "columns": ["a"]},
    "chain": {"a": "b"},
    "changed": {"row": "a 1", "values": {"a": 1.5}},
    "threshold.x1": 0.5,
    "o.smoothgrad.samples": 8,
    "o.saliency.signed": True,
    "o.rise.seed": 1,
    "o.noise.sigma": 0.5,
    "b.blur.sigma": 0.1,
}
"""A value that each parameter may have."""

REGISTRIES = {"o": METHODS, "b": BASELINES, "i": IMPORTANCE}
OPTIONS = [
    f"{letter}.{key}.{field.name}"
    for letter, registry in REGISTRIES.items()
    for key, entry in registry.items()
    for field in dataclasses.fields(entry.options)
    if field.metadata["widget"]
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
TEXTS = st.one_of(
    JSON.map(json.dumps),
    st.text(max_size=20),
    st.sampled_from([json.dumps(value) for value in SAMPLES.values()]),
    st.sampled_from([DIGEST, f"{DIGEST}.csv", f"{DIGEST}\n", "1e999", "-1", "99999999999"]),
)


def alike(value, sample) -> bool:
    """Whether a value has exactly the type of another, in all its parts; numbers are finite."""
    if type(value) is not type(sample):
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, list):
        return all(alike(part, sample[0]) for part in value)
    if isinstance(value, dict) and "values" in sample:
        return (
            set(value) == set(sample)
            and alike(value["row"], "")
            and all(alike(part, 0.5) for part in value["values"].values())
        )
    return True


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([*SAMPLES, *OPTIONS]), TEXTS)
@example("centred", "")
@example("classes", "[true]")
@example("target", "true")
@example("row", "99999999999999999999")
@example("added", "5")
@example("hide", "NaN")
@example("hide", "1" * 400)
@example("columns", '["\\ud800"]')
@example("columns", "[" * 100_000)
@example("columns", json.dumps(["a"] * 20_000))
@example("data", DIGEST + "/../x")
def test_a_parameter_holds_what_it_may_or_is_said_to_be_malformed(name, text):
    values, malformed = link_schema.parse({name: text})
    if not values and not malformed:
        assert text in link_schema.LEFT_OPEN
        return
    assert [*values, *malformed] == [name]
    if malformed:
        assert malformed == {name: text}
        return
    value = values[name]
    if name in SAMPLES:
        assert alike(value, SAMPLES[name])
    json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    assert link_schema.parse({name: link_schema.encode(value)}) == (values, {})


@pytest.mark.parametrize("name", SAMPLES)
def test_a_link_that_a_page_wrote_says_the_same_again(name):
    value = SAMPLES[name]
    text = link_schema.encode(value)
    assert link_schema.parse({name: text, "utm_source": "[true]"}) == ({name: value}, {})


def test_every_choice_of_the_pages_has_a_type():
    """A choice without one would be dropped from its own links."""
    found = set()
    for path in sorted((PROJECT / "pages").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner, place = ast.unparse(node.func.value), {"widget": 1, "select": 1}
            place |= {"multiselect": 1, "number_within": 0, "get": 0, "valid_choice": 0}
            named = owner in ("address", "fitting_choices", "address.choices()")
            if named and node.func.attr in place:
                argument = node.args[place[node.func.attr]]
                if isinstance(argument, ast.Constant):
                    found.add(argument.value)
    assert len(found) > 60 and not found - set(link_schema.SCHEMA)


def widgets():
    import streamlit as st

    from pages.state import address, fitting_choices

    address.select(st.selectbox, "output", [0, 1, 2], 0, label="Output")
    address.select(st.selectbox, "white", [1, 255], 1, label="White")
    address.select(st.selectbox, "method", ["a", "b"], "a", label="Method")
    address.multiselect(st.multiselect, "classes", [0, 1], [0], label="Classes", max_selections=1)
    address.widget(st.toggle, "versus", default=False, label="Versus")
    address.widget(st.number_input, "size", default=3, label="Size", min_value=1, max_value=9)
    fitting_choices.number_within("row", 1, 9, label="Row")
    address.show_refusal("changed", "Changed values")
    address.write()


REFUSED = [
    ("output", "true"),
    ("output", "1.5"),
    ("output", "9"),
    ("output", "[0]"),
    ("white", "true"),
    ("method", "0"),
    ("method", "![a](http://a/b)"),
    ("classes", "[true]"),
    ("classes", "0"),
    ("versus", "1"),
    ("size", "true"),
    ("size", "0"),
    ("size", "99999999999"),
    ("size", "99999999999999999999"),
    ("row", "99999999999"),
    ("changed", '{"row": 1, "values": {}}'),
]


@pytest.mark.parametrize(("name", "text"), REFUSED)
def test_what_a_widget_cannot_show_is_one_sentence(name, text):
    page = AppTest.from_function(widgets, default_timeout=60)
    page.query_params[name] = text
    page.run()
    assert not page.exception
    (warning,) = page.warning
    assert "which is not possible" in warning.value and "![" not in warning.value
    assert [widget.value for widget in page.selectbox] == [0, 1, "a"]


def test_what_widgets_can_show_they_show_without_a_word():
    page = AppTest.from_function(widgets, default_timeout=60)
    link = {"output": "2", "white": "255.0", "method": "b", "classes": "[1, 1, 7, 0]"}
    for name, text in (link | {"versus": "true", "size": "9", "row": "9"}).items():
        page.query_params[name] = text
    page.run()
    assert not page.exception and not page.warning
    assert [widget.value for widget in page.selectbox] == [2, 255, "b"]
    assert page.multiselect[0].value == [1] and page.toggle[0].value
    assert [widget.value for widget in page.number_input] == [9, 9]


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "EVIDENT_STORE", str(tmp_path_factory.mktemp("store")))
        page_service.stop()
        page_service.uploads.cache_clear()
        yield page_service.backend()
        page_service.stop()
        page_service.uploads.cache_clear()


def folded_widgets():
    import streamlit as st

    from pages.links.refusals import folded
    from pages.state import address

    with folded(st.expander("Options")), folded(st.popover("More")):
        address.widget(st.number_input, "size", default=3, label="Size", min_value=1, max_value=9)
    with folded(st.expander("Others")):
        address.widget(st.toggle, "versus", default=False, label="Versus")


@pytest.mark.parametrize("name", ["size", "versus"])
def test_what_is_not_possible_in_a_folded_part_is_said_below_it(name):
    page = AppTest.from_function(folded_widgets, default_timeout=60)
    page.query_params[name] = "99"
    page.run()
    (warning,) = page.warning
    assert "which is not possible" in warning.value
    assert not any(part.warning for part in page.expander)


HOSTILE = [
    ("explain", {"target": "true"}),
    ("explain", {"target": "7000"}),
    ("explain", {"model": "signs", "o.integrated_gradients.steps": "many"}),
    ("explain", {"model": "diabetes", "row": "99999999999"}),
    ("compare", {"across": "classes", "classes": "[true]"}),
    ("compare", {"across": "pictures", "added": "5"}),
    ("many", {"model": "signs", "asked_of": "7000"}),
    ("many", {"model": "signs", "many_asks": "[1]"}),
    ("many", {"model": "signs", "many_asks": "everything"}),
    ("many", {"model": "signs", "many_from": "Upload", "collection": "5"}),
]


@pytest.mark.slow
@pytest.mark.parametrize(("page", "link"), HOSTILE)
def test_a_hostile_link_shows_a_page_and_leaves_the_worker_alone(backend, page, link, monkeypatch):
    monkeypatch.setattr(streamlit, "page_link", lambda *_, **__: None)  # it is the only page here
    shown = AppTest.from_file(str(Path(PROJECT) / "pages" / f"{page}.py"), default_timeout=60)
    for name, text in link.items():
        shown.query_params[name] = text
    worker = None
    for _ in range(100):  # until the network has answered, and what it is asked is drawn
        shown.run()
        worker = worker or backend.worker_pid
        assert not shown.exception, shown.exception
        if any("which is not possible" in warning.value for warning in shown.warning):
            break
        time.sleep(0.2)
    else:
        raise AssertionError("nothing was said of the link")
    assert not shown.error and backend.worker_pid == worker
    folded = [part for part in shown.expander if not part.proto.expanded]
    assert not any(part.warning for part in folded), "nobody sees it"
