"""Security headers on everything that the server sends, and the visitor's cookie."""

import secrets

POLICY = "; ".join(
    (
        "default-src 'self'",
        # The hash is that of the one inline line in Streamlit's own page.
        "script-src 'self' blob: 'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self' data:",
        # Streamlit's camera hands its photo over as a data: address.
        "connect-src 'self' ws: wss: data:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=(self)",
}


COOKIE = "evident_visitor"
_A_MONTH = 30 * 86400


class SecurityHeaders:
    """ASGI middleware that adds HEADERS to every HTTP response, and a name to a new visitor.

    The name is random and is all that the cookie holds; it tells whose an upload is.
    """

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        """Pass the request on, and the answer back with the headers added."""

        cookies = b"; ".join(value for name, value in scope.get("headers", []) if name == b"cookie")
        new = f"{COOKIE}=".encode() not in cookies
        secure = "; Secure" if scope.get("scheme") == "https" else ""

        async def sending(message) -> None:
            if message["type"] == "http.response.start":
                extra = [(k.lower().encode(), v.encode()) for k, v in HEADERS.items()]
                if new:
                    cookie = f"{COOKIE}={secrets.token_urlsafe(24)}; Path=/; HttpOnly; "
                    cookie += f"SameSite=Lax; Max-Age={_A_MONTH}{secure}"
                    extra.append((b"set-cookie", cookie.encode()))
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        await self.app(scope, receive, sending if scope["type"] == "http" else send)
