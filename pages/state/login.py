"""The optional login, by OpenID Connect: on where the server's secrets name a provider."""

import streamlit as st
from streamlit.errors import StreamlitAuthError, StreamlitSecretNotFoundError


def required() -> bool:
    """Whether whoever started the server asked for a login."""
    try:
        return "auth" in st.secrets
    except (FileNotFoundError, StreamlitSecretNotFoundError):
        return False


def allowed() -> bool:
    """Whether this visitor may see the pages."""
    return not required() or bool(st.user.get("is_logged_in"))


def form() -> None:
    """Draw what somebody sees who has not logged in, instead of any page."""
    st.title("Evident", anchor=False)
    st.markdown("This server asks who you are before it shows anything.")
    if st.button("Log in", type="primary", icon=":material/login:"):
        try:
            st.login()
        except StreamlitAuthError:
            st.error(
                "The login is not set up completely. Whoever started the server: "
                'pip install "streamlit[auth]", and look at the [auth] part of the secrets.'
            )


def row() -> None:
    """Draw who is logged in, and the way out; nothing where there is no login."""
    if not required():
        return
    words, button = st.columns([8, 2], vertical_alignment="center")
    words.caption(f"Logged in as {st.user.get('email') or st.user.get('name') or 'a visitor'}.")
    if button.button("Log out", icon=":material/logout:", width="stretch"):
        st.logout()
