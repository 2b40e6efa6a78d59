"""Questions to the app itself: a request of our own that never comes through the gate.

It is asked in this thread, unless the app is at work in it, as when it reads a body that is watched: apps keep things for
the thread that answers a request (Radicale its log, others a lock or a session), and a second request in the middle of
the first would take them away.
"""

from __future__ import annotations

import threading  # names of it are looked up late: gevent replaces them after this is imported
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import Context
from functools import partial
from io import BytesIO
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.errors import AppUnreadable
from twofa_middleware.http import Headers
from twofa_middleware.program import AppAnswer, AskApp
from twofa_middleware.turns import Turns

from .body import close_body
from .head import ExcInfo, Pairs
from .translate import SENT_PATHS, as_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# What belongs to the request that is being decided, and to nothing else: its line, its body, its connection, and how the
# server would send a file by itself. Headers begin with HTTP_.
_ITS_OWN = frozenset(
    {
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "PATH_INFO",
        "PATH_TRANSLATED",
        "QUERY_STRING",
        "REQUEST_METHOD",
        "SCRIPT_FILENAME",
        "SCRIPT_URI",
        "SCRIPT_URL",
        "gunicorn.sock",
        "gunicorn.socket",
        "waitress.client_disconnected",
        "werkzeug.request",
        "werkzeug.socket",
        "wsgi.early_hints",
        "wsgi.file_wrapper",
        "wsgi.input",
        "wsgi.input_terminated",
        "wsgi.websocket",
    }
)
_CONTAINERS = (dict, list, set)
_DIFFERS = frozenset({"REMOTE_PORT", "wsgi.errors", "wsgi.input"})


