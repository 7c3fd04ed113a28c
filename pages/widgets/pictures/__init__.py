"""Choosing a picture: from the gallery, by upload, or with the camera."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from PIL import Image
from streamlit.typing import UploadedFile

from explainers.errors import Problem
from explainers.figures.text.sentences import escape_markdown
from explainers.kinds import fitting
from explainers.kinds import picture as picture_kind
from explainers.kinds.files import bands
from explainers.kinds.files.pictures import foreign
from explainers.locations import PROJECT
from explainers.models.spec import ModelSpec
from explainers.models.zoo.demos import demos
from explainers.models.zoo.demos import gallery as samples_of
from pages.state import address, progress, service
from pages.state.chosen import ChosenInput
from pages.viewers.gallery import gallery
from pages.widgets import files
from pages.widgets.pictures import drawn_channels, white
from pages.widgets.pictures.drawn_channels import PHOTO_CHANNELS, drawn_slice, in_colour

ARCHIVE = ".zip"
OWN_FILE = "picture.png"
"""What the recipe calls a visitor's own picture."""
SOURCES = ("Gallery", "Upload", "Camera")
__all__ = [
    "OWN_FILE",
    "added",
    "drawn_slice",
    "in_colour",
    "keep",
    "pick",
    "regions",
    "sample",
    "shown",
]


def pick(model: str, spec: ModelSpec) -> ChosenInput | None:
    """Draw the choice of a picture for the demo `model`, or any; None until there is one.

    Where a network takes other channels than a photo has, only an upload can have them.
    """
    photo = len(spec.mean) in PHOTO_CHANNELS and not spec.depth
    source = address.select(
        st.segmented_control,
        "from",
        list(SOURCES if photo else SOURCES[1:2]),
        "Gallery" if photo else "Upload",
        label="Picture from",
        label_visibility="collapsed",
        required=True,
        width="stretch",
    )
    if source == "Gallery":
        return sample(_from_gallery(model))
    slot = "picture" if source == "Upload" else "photo"
    digest = uploaded(slot, uploader if source == "Upload" else _camera)
    if digest is None:
        return None
    parsed = files.content("picture", digest)
    if spec.depth:
        drawn_channels.pick_slice(spec.depth)
    else:
        drawn_channels.pick_channels(parsed)
    with contextlib.suppress(Problem):  # which the answer says
        if sentence := picture_kind.given(parsed, spec):
            st.caption(f":material/info: {sentence}")
    return ChosenInput(digest, "your picture", OWN_FILE)


def uploaded(slot: str, draw: Callable[..., UploadedFile | None]) -> str | None:
    """Name of the picture that a widget gave, now or before; None until there is one.

    A picture that is refused, or taken away, takes the earlier one with it. Where its white is not
    plain it is asked.

    Parameters
    ----------
    slot : str
        Name of the choice.
    draw : callable
        (key=…, on_change=…) → the file; `uploader`, or a camera.
    """
    file = draw(
        key=address.uploader_key(f"w_{slot}_file"),
        on_change=lambda: address.set_choices({slot: None, f"{slot}_white": None}),
    )
    if file is not None:
        try:
            address.choices()[slot] = _kept_once(file)
        except Problem as problem:
            progress.refused(problem)
    digest = address.choices().get(slot)
    address.show_refusal(slot, "Picture")
    if digest is None:
        return None
    if service.may_open(digest):
        return white.pick(digest, f"{slot}_white")
    st.info("This picture is no longer kept here. Upload it again.")
    return None


def added() -> dict[str, ChosenInput]:
    """Draw an uploader for several pictures; those that were added and are kept, by digest."""
    given = uploader(
        "Pictures: PNG, JPEG, WebP, GIF, BMP or AVIF; TIFF or NumPy arrays; or a ZIP of pictures",
        accept_multiple_files=True,
        key=address.uploader_key("w_added_file"),
    )
    names = st.session_state.setdefault("added_names", {})
    digests = list(address.choices().get("added") or [])
    for file in given:
        for name, digest in _kept_each(file).items():
            names[digest] = name
            digests.append(digest)
    address.show_refusal("added", "Pictures of your own")
    digests = [d for d in dict.fromkeys(digests) if service.may_open(d)]
    address.choices()["added"] = digests or None
    if digests:
        st.caption(f"Pictures of your own to choose from: {len(digests)}.")
    return {d: ChosenInput(d, names.get(d, "your picture"), OWN_FILE) for d in digests}


def _kept_each(file: UploadedFile) -> dict[str, str]:
    """Digests of the pictures in an uploaded file, by name; what was refused is said."""
    if not file.name.lower().endswith(ARCHIVE):
        try:
            return {file.name: _kept_once(file)}
        except Problem as problem:
            st.error(f"{escape_markdown(file.name)}: {problem}")
            return {}
    unpacked: dict[str, _Archive] = st.session_state.setdefault("unpacked_pictures", {})
    if file.file_id not in unpacked:
        unpacked[file.file_id] = _unpacked(file)
    for sentence in unpacked[file.file_id].problems:
        st.error(sentence)
    for note in unpacked[file.file_id].notes:
        st.caption(f":material/info: {note}")
    return unpacked[file.file_id].digests


class _Archive(NamedTuple):
    """What became of an archive's pictures: digests by name, notes, and what was refused."""

    digests: dict[str, str]
    notes: list[str]
    problems: list[str]


