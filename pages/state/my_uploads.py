"""The visitor's own uploads: how many they are, sharing those in the link, deleting them all."""

import streamlit as st

from pages.state import address, service

UPLOADS = ("picture", "photo", "own", "weights", "names", "added", "data")
"""Names of the choices that hold an upload's digest, or several."""


def row() -> None:
    """Draw one line at the end of every page, when the visitor has uploads."""
    if message := st.session_state.pop("deletion_message", None):
        st.toast(message, icon=":material/delete:")
    uploads, owner = service.uploads(), service.owner()
    own_uploads = uploads.uploads_of(owner)
    if not own_uploads:
        return
    st.divider()
    words, share, delete = st.columns([6, 2, 2], vertical_alignment="center")
    words = words.empty()
    in_link = [digest for digest in _in_link() if digest in own_uploads]
    if in_link and share.button(
        "Share this link",
        icon=":material/link:",
        width="stretch",
        help="Whoever has the link can then open the uploads in it.",
    ):
        uploads.share(in_link, owner)
        st.toast("Whoever has this page's address can now open it.", icon=":material/link:")
    shared = len(uploads.shared_by(owner))
    words.markdown(
        f"You have {len(own_uploads)} upload{'s' * (len(own_uploads) > 1)} here "
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
    """Digests of the uploads that the choices name."""
    choices = address.kept_choices()
    values = [choices.get(name) for name in UPLOADS]
    flat = [part for value in values for part in (value if isinstance(value, list) else [value])]
    return [part.split(".")[0] for part in flat if isinstance(part, str)]


def _delete(owner: str) -> None:
    """Everything of the visitor's goes: uploads, what was made from them, and their choices."""
    service.cancel_all()
    count = service.uploads().delete(owner)
    address.forget_uploads(UPLOADS)
    for name in ("kept_files", "kept_pictures", "kept_data", "added_names", "unpacked_pictures"):
        st.session_state.pop(name, None)
    message = f"{count} upload{'s were' if count > 1 else ' was'} deleted."
    st.session_state["deletion_message"] = message
    st.rerun()
