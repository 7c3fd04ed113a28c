"""The visitor's own uploads: how many they are, sharing those in the link, deleting them all."""

import streamlit as st

from pages.state import service

# The names of choices that hold an upload's digest.
UPLOADS = ("picture", "photo", "own", "weights", "names", "added", "data")


def row() -> None:
    """One line at the end of every page, when the visitor has uploads."""
    if said := st.session_state.pop("said", None):
        st.toast(said, icon=":material/delete:")
    uploads, owner = service.uploads(), service.owner()
    mine = uploads.uploads_of(owner)
    if not mine:
        return
    st.divider()
    words, share, delete = st.columns([6, 2, 2], vertical_alignment="center")
    words = words.empty()
    named = [digest for digest in _in_link() if digest in mine]
    if named and share.button(
        "Share this link",
        icon=":material/link:",
        width="stretch",
        help="Whoever has the link can then open the uploads in it.",
    ):
        uploads.share(named, owner)
        st.toast("Whoever has this page's address can now open it.", icon=":material/link:")
    shared = len(uploads.shared_by(owner))
    words.markdown(
        f"You have {len(mine)} upload{'s' * (len(mine) > 1)} here "
        f"({uploads.bytes_of(owner) / 1e6:.1f} MB). "
        + (
            f"{shared} of them can be opened by whoever has the link."
            if shared
            else "Only you can open them."
        )
    )
    if delete.button("Delete my uploads", icon=":material/delete:", width="stretch"):
        _delete(owner)


def _in_link() -> list[str]:
    # Not link.choice(), which would take another page's link for choices.
    chosen = [st.session_state.get("choice", {}).get(name) for name in UPLOADS]
    flat = [part for value in chosen for part in (value if isinstance(value, list) else [value])]
    return [part.split(".")[0] for part in flat if isinstance(part, str)]


def _delete(owner: str) -> None:
    """Everything of the visitor's goes: uploads, what was made from them, and their choices."""
    for slot in list(st.session_state.get("jobs", {})):
        service.backend().cancel(st.session_state["jobs"].pop(slot))
    gone = service.uploads().delete(owner)
    for name in UPLOADS:
        st.session_state.get("choice", {}).pop(name, None)
    for name in ("kept_files", "kept_pictures", "kept_data", "added_names"):
        st.session_state.pop(name, None)
    st.session_state["deletions"] = st.session_state.get("deletions", 0) + 1
    for name in UPLOADS:
        st.query_params.pop(name, None)
    st.session_state["said"] = f"{gone} upload{'s were' if gone > 1 else ' was'} deleted."
    st.rerun()
