"""Rules of the house that a machine can check."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def modules(folder: str) -> dict[Path, set[str]]:
    """The modules that each file under the folder imports at its top level."""
    found = {}
    for path in (ROOT / folder).rglob("*.py"):
        names = set()
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                names.add((node.module or "").split(".")[0])
        found[path] = names
    return found


def test_ruff_is_clean():
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


def test_imports_point_downwards():
    for path, names in modules("explainers").items():
        assert not names & {"streamlit", "pages", "app"}, path
    for path, names in modules("pages").items():
        assert not names & {"torch", "torchvision", "app"}, path
