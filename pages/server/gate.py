"""What the server answers before Streamlit sees it: its health, and what it refuses."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect, HTTPConnection
from streamlit import config

from explainers.service.limits import limits
from pages.server.origins import is_own_origin, is_secure
from pages.state import headers, login, service, streamlit_private

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

HEALTH, STREAMLIT_HEALTH, METRICS = "/health", "/_stcore/health", "/_stcore/metrics"
_LOCAL = ("127.0.0.1", "localhost", "::1")
_READING = ("GET", "HEAD", "OPTIONS")
UPLOADS = "/_stcore/upload_file/"
BEHIND_LOGIN = (
    UPLOADS,
    METRICS,
    "/_stcore/bidi-components/",
    "/_stcore/agent/",
    "/_stcore/script-health-check",
    "/component/",
    "/media/",
    "/app/static/",
)
"""Where what pages show and take is found; the page that asks for a login needs none of it."""
MOST_FILES = 5000
"""Of one session that Streamlit may hold in memory, however small they are."""

logger = logging.getLogger("explainers.gate")


class Gate:
    """ASGI middleware: `/health` tells the truth, and other sites' pages are refused.

    A websocket, or a request that changes something, from a page of another origin is refused:
    Streamlit would otherwise ask another server for the address of this one, to compare. Whoever
    embeds the app names the page's origin in `server.corsAllowedOrigins`.

    Where a login is asked for, uploads, pictures and files of components are behind it too. An
    upload is taken for a session that is there, from the browser whose it is, and as long as all
    of that session's are no more than one visitor may keep.

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
        asked = HTTPConnection(scope)
        own = is_own_origin(asked.headers, is_secure(scope["scheme"], asked.headers))
        path = _without_base(scope["path"])
        if scope["type"] == "websocket":
            if not own:
                return await send({"type": "websocket.close", "code": 1008})
        elif path == HEALTH or (path == STREAMLIT_HEALTH and "sec-fetch-mode" not in asked.headers):
            facts = await asyncio.to_thread(service.health)
            return await _answer(send, 200 if facts["ok"] else 503, json.dumps(facts))
        elif status := _refusal(scope["method"], path, asked, own):
            return await _answer(send, status, json.dumps({"ok": False}))
        try:
            await self.app(scope, receive, send)
        except ClientDisconnect:  # in the middle of an upload: nobody is left to be answered
            logger.info("an upload was broken off")


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


def _without_base(path: str) -> str:
    """The path without what stands in front of all of them where `server.baseUrlPath` is set."""
    base = f"/{(config.get_option('server.baseUrlPath') or '').strip('/')}"
    return (path.removeprefix(base) if base != "/" else path).rstrip("/")


def _refusal(method: str, path: str, asked: HTTPConnection, own: bool) -> int:
    """The status that a request is refused with; 0: it is answered."""
    if path == METRICS:
        return 404
    if method not in _READING and not own:
        return 403
    behind = f"{path}/".startswith(BEHIND_LOGIN) and login.required()
    if behind and not streamlit_private.is_logged_in(asked.cookies):
        return 403
    if path.startswith(UPLOADS) and method != "OPTIONS":
        return _refusal_of_upload(path, asked)
    return 0


def _refusal_of_upload(path: str, asked: HTTPConnection) -> int:
    session = path.removeprefix(UPLOADS).partition("/")[0]
    cookies = streamlit_private.cookies_of(session)
    if cookies is None:
        return 404
    if cookies.get(headers.COOKIE) not in (None, asked.cookies.get(headers.COOKIE)):
        return 403
    if asked.scope["method"] != "PUT":
        return 0
    count, size = streamlit_private.uploads_of(session)
    length = asked.headers.get("content-length", "")
    most = 1_048_576 * config.get_option("server.maxUploadSize")
    size += int(length) if length.isdecimal() and len(length) < 20 else most
    return 413 if size > 1e6 * limits().visitor_megabytes or count >= MOST_FILES else 0


async def _answer(send: Send, status: int, text: str) -> None:
    body = text.encode()
    told = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
    told.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": told})
    await send({"type": "http.response.body", "body": body})