class Asking:
    """Asks one app."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._turns = Turns(threading.Lock)
        self._thread = threading.local()

    @contextmanager
    def app_is_at_work(self) -> Iterator[None]:
        """The app, or something that it has called, runs in this thread: questions are asked in others."""
        before = getattr(self._thread, "is_at_work", False)
        self._thread.is_at_work = True
        try:
            yield
        finally:
            self._thread.is_at_work = before

    def answer(self, ask: AskApp, kept: KeptCookies, context: Context) -> AppAnswer:
        """What the app answers. ``context`` is that of the server: what the app keeps in its own, such as who is logged
        in, must not answer for this request. Raises AppUnreadable."""
        environ = _environ(ask, kept.onto_request(ask.headers))

        def told() -> AppAnswer:
            return context.copy().run(_ask, self._app, environ, ask)

        asked = partial(_elsewhere, told, ask) if getattr(self._thread, "is_at_work", False) else told
        answer = self._in_turn(ask, environ, asked) if ask.turn else asked()
        kept.take(answer.headers, ask.keep_cookies)
        return answer

    def _in_turn(self, ask: AskApp, environ: WSGIEnvironment, told: Callable[[], AppAnswer]) -> AppAnswer:
        seen = dict(environ)  # the app writes into its own
        with self._turns.place(ask.turn) as place:
            # One question may be under way, and one more, which is ours or the same, begins after it.
            if not place.lock.acquire(timeout=2 * ask.limit_seconds):
                raise AppUnreadable("other questions with the same credential take too long")
            try:
                if (shared := place.shared(seen)) is not None:
                    return shared
                place.begin(lambda other: _is_same(seen, other))
                try:
                    answer = told()
                except AppUnreadable as error:
                    place.end(error)
                    raise
                place.end(answer)
                return answer
            finally:
                place.lock.release()


def _elsewhere(told: Callable[[], AppAnswer], ask: AskApp) -> AppAnswer:
    """What the app answers in a thread of its own. One that waits for what this thread holds is left behind in time."""
    from concurrent.futures import Future  # few apps are asked while they are at work

    heard: Future[AppAnswer] = Future()

    def tell() -> None:
        try:
            heard.set_result(told())
        except BaseException as error:
            heard.set_exception(error)

    threading.Thread(target=tell, name="twofa question", daemon=True).start()
    try:
        return heard.result(ask.limit_seconds)
    except TimeoutError:
        raise AppUnreadable(f"the app took longer than {ask.limit_seconds:g} s") from None


def _environ(ask: AskApp, headers: Headers) -> WSGIEnvironment:
    """The environ of the question: that of the request, without what is its own."""
    outer = ask.request.server
    environ = {
        key: value.copy() if isinstance(value, _CONTAINERS) else value
        for key, value in outer.items()
        if key not in _ITS_OWN and not key.startswith("HTTP_")
    }
    path, _, query = ask.path.partition("?")
    for key in SENT_PATHS:
        if key in outer:
            environ[key] = ask.request.quoted_root + ask.path
    environ |= {
        "REQUEST_METHOD": ask.method,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "wsgi.input": BytesIO(),
        "wsgi.input_terminated": True,
    }
    if ask.method == "POST":
        environ["CONTENT_LENGTH"] = "0"
    if "HTTP_HOST" in outer:
        environ["HTTP_HOST"] = outer["HTTP_HOST"]
    for name, value in headers:
        environ["HTTP_" + name.decode("latin-1").replace("-", "_").upper()] = value.decode("latin-1")
    return environ


def _is_same(one: Mapping[str, Any], other: object) -> bool:
    """Whether the app would be asked just the same; what cannot be compared has to be the same object."""
    if not isinstance(other, dict) or one.keys() != other.keys():
        return False
    return all(
        value is other[key] or (isinstance(value, str | bytes | int | tuple) and value == other[key])
        for key, value in one.items()
        if key not in _DIFFERS
    )


def _ask(app: WSGIApplication, environ: WSGIEnvironment, ask: AskApp) -> AppAnswer:
    began = monotonic()
    heard = _Heard(ask.limit_bytes)
    try:
        chunks = app(environ, heard.start_response)
        try:
            heard.take(chunks)
        finally:
            close_body(chunks)
        answer = heard.whole()
    except AppUnreadable:
        raise
    except Exception as error:
        raise AppUnreadable(heard.fault or f"the app failed: {type(error).__name__}") from error
    # Nobody but the server can stop it here; what comes too late is not believed, as it is not under ASGI.
    if monotonic() - began > ask.limit_seconds:
        raise AppUnreadable(f"the app took longer than {ask.limit_seconds:g} s")
    return answer


class _Heard:
    """What the app says: one head and a body of limited size. A ``fault`` stays, also if the app goes on after it."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._head: tuple[str, Pairs] | None = None
        self._body = bytearray()
        self.fault = ""

    def start_response(self, status: str, headers: Pairs, exc_info: ExcInfo = None) -> Callable[[bytes], object]:
        try:
            if self._head is not None and not exc_info:
                self._fail("the app called start_response twice")
            if exc_info and self._body and exc_info[1] is not None:
                self.fault = self.fault or "the app failed in the middle of its answer"
                raise exc_info[1].with_traceback(exc_info[2])
        finally:
            exc_info = None  # a cycle through the traceback, PEP 3333
        self._head = status, list(headers)
        return self._add

    def take(self, chunks: Iterable[bytes]) -> None:
        for chunk in chunks:
            self._add(chunk)

    def whole(self) -> AppAnswer:
        if self._head is None:
            self._fail("the app has not called start_response")
        if self.fault:
            raise AppUnreadable(self.fault)
        assert self._head is not None  # noqa: S101
        status, headers = self._head
        lower = tuple((name.lower(), value) for name, value in as_bytes(headers))
        return AppAnswer(int(status[:3]), lower, bytes(self._body))

    def _add(self, chunk: bytes) -> None:
        if chunk and self._head is None:
            self._fail("the app sent a body before its head")
        self._body += chunk
        if len(self._body) > self._limit_bytes:
            self._fail(f"the app answered more than {self._limit_bytes} bytes")

    def _fail(self, fault: str) -> None:
        self.fault = self.fault or fault
        raise AppUnreadable(fault)
