"""Choosing many pictures: samples that come with a network, or a .zip, or files that become one."""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Sequence

import streamlit as st
from streamlit.typing import UploadedFile

from explainers.errors import Problem
from explainers.figures.text.sentences import escape_markdown
from explainers.kinds.files.labels import unique
from explainers.kinds.picture import SUFFIXES
from explainers.locations import PROJECT
from explainers.models.spec import ModelSpec
from explainers.models.zoo import demos
from explainers.service.parsing.upload_keys import collection
from pages.state import address, progress, service
from pages.state.chosen import ChosenInput, ChosenModel
from pages.widgets import files

SAMPLES, UPLOAD = "Samples", "Upload"
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The time of every packed file, so that the same files become the same upload."""


def pick_all(model: ChosenModel) -> ChosenInput | None:
    """Draw the choice; None until there are pictures that can be read."""
    spec = model.spec
    source = address.select(
        st.segmented_control,
        "many_from",
        [SAMPLES, UPLOAD],
        SAMPLES,
        label="Pictures from",
        label_visibility="collapsed",
        required=True,
        width="stretch",
    )
    known = spec.name if spec.source in ("demo", "package") else ""
    if source == SAMPLES:
        data, title = _samples(known)
        digest: str | None = service.backend().store.put_blob(data)
    else:
        digest, title = _uploaded(spec), "your pictures"
    if digest is None:
        return None
    name = collection(digest, spec.sides, spec.fit)
    try:
        with st.spinner("Reading the pictures …"):
            facts, _ = files.content("picture", name)
    except Problem as problem:
        progress.refused(problem)
        return None
    files.notes(facts)
    count = len(facts["names"])
    failed = f", of which {len(facts['errors']):,} cannot be read" if facts["errors"] else ""
    st.caption(f"{count:,} picture{'s' * (count != 1)}{failed}.")
    file = title if title.endswith(".zip") else "pictures.zip"
    return ChosenInput(name, "all pictures", file)


def _uploaded(spec: ModelSpec) -> str | None:
    """Digest of what was uploaded, now or before; None until there is something."""
    given = st.file_uploader(
        "A ZIP of pictures (its folders may be the classes), or many pictures",
        type=[suffix[1:] for suffix in SUFFIXES if suffix not in (".npy", ".npz")],
        accept_multiple_files=True,
        max_upload_size=service.most_megabytes("data"),
        key=address.uploader_key("w_collection_file"),
        on_change=lambda: address.set_choices({"collection": None}),
    )
    address.show_refusal("collection", "Pictures")
    if given:
        try:
            address.choices()["collection"] = _kept_once(given, spec)
        except Problem as problem:
            progress.refused(problem)
            return None
    digest = address.choices().get("collection")
    if digest is not None and not service.may_open(digest):
        st.info("These pictures are no longer kept here. Upload them again.")
        return None
    return digest


def _kept_once(given: Sequence[UploadedFile], spec: ModelSpec) -> str:
    """Digest of the uploaded files as one .zip; read and kept once, not at every run."""
    kept: dict[tuple[str, ...], str] = st.session_state.setdefault("kept_collections", {})
    key = tuple(sorted(file.file_id for file in given))
    if key not in kept:
        data = given[0].getvalue()
        if len(given) > 1 or not given[0].name.lower().endswith(".zip"):
            data = packed({file.name: file.getvalue() for file in given})
        name = given[0].name if len(given) == 1 else f"{len(given)} pictures"
        with st.spinner("Reading the pictures …"):
            kept[key] = service.backend().parsed.take(
                "picture_collection",
                data,
                lambda: service.keep(data, "file", name, ("collection", "")),
                turn=service.owner(),
                sides=spec.sides,
                fit=spec.fit,
            )
    return kept[key]


def packed(contents: dict[str, bytes]) -> bytes:
    """Files by name as one .zip, in the order of their names, always with the same bytes.

    Problem where one of them is an archive itself.
    """
    archives = [name for name in contents if name.lower().endswith(".zip")]
    if archives:
        raise Problem(
            f"{escape_markdown(archives[0])} is an archive beside other files. Upload one .zip "
            "alone, or pictures alone."
        )
    names, _ = unique(sorted(contents))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, original in zip(names, sorted(contents), strict=True):
            archive.writestr(zipfile.ZipInfo(name, _WHEN), contents[original])
    return buffer.getvalue()


@functools.cache
def _samples(known: str) -> tuple[bytes, str]:
    """A network's own collection, or its gallery as one; and what they are called."""
    whole = demos.collection(known)
    if whole is not None:
        return whole.read_bytes(), whole.relative_to(PROJECT).as_posix()
    contents = {one.path.name: one.path.read_bytes() for one in demos.gallery(known)}
    return packed(contents), "the sample pictures"
