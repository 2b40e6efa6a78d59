"""An ASGI server in miniature that holds an application to the protocol (ASGI 3.0) and writes down what it sends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

Message = dict[str, Any]
App = Callable[[Any, Any, Any], Awaitable[None]]
Pairs = list[tuple[str, str]]

DENIAL = "websocket.http.response"
BEFORE_START = {"http.response.push", "http.response.early_hint", "http.response.debug", "test.unknown"}
AFTER_START = {"http.response.body", "http.response.pathsend", "http.response.zerocopysend", "http.response.trailers"}


def scope_of(method: str = "GET", target: str = "/", headers: Pairs | None = None, **more: Any) -> dict[str, Any]:
    """What a server makes of a request; other names go over the rest."""
    path, _, query = target.partition("?")
    kind = more.get("type", "http")
    made: dict[str, Any] = {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http" if kind == "http" else "ws",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers or []],
        "client": ("127.0.0.1", 4711),
        "server": ("localhost", 8000),
    }
    return made | ({"method": method} if kind == "http" else {"subprotocols": []}) | more


def websocket_of(target: str = "/live", headers: Pairs | None = None, **more: Any) -> dict[str, Any]:
    return scope_of("GET", target, headers, type="websocket", **more)


@dataclass
class Wire:
    """``faults`` are breaches of the protocol by the outermost application; ``error`` is what came out of it."""

    kind: str
    sent: list[Message] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    error: BaseException | None = None
    is_over: asyncio.Event = field(default_factory=asyncio.Event)
    is_gone: bool = False

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.sent]

    @property
    def start(self) -> Message:
        return next(message for message in self.sent if message["type"] in ("http.response.start", f"{DENIAL}.start"))

    @property
    def status(self) -> int:
        return next((message["status"] for message in self.sent if "status" in message), 0)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    def header(self, name: bytes) -> bytes | None:
        return next((value for key, value in self.start["headers"] if key == name), None)

    def everything(self) -> str:
        """All that the client got, to look for what it must not have got."""
        return repr(self.sent).lower()

    def note(self, message: Message) -> None:
        fault = self._fault(message)
        if fault:
            self.faults.append(f"{fault}: {message}")
            raise RuntimeError(fault)  # as servers do
        self.sent.append(message)
        ends_http = message["type"] in ("http.response.body", f"{DENIAL}.body") and not message.get("more_body", False)
        if ends_http or message["type"] in ("websocket.close", "http.response.pathsend"):
            self.is_over.set()

    def _fault(self, message: Message) -> str | None:
        kind, began = message["type"], [t for t in self.types if t not in BEFORE_START]
        if self.is_gone:
            return "sent to a client that has gone"
        if self.is_over.is_set() and kind != "http.response.trailers":
            return "sent after the end"
        if kind.endswith(".start") or kind == "websocket.accept":
            if began:
                return "a second head"
            for name, value in message.get("headers", ()):
                if type(name) is not bytes or type(value) is not bytes or name != name.lower():
                    return "a header that is not bytes, or not in lower case"
            if kind.endswith(".start") and type(message["status"]) is not int:
                return "a status that is no number"
        elif self.kind == "http":
            if kind in AFTER_START and not began:
                return "a body before its head"
            if kind not in AFTER_START and kind not in BEFORE_START:
                return "no message of HTTP"
        elif kind == "websocket.send" and began != [t for t in began if t in ("websocket.accept", "websocket.send")]:
            return "a message on a socket that is not open"
        elif kind == f"{DENIAL}.body" and began[:1] != [f"{DENIAL}.start"]:
            return "a body before its head"
        return None


async def talk(app: App, scope: dict[str, Any], incoming: Iterable[Message] = ()) -> Wire:
    """Serve one connection. After ``incoming`` nothing comes until the answer is over; then the client goes."""
    wire = Wire(scope["type"])
    rest = list(incoming)
    if scope["type"] == "http" and not rest:
        rest = [{"type": "http.request"}]
    if scope["type"] == "websocket":
        rest = [{"type": "websocket.connect"}, *rest]

    async def receive() -> Message:
        if rest:
            message = rest.pop(0)
            wire.is_gone = wire.is_gone or message["type"].endswith(".disconnect")
            return message
        await wire.is_over.wait()
        return {"type": f"{scope['type']}.disconnect"}

    async def send(message: Message) -> None:
        await asyncio.sleep(0)
        wire.note(message)

    try:
        await app(scope, receive, send)
    except (Exception, asyncio.CancelledError) as error:
        wire.error = error
    return wire


def run(app: App, scope: dict[str, Any], incoming: Iterable[Message] = ()) -> Wire:
    return asyncio.run(talk(app, scope, incoming))


def request(*chunks: bytes) -> list[Message]:
    """A body in chunks."""
    return [
        {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
        for number, chunk in enumerate(chunks, 1)
    ]


def start(headers: list[tuple[bytes, bytes]], **more: Any) -> Message:
    return {"type": "http.response.start", "status": 200, "headers": headers, **more}


def chunk(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}
