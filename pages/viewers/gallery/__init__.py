"""A gallery of thumbnails to choose one picture from."""

import base64
import io
from functools import partial
from pathlib import Path

import streamlit as st
from PIL import Image

from pages.viewers import assets

_read = partial(assets.text, assets.FOLDER / "gallery")
_SIDE = 96

_mount = st.components.v2.component(
    "evident_gallery",
    html='<div class="gallery" role="radiogroup" data-testid="gallery"></div>',
    css=_read("gallery.css"),
    js=_read("gallery.js"),
)


def gallery(label: str, pictures: dict[str, tuple[str, Path]], chosen: str, key: str) -> str:
    """Draw thumbnails to choose one from.

    Parameters
    ----------
    label : str
        What they are, for screen readers.
    pictures : dict of name to (title, path)
    chosen : str
        The name that is chosen at first.
    key : str
        Of the component.

    Returns
    -------
    str
        The name that is chosen now.
    """
    items = [
        {"name": name, "title": title, "picture": _thumbnail(str(path), path.stat().st_mtime)}
        for name, (title, path) in pictures.items()
    ]
    data = {"label": label, "items": items, "chosen": chosen}
    result = _mount(key=key, data=data, on_chosen_change=lambda: None)
    name: str = result.chosen or chosen
    return name


@st.cache_data(max_entries=256, show_spinner=False)
def _thumbnail(path: str, _changed: float) -> str:
    with Image.open(path) as image:
        small = image.convert("RGB")
        small.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    if (times := _SIDE // max(small.size)) > 1:  # else the browser would blur its few pixels
        size = (small.width * times, small.height * times)
        small = small.resize(size, Image.Resampling.NEAREST)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
