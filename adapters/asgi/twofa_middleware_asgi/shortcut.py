"""The short way of a request whose bytes are known: no Request, no flow, and the app's own messages as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import TYPE_CHECKING, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from twofa_middleware.header_names import spellings
from twofa_middleware.http import Allow, Request
from twofa_middleware.policy.paths import OVERRIDES
from twofa_middleware.ways import Way

from .head import MOST_SWALLOWED, AnswerDropped, BrokenOff, HeldHead, comes_of_drop
from .translate import headers_of, read_request

if TYPE_CHECKING:
    from twofa_middleware.drive import AsyncAnswer
    from twofa_middleware.hot_path import HotPath, Remembered
    from twofa_middleware.stores.near_cache import Mark

Hold: TypeAlias = Callable[[Request, Receive, Send], Awaitable[HeldHead]]

_START = "http.response.start"
_SET_COOKIE_LENGTH, _CONTENT_TYPE_LENGTH = len("set-cookie"), len("content-type")
_SAYS_WHO_THE_CLIENT_IS = frozenset({b"x-forwarded-for", b"forwarded"})
_CREDENTIALS = frozenset({b"cookie", b"authorization"})

_LONG, _EXEMPT, _STRICT, _WITHOUT_QUERY = Way.LONG, Way.EXEMPT, Way.STRICT, Way.PLAIN_WITHOUT_QUERY
_REMEMBERED = (Way.PLAIN, Way.PLAIN_WITHOUT_QUERY, Way.STRICT)


class Shortcut:
    """Finds what is known of a request, and lets the app answer it. ``hold`` decides the long way where the app begins an
    answer that has to be looked at."""

    def __init__(self, hot: HotPath, clock: Callable[[], float], hold: Hold) -> None:
        self.hot = hot
        self._ways = hot.ways
        self.clock = clock
        self.hold = hold
        self._reads = hot.reads_headers | (_SAYS_WHO_THE_CLIENT_IS if hot.reads_peer else frozenset())
        self._watched = _CREDENTIALS | OVERRIDES | self._reads | spellings(hot.reads_headers)
        self._lengths = frozenset(map(len, self._watched))
        self._is_wary = hot.gate.depends_on_state
        self._asks_server = bool(hot.reads_server or hot.reads_peer)

    def find(self, scope: Scope, receive: Receive, send: Send) -> KnownAnswer | None:
        """How the app answers a request that is known, None for one that goes the long way."""
        way = self._way(scope)
        if way is _LONG:
            return None
        hot = self.hot
        if way is _EXEMPT:
            hot.passes_nobody()
            bare = [pair for pair in scope["headers"] if pair[0].lower() not in _CREDENTIALS]
            return KnownAnswer(self, {**scope, "headers": bare}, scope, receive, send, None)
        read = self._read(scope)
        if read is None:
            return None
        key, line, place = read
        if hot.pass_name not in line:
            if key is not line or not hot.is_nobodys(line):
                return None
            hot.passes_nobody()
            as_it_came = {**scope, "headers": [*scope["headers"]]}  # the app may write into its own
            return KnownAnswer(self, scope, as_it_came, receive, send, None)
        now = self.clock()
        found = hot.find(key, now) or hot.recognise(read_request(scope, int(now)), key)
        if found is None:
            return None
        headers = [*scope["headers"]]
        headers[place : place + 1] = found.header
        answer = KnownAnswer(self, {**scope, "headers": headers}, scope, receive, send, key)
        if way is _STRICT:
            answer.waits_for = found
        return answer

    async def confirms(self, found: Remembered, answer: AsyncAnswer) -> bool:
        """Whether the store says of a request to a strict path what it said before."""
        try:
            seen = await answer(self.hot.question(found, self.clock()))
        except Exception:
            return False  # the long way says what that means, whatever a store of somebody's own has raised
        return self.hot.confirms(found, seen)

    def _read(self, scope: Scope) -> tuple[Hashable, bytes, int] | None:
        """Under what the request is remembered, its Cookie header, and where that stands; None for what never is."""
        line, place = b"", -1
        more: tuple[Hashable, ...] = ()
        lengths, watched = self._lengths, self._watched
        for number, (name, value) in enumerate(scope["headers"]):
            if len(name) in lengths and (name := name.lower()) in watched:
                if name == b"cookie" and place < 0:
                    line, place = value, number
                elif name in self._reads:
                    more += (name, value)
                else:
                    return None
        if self._asks_server:
            told = self._told_by_server(scope)
            if told is None:
                return None
            more += told
        return ((line, *more) if more else line), line, place

    def _way(self, scope: Scope) -> Way:
        path, root, raw = scope["path"], scope.get("root_path", ""), scope.get("raw_path")
        if raw is not None and b"%" in raw:
            return _LONG
        if "session" in scope:  # a layer outside of the gate has read it: outside.py
            return _LONG
        way = self._ways.get((scope["method"], path, root))
        if way is None:
            way = self.hot.learn(read_request(scope, 0), scope["method"], path, root)
        if way is _WITHOUT_QUERY or self._is_wary:
            query = scope.get("query_string", b"")
            if query and (way is _WITHOUT_QUERY or b"%" in query or b"method" in query.lower()):
                return _LONG
        return way

    def _told_by_server(self, scope: Scope) -> tuple[Hashable, ...] | None:
        """What the server says of the request as far as a resolver reads it; None for what cannot be remembered."""
        told: tuple[Hashable, ...] = ()
        for name in self.hot.reads_server:
            value = scope.get(name)
            if isinstance(value, str | bytes):
                told += (name, value)
            elif value is not None:
                return None
        if self.hot.reads_peer:
            client, server = scope.get("client"), scope.get("server")
            told += (client[0], client[1] in (0, "0")) if client else (str(server),)
        return told

    def keep(self, mark: Mark | None, scope: Scope, allow: Allow) -> None:
        """Remember what was decided the long way."""
        if self._way(scope) in _REMEMBERED and (read := self._read(scope)) is not None:
            self.hot.keep(mark, read[0], allow)


class KnownAnswer:
    """The ``send`` and ``receive`` of an app that answers a known request. A head that sets a cookie which matters, or
    begins a stream, goes the long way, and all that comes after it."""

    __slots__ = (
        "_app_scope",
        "_head",
        "_is_out",
        "_key",
        "_receive",
        "_scope",
        "_send",
        "_shortcut",
        "_swallowed",
        "_turn",
        "waits_for",
    )

    def __init__(
        self,
        shortcut: Shortcut,
        app_scope: Scope,
        scope: Scope,
        receive: Receive,
        send: Send,
        key: Hashable | None,
    ) -> None:
        """``scope`` as the server has it; ``key``: under which the request was known, None for nobody's. ``waits_for``: what
        the store has to confirm first."""
        self.waits_for: Remembered | None = None
        self._shortcut = shortcut
        self._app_scope = app_scope
        self._scope = scope
        self._receive = receive
        self._send = send
        self._key = key
        self._is_out = False
        self._swallowed: int | None = None
        self._head: HeldHead | None = None
        self._turn: asyncio.Lock | None = None

    async def pass_on(self, app: ASGIApp) -> None:
        """Let the app answer."""
        try:
            await app(self._app_scope, self.receive, self.send)
        except BaseException as error:
            if (self._head is None and self._swallowed is None) or not comes_of_drop(error):
                raise
        finally:
            is_whole = self._head is None or await self._head.stop()
        if not is_whole:
            raise BrokenOff("an answer was cut off, since its login may not pass any more")

    async def receive(self) -> Message:
        return await (self._receive() if self._head is None else self._head.receive())

    async def send(self, message: Message) -> None:
        if self._head is not None:
            await self._head.send(message)
        elif self._is_out:
            await self._send_open(message)
        elif message["type"] == _START and self._turn is None and self._may_pass(message := _with_list(message)):
            self._is_out = True
            await self._send(message)
        else:
            await (await self._held()).send(message)

    async def _held(self) -> HeldHead:
        """What the long way says; what other tasks of the app send meanwhile waits for it."""
        self._turn = self._turn or asyncio.Lock()
        async with self._turn:
            if self._head is None:
                request = read_request(self._scope, int(self._shortcut.clock()))
                self._head = await self._shortcut.hold(request, self._receive, self._send)
            return self._head

    async def _send_open(self, message: Message) -> None:
        """What comes after the head. After a second one nothing goes out any more, as in ``head.py``."""
        if self._swallowed is None and message["type"] != _START:
            await self._send(message)
        elif self._swallowed is None:
            self._swallowed = 0
            raise RuntimeError(f"the app sent a second head: {message['type']}")
        else:
            self._swallowed += 1
            if self._swallowed > MOST_SWALLOWED:
                raise AnswerDropped("nobody gets this answer: its app sent a second head")

    def _may_pass(self, message: Message) -> bool:
        sets_one = False
        hot = self._shortcut.hot
        for name, value in message.get("headers", ()):
            if len(name) == _SET_COOKIE_LENGTH and bytes(name).lower() == b"set-cookie":
                sets_one = sets_one or hot.matters(bytes(value))
            elif len(name) == _CONTENT_TYPE_LENGTH and b"event-stream" in bytes(value).lower():
                return False
        if not sets_one:
            return True
        return isinstance(self._key, bytes) and hot.goes_on(
            self._key, self._key, self._shortcut.clock(), headers_of(message), bytes
        )


def _with_list(message: Message) -> Message:
    """The head with headers that can be looked at more than once."""
    headers = message.get("headers", ())
    return message if isinstance(headers, list | tuple) else {**message, "headers": list(headers)}
