"""What the server answers before Streamlit sees it: its health, and what it refuses."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from streamlit import config

from pages.state import service

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

HEALTH, STREAMLIT_HEALTH, METRICS = "/health", "/_stcore/health", "/_stcore/metrics"
_LOCAL = ("127.0.0.1", "localhost", "::1")
_READING = ("GET", "HEAD", "OPTIONS")


logger = logging.getLogger("explainers.gate")


class Gate:
    """ASGI middleware: `/health` tells the truth, and other sites' pages are refused.

    A websocket, or a request that changes something, from a page of another origin is refused:
    Streamlit would otherwise ask another server for the address of this one, to compare. Whoever
    embeds the app names the page's origin in `server.corsAllowedOrigins`.

    `/_stcore/health` says the same as `/health`, but to a browser, whose page has to come up in
    order to say what is wrong.

    Parameters
    ----------
    app : ASGIApp
        What answers all other requests.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer or refuse the request, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        headers = {name.decode().lower(): v.decode("latin-1") for name, v in scope["headers"]}
        path = scope["path"].rstrip("/")
        if scope["type"] == "websocket":
            if not is_own_origin(headers):
                return await send({"type": "websocket.close", "code": 1008})
        elif path == HEALTH or (path == STREAMLIT_HEALTH and "sec-fetch-mode" not in headers):
            facts = await asyncio.to_thread(service.health)
            return await _answer(send, 200 if facts["ok"] else 503, json.dumps(facts))
        elif path == METRICS:
            return await _answer(send, 404, json.dumps({"ok": False}))
        elif scope["method"] not in _READING and not is_own_origin(headers):
            return await _answer(send, 403, json.dumps({"ok": False}))
        await self.app(scope, receive, send)


def is_own_origin(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from a page of this server, or from no page.

    Parameters
    ----------
    headers : mapping
        Of the request, by names in small letters.

    Examples
    --------
    >>> is_own_origin({"origin": "http://localhost:8501", "host": "localhost:8501"})
    True
    >>> is_own_origin({"origin": "http://localhost:8000", "host": "localhost:8501"})
    False
    """
    origin = headers.get("origin")
    if origin is None:
        return True
    try:
        parts = urlsplit(origin.lower())
        named = urlsplit(f"//{config.get_option('browser.serverAddress') or ''}").hostname
        own = parts.scheme in ("http", "https") and (
            parts.netloc == headers.get("host", "").lower()
            or (config.is_manually_set("browser.serverAddress") and parts.hostname == named)
        )
    except ValueError:  # it is no address at all
        return False
    allowed = config.get_option("server.corsAllowedOrigins") or []
    return own or origin.lower().rstrip("/") in [one.lower().rstrip("/") for one in allowed]


def warn_of_open_address() -> None:
    """Say in the log what it means where the server listens to more than this computer."""
    address = str(config.get_option("server.address") or "0.0.0.0")
    if address not in _LOCAL:
        logger.warning(
            "server.address = %s: everybody who reaches this computer over the network can open "
            "the app, upload files and have networks run here. Put TLS and a login in front of it; "
            "127.0.0.1 keeps it to this computer.",
            address,
        )


async def _answer(send: Send, status: int, text: str) -> None:
    body = text.encode()
    headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
