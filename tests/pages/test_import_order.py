"""Imports inside the pages point one way: lazy ones count, those for types alone count too."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ORDER = ("state", "viewers", "widgets", "kinds", "answers", "learning", "stories", "page", "app")
# Neither may need the other.
APART = {"learning", "stories"}


def room(module: str) -> str | None:
    """The folder of a module of the pages, "page" for the files of the pages themselves."""
    parts = module.split(".")
    if parts == ["app"]:
        return "app"
    if parts[0] != "pages" or len(parts) == 1:
        return None
    return parts[1] if (ROOT / "pages" / parts[1]).is_dir() else "page"


def modules() -> dict[str, Path]:
    files = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]
    names = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}
    return {name.removesuffix(".__init__"): file for name, file in names.items()}


def imports(file: Path, known: dict[str, Path]) -> set[str]:
    """The modules of the pages that a file imports anywhere in it."""
    imported = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                imported.add(submodule if submodule in known else node.module)
    return imported & known.keys()


GRAPH = {name: imports(file, modules()) for name, file in modules().items()}


def test_no_import_points_back():
    assert len(GRAPH) > 40
    for module, imported in GRAPH.items():
        for other in imported:
            here, there = room(module), room(other)
            assert ORDER.index(there) <= ORDER.index(here), f"{module} imports {other}"
            assert here == there or {here, there} != APART, f"{module} imports {other}"


def test_there_is_no_circle():
    left = {module: imported - {module} for module, imported in GRAPH.items()}
    while done := {module for module, imported in left.items() if not imported & left.keys()}:
        left = {module: imported for module, imported in left.items() if module not in done}
    assert not left
