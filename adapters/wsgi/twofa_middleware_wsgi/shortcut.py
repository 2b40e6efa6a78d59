"""The short way of a request whose bytes are known: no Request, no flow, and the app's own iterable as it is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from twofa_middleware.http import Allow, Request
from twofa_middleware.policy.paths import OVERRIDES
from twofa_middleware.ways import Way

from .body import close_body
from .head import AnswerRefused, ExcInfo, HeldHead, Pairs
from .translate import SENT_PATHS, as_bytes, read_request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from twofa_middleware.drive import Answer
    from twofa_middleware.hot_path import HotPath, Remembered
    from twofa_middleware.stores.near_cache import Mark

    from .passage import Passage

Key: TypeAlias = tuple[Hashable, str]
"""Under what a decision is remembered, and the Cookie header."""
Decide: TypeAlias = Callable[["WSGIEnvironment", "StartResponse", Request], tuple["Passage", HeldHead]]

EARLY_HINTS = "wsgi.early_hints"
"""Where gunicorn takes the headers of a 103 answer (RFC 8297)."""
_COOKIE, _AUTHORIZATION = "HTTP_COOKIE", "HTTP_AUTHORIZATION"
_PEER = ("REMOTE_ADDR", "REMOTE_PORT", "HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED")
_REPLACED_PEER = "werkzeug.proxy_fix.orig"
_NEVER_KNOWN = (
    "HTTP_UPGRADE",
    *("beaker.session", "werkzeug.session"),  # a layer outside of the gate has read it: outside.py
    *(f"HTTP_{name.decode().replace('-', '_').upper()}" for name in sorted(OVERRIDES)),
)

_LONG, _EXEMPT, _STRICT, _WITHOUT_QUERY = Way.LONG, Way.EXEMPT, Way.STRICT, Way.PLAIN_WITHOUT_QUERY
_REMEMBERED = (Way.PLAIN, Way.PLAIN_WITHOUT_QUERY, Way.STRICT)


class Shortcut:
    """Finds what is known of a request, and lets the app answer it. ``decide`` goes the long way where the app begins an
    answer that has to be looked at."""

    def __init__(
        self, hot: HotPath, clock: Callable[[], float], app: WSGIApplication, decide: Decide, answer: Answer
    ) -> None:
        self.hot = hot
        self._ways = hot.ways
        self.clock = clock
        self.decide = decide
        self._answer = answer
        self._app = app
        self._pass_name = hot.pass_name.decode()
        self._named = tuple(name.decode() for name in hot.named)
        self._is_wary = hot.gate.depends_on_state
        headers = sorted(f"HTTP_{name.decode().replace('-', '_').upper()}" for name in hot.reads_headers)
        self._reads = (*headers, *hot.reads_server, *(_PEER if hot.reads_peer else ()))

    def pass_on(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes] | None:
        """What the app answers to a request that was known, else None."""
        way = self._way(environ)
        if way is _LONG:
            return None
        if way is _EXEMPT:
            self.hot.passes_nobody()
            start = KnownStart(self, environ.copy(), start_response, None)
            environ.pop(_COOKIE, None)
            environ.pop(_AUTHORIZATION, None)
            return self._answered(environ, start)
        key = self.key(environ)
        if key is None:
            return None
        hot, (known_as, line) = self.hot, key
        if self._pass_name not in line:
            if known_as is not line:
                return None
            for name in self._named:  # a loop is half as dear here as any() of a generator
                if name in line:
                    return None
            hot.passes_nobody()
            return self._answered(environ, KnownStart(self, environ.copy(), start_response, None))
        now = self.clock()
        found = hot.find(known_as, now) or hot.recognise(read_request(environ, int(now)), known_as)
        if found is None or (way is _STRICT and not self._confirms(found, now)):
            return None
        start = KnownStart(self, environ.copy(), start_response, known_as)
        if found.text is None:
            environ.pop(_COOKIE, None)
        else:
            environ[_COOKIE] = found.text
        return self._answered(environ, start)

    def _confirms(self, found: Remembered, now: float) -> bool:
        """Whether the store says of a request to a strict path what it said before."""
        try:
            return self.hot.confirms(found, self._answer(self.hot.question(found, now)))
        except Exception:
            return False  # the long way says what that means, whatever a store of somebody's own has raised

    def key(self, environ: WSGIEnvironment) -> Key | None:
        """None for what always goes the long way."""
        if environ.get(_AUTHORIZATION) is not None or _REPLACED_PEER in environ:
            return None
        line = environ.get(_COOKIE, "")
        if not self._reads:
            return line, line
        more: tuple[Hashable, ...] = ()
        for name in self._reads:
            value = environ.get(name)
            if isinstance(value, str):
                more += (name, value)
            elif value is not None:
                return None
        return ((line, *more), line) if more else (line, line)

    def keep(self, mark: Mark | None, environ: WSGIEnvironment, allow: Allow) -> None:
        """Remember what was decided the long way."""
        if self._way(environ) in _REMEMBERED and (key := self.key(environ)) is not None:
            self.hot.keep(mark, key[0], allow)

    def _way(self, environ: WSGIEnvironment) -> Way:
        if not environ.keys().isdisjoint(_NEVER_KNOWN):
            return _LONG
        if any("%" in environ.get(name, "").partition("?")[0] for name in SENT_PATHS):
            return _LONG
        method, path, root = environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), environ.get("SCRIPT_NAME", "")
        way = self._ways.get((method, path, root))
        if way is None:
            way = self.hot.learn(read_request(environ, 0), method, path, root)
        if way is _WITHOUT_QUERY or self._is_wary:
            query = environ.get("QUERY_STRING", "")
            if query and (way is _WITHOUT_QUERY or "%" in query or "method" in query.lower()):
                return _LONG
        return way

    def _answered(self, environ: WSGIEnvironment, start: KnownStart) -> Iterable[bytes]:
        if EARLY_HINTS in environ:
            environ[EARLY_HINTS] = start.hint
        return start.finish(self._app(environ, start))


class KnownStart:
    """The ``start_response`` of an app that answers a known request. A head that sets a cookie which matters, or begins a
    stream, goes the long way, and so does an app that begins twice, writes, or begins after it has returned."""

    __slots__ = ("_environ", "_exc_info", "_headers", "_is_out", "_key", "_late", "_server", "_shortcut", "_status")

    def __init__(
        self, shortcut: Shortcut, environ: WSGIEnvironment, start_response: StartResponse, key: Hashable | None
    ) -> None:
        """``environ`` as the server has it; ``key``: under which the request was known, None for nobody's."""
        self._shortcut = shortcut
        self._environ = environ
        self._server = start_response
        self._key = key
        self._status: str | None = None
        self._headers: Pairs = []
        self._exc_info: ExcInfo = None
        self._is_out = False
        self._late: tuple[Passage, HeldHead] | None = None

    def __call__(self, status: str, headers: Pairs, exc_info: ExcInfo = None) -> Callable[[bytes], object]:
        headers = list(headers)  # one that can be looked at more than once, and that the app cannot change meanwhile
        if self._late is not None:
            return self._late[1](status, headers, exc_info)
        if self._is_out:
            if not self._may_pass(headers):
                raise AnswerRefused("the app started its response again, in a way that would have to be looked at")
            return self._server(status, headers, exc_info)
        if self._status is None and self._may_pass(headers):
            self._status, self._headers, self._exc_info = status, headers, exc_info
            return self._write
        return self._held()(status, headers, exc_info)

    def finish(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """What the server gets of the app's iterable, now that the app has returned."""
        if self._late is None and self._status is not None:
            self._is_out = True
            try:
                self._server(self._status, self._headers, self._exc_info)
            except BaseException:
                close_body(body)  # the server never gets it
                raise
            return body
        passage, head = self._late or self._decided()
        return passage.finish(read_request(self._environ, 0), body, head, splices=False)

    def hint(self, headers: Pairs) -> None:
        """``wsgi.early_hints``: what comes before the head is not sent before it was looked at."""
        if not self._is_out:
            self._held().hint(headers)

    def _write(self, chunk: bytes) -> None:
        """The legacy ``write()``."""
        self._held().write(chunk)

    def _held(self) -> HeldHead:
        return (self._late or self._decided())[1]

    def _decided(self) -> tuple[Passage, HeldHead]:
        """What the long way says, of a head that was held here, too."""
        request = read_request(self._environ, int(self._shortcut.clock()))
        self._late = self._shortcut.decide(self._environ, self._server, request)
        if self._status is not None:
            self._late[1](self._status, self._headers, self._exc_info)
        return self._late

    def _may_pass(self, headers: Pairs) -> bool:
        sets_one = False
        hot = self._shortcut.hot
        for name, value in headers:
            lowered = name.lower()
            if lowered == "set-cookie":
                sets_one = sets_one or hot.matters(value.encode("latin-1"))
            elif lowered == "content-type" and "event-stream" in value.lower():
                return False
        if not sets_one:
            return True
        return isinstance(self._key, str) and hot.goes_on(
            self._key.encode("latin-1"),
            self._key,
            self._shortcut.clock(),
            as_bytes(headers),
            lambda line: line.decode("latin-1"),
        )
