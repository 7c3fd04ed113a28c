"""Whether a request comes from a page of this very server: scheme, name and port together."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from streamlit import config

_PORTS = {"http": 80, "https": 443}


def is_secure(scheme: str, headers: Mapping[str, str]) -> bool:
    """Whether the browser speaks TLS, to this server or to the proxy in front that says so.

    Examples
    --------
    >>> is_secure("ws", {}), is_secure("http", {"x-forwarded-proto": "https"})
    (False, True)
    """
    told = headers.get("x-forwarded-proto", "").split(",")[0].strip().lower()
    return scheme in ("https", "wss") or told in ("https", "wss")


def is_own_origin(headers: Mapping[str, str], secure: bool = False) -> bool:
    """Whether a request comes from a page of this server, or from no page.

    Parameters
    ----------
    headers : mapping
        Of the request, by names in small letters.
    secure : bool
        Whether the browser speaks TLS; a page that came without is then another's.

    Examples
    --------
    >>> is_own_origin({"origin": "http://localhost:8501", "host": "localhost:8501"})
    True
    >>> is_own_origin({"origin": "http://localhost:8000", "host": "localhost:8501"})
    False
    >>> is_own_origin({"origin": "http://a.example", "host": "a.example"}, secure=True)
    False
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        parts = urlsplit(origin.lower())
        own = bool(parts.hostname) and parts.scheme in (("https",) if secure else ("http", "https"))
        own = own and not (parts.path or parts.query or parts.username or parts.fragment)
        own = own and _place(parts) in (
            _place(urlsplit(f"{parts.scheme}://{_host(headers)}")),
            _named(parts),
        )
    except ValueError:  # it is no address at all
        return False
    allowed = config.get_option("server.corsAllowedOrigins") or []
    return own or origin.lower().rstrip("/") in [one.lower().rstrip("/") for one in allowed]


def _host(headers: Mapping[str, str]) -> str:
    return headers.get("host", "").lower()


def _place(parts: SplitResult) -> tuple[str | None, int | None]:
    """Name and port; the scheme's own port where none is named."""
    return parts.hostname, parts.port or _PORTS.get(parts.scheme)


def _named(origin: SplitResult) -> tuple[str | None, int | None] | None:
    """Where whoever started the server says that browsers find it; None where nobody has."""
    if not config.is_manually_set("browser.serverAddress"):
        return None
    named = str(config.get_option("browser.serverAddress") or "").lower()
    parts = urlsplit(named if "//" in named else f"//{named}")
    port = (
        config.get_option("browser.serverPort")
        if config.is_manually_set("browser.serverPort")
        else None
    )
    return parts.hostname, parts.port or port or _PORTS.get(origin.scheme)
