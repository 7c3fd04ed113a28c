"""Security headers on everything that the server sends, and the visitor's cookie."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from pages.state.streamlit_private import INLINE_SCRIPT_HASH

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'self'",
        f"script-src 'self' blob: '{INLINE_SCRIPT_HASH}'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self' data:",
        # Its own websocket is of the same origin; the camera hands its photo over as data:.
        "connect-src 'self' data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
    )
)
"""The Content-Security-Policy."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=(self)",
}

COOKIE = "evident_visitor"
_SECONDS_A_MONTH = 30 * 86400


class SecurityHeaders:
    """ASGI middleware that adds HEADERS to every HTTP response, and a name to a new visitor.

    The name is random and is all that the cookie holds; it tells whose an upload is.

    Parameters
    ----------
    app : ASGIApp
        What answers the requests.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and the answer back with the headers added."""
        cookies = b"; ".join(value for name, value in scope.get("headers", []) if name == b"cookie")
        is_new = f"{COOKIE}=".encode() not in cookies
        secure = "; Secure" if scope.get("scheme") == "https" else ""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = [(k.lower().encode(), v.encode()) for k, v in HEADERS.items()]
                if is_new:
                    cookie = f"{COOKIE}={secrets.token_urlsafe(24)}; Path=/; HttpOnly; "
                    cookie += f"SameSite=Lax; Max-Age={_SECONDS_A_MONTH}{secure}"
                    extra.append((b"set-cookie", cookie.encode()))
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)