def _unpacked(file: UploadedFile) -> _Archive:
    """The pictures of an archive, unpacked behind the wall, each kept as an upload of its own."""
    try:
        pool = service.backend().parsed.pool
        facts, arrays = pool.parse("picture_archive", file.getvalue(), turn=service.owner())
    except Problem as problem:
        return _Archive({}, [], [f"{escape_markdown(file.name)}: {problem}"])
    found = _Archive({}, facts["notes"], [])
    for name, content in zip(facts["names"], arrays.values(), strict=True):
        try:
            found.digests[name] = keep(content.tobytes(), name)
        except Problem as problem:
            found.problems.append(f"{escape_markdown(f'{file.name}, {name}')}: {problem}")
    return found


def _kept_once(file: UploadedFile) -> str:
    """Digest of an uploaded picture, checked and kept once, not at every run of the page."""
    digests: dict[str, str] = st.session_state.setdefault("kept_pictures", {})
    if file.file_id not in digests:
        digests[file.file_id] = keep(file.getvalue(), file.name)
    return digests[file.file_id]


def keep(data: bytes, name: str = "") -> str:
    """Keep the bytes if they can be read as a picture; their digest. Raises Problem."""
    most = service.most_megabytes("picture")
    if len(data) > 1_000_000 * most:
        raise Problem(
            f"This file has {len(data) / 1e6:.0f} MB; pictures of up to {most} MB are "
            "accepted. Make it smaller and upload it again."
        )
    parsed = service.backend().parsed
    use = ("picture", "")
    turn = service.owner()
    return parsed.take("picture", data, lambda: service.keep(data, "picture", name, use), turn)


def sample(name: str) -> ChosenInput:
    """The gallery's picture of that name, kept in the store, with its masks."""
    data, title, file, masks = _sample(name)
    return ChosenInput(service.backend().store.put_blob(data), title, file, regions=masks)


class _Sample(NamedTuple):
    """A picture of the gallery: its bytes, what it is called, and masks of what is on it."""

    data: bytes
    title: str
    file: str
    masks: dict[str, Image.Image]


@functools.cache
def _sample(name: str) -> _Sample:
    entry = next(one for key in ("", *demos()) for one in samples_of(key) if one.name == name)
    regions = {"the sign": entry.mask_path, "the sticker": entry.sticker_mask_path}
    masks = {name: Image.open(path).convert("L") for name, path in regions.items() if path}
    file = entry.path.relative_to(PROJECT).as_posix()
    return _Sample(entry.path.read_bytes(), entry.title, file, masks)


def shown(name: str, spec: ModelSpec | None = None) -> bytes:
    """A kept picture as JPEG, for the browser, in the channels that are chosen.

    With a model that pads its pictures, as that sees it.
    """
    if spec is None or spec.fit != "pad":
        return _shown(name, drawn_channels.chosen_bands(), None, ())
    colour = fitting.neutral(spec) if len(spec.mean) in PHOTO_CHANNELS else np.array([0.5])
    red, green, blue = (np.broadcast_to(colour, 3).clip(0, 1) * 255).round().astype(int).tolist()
    return _shown(name, drawn_channels.chosen_bands(), spec.sides, (red, green, blue))


@st.cache_data(max_entries=64, show_spinner=False)
def _shown(
    name: str,
    chosen: tuple[int, ...],
    sides: tuple[int, int] | None,
    around: tuple[int, ...],
) -> bytes:
    facts, arrays = files.content("picture", name)
    pixels = arrays["pixels"]
    if not facts.get("photo", True):
        values = bands.network_scale(arrays["bands"])
        pixels = bands.in_colour(bands.stretched(values, facts["low"], facts["high"]), chosen)
    image = Image.fromarray(pixels)
    if sides is not None:
        red, green, blue = around
        image = fitting.in_frame(image, sides, (red, green, blue))
    return picture_kind.display_jpeg(image)


def regions(picture: ChosenInput, size: tuple[int, int], fit: str) -> dict[str, np.ndarray]:
    """The picture's known regions as the network sees them, by name.

    Parameters
    ----------
    picture : ChosenInput
    size : (int, int)
        Height and width of the network's input, in px.
    fit : str
        "crop", "stretch" or "pad", as in ModelSpec.

    Returns
    -------
    dict of str to ndarray, shape (height, width)
        Shares from 0 to 1: how much of each pixel lies in the region.
    """
    return {
        name: picture_kind.pixels(mask.convert("RGB"), size, fit)[0]
        for name, mask in picture.regions.items()
    }


def _from_gallery(model: str) -> str:
    pictures = {sample.name: (sample.title, sample.path) for sample in samples_of(model)}
    chosen = address.valid_choice("sample", list(pictures), next(iter(pictures)))
    address.show_refusal("sample", "Sample picture")
    key = f"gallery_{next(iter(pictures))}"
    name = gallery("Sample pictures", pictures, chosen, key=key)
    address.choices()["sample"] = name
    return name


def uploader(
    label: str = "A picture: PNG, JPEG, WebP, GIF, BMP or AVIF; or TIFF or a NumPy array",
    **arguments: Any,
) -> Any:
    """Draw an uploader of pictures; the file, or files with `accept_multiple_files=True`."""
    return st.file_uploader(
        label,
        type=[suffix[1:] for suffix in (*picture_kind.SUFFIXES, *foreign.SUFFIXES)],
        max_upload_size=service.most_megabytes("picture"),
        **arguments,
    )


def _camera(**arguments: Any) -> UploadedFile | None:
    return st.camera_input("Take a picture", **arguments)
