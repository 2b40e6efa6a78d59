"""An app, in both colours, that writes down how each request reached it: what a server and the gate have made of bytes.

``people`` are those whose session the laxest parser would find in the cookies: one that ends a cookie at a semicolon, a
comma or a space, and takes spaces of any alphabet and quotes off a name.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

from support.realm import APP_SECRET, SALT
from support.servers import FOLDER, calls_file

_ENDS = re.compile(r"[;,\s]+")
_OURS = re.compile(r"2fa-(?:pass|flow|browser)-")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Call:
    """One call of the app. Texts are bytes, decoded as latin-1; ``body`` is None where it did not come whole, and
    ``people`` are also those who are found only after it. ``agent`` is the User-Agent."""

    agent: str
    method: str
    path: str
    query: str
    people: tuple[str, ...]
    has_ours: bool
    body: str | None


def calls_of(folder: Path, after: int = 0) -> list[Call]:
    """The calls of the app that runs in this folder, from a position in its file on."""
    with calls_file(folder).open("rb") as file:
        file.seek(after)
        lines = [json.loads(line) for line in file if line.endswith(b"\n")]
    ends = {line["call"]: line for line in lines if "path" not in line}
    return [_call(line, ends.get(line["call"], {})) for line in lines if "path" in line]


def _call(begun: dict[str, Any], ended: dict[str, Any]) -> Call:
    people = tuple(sorted({*begun["people"], *ended.get("people", ())}))
    ours = begun["ours"] or ended.get("ours", False)
    return Call(begun["agent"], begun["method"], begun["path"], begun["query"], people, ours, ended.get("body"))


def _begun(agent: str, method: str, path: str, query: str, cookies: str) -> str:
    name = f"{os.getpid()}-{next(_numbers)}"
    _write({"call": name, "agent": agent, "method": method, "path": path, "query": query, **_told(cookies)})
    return name


def _ended(name: str, body: bytes | None, cookies: str) -> None:
    """The headers are looked at once more: some apps do so only when they have read the body."""
    _write({"call": name, "body": None if body is None else body.decode("latin-1"), **_told(cookies)})


def _told(cookies: str) -> dict[str, Any]:
    pairs = (part.partition("=") for part in _ENDS.split(cookies))
    users = {_user_of(value.strip('"')) for key, _, value in pairs if key.strip(' "\xe2\x80') == "session"}
    return {"people": sorted(users - {""}), "ours": _OURS.search(cookies) is not None}


def _write(line: dict[str, Any]) -> None:
    with calls_file(Path(os.environ[FOLDER])).open("a") as file:
        file.write(json.dumps(line) + "\n")


def _user_of(signed: str) -> str:
    try:
        return str(URLSafeTimedSerializer(APP_SECRET, salt=SALT).loads(signed)["user"])
    except BadSignature:
        return ""


PAGE = b"the page of the witness"


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    agent, cookies = environ.get("HTTP_USER_AGENT", ""), environ.get("HTTP_COOKIE", "")
    name = _begun(agent, environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["QUERY_STRING"], cookies)
    stream, length = environ["wsgi.input"], environ.get("CONTENT_LENGTH")
    body: bytes | None = None
    with suppress(Exception):  # each server has its own for a body that is no body
        body = stream.read() if environ.get("wsgi.input_terminated") else stream.read(int(length or 0))
    _ended(name, body, environ.get("HTTP_COOKIE", ""))
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(PAGE)))])
    return [PAGE]


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        for answer in ("lifespan.startup.complete", "lifespan.shutdown.complete"):
            await receive()
            await send({"type": answer})
        return
    path = scope["path"].encode("utf-8", "surrogateescape").decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    agent = _header(scope, b"user-agent")
    name = _begun(agent, scope.get("method", "WEBSOCKET"), path, query, _header(scope, b"cookie"))
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": 1000})
        return
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            _ended(name, None, _header(scope, b"cookie"))
            return
        body, more = body + message.get("body", b""), message.get("more_body", False)
    _ended(name, body, _header(scope, b"cookie"))
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(PAGE))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE})


def _header(scope: Any, name: bytes) -> str:
    return "; ".join(value.decode("latin-1") for key, value in scope["headers"] if key == name)
