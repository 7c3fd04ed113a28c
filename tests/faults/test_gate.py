"""Who is let in: pages of this very server, browsers whose session it is, and after the login."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.requests import ClientDisconnect
from streamlit import config
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from pages.server import gate
from pages.server.origins import is_own_origin, is_secure
from pages.state import headers, login, streamlit_private

SECRET = "only for this test, thirty-two characters"
UPLOAD = gate.UPLOADS + "session/file"
PLACES = (UPLOAD, "/component/a/b.js", "/_stcore/bidi-components/a/b.js", "/media/1.png")


def status(path: str, method: str = "GET", raises: Exception | None = None, **given: str) -> int:
    """What a request ends with; 200 where it is passed on."""
    told = []

    async def app(scope, receive, send):
        if raises is not None:
            raise raises
        await send({"type": "http.response.start", "status": 200})

    async def send(message):
        told.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "scheme": "http",
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in given.items()
        ],
    }
    # In a thread of its own: tests in a browser leave a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, gate.Gate(app)(scope, None, send)).result()
    return told[0]["status"] if told else 0


@pytest.fixture
def signed(monkeypatch):
    """The cookie of whoever logged in, where a login is asked for."""
    monkeypatch.setattr(login, "required", lambda: True)
    monkeypatch.setattr(streamlit_private.starlette_websocket, "get_cookie_secret", lambda: SECRET)
    monkeypatch.setattr(streamlit_private, "cookies_of", lambda session: {})
    monkeypatch.setattr(streamlit_private, "uploads_of", lambda session: (0, 0))

    def cookie(user: object = None, secret: str = SECRET) -> str:
        user = {"is_logged_in": True, "origin": "http://a"} if user is None else user
        return (
            "_streamlit_user="
            + create_signed_value(secret, "_streamlit_user", json.dumps(user)).decode()
        )

    return cookie


@pytest.mark.parametrize("path", PLACES)
def test_files_are_behind_the_login(signed, path, monkeypatch):
    method = "PUT" if path == UPLOAD else "GET"
    for cookie in (
        "",
        "_streamlit_user=x",
        signed({"is_logged_in": False}),
        signed([True]),
        signed({"is_logged_in": "yes"}),
        signed(secret="another secret, of thirty-two letters"),
    ):
        assert status(path, method, cookie=cookie) == 403, cookie
        assert status(path + "/", method, cookie=cookie) == 403, cookie
    assert status(path, method, cookie=signed()) == 200
    monkeypatch.setattr(login, "required", lambda: False)
    assert status(path, method) == 200


@pytest.mark.parametrize("path", ["/", "/explain", "/static/js/index.js", "/_stcore/host-config"])
def test_the_page_that_asks_for_the_login_is_not(signed, path):
    assert status(path) == 200


def test_a_place_under_another_base_is_the_same_place(signed, monkeypatch):
    get = config.get_option
    monkeypatch.setattr(
        gate.config, "get_option", lambda n: "/team/app/" if n == "server.baseUrlPath" else get(n)
    )
    for path in PLACES:
        assert status(f"/team/app{path}", "PUT" if path == UPLOAD else "GET") == 403
    assert status("/team/app/_stcore/metrics", cookie=signed()) == 404
    assert status("/team/app/explain") == 200


def test_an_upload_is_for_a_session_of_the_same_browser(monkeypatch):
    there = {"mine": {headers.COOKIE: "a"}, "new": {}}
    held = {"mine": (3, 5_000), "new": (0, 0)}
    monkeypatch.setattr(streamlit_private, "cookies_of", there.get)
    monkeypatch.setattr(streamlit_private, "uploads_of", held.get)

    def put(session, cookie="", method="PUT", **more):
        path = f"{gate.UPLOADS}{session}/file"
        return status(path, method, cookie=f"{headers.COOKIE}={cookie}", **more)

    assert put("mine", "a") == put("new", "a") == put("new") == 200
    assert put("mine", "b") == put("mine", "b", "DELETE") == 403
    assert put("nobody", "a") == put("nobody", "a", "DELETE") == put("", "a") == 404
    assert put("nobody", "a", "OPTIONS") == 200
    assert put("mine", "a", content_length="1000") == 200
    assert put("mine", "a", content_length="3" + 9 * "0") == 413
    held["mine"] = (3, 1_999_000_000)
    assert put("mine", "a", content_length="2000000") == 413
    assert put("mine", "a") == 413, "of which nobody says how long it is"
    assert put("mine", "a", "DELETE", content_length="0") == 200
    held["mine"] = (gate.MOST_FILES, 0)
    assert put("mine", "a", content_length="1") == 413


def test_an_upload_that_is_broken_off_is_no_error(monkeypatch):
    monkeypatch.setattr(streamlit_private, "cookies_of", lambda session: {})
    monkeypatch.setattr(streamlit_private, "uploads_of", lambda session: (0, 0))
    assert status(UPLOAD, "PUT", ClientDisconnect()) == 0
    with pytest.raises(RuntimeError):
        status(UPLOAD, "PUT", RuntimeError("of another kind"))


OWN = {
    "http://a.example:8501": "a.example:8501",
    "http://a.example": "a.example",
    "https://a.example": "a.example",
    "http://a.example:80": "a.example",
    "http://A.example": "a.EXAMPLE",
    "http://[::1]:8501": "[::1]:8501",
}
FOREIGN = {
    "http://a.example:8502": "a.example:8501",
    "http://a.example": "a.example:8501",
    "http://a.example:8501": "a.example",
    "https://a.example": "a.example:80",
    "http://b.a.example": "a.example",
    "http://a.example.evil": "a.example",
    "http://a.example@evil": "a.example",
    "http://evil/a.example": "evil",
    "ws://a.example": "a.example",
    "a.example": "a.example",
    "null": "a.example",
    "http://": "",
    "http://[": "[",
    "http://a.example:x": "a.example:x",
    "http://a.example:": "b.example",
}


@pytest.mark.parametrize("origin", OWN)
def test_pages_of_this_server_are_its_own(origin):
    assert is_own_origin({"origin": origin, "host": OWN[origin]})


@pytest.mark.parametrize("origin", FOREIGN)
def test_all_others_are_foreign(origin):
    assert not is_own_origin({"origin": origin, "host": FOREIGN[origin]})


def test_a_page_without_tls_is_foreign_to_a_server_with_it():
    told = {"host": "a.example", "x-forwarded-proto": "https, http"}
    assert is_secure("http", told) and is_secure("wss", {}) and not is_secure("ws", {})
    assert is_own_origin({"origin": "https://a.example", **told}, secure=True)
    assert not is_own_origin({"origin": "http://a.example", **told}, secure=True)


def test_a_named_address_is_known_with_its_port(monkeypatch):
    options = {"browser.serverAddress": "Named.example", "browser.serverPort": 8443}
    manual = set(options)
    get = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: options.get(name) or get(name))
    monkeypatch.setattr(config, "is_manually_set", lambda name: name in manual)
    behind = {"host": "127.0.0.1:8501"}
    assert is_own_origin({"origin": "https://named.example:8443", **behind})
    assert not is_own_origin({"origin": "https://named.example", **behind})
    assert not is_own_origin({"origin": "https://named.example:8444", **behind})
    manual.remove("browser.serverPort")
    assert is_own_origin({"origin": "https://named.example", **behind})
    assert not is_own_origin({"origin": "https://named.example:8443", **behind})
    manual.clear()
    assert not is_own_origin({"origin": "https://named.example", **behind})
