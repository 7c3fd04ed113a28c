"""The visitor's own uploads: what they are and what was made of them; use, share, delete them."""

from collections.abc import Sequence

import streamlit as st

from explainers.figures.text.sentences import escape_markdown
from explainers.service.storage.uploads import Upload
from pages.state import address, service

UPLOADS = ("picture", "photo", "own", "weights", "names", "added", "data", "collection")
"""Names of the choices that hold an upload's digest, or several."""
USES = {
    "picture": {"from": "Upload"},
    "data": {"source": "Upload"},
    "weights": {"model": "upload"},
    "collection": {"many_from": "Upload"},
    "own": {"baseline": "own"},
}
"""What else is chosen where an upload is used again, by the choice that holds it."""
_REMEMBERED = (
    *("kept_files", "kept_pictures", "kept_data", "kept_collections", "added_names"),
    *("unpacked_pictures", "rows_of_runs", "drawn_of_runs", "summaries_of_runs"),
)
"""Parts of the session that hold something of uploads."""
_ASKED = "deletion_asked"
MOST_LISTED = 50


def row() -> None:
    """Draw one line at the end of every page, when the visitor has uploads, and their list."""
    if message := st.session_state.pop("deletion_message", None):
        st.toast(message, icon=":material/delete:")
    owner = service.owner()
    uploads = service.uploads().list_of(owner)
    if not uploads:
        return
    st.divider()
    words, share, delete = st.columns([6, 2, 2], vertical_alignment="center")
    words = words.empty()
    own = {upload.digest for upload in uploads}
    in_link = [digest for digest in _in_link() if digest in own]
    if in_link and share.button(
        "Share this link",
        icon=":material/link:",
        width="stretch",
        help="Whoever has the link can then open the uploads in it. My files takes that back.",
    ):
        service.uploads().share(in_link, owner)
        uploads = service.uploads().list_of(owner)
        st.toast("Whoever has this page's address can now open it.", icon=":material/link:")
    shared = sum(upload.shared for upload in uploads)
    words.markdown(
        f"You have {len(uploads)} upload{'s' * (len(uploads) > 1)} here "
        f"({_size(sum(upload.size for upload in uploads))}). "
        + (
            f"{shared} of them can be opened by whoever has the link."
            if shared
            else "Only you can open them."
        )
    )
    if delete.button("Delete my uploads", icon=":material/delete:", width="stretch"):
        st.session_state[_ASKED] = [upload.digest for upload in uploads]
    _ask_before_deleting(uploads, owner)
    with st.expander("My files", icon=":material/folder:"):
        for upload in uploads[:MOST_LISTED]:
            _file(upload, owner)
        if len(uploads) > MOST_LISTED:
            st.caption(f"The latest {MOST_LISTED} of {len(uploads)} are listed.")


def _file(upload: Upload, owner: str) -> None:
    """One upload: its name, its size, what was made of it; use, share or take back, delete."""
    name, size, use, share, delete = st.columns([5, 3, 1.2, 1.6, 1.4], vertical_alignment="center")
    name.markdown(f"**{escape_markdown(upload.name)}**")
    answers = "nothing made of it yet"
    if upload.made:
        answers = f"{upload.made} answer{'s' * (upload.made != 1)} made of it"
    size.caption(f"{_size(upload.size)}, {answers}{', shared' * upload.shared}")
    key = upload.digest[:16]
    if upload.use and use.button("Use", key=f"use_{key}", width="stretch"):
        address.forget_uploads(())  # the uploaders let go of what is in them
        choice, value = upload.use
        address.set_choices({**USES.get(choice, {}), choice: value})
        st.rerun()
    words = "Take back" if upload.shared else "Share"
    if share.button(words, key=f"share_{key}", width="stretch"):
        change = service.uploads().take_back if upload.shared else service.uploads().share
        change([upload.digest], owner)
        st.rerun()
    if delete.button("Delete", key=f"delete_{key}", width="stretch"):
        st.session_state[_ASKED] = [upload.digest]
        st.rerun()


def _ask_before_deleting(uploads: Sequence[Upload], owner: str) -> None:
    """Draw the question, once somebody wants to delete; nothing can bring an upload back."""
    wanted = st.session_state.get(_ASKED, ())
    chosen = [upload for upload in uploads if upload.digest in wanted]
    if not chosen:
        return
    one = escape_markdown(chosen[0].name) if len(chosen) == 1 else f"these {len(chosen)} uploads"
    with st.container(border=True):
        st.markdown(f"Delete {one} and all that was made of it? It cannot be brought back.")
        with st.container(horizontal=True):
            if st.button("Delete for good", type="primary", key="delete_for_good"):
                _delete([upload.digest for upload in chosen], owner)
            if st.button("Keep", key="keep_uploads"):
                st.session_state.pop(_ASKED)
                st.rerun()


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def _in_link() -> list[str]:
    """Digests of the uploads that the choices name."""
    choices = address.kept_choices()
    values = [choices.get(name) for name in UPLOADS]
    flat = [part for value in values for part in (value if isinstance(value, list) else [value])]
    return [part.split(".")[0] for part in flat if isinstance(part, str)]


def _delete(digests: Sequence[str], owner: str) -> None:
    """These uploads go, what was made of them, jobs about them in all tabs, and their choices."""
    st.session_state.pop(_ASKED, None)
    service.cancel_all()
    service.forget(service.uploads().alone(owner, digests))
    count = service.uploads().delete(owner, digests)
    address.forget_uploads(UPLOADS)
    for name in _REMEMBERED:
        st.session_state.pop(name, None)
    message = f"{count} upload{'s were' if count > 1 else ' was'} deleted."
    st.session_state["deletion_message"] = message
    st.rerun()
