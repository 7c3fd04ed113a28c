"""Bringing back the saved settings of a network: they become the visitor's choices."""

import json
from typing import Any

import streamlit as st

from explainers.errors import Problem
from explainers.models.spec import PREPARATIONS, Preparation, preparation
from pages.state import address, service


def upload() -> None:
    """Draw an uploader for a model's saved settings, its card, and use each file once."""
    file = st.file_uploader(
        "Saved settings (JSON), if you have them",
        type=["json"],
        max_upload_size=service.most_megabytes("names"),
        key=address.uploader_key("w_card_file"),
    )
    applied: dict[str, str] = st.session_state.setdefault("cards_applied", {})
    if file is None:
        return
    if file.file_id in applied:
        if refused := applied[file.file_id]:
            st.error(refused)
        return
    applied[file.file_id] = ""
    try:
        pool = service.backend().parsed.pool
        settings, _ = pool.parse("card", file.getvalue(), turn=service.owner())
        classes = settings.get("classes")
        listed = json.dumps(classes).encode()
        names = service.keep(listed, "file", "class names") if classes else None
    except Problem as problem:
        applied[file.file_id] = str(problem)
        st.error(str(problem))
        return
    address.set_choices(_choices(settings) | ({"names": names} if names else {}))
    st.toast("The saved settings are used.", icon=":material/check:")


def _choices(settings: dict[str, Any]) -> dict[str, Any]:
    """The choices of the page that stand for a card's settings; see `read_card`."""
    kept = ("size", "fit", "answers")
    choices: dict[str, Any] = {name: settings[name] for name in kept if name in settings}
    if "size" in settings:
        choices["width"] = settings.get("width") or settings["size"]
    if settings.get("step") is not None and settings["step"] >= 0:
        choices["step"] = settings["step"] + 1
    if "mean" in settings and "std" in settings:
        white, order = settings.get("white", 1), settings.get("order", "RGB")
        own = Preparation(tuple(settings["mean"]), tuple(settings["std"]), white, order)
        names = (name for name in PREPARATIONS if preparation(name, len(own.mean)) == own)
        choices |= {"normalise": next(names, "Own"), "white": white, "order": order}
        choices |= {"mean": _listed(own.mean), "std": _listed(own.std)}
        if settings.get("kind") == "table" and len(own.mean) > 1:
            means, deviations = _listed(own.mean), _listed(own.std)
            choices |= {"own_scale": True, "means": means, "deviations": deviations}
    if settings.get("places"):
        choices["box_numbers"] = settings["places"]["box"]
    choices["chain"] = settings.get("choices") or None
    choices["card"] = {
        name: settings[name] for name in ("kind", "swapped", "columns") if name in settings
    }
    return choices


def _listed(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value!r}" for value in values)
