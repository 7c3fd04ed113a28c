"""A visitor without a browser: Streamlit's own messages over its websocket, uploads over HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import http.client
import re
import time
import urllib.parse
import uuid
from dataclasses import dataclass, field

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

XSRF = "_streamlit_xsrf"
CHECK = "**Check:**"
SECONDS_TO_GO_ON = 3.0
# The method that a link leaves out.
METHOD = "integrated_gradients"


class Unanswered(Exception):
    """The page ended without an explanation; the message is what it showed instead."""


@dataclass
class Page:
    """What the browser would show: texts by their place, and what runs again by itself."""

    texts: dict[tuple[int, ...], str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    uploader: str = ""
    again: dict[str, float] = field(default_factory=dict)

    def find(self, part: str) -> str | None:
        """The first text that holds `part`."""
        return next((text for text in self.texts.values() if part in text), None)


class Visitor:
    """One browser's session: its cookies, its websocket and its page; an async context.

    Parameters
    ----------
    port : int
    link : dict or str
        What the address holds behind the page.
    cookies : dict, optional
        Of a browser that has another tab already.
    page : str
        Which page is opened.
    """

    def __init__(
        self,
        port: int,
        link: dict[str, str] | str,
        cookies: dict[str, str] | None = None,
        page: str = "explain",
    ) -> None:
        self.page, self._name = Page(), page
        self._link = link if isinstance(link, str) else urllib.parse.urlencode(link)
        self._host, self._file, self._script = f"127.0.0.1:{port}", None, ""
        self._digest: str | None = None
        self.cookies = cookies or self._greeted()

    async def __aenter__(self) -> Visitor:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self._line = await websockets.connect(
            f"ws://{self._host}/_stcore/stream",
            max_size=None,
            subprotocols=["streamlit", self.cookies[XSRF]],
            additional_headers={"Cookie": cookie},
            origin=f"http://{self._host}",
        )
        await self._run()
        while not (message := await self._next()).HasField("new_session"):
            pass
        self._session = message.new_session.initialize.session_id
        await self._until_finished()
        return self

    async def __aexit__(self, *_error) -> None:
        await self._line.close()

    async def upload(self, data: bytes) -> None:
        """Give the page's uploader this picture; the next run of the page has it."""
        asked = BackMsg()
        asked.file_urls_request.request_id = uuid.uuid4().hex
        asked.file_urls_request.file_names.append("photo.png")
        asked.file_urls_request.session_id = self._session
        await self._line.send(asked.SerializeToString())
        while not (message := await self._next()).HasField("file_urls_response"):
            pass
        (urls,) = message.file_urls_response.file_urls
        await asyncio.to_thread(self._put, urls.upload_url, data)
        info = UploadedFileInfo(name="photo.png", size=len(data), file_id=urls.file_id)
        info.file_urls.CopyFrom(urls)
        self._file, self._digest = info, hashlib.sha256(data).hexdigest()

    async def explanation(self, link: dict[str, str], seconds: float) -> Page:
        """Open this link on the Explain page; the page once that explanation is on it.

        The page writes its choices into its own link, which tells it from a page that was still
        being drawn. Unanswered where the page ends without, or after so many seconds.
        """
        self._link = urllib.parse.urlencode(link)
        try:
            async with asyncio.timeout(seconds):
                await self._run()
                await self._until_started()
                await self._until_finished()
                while not (ours := self._is(link)) or self.page.find(CHECK) is None:
                    if self.page.again:
                        await self._let_it_grow()
                    elif ours:
                        await self._goes_on()
                    else:
                        await self._until_started()
                        await self._until_finished()
                return self.page
        except TimeoutError:
            shown = " | ".join([*self.page.errors, *self.page.texts.values()])
            raise Unanswered(f"nothing within {seconds:.0f} s: {shown[:400]}") from None

    async def _goes_on(self) -> None:
        """The run that follows, which on a busy machine is not there at once; else Unanswered."""
        try:
            async with asyncio.timeout(SECONDS_TO_GO_ON):
                await self._until_started()
        except TimeoutError:
            told = [*self.page.errors, *self.page.told] or [*self.page.texts.values()][-3:]
            raise Unanswered(" | ".join(told) or "no explanation") from None
        await self._until_finished()

    def _is(self, link: dict[str, str]) -> bool:
        """Whether the page's link asks for what this one does, with the picture of the visitor."""
        now = dict(urllib.parse.parse_qsl(self._link))
        own = self._digest is None or now.get("picture") == self._digest
        return now.get("method", METHOD) == link["method"] and own

    async def _let_it_grow(self) -> None:
        """Run the part of the page that shows progress again, as the browser's timer does."""
        (part, seconds), *_ = self.page.again.items()
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and part in self.page.again:
            try:
                await asyncio.wait_for(self._next(), left)
            except TimeoutError:
                break
        if part in self.page.again:
            await self._run(part)
        await self._until_finished()

    async def _run(self, part: str = "") -> None:
        asked = BackMsg()
        asked.rerun_script.page_name, asked.rerun_script.query_string = self._name, self._link
        asked.rerun_script.page_script_hash = self._script
        asked.rerun_script.fragment_id, asked.rerun_script.is_auto_rerun = part, bool(part)
        if self._file is not None and self.page.uploader:
            state = asked.rerun_script.widget_states.widgets.add(id=self.page.uploader)
            state.file_uploader_state_value.uploaded_file_info.append(self._file)
        await self._line.send(asked.SerializeToString())

    async def _until_started(self) -> None:
        while not _starts_page(await self._next()):
            pass

    async def _until_finished(self) -> None:
        """Until a run ends, and is not followed by another at once."""
        finished = False
        while True:
            try:
                message = await asyncio.wait_for(self._next(), 0.05 if finished else None)
            except TimeoutError:
                return
            if message.HasField("new_session"):
                finished = False
            if message.WhichOneof("type") == "script_finished":
                finished = message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN

    async def _next(self) -> ForwardMsg:
        """The next message of the server, already drawn."""
        message = ForwardMsg()
        message.ParseFromString(await self._line.recv())
        page = self.page
        if _starts_page(message):
            self.page = Page(uploader=page.uploader)
        elif message.HasField("auto_rerun"):
            page.again[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif message.HasField("stop_auto_rerun"):
            for part in message.stop_auto_rerun.fragment_ids:
                page.again.pop(part, None)
        elif message.HasField("navigation"):
            self._script = message.navigation.page_script_hash
        elif message.HasField("page_info_changed"):
            self._link = message.page_info_changed.query_string
        elif message.HasField("delta") and message.delta.HasField("new_element"):
            _draw(page, tuple(message.metadata.delta_path), message.delta.new_element)
        return message

    def _greeted(self) -> dict[str, str]:
        """The cookies that a browser has after its first request."""
        line = http.client.HTTPConnection(self._host, timeout=60)
        line.request("GET", "/_stcore/health", headers={"Sec-Fetch-Mode": "cors"})
        answer = line.getresponse()
        pairs = [re.match(r"([^=]+)=([^;]*)", c) for c in answer.headers.get_all("Set-Cookie")]
        line.close()
        return {pair[1]: pair[2] for pair in pairs if pair}

    def _put(self, url: str, data: bytes) -> None:
        edge = uuid.uuid4().hex
        body = (
            (
                f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="photo.png"\r\n'
                "Content-Type: image/png\r\n\r\n"
            ).encode()
            + data
            + f"\r\n--{edge}--\r\n".encode()
        )
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {
            "Content-Type": f"multipart/form-data; boundary={edge}",
            "Cookie": cookie,
            "X-Xsrftoken": self.cookies[XSRF],
        }
        line = http.client.HTTPConnection(self._host, timeout=60)
        line.request("PUT", urllib.parse.urljoin("/", url), body, headers)
        status = line.getresponse().status
        line.close()
        if status != 204:
            raise Unanswered(f"the upload was refused with status {status}")


def _starts_page(message: ForwardMsg) -> bool:
    return message.HasField("new_session") and not message.metadata.run.fragment_ids


def _draw(page: Page, place: tuple[int, ...], element) -> None:
    """Put an element into its place on the page."""
    kind = element.WhichOneof("type")
    page.texts.pop(place, None)
    if kind == "markdown":
        page.texts[place] = element.markdown.body
    elif kind == "file_uploader":
        page.uploader = element.file_uploader.id
    elif kind == "exception":
        page.errors.append(f"exception: {element.exception.message}")
    elif kind == "alert":
        kept = page.errors if element.alert.format == element.alert.ERROR else page.told
        kept.append(element.alert.body)
