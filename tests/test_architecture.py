"""The order of the rooms: imports point one way, folders and files stay small, torch stays out."""

import subprocess
import sys
from pathlib import Path

import pytest
from import_graph import (
    ROOT,
    Graph,
    circles,
    collects_members,
    edges,
    import_graph,
    imports_of,
    module_name,
    our_files,
)

# Each line may import from itself and from the lines above it.
LIBRARY = """
    errors options locations texts
    attribution
    kinds
    baselines
    dispatch running eval_mode output_form output_cache batch_plan references
    passes
    activations
    context perturbation
    session
    methods
    runs api
    importance checks
    models
    many
    figures
    reports
    service
    commands
    __main__
"""
PAGES = """
    links
    state
    server
    viewers
    widgets
    kinds
    answers
    learning stories ranking
    takeaway
    shelf
    long_run
"""
MOST_FILES = 14
# Above a dozen a folder needs a reason.
LARGE_FOLDERS = {
    "explainers": "the rooms themselves, and what they all stand on",
    "explainers/figures/importance": "a file a chart",
    "explainers/kinds": "a file a kind of input, and what all kinds share",
    "explainers/methods/deeplift/rules": "a file a family of operations, all alike",
    "explainers/models/formats/onnx/operations": "a file a family of operations, all alike",
    "explainers/service/parsing/parsers": "a file a kind of upload",
    "explainers/service/tasks": "a file a question",
    "tests": "the tests of the whole, and what its folders share",
    "tests/hostile": "a file a kind of attack or fault, and what attacks",
    "tests/importance": "a file a method, or a claim about all of them",
    "tests/many": "a file a claim about runs over many inputs, and what they run on",
    "tests/methods": "a file a method, or a claim about all of them",
    "tests/service": "a file a room of the service",
}
MOST_LINES = 300


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Which of our modules imports which; read once, and only where these tests run."""
    return import_graph()


def levels(order: str) -> dict[str, int]:
    """Room → its line in an order."""
    lines = order.strip().splitlines()
    return {room: level for level, line in enumerate(lines) for room in line.split()}


def room(module: str) -> str:
    """explainers.methods.rise → methods; "" for a page's own file and for a package itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def broken_edges(graph: Graph, package: str, order: str, files_on_top: bool) -> list[str]:
    """Imports within a package that point from a lower to a higher room, in words."""
    level = levels(order)
    top = len(level) if files_on_top else None

    def of(module: str) -> int:
        place = level.get(room(module), top)
        assert place is not None, f"{module} stands in no line of the order"
        return place

    return [
        f"{name} imports {other}"
        for name, other in edges(graph)
        if name.startswith(f"{package}.") and other.startswith(f"{package}.")
        if of(other) > of(name)
    ]


def test_imports_of_the_library_point_one_way(graph):
    """The package itself, the front door, stands above all: it may collect, nobody may ask it."""
    assert broken_edges(graph, "explainers", LIBRARY, files_on_top=False) == []
    asking = [name for name, other in edges(graph) if other == "explainers"]
    assert [name for name in asking if name.startswith("explainers.")] == []


def test_imports_of_the_pages_point_one_way(graph):
    """A page, a file of its own in pages/, stands above all rooms; none imports another."""
    assert broken_edges(graph, "pages", PAGES, files_on_top=True) == []
    pages = {
        name for name in graph if name.startswith("pages.") and room(name) not in levels(PAGES)
    }
    assert [(name, other) for name, other in edges(graph) if {name, other} <= pages] == []


def test_the_library_knows_neither_the_pages_nor_the_app():
    for name, path in our_files().items():
        roots = {module.split(".")[0] for module, _ in imports_of(path)}
        if name.startswith("explainers"):
            assert not roots & {"streamlit", "pages", "app"}, name
        elif name.startswith("pages"):
            assert not roots & {"torch", "torchvision", "app"}, name


def test_no_module_imports_itself_by_way_of_others(graph):
    assert circles(graph) == []


