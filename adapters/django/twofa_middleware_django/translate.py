"""Django's requests and responses ↔ the words of the gate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http.cookies import SimpleCookie
from io import BytesIO, IOBase
from time import monotonic
from typing import Any

from django.http import HttpResponse, UnreadablePostError

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.errors import BadRequest, TwoFactorError
from twofa_middleware.http import Allow, Answer, Headers, Request, change_headers
from twofa_middleware.program import PeekBody, ReadBody

_OUTSIDE_HTTP = ("CONTENT_TYPE", "CONTENT_LENGTH")
_SENT_PATHS = ("RAW_URI", "REQUEST_URI")
_SET_COOKIE = b"set-cookie"


class LoginChanged(TwoFactorError):
    """Somebody was logged in by a credential of this request while its body was under way; the view is stopped."""


def read_request(request: Any, now: int) -> Request:
    """The head of a WSGIRequest or an ASGIRequest; mount, path and method are those by which Django finds the view."""
    meta, scope = request.META, getattr(request, "scope", None)
    if scope is None:
        sent = next((meta[key] for key in _SENT_PATHS if key in meta), None)
        raw_path = sent.partition("?")[0].encode("latin-1") if sent is not None else None
        query, headers = meta.get("QUERY_STRING", "").encode("latin-1"), tuple(_headers(meta))
    else:
        raw_path, query = scope.get("raw_path"), scope.get("query_string", b"")
        query = query if isinstance(query, bytes) else query.encode("latin-1")  # as Django's own test client has it
        headers = tuple((bytes(name).lower(), bytes(value)) for name, value in scope["headers"])
    upgrades = b"websocket" in dict(headers).get(b"upgrade", b"").lower()
    return Request(
        kind="websocket" if upgrades and scope is None else "http",
        method=request.method,
        root=meta.get("SCRIPT_NAME", "").rstrip("/"),
        path=request.path_info,
        raw_path=raw_path,
        query=query,
        headers=headers,
        server=dict(meta if scope is None else scope),
        now=now,
    )


def _headers(meta: Mapping[str, Any]) -> Iterable[tuple[bytes, bytes]]:
    for key, value in meta.items():
        if key.startswith("HTTP_"):
            yield key[len("HTTP_") :].replace("_", "-").lower().encode("latin-1"), value.encode("latin-1")
        elif key in _OUTSIDE_HTTP and value:
            yield key.replace("_", "-").lower().encode("latin-1"), value.encode("latin-1")


def change_request(request: Any, allow: Allow, kept: KeptCookies) -> None:
    """Take out, or replace, before anything of the project has read the request; ``kept`` cookies were set by it when it
    was asked."""
    changes = dict(allow.changes)
    if kept.lines:
        merged = kept.onto_request(change_headers(allow.request.headers, changes))
        changes[b"cookie"] = b"; ".join(value for name, value in merged if name == b"cookie") or None
    for key in allow.forgets:
        request.META.pop(key, None)
    for name, value in changes.items():
        key = "HTTP_" + name.decode("latin-1").replace("-", "_").upper()
        if value is None:
            request.META.pop(key, None)
        else:
            request.META[key] = value.decode("latin-1")
    if hasattr(request, "scope") and (changes or allow.forgets):
        scope = {key: value for key, value in request.scope.items() if key not in allow.forgets}
        request.scope = {**scope, "headers": list(change_headers(allow.request.headers, changes))}
    for made_of_them in ("COOKIES", "headers"):  # cached properties
        request.__dict__.pop(made_of_them, None)
    if allow.body is not None:
        request.META["CONTENT_LENGTH"] = str(len(allow.body))
        request._stream, request._read_started = BytesIO(allow.body), False


def read_body(request: Any, ask: ReadBody) -> bytes:
    """The body of a form of ours; under ASGI Django has taken it in before."""
    if not hasattr(request, "scope") and not request.META.get("CONTENT_LENGTH"):
        raise BadRequest(411, "The form has to be sent with its length.")
    began = monotonic()
    try:
        body: bytes = request.read(ask.limit_bytes + 1)
    except UnreadablePostError:
        raise BadRequest(400, "The form did not arrive whole.") from None
    if monotonic() - began > ask.limit_seconds:
        raise BadRequest(408, f"The form did not arrive within {ask.limit_seconds} seconds.")
    if len(body) > ask.limit_bytes:
        raise BadRequest(413, f"The form may have {ask.limit_bytes} bytes.")
    told = request.META.get("CONTENT_LENGTH") or str(len(body))
    if told != str(len(body)):
        raise BadRequest(400, "The form did not arrive whole.")
    return body


def peek_body(request: Any, ask: PeekBody) -> bytes | None:
    """The body of a request that goes on to the view, None for one that is larger. Under ASGI it is there already, as a
    file; under WSGI one that is larger says so beforehand, or is none to Django."""
    length = body_length(request)
    try:
        if not hasattr(request, "scope"):
            body: bytes = request._stream.read(length)
        else:
            body = request._stream.read(ask.limit_bytes + 1)
            if len(body) > ask.limit_bytes:
                request._stream.seek(0)
                return None
    except OSError:
        raise BadRequest(400, "The form did not arrive whole.") from None
    if request.META.get("CONTENT_LENGTH") and len(body) != length:
        raise BadRequest(400, "The form did not arrive whole.")
    return body


class WatchedStream(IOBase):
    """The body that a view reads under WSGI; at its end it is asked once whether the request is still nobody else's.

    ``length`` is that of the body: Django reads no further. The end has to be seen with its last byte, since a view may
    log out, or in, before it reads once more and finds nothing.
    """

    def __init__(self, stream: Any, length: int, still_same: Callable[[], bool]) -> None:
        self._stream = stream
        self._left = length
        self._still_same = still_same
        self._is_unchanged: bool | None = None

    def read(self, size: int | None = None, /) -> bytes:
        is_all = size is None or size < 0
        return self._seen(self._stream.read() if is_all else self._stream.read(size), is_all or size != 0)

    def readline(self, size: int | None = None, /) -> bytes:
        return self._seen(self._stream.readline() if size is None else self._stream.readline(size), size != 0)

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _seen(self, chunk: bytes, asks_for_some: bool) -> bytes:
        self._left -= len(chunk)
        ended = self._left <= 0 or (not chunk and asks_for_some)
        if ended and self._is_unchanged is None:
            self._is_unchanged = False  # also for what is raised while asking
            self._is_unchanged = self._still_same()
        if self._is_unchanged is False:
            raise LoginChanged("a log-in appeared while the body was read")
        return chunk


def body_length(request: Any) -> int:
    """How long the body is, as Django takes it (WSGIRequest): none where it is not told."""
    told = request.META.get("CONTENT_LENGTH") or ""
    return int(told) if told.isascii() and told.isdecimal() else 0


def headers_of(response: Any) -> Headers:
    """The head of a response, as Django's handlers send it."""
    plain = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.items()]
    return (*plain, *((b"Set-Cookie", cookie.OutputString().encode("latin-1")) for cookie in response.cookies.values()))


def set_headers(response: Any, headers: Headers) -> None:
    """Give a response these headers in place of its own."""
    if headers == headers_of(response):
        return
    kept = {cookie.OutputString(): name for name, cookie in response.cookies.items()}
    for name in list(response.headers):
        del response.headers[name]
    stays: set[str] = set()
    for key, value in headers:
        name, text = key.decode("latin-1"), value.decode("latin-1")
        if key.lower() == _SET_COOKIE:
            if text not in kept:
                made = SimpleCookie(text)
                if len(made) != 1:
                    raise ValueError("a cookie that Django cannot send")
                response.cookies.update(made)
                stays |= made.keys()
            else:
                stays.add(kept[text])
        else:
            before = response.headers.get(name)
            response.headers[name] = text if before is None else f"{before}, {text}"
    for name in response.cookies.keys() - stays:
        del response.cookies[name]


def response_of(answer: Answer, request: Request) -> Any:
    """An answer of ours as a response."""
    response = HttpResponse(b"" if request.method == "HEAD" else answer.body, status=answer.status)
    set_headers(response, (*answer.headers, (b"content-length", str(len(answer.body)).encode())))
    return response
