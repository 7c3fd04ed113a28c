"""Rules of the house that other programs check: ruff its style, mypy its types."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def assert_silent(*command: str) -> None:
    """AssertionError with what the program says where it is not content."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", ["check", "format --check"])
def test_ruff_is_clean(command):
    assert_silent("ruff", *command.split(), ".")


def test_mypy_is_clean():
    """Every function of the library and the pages is typed; the settings are in pyproject.toml."""
    # Without a cache of its own none is written for this one run: that takes a quarter of it.
    assert_silent("mypy", *([] if (ROOT / ".mypy_cache").exists() else ["--no-incremental"]))
