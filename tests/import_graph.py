"""Which of our modules imports which, read from the files themselves."""

import ast
import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = ("explainers", "pages", "app")

Graph = Mapping[str, set[str]]


def module_name(path: Path) -> str:
    """explainers/methods/__init__.py → explainers.methods."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def our_files() -> dict[str, Path]:
    """All modules of the library and the app by name."""
    paths = [ROOT / "app.py", *(p for room in OURS for p in (ROOT / room).rglob("*.py"))]
    return {module_name(path): path for path in paths}


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """(module, name) of every import that can run, at any depth; name "" for `import module`.

    Imports inside of functions count: they only put off the same dependence. Those under
    `if TYPE_CHECKING:` never run. A module that is named in a string, as collecting packages and
    the front door do, is none.
    """
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            pending += node.orelse
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole path"
            yield from ((node.module or "", alias.name) for alias in node.names)
        pending += ast.iter_child_nodes(node)


@functools.cache
def imports_of(path: Path) -> set[tuple[str, str]]:
    """What `imported` finds in one file."""
    return set(imported(ast.parse(path.read_text(encoding="utf-8"))))


def import_graph() -> dict[str, set[str]]:
    """Module → the modules of ours that it imports."""
    files = our_files()
    graph: dict[str, set[str]] = {}
    for name, path in files.items():
        full = ((f"{module}.{part}", module) for module, part in imports_of(path))
        named = {submodule if submodule in files else module for submodule, module in full}
        graph[name] = (named & files.keys()) - {name}
    return graph


def circles(graph: Graph) -> list[list[str]]:
    """The strongly connected components of more than one node (Tarjan 1972)."""
    order: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    result: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = lowest[node] = len(order)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in order:
                visit(other)
                lowest[node] = min(lowest[node], lowest[other])
            elif other in stack:
                lowest[node] = min(lowest[node], order[other])
        if lowest[node] == order[node]:
            start = stack.index(node)
            component, stack[start:] = stack[start:], []
            if len(component) > 1:
                result.append(sorted(component))

    for node in graph:
        if node not in order:
            visit(node)
    return result


def collects_members(path: Path) -> bool:
    """Whether it is the `__init__` of a package that imports every file beside it."""
    return path.name == "__init__.py" and ("pkgutil", "") in imports_of(path)


def edges(graph: Graph) -> Iterable[tuple[str, str]]:
    """All pairs (importing, imported)."""
    return ((name, other) for name in sorted(graph) for other in sorted(graph[name]))
