"""A gallery of thumbnails to choose one picture from."""

import base64
import io
from pathlib import Path

import streamlit as st
from PIL import Image

_ASSETS = Path(__file__).resolve().parents[2] / "assets" / "gallery"
_SIDE = 96

_mount = st.components.v2.component(
    "evident_gallery",
    html='<div class="gallery" role="radiogroup" data-testid="gallery"></div>',
    css=(_ASSETS / "gallery.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "gallery.js").read_text(encoding="utf-8"),
)


def gallery(label: str, pictures: dict[str, tuple[str, Path]], chosen: str, key: str) -> str:
    """Show pictures {name: (title, path)}; the name that is chosen now."""
    items = [
        {"name": name, "title": title, "picture": _thumbnail(str(path), path.stat().st_mtime)}
        for name, (title, path) in pictures.items()
    ]
    data = {"label": label, "items": items, "chosen": chosen}
    result = _mount(key=key, data=data, on_chosen_change=lambda: None)
    return result.chosen or chosen


@st.cache_data(max_entries=256, show_spinner=False)
def _thumbnail(path: str, _changed: float) -> str:
    with Image.open(path) as image:
        small = image.convert("RGB")
        small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
