"""Files of inputs that are no pictures: the demo's own, or an upload."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

import streamlit as st
from streamlit.typing import UploadedFile

from explainers.errors import Problem
from explainers.kinds import Facts, ParsedFile
from explainers.models.zoo.demos import demos
from explainers.service.parsing.upload_keys import file_key
from pages.state import address, progress, service
from pages.state.chosen import ChosenModel

DEMO, UPLOAD = "The demo's", "Upload"

AskLayout = Callable[[str], str]
"""suffix → what else must be known to read an upload of it: "", or as `upload_keys` puts it before
the suffix, such as VARIABLES_FIRST."""


class OpenedFile(NamedTuple):
    """A file of inputs: its name in the store, its name for people, and what is in it."""

    data: str
    file: str
    content: ParsedFile


def pick(
    model: ChosenModel,
    label: str,
    suffixes: Sequence[str],
    ask_layout: AskLayout = lambda suffix: "",
) -> OpenedFile | None:
    """Draw the choice of a file of inputs for the model.

    Parameters
    ----------
    model : ChosenModel
    label : str
        Of the uploader.
    suffixes : sequence of str
        Those that are accepted, with their dot.
    ask_layout : AskLayout

    Returns
    -------
    OpenedFile or None
        None where none is chosen, or it cannot be read, which the page then says.
    """
    names = _pick_names(model, label, suffixes, ask_layout)
    if names is None:
        return None
    try:
        return OpenedFile(*names, content(model.spec.kind, names[0]))
    except Problem as problem:
        progress.refused(problem)
        return None


def _pick_names(
    model: ChosenModel, label: str, suffixes: Sequence[str], ask_layout: AskLayout
) -> tuple[str, str] | None:
    """The file's name in the store, and for people."""
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
        max_upload_size=service.most_megabytes("data"),
        key=address.uploader_key(f"w_data_file_{model.spec.kind}"),
        on_change=lambda: address.choices().pop("data", None),
    )
    suffix = _suffix(file.name if file else str(address.choices().get("data")), suffixes)
    layout = ask_layout(suffix)
    if file is not None:
        try:
            address.choices()["data"] = _kept(model.spec.kind, file, layout, suffix) + suffix
        except Problem as problem:
            progress.refused(problem)
            return None
    name = address.choices().get("data")
    address.show_refusal("data", "Your file")
    if name is None:
        return None
    if not service.may_open(name.split(".")[0]) or _suffix(name, suffixes) not in suffixes:
        st.info("This file is no longer kept here. Upload it again.")
        return None
    return name.replace(".", f".{layout}", 1), f"data{suffix}"


def content(kind: str, name: str) -> ParsedFile:
    """What is in a kept file of that name in the store. Raises Problem where it cannot be read."""
    kind, digest, options = file_key(kind, name)
    return service.backend().parsed.get(kind, digest, turn=service.owner(), **options)


def notes(facts: Facts) -> None:
    """Draw what was noticed while the file was read."""
    for note in facts.get("notes", []):
        st.caption(f":material/info: {note}")


def _suffix(name: str, suffixes: Sequence[str]) -> str:
    """The longest of the suffixes that the name ends with, such as .csv.gz; else its last one."""
    known = [suffix for suffix in suffixes if name.lower().endswith(suffix)]
    return max(known, key=len, default=PurePath(name).suffix.lower())


def _kept(kind: str, file: UploadedFile, layout: str, suffix: str) -> str:
    """Digest of the uploaded file; read and kept once, not at every run of the page."""
    digests: dict[tuple[str, str, str], str] = st.session_state.setdefault("kept_data", {})
    key = (kind, file.file_id, layout)
    if key not in digests:
        data = file.getvalue()
        _, _, options = file_key(kind, f".{layout}{suffix[1:]}")
        digests[key] = service.backend().parsed.take(
            kind,
            data,
            lambda: service.keep(data, "file", file.name, ("data", suffix)),
            turn=service.owner(),
            **options,
        )
    return digests[key]


def _kept_demo(path: Path) -> str:
    return service.backend().store.put_blob(_bytes(path)) + path.suffix


@functools.cache
def _bytes(path: Path) -> bytes:
    return path.read_bytes()
