"""Choosing a picture: from the gallery, by upload, or with the camera."""

import functools

import numpy as np
import streamlit as st
from PIL import Image

from explainers.errors import Problem
from explainers.kinds import picture as kind
from explainers.locations import PROJECT
from explainers.models.zoo.demos import demos
from explainers.models.zoo.demos import gallery as samples_of
from pages.state import address, service
from pages.state.inputs import Chosen
from pages.viewers.gallery import gallery

MOST_MEGABYTES = 40
SOURCES = ("Gallery", "Upload", "Camera")


def pick(model: str = "") -> Chosen | None:
    """Draw the choice of a picture for the demo `model`, or any; None until there is one."""
    source = address.select(
        st.segmented_control,
        "from",
        list(SOURCES),
        "Gallery",
        label="Picture from",
        label_visibility="collapsed",
        required=True,
        width="stretch",
    )
    if source == "Gallery":
        return sample(_from_gallery(model))
    slot = "picture" if source == "Upload" else "photo"
    digest = uploaded(slot, uploader if source == "Upload" else _camera)
    return None if digest is None else Chosen(digest, "your picture", "picture.png")


def uploaded(slot: str, draw) -> str | None:
    """Digest of the picture that the widget `draw` gave, now or before; None until there is one.

    A picture that is refused, or taken away, takes the earlier one with it.
    """
    file = draw(
        key=address.file_key(f"w_{slot}_file"), on_change=lambda: address.choice().pop(slot, None)
    )
    if file is not None:
        try:
            address.choice()[slot] = keep(file.getvalue())
        except Problem as problem:
            st.error(str(problem))
    digest = address.choice().get(slot)
    if digest is None or (isinstance(digest, str) and service.kept(digest)):
        return digest
    st.info("This picture is no longer kept here. Upload it again.")
    return None


def added() -> dict[str, Chosen]:
    """Draw an uploader for several pictures; those that were added and are kept, by digest."""
    files = uploader(
        "Pictures: PNG, JPEG or WebP",
        accept_multiple_files=True,
        key=address.file_key("w_added_file"),
    )
    names = st.session_state.setdefault("added_names", {})
    digests = list(address.choice().get("added") or [])
    for file in files:
        try:
            digest = _kept_once(file)
        except Problem as problem:
            st.error(f"{file.name}: {problem}")
            continue
        names[digest] = file.name
        digests.append(digest)
    digests = [d for d in dict.fromkeys(digests) if isinstance(d, str) and service.kept(d)]
    address.choice()["added"] = digests or None
    return {d: Chosen(d, names.get(d, "your picture"), "picture.png") for d in digests}


def _kept_once(file) -> str:
    """Digest of an uploaded picture, checked and kept once, not at every run of the page."""
    known = st.session_state.setdefault("kept_pictures", {})
    if file.file_id not in known:
        known[file.file_id] = keep(file.getvalue())
    return known[file.file_id]


def keep(data: bytes) -> str:
    """Keep the bytes if they can be read as a picture; their digest. Raises Problem."""
    if len(data) > MOST_MEGABYTES * 1_000_000:
        raise Problem(
            f"This file has {len(data) / 1e6:.0f} MB; pictures of up to {MOST_MEGABYTES} MB are "
            "accepted. Make it smaller and upload it again."
        )
    parsed = service.backend().parsed
    return parsed.take("picture", data, lambda: service.keep(data, "picture"))


def sample(name: str) -> Chosen:
    """The gallery's picture of that name, kept in the store, with its masks."""
    data, title, file, regions = _sample(name)
    return Chosen(service.backend().store.put_blob(data), title, file, regions=regions)


@functools.cache
def _sample(name: str) -> tuple[bytes, str, str, dict[str, Image.Image]]:
    found = next(one for key in demos() for one in samples_of(key) if one.name == name)
    regions = {"the sign": found.mask_path, "the sticker": found.sticker_mask_path}
    masks = {name: Image.open(path).convert("L") for name, path in regions.items() if path}
    return found.path.read_bytes(), found.title, found.path.relative_to(PROJECT).as_posix(), masks


@st.cache_data(max_entries=64, show_spinner=False)
def shown(digest: str) -> bytes:
    """JPEG bytes of a kept picture, for the browser."""
    _, arrays = service.backend().parsed.get("picture", digest)
    return kind.display_jpeg(Image.fromarray(arrays["pixels"]))


def regions(picture: Chosen, size: int, fit: str) -> dict[str, np.ndarray]:
    """The picture's known regions as the network's input sees them: (size, size) shares 0 to 1."""
    return {
        name: kind.pixels(mask.convert("RGB"), size, fit)[0]
        for name, mask in picture.regions.items()
    }


def _from_gallery(model: str) -> str:
    pictures = {sample.name: (sample.title, sample.path) for sample in samples_of(model)}
    chosen = address.chosen("sample", list(pictures), next(iter(pictures)))
    key = f"gallery_{next(iter(pictures))}"
    address.choice()["sample"] = gallery("Sample pictures", pictures, chosen, key=key)
    return address.choice()["sample"]


def uploader(label: str = "A picture: PNG, JPEG or WebP", **arguments):
    """A widget for one picture file."""
    return st.file_uploader(
        label,
        type=["png", "jpg", "jpeg", "webp"],
        max_upload_size=MOST_MEGABYTES,
        **arguments,
    )


def _camera(**arguments):
    return st.camera_input("Take a picture", **arguments)
