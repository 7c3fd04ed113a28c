"""Visitors: what is whose, what a link opens, what deleting deletes, and the login."""

import io
import os
import re

import numpy as np
import pytest
from driver import map_shown, running, settled, upload
from PIL import Image
from playwright.sync_api import expect

SECRETS = """[auth]
redirect_uri = "http://127.0.0.1:9/oauth2callback"
cookie_secret = "only for this test, thirty-two characters"
client_id = "evident"
client_secret = "none"
server_metadata_url = "http://127.0.0.1:9/.well-known/openid-configuration"
"""


@pytest.fixture
def mine(server, visit):
    """A visitor's page with an uploaded picture that nobody else has, explained."""
    noise = np.random.default_rng(10).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    noise[0] = np.frombuffer(os.urandom(64 * 3), np.uint8).reshape(64, 3)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    page = visit(f"{server.url}/explain?model=signs")
    first = map_shown(page)
    upload(page, buffer.getvalue())
    map_shown(page, not_digest=first)
    settled(page)
    expect(page).to_have_url(re.compile("picture="))
    yield page
    if page.get_by_role("button", name="Delete my uploads").count():
        page.get_by_role("button", name="Delete my uploads").click()
        page.get_by_role("button", name="Delete for good").click()
        page.get_by_text("deleted.").first.wait_for()


def test_a_link_opens_only_what_its_maker_shared(mine, visit):
    shown = map_shown(mine)
    mine.get_by_text("Only you can open them").wait_for()
    stranger = visit(mine.url)
    stranger.get_by_text("no longer kept here").wait_for()
    assert stranger.get_by_test_id("viewer").count() == 0
    mine.get_by_role("button", name="Share this link").click()
    mine.get_by_text("can now open it").wait_for()
    mine.get_by_text("1 of them can be opened by whoever has the link").wait_for()
    guest = visit(mine.url)
    assert map_shown(guest) == shown
    assert guest.get_by_role("button", name="Delete my uploads").count() == 0


def test_the_maker_opens_it_again_after_a_reload(mine):
    shown = map_shown(mine)
    mine.reload()
    settled(mine)
    assert map_shown(mine) == shown


def test_deleting_takes_everything_of_the_visitor(mine, server, visit):
    link = mine.url
    digest = link.split("picture=")[1].split("&")[0]
    assert list(server.store.glob(f"{digest}*"))
    mine.get_by_role("button", name="Delete my uploads").click()
    mine.get_by_text("It cannot be brought back").wait_for()
    assert list(server.store.glob(f"{digest}*")), "it is asked first"
    mine.get_by_role("button", name="Delete for good").click()
    mine.get_by_text("1 upload was deleted").wait_for()
    settled(mine)
    assert list(server.store.glob(f"{digest}*")) == []
    mine.get_by_text("Choose a picture in the settings").wait_for()
    mine.goto(link)
    mine.get_by_text("no longer kept here").wait_for()


def test_no_deep_link_gets_round_the_login(tmp_path, visit):
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(SECRETS)
    with running(tmp_path, f"--secrets.files={secrets}") as server:
        page = visit(f"{server.url}/compare")
        for following in ("/explain?model=signs", "/story", "/", "/explain/", "/Compare", None):
            page.get_by_role("button", name="Log in").wait_for()
            assert page.get_by_test_id("viewer").count() == 0
            assert page.get_by_role("link", name="Explain").count() == 0
            words = page.get_by_test_id("stMain").text_content()
            assert "Model" not in words and "stop" not in words
            if following:
                page.context.clear_cookies()
                page.goto(f"{server.url}{following}")
                settled(page)
        asked, own = page.request, {"Origin": server.url}
        for path in ("/media/0.png", "/component/a/b.js", "/_stcore/bidi-components/a/b.js"):
            assert asked.get(f"{server.url}{path}").status == 403
        assert asked.put(f"{server.url}/_stcore/upload_file/a/b", headers=own).status == 403
        assert asked.get(f"{server.url}/_stcore/metrics").status == 404
        assert asked.get(f"{server.url}/_stcore/host-config").status == 200


def test_a_visitor_gets_one_unguessable_name(server, visit):
    page = visit(f"{server.url}/")
    (cookie,) = [c for c in page.context.cookies() if c["name"] == "evident_visitor"]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax" and len(cookie["value"]) >= 32
    page.goto(f"{server.url}/explain")
    settled(page)
    again = [c for c in page.context.cookies() if c["name"] == "evident_visitor"]
    assert [c["value"] for c in again] == [cookie["value"]]
    other = visit(f"{server.url}/").context.cookies()
    assert cookie["value"] not in [c["value"] for c in other]
