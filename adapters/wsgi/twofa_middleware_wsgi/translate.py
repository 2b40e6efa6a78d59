"""Environ ↔ the words of the gate (PEP 3333: strings of an environ are bytes, decoded as latin-1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from io import BytesIO
from time import monotonic
from typing import TYPE_CHECKING, Any

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.errors import BadRequest
from twofa_middleware.http import Allow, Answer, Headers, Request
from twofa_middleware.program import PeekBody, ReadBody

from .peeked_input import PeekedInput

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_OUTSIDE_HTTP = ("CONTENT_TYPE", "CONTENT_LENGTH")
_CHUNK = 64 * 1024
SENT_PATHS = ("RAW_URI", "REQUEST_URI")


def read_request(environ: WSGIEnvironment, now: int) -> Request:
    """The head of the request that the environ describes."""
    sent = next((environ[key] for key in SENT_PATHS if key in environ), None)
    return Request(
        # WSGI knows no WebSockets, but servers lend apps the socket for one: then the same rules hold as under ASGI.
        kind="websocket" if "websocket" in environ.get("HTTP_UPGRADE", "").lower() else "http",
        method=environ["REQUEST_METHOD"],
        root=_text(environ.get("SCRIPT_NAME", "")),
        path=_text(environ.get("PATH_INFO", "")),
        raw_path=sent.partition("?")[0].encode("latin-1") if sent is not None else None,
        query=environ.get("QUERY_STRING", "").encode("latin-1"),
        headers=tuple(_headers(environ)),
        server=dict(environ),  # as it came: apps write into theirs, and the login is resolved again when they answer
        now=now,
    )


def _text(value: str) -> str:
    return value.encode("latin-1").decode("utf-8", "surrogateescape")


def _headers(environ: Mapping[str, Any]) -> Iterable[tuple[bytes, bytes]]:
    for key, value in environ.items():
        if key.startswith("HTTP_"):
            yield key[len("HTTP_") :].replace("_", "-").lower().encode("latin-1"), value.encode("latin-1")
        elif key in _OUTSIDE_HTTP and value:
            yield key.replace("_", "-").lower().encode("latin-1"), value.encode("latin-1")


def change_environ(environ: WSGIEnvironment, allow: Allow) -> None:
    """Replace headers, or take them out, before the app sees the environ; likewise what the gate makes it forget."""
    for key in allow.forgets:
        environ.pop(key, None)
    for name, value in allow.changes.items():
        key = "HTTP_" + name.decode("latin-1").replace("-", "_").upper()
        if value is None:
            environ.pop(key, None)
        else:
            environ[key] = value.decode("latin-1")


def replace_body(environ: WSGIEnvironment, body: bytes) -> None:
    """Give the app this body, with its length, in the place of the one that was read."""
    environ["wsgi.input"] = BytesIO(body)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ.pop("HTTP_TRANSFER_ENCODING", None)


def replace_cookies(environ: WSGIEnvironment, kept: KeptCookies) -> None:
    """Give the app the cookies that it has set when it was asked, in the place of those that they replace."""
    sent = environ.pop("HTTP_COOKIE", None)
    for _, value in kept.onto_request(((b"cookie", sent.encode("latin-1")),) if sent else ()):
        environ["HTTP_COOKIE"] = value.decode("latin-1")


def content_length(environ: WSGIEnvironment) -> int | None:
    """The length of the body, where it is told."""
    told: str = environ.get("CONTENT_LENGTH") or ""
    return int(told) if told.isascii() and told.isdecimal() else None


def read_body(environ: WSGIEnvironment, ask: ReadBody) -> bytes:
    """The body of a request to an own page. The server alone can end a slow one; what it brings then is not taken:
    the request is decided at the time at which it began, so a code could be kept good by holding it back."""
    if not environ.get("CONTENT_LENGTH") and not environ.get("wsgi.input_terminated"):
        raise BadRequest(411, "The form has to be sent with its length.")
    began = monotonic()
    body = _whole(environ, ask.limit_bytes)
    if monotonic() - began > ask.limit_seconds:
        raise BadRequest(408, f"The form did not arrive within {ask.limit_seconds} seconds.")
    return body


def peek_body(environ: WSGIEnvironment, ask: PeekBody) -> bytes | None:
    """The body of a request that goes on to the app, which gets one of unknown length from its beginning again if it is
    longer. One of known length is never asked for if it is, and is waited for as the app would."""
    if environ.get("CONTENT_LENGTH"):
        return _whole(environ, ask.limit_bytes)
    began, stream, body = monotonic(), environ["wsgi.input"], bytearray()
    while len(body) <= ask.limit_bytes and monotonic() - began <= ask.limit_seconds:
        try:
            chunk = stream.read(min(_CHUNK, ask.limit_bytes + 1 - len(body)))
        except Exception:  # as below
            raise _not_whole() from None
        if not chunk:
            return bytes(body)
        body += chunk
    environ["wsgi.input"] = PeekedInput(bytes(body), stream)
    return None


def _whole(environ: WSGIEnvironment, limit_bytes: int) -> bytes:
    # It comes with a test client and a server for developers, a tenth of a second in all: only forms wait for that, and
    # only in apps that are not made with it. ``__init__.py`` has seen that it is there.
    from werkzeug.exceptions import RequestEntityTooLarge
    from werkzeug.wsgi import get_input_stream

    too_large = BadRequest(413, f"The form may have {limit_bytes} bytes.")
    try:
        # One more than allowed: of a body without length the stream gives what fits, and says nothing of the rest.
        body: bytes = get_input_stream(environ, max_content_length=limit_bytes + 1).read()
    except RequestEntityTooLarge:
        raise too_large from None
    except Exception:  # each server has errors of its own for chunks that are none (gunicorn: no OSError)
        raise _not_whole() from None
    if len(body) > limit_bytes:
        raise too_large
    if content_length(environ) not in (None, len(body)):
        raise _not_whole()
    return body


def _not_whole() -> BadRequest:
    return BadRequest(400, "The form did not arrive whole.")


def send_answer(answer: Answer, request: Request, start_response: StartResponse) -> list[bytes]:
    """Start the response with an answer of ours and return its body."""
    length = (b"content-length", str(len(answer.body)).encode())
    status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
    start_response(status, as_strings((*answer.headers, length)))
    # Never no chunk at all: hypercorn starts a response with its first one, and answers 500 without.
    return [b"" if request.method == "HEAD" else answer.body]


def as_bytes(headers: Iterable[tuple[str, str]]) -> Headers:
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers)


def as_strings(headers: Headers) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
