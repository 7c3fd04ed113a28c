"""The markup, styles and scripts of our own components, from the folders beside them."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent
"""Where the viewers are."""


def text(folder: Path, *names: str) -> str:
    """The files one after the other: Streamlit takes one style and one script a component."""
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
