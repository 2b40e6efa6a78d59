"""Scope and messages ↔ the words of the gate (ASGI 3.0, HTTP and WebSocket message format)."""

from __future__ import annotations

import asyncio
import copy

from starlette.types import Message, Receive, Scope, Send

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.errors import BadRequest
from twofa_middleware.http import Allow, Answer, Headers, Request, change_headers
from twofa_middleware.program import PeekBody, ReadBody

_SENDS_FILES = frozenset({"http.response.pathsend", "http.response.zerocopysend"})
DENIAL = "websocket.http.response"


class ClientGone(BaseException):
    """The client left while its form was read. Nobody waits for an answer, so it ends the flow as cancellation does."""


def read_request(scope: Scope, now: int) -> Request:
    """The head of the request that a scope of type http or websocket describes."""
    root = scope.get("root_path", "").rstrip("/")  # "/" is no mount: "//2fa/verify" would be another host's page
    path = scope["path"]
    if root and (path == root or path.startswith(root + "/")):
        path = path[len(root) :]
    server = dict(scope)  # as it came: apps write into theirs, and the login is resolved again when they answer
    if "state" in server:
        server["state"] = copy.copy(server["state"])
    return Request(
        kind=scope["type"],
        method=scope.get("method", "GET"),
        root=root,
        path=path,
        raw_path=scope.get("raw_path"),
        query=scope.get("query_string", b""),
        headers=tuple((bytes(name).lower(), bytes(value)) for name, value in scope["headers"]),
        server=server,
        now=now,
    )


def change_scope(scope: Scope, allow: Allow, cookies: KeptCookies) -> Scope:
    """The scope that the app sees; the same object where nothing is changed."""
    if not (allow.changes or allow.forgets or allow.splices or cookies.lines) and allow.body is None:
        return scope
    headers = tuple((bytes(name).lower(), bytes(value)) for name, value in scope["headers"])
    changes = dict(allow.changes)
    if allow.body is not None:
        changes |= {b"content-length": str(len(allow.body)).encode(), b"transfer-encoding": None}
    kept = {key: value for key, value in scope.items() if key not in allow.forgets}
    changed = {**kept, "headers": list(cookies.onto_request(change_headers(headers, changes)))}
    if allow.splices and scope.get("extensions"):
        # By these the server would send a file by itself, past whoever changes the body.
        changed["extensions"] = {key: value for key, value in scope["extensions"].items() if key not in _SENDS_FILES}
    return changed


def receive_instead(body: bytes, receive: Receive) -> Receive:
    """A ``receive`` that gives this body, in the place of the one that was read, and then what comes after it."""
    given = False

    async def receive_body() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_body


async def read_body(receive: Receive, ask: ReadBody) -> bytes:
    """The body of a request to an own page, no larger and no slower than asked for."""
    body = bytearray()
    try:
        async with asyncio.timeout(ask.limit_seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise ClientGone
                body += message.get("body", b"")
                if len(body) > ask.limit_bytes:
                    raise BadRequest(413, f"The form may have {ask.limit_bytes} bytes.")
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise BadRequest(408, f"The form did not arrive within {ask.limit_seconds} seconds.") from None


async def peek_body(receive: Receive, ask: PeekBody) -> tuple[bytes | None, Receive]:
    """The body of a request that goes on to the app, None for one that is longer or slower; and the ``receive`` by which
    the app gets all of that one. What is waited for is not broken off: a server may lose what comes just then."""
    loop = asyncio.get_running_loop()
    heard: list[Message] = []
    size, until = 0, loop.time() + ask.limit_seconds
    waited: asyncio.Future[Message] | None = None
    try:
        while size <= ask.limit_bytes:
            waited = asyncio.ensure_future(receive())
            if not (await asyncio.wait({waited}, timeout=until - loop.time()))[0]:
                break
            message, waited = waited.result(), None
            if message["type"] != "http.request":
                raise ClientGone
            heard.append(message)
            size += len(message.get("body", b""))
            if size <= ask.limit_bytes and not message.get("more_body", False):
                return b"".join(one.get("body", b"") for one in heard), receive
    except BaseException:
        if waited is not None:
            waited.cancel()
        raise
    heard.reverse()

    async def receive_again() -> Message:
        nonlocal waited
        if heard:
            return heard.pop()
        if waited is None:
            return await receive()
        message, waited = await asyncio.shield(waited), None
        return message

    return None, receive_again


async def send_answer(answer: Answer, request: Request, send: Send) -> None:
    """Send an answer of ours; to a WebSocket handshake it is a refusal."""
    headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
    if request.kind == "websocket":
        if DENIAL not in (request.server.get("extensions") or {}):
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        await send({"type": f"{DENIAL}.start", "status": answer.status, "headers": headers})
        await send({"type": f"{DENIAL}.body", "body": answer.body, "more_body": False})
        return
    if (answer.closes or _has_body(request)) and request.server.get("http_version", "1.1").startswith("1"):
        # What is left of the body must never be read as the next request (RFC 9112 §9.3).
        headers.append((b"connection", b"close"))
    body = b"" if request.method == "HEAD" else answer.body
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _has_body(request: Request) -> bool:
    return bool(request.values(b"transfer-encoding")) or any(
        value.strip(b" 0") for value in request.values(b"content-length")
    )


def headers_of(message: Message) -> Headers:
    return tuple((bytes(name), bytes(value)) for name, value in message.get("headers", ()))
