"""Files of inputs that are no pictures: the demo's own, or an upload."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path, PurePath

import streamlit as st

from explainers.errors import Problem
from explainers.models.zoo.demos import demos
from explainers.service.parsing.upload_keys import file_key
from pages.state import address, service
from pages.widgets.models import Chosen as Model

DEMO, UPLOAD = "The demo's", "Upload"


def opened(
    model: Model,
    label: str,
    suffixes: tuple[str, ...],
    layout: Callable[[str], str] = lambda suffix: "",
) -> tuple[str, str, tuple[dict, dict]] | None:
    """Draw the choice of a file; its name in the store and for people, and what is in it.

    None where none is chosen, or it cannot be read, which the page then says. `layout` asks what
    else must be known to read an upload with that suffix: VARIABLES_FIRST, or "".
    """
    picked = _picked(model, label, suffixes, layout)
    if picked is None:
        return None
    try:
        return *picked, found(model.spec.kind, picked[0])
    except Problem as problem:
        st.error(str(problem))
        return None


def _picked(model: Model, label: str, suffixes, layout) -> tuple[str, str] | None:
    demo = demos().get(model.spec.name) if model.spec.source == "demo" else None
    if demo is not None and demo.data is not None:
        source = address.select(
            st.segmented_control,
            "source",
            [DEMO, UPLOAD],
            DEMO,
            label="Data from",
            label_visibility="collapsed",
            required=True,
            width="stretch",
        )
        if source == DEMO:
            return _kept_demo(demo.data), demo.data.relative_to(demo.folder.parents[1]).as_posix()
    file = st.file_uploader(
        label,
        type=[suffix[1:] for suffix in suffixes],
        key=address.file_key(f"w_data_file_{model.spec.kind}"),
        on_change=lambda: address.choice().pop("data", None),
    )
    suffix = PurePath(file.name if file else str(address.choice().get("data"))).suffix.lower()
    turned = layout(suffix)
    if file is not None:
        try:
            address.choice()["data"] = _kept(model.spec.kind, file, turned) + suffix
        except Problem as problem:
            st.error(str(problem))
            return None
    name = address.choice().get("data")
    if not isinstance(name, str):
        return None
    if not service.kept(name.split(".")[0]) or PurePath(name).suffix not in suffixes:
        st.info("This file is no longer kept here. Upload it again.")
        return None
    return name.replace(".", f".{turned}", 1), f"data{suffix}"


def found(kind: str, name: str) -> tuple[dict, dict]:
    """Facts and arrays of a kept file. Raises Problem where it cannot be read."""
    kind, digest, options = file_key(kind, name)
    return service.backend().parsed.get(kind, digest, **options)


def readable(kind: str, name: str) -> tuple[dict, dict] | None:
    """The same; None where it cannot be read, which the page then says."""
    try:
        return found(kind, name)
    except Problem as problem:
        st.error(str(problem))
        return None


def notes(facts: dict) -> None:
    """What reading the file found worth saying."""
    for note in facts.get("notes", []):
        st.caption(f":material/info: {note}")


def _kept(kind: str, file, turned: str) -> str:
    """Digest of the uploaded file; read and kept once, not at every run of the page."""
    known = st.session_state.setdefault("kept_data", {})
    if (kind, file.file_id, turned) not in known:
        data, suffix = file.getvalue(), PurePath(file.name).suffix.lower()
        _, _, options = file_key(kind, f".{turned}{suffix[1:]}")
        known[kind, file.file_id, turned] = service.backend().parsed.take(
            kind, data, lambda: service.keep(data, "file"), **options
        )
    return known[kind, file.file_id, turned]


def _kept_demo(path: Path) -> str:
    return service.backend().store.put_blob(_bytes(path)) + path.suffix


@functools.cache
def _bytes(path: Path) -> bytes:
    return path.read_bytes()
