"""An app served in process, one request at a time: what a server does, without a socket."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes, urlsplit

from ..errors import TwoFactorError
from ..http import Headers

LONGEST_ANSWER_BYTES = 4 * 1024 * 1024
LONGEST_ANSWER_SECONDS = 30.0


class AppFailed(TwoFactorError):
    """The app raised, or did not answer as WSGI or ASGI demands."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as it is sent: ``target`` is the path with its query, ``headers`` have lower-case names."""

    method: str
    target: str
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def path(self) -> bytes:
        return self.target.partition("?")[0].encode("latin-1")

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass(frozen=True, slots=True)
class Page:
    """What came back."""

    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def location(self) -> str:
        """Where it sends on to, as it stands there; empty where it does not."""
        return next((value.decode("latin-1") for name, value in self.headers if name.lower() == b"location"), "")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


class Server(Protocol):
    """Serves apps of one colour for as long as it is open."""

    def ask(self, app: Any, sent: Sent) -> Page:
        """The answer of ``app``, which is the one that it was opened for, or something wrapped round it."""

    def close(self) -> None: ...


class WsgiServer:
    """Serves WSGI apps (PEP 3333)."""

    def __init__(self, origin: str) -> None:
        self._origin = urlsplit(origin)

    def environ(self, sent: Sent) -> dict[str, Any]:
        """What a server makes of the request; a client of this machine has sent it."""
        made: dict[str, Any] = {
            "REQUEST_METHOD": sent.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(sent.path).decode("latin-1"),
            "REQUEST_URI": sent.target,
            "QUERY_STRING": sent.query,
            "SERVER_NAME": self._origin.hostname or "localhost",
            "SERVER_PORT": str(self._origin.port or (443 if self._origin.scheme == "https" else 80)),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": self._origin.scheme,
            "wsgi.input": io.BytesIO(sent.body),
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in sent.headers:
            key = name.decode("latin-1").upper().replace("-", "_")
            made[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value.decode("latin-1")
        if sent.body:
            made["CONTENT_LENGTH"] = str(len(sent.body))
        return made

    def ask(self, app: Any, sent: Sent) -> Page:
        heads: list[tuple[str, list[tuple[str, str]]]] = []
        body = bytearray()

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            heads.append((status, headers))
            return body.extend

        try:
            chunks: Iterable[bytes] = app(self.environ(sent), start_response)
            try:
                for chunk in chunks:
                    body += chunk
                    if len(body) > LONGEST_ANSWER_BYTES:
                        break
            finally:
                getattr(chunks, "close", lambda: None)()
        except Exception as error:
            raise AppFailed(f"{sent.method} {sent.target}: {type(error).__name__}: {error}") from error
        if not heads:
            raise AppFailed(f"{sent.method} {sent.target}: the app never called start_response")
        status, headers = heads[-1]
        pairs = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers)
        return Page(int(status[:3]), pairs, bytes(body))

    def close(self) -> None:
        """Nothing is open."""


class AsgiServer:
    """Serves ASGI apps (ASGI 3.0) on a loop of its own, within the lifespan of the app, if it has one."""

    def __init__(self, origin: str, app: Any) -> None:
        self._origin = urlsplit(origin)
        self.runner = asyncio.Runner()
        self._state: dict[str, Any] = {}
        self._ends = asyncio.Event()
        self._lifespan: asyncio.Task[None] | None = None
        try:
            self.runner.run(self._start(app))
        except BaseException:
            self.runner.close()
            raise

    def scope(self, sent: Sent) -> dict[str, Any]:
        port = self._origin.port or (443 if self._origin.scheme == "https" else 80)
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": sent.method,
            "scheme": self._origin.scheme,
            "path": unquote_to_bytes(sent.path).decode("utf-8", "replace"),
            "raw_path": sent.path,
            "query_string": sent.query.encode("latin-1"),
            "root_path": "",
            "headers": list(sent.headers),
            "client": ("127.0.0.1", 4711),
            "server": (self._origin.hostname or "localhost", port),
            "state": dict(self._state),
        }

    def ask(self, app: Any, sent: Sent) -> Page:
        try:
            return self.runner.run(asyncio.wait_for(self.asked(app, sent), LONGEST_ANSWER_SECONDS))
        except TimeoutError:
            raise AppFailed(f"{sent.method} {sent.target}: no answer in {LONGEST_ANSWER_SECONDS:.0f} seconds") from None

    async def asked(self, app: Any, sent: Sent) -> Page:
        messages = [{"type": "http.request", "body": sent.body, "more_body": False}]
        start: dict[str, Any] = {}
        body = bytearray()
        is_answered = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop()
            await is_answered.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                body.extend(message.get("body", b""))
                if not message.get("more_body", False) or len(body) > LONGEST_ANSWER_BYTES:
                    is_answered.set()

        try:
            await app(self.scope(sent), receive, send)
        except Exception as error:
            raise AppFailed(f"{sent.method} {sent.target}: {type(error).__name__}: {error}") from error
        if "status" not in start:
            raise AppFailed(f"{sent.method} {sent.target}: the app sent no head")
        return Page(start["status"], tuple((bytes(n), bytes(v)) for n, v in start.get("headers", ())), bytes(body))

    async def _start(self, app: Any) -> None:
        """Begin the app's lifespan; an app that has none raises, or ends at once, and is served without."""
        is_up = asyncio.Event()
        failed: list[str] = []
        asked = False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "lifespan.startup"}
            await self._ends.wait()
            return {"type": "lifespan.shutdown"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "lifespan.startup.failed":
                failed.append(message.get("message", "") or "it said nothing")
            is_up.set()

        async def live() -> None:
            scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
            try:
                with suppress(Exception):
                    await app(scope, receive, send)
            finally:
                is_up.set()

        self._lifespan = asyncio.create_task(live())
        await is_up.wait()
        if failed:
            raise AppFailed(f"the app did not start: {failed[0]}")

    def close(self) -> None:
        async def end() -> None:
            self._ends.set()
            if self._lifespan is not None:
                with suppress(Exception):
                    await asyncio.wait_for(self._lifespan, LONGEST_ANSWER_SECONDS)

        self.runner.run(end())
        self.runner.close()