@pytest.mark.parametrize("package", ["explainers", "pages"])
def test_no_room_imports_itself_by_way_of_others(graph, package):
    rooms: dict[str, set[str]] = {}
    for name, other in edges(graph):
        if name.startswith(f"{package}.") and other.startswith(f"{package}."):
            rooms.setdefault(room(name), set()).add(room(other))
    assert circles(rooms) == []


def test_members_of_a_collecting_package_do_not_import_it(graph):
    """Such an `__init__` imports all files beside it, by name: an arrow down that is not counted.

    In turn its members import the registry beside them, and never the package.
    """
    files = our_files()
    collecting = {name for name, path in files.items() if collects_members(path)}
    assert {"explainers.methods", "explainers.baselines", "explainers.service.tasks"} <= collecting
    for name, other in edges(graph):
        assert not (other in collecting and name.startswith(f"{other}.")), f"{name} → {other}"


def test_no_two_modules_of_tests_have_one_name():
    """Folders of tests are no packages: of two files with one name pytest collects only one."""
    reserved = {"__main__", "conftest"}
    names = [path.stem for path in (ROOT / "tests").rglob("*.py") if path.stem not in reserved]
    assert sorted(names) == sorted(set(names))


def test_the_graph_sees_what_it_should(graph, tmp_path):
    """Lazy imports count, those for types do not, and a circle by three corners is one."""
    source = tmp_path / "module.py"
    source.write_text(
        "from typing import TYPE_CHECKING\nimport a.b\nif TYPE_CHECKING:\n    import types_only\n"
        "else:\n    import otherwise\ndef f():\n    from c import d\n"
    )
    runs = {("typing", "TYPE_CHECKING"), ("a.b", ""), ("otherwise", ""), ("c", "d")}
    assert imports_of(source) == runs
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    lazily = "explainers.methods.integrated_gradients.refinement"
    assert lazily in graph["explainers.methods.integrated_gradients"]
    upwards = {"explainers.kinds.table": {"explainers.api"}}
    assert broken_edges({**graph, **upwards}, "explainers", LIBRARY, files_on_top=False) == [
        "explainers.kinds.table imports explainers.api"
    ]


@pytest.mark.parametrize(
    "code",
    [
        "import explainers",
        "import explainers.service.backends.local, explainers.service.recipe",
        "import explainers.service.tasks",
        "import explainers.figures.text.words, explainers.figures.bars, explainers.kinds.picture",
        "import explainers.models.zoo.signs, explainers.models.spec, explainers.models.class_names",
        "import explainers.commands.many, explainers.many.cluster.coordinator",
        "import explainers.many.cluster.worker",  # Dask's scheduler does
        "import explainers.service.backends.cluster.part",  # so it does
        "import explainers.service.backends.cluster.cluster",
    ],
)
def test_torch_stays_out_until_it_is_needed(code):
    heavy = "{'torch', 'torchvision', 'onnx', 'onnxruntime', 'dask', 'distributed'}"
    code += f"; import sys; print(*{heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


def folders() -> dict[str, list[Path]]:
    """Folder → its Python files."""
    result: dict[str, list[Path]] = {}
    for top in ("explainers", "pages", "tests", "assets"):
        for path in (ROOT / top).rglob("*.py"):
            files = result.setdefault(path.parent.relative_to(ROOT).as_posix(), [])
            files.append(path)
    return result


def test_a_folder_holds_about_a_dozen_files():
    """`__init__` is not counted: it says what the folder is."""
    counts = {
        folder: sum(path.name != "__init__.py" for path in files)
        for folder, files in folders().items()
    }
    large = {folder: count for folder, count in counts.items() if count > 12}
    assert {folder for folder, count in large.items() if count > MOST_FILES} == set()
    assert large.keys() == LARGE_FOLDERS.keys()


def test_a_file_is_a_few_screens_long():
    long = {
        module_name(path): count
        for files in folders().values()
        for path in [*files, ROOT / "app.py"]
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert long == {}
