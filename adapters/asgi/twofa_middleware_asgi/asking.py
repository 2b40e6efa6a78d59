"""Questions to the app itself: a request of our own, as a task beside this one, that never comes through the gate."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from time import monotonic
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Scope

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.errors import AppUnreadable
from twofa_middleware.http import Headers
from twofa_middleware.program import AppAnswer, AskApp
from twofa_middleware.tracebacks import without_locals
from twofa_middleware.turns import Turns

from .translate import headers_of

LOGGER = logging.getLogger("twofa_middleware")

# What belongs to the request that is being decided, and to nothing else: its body, its protocols, and by what the server
# would do more for the app than take its answer.
_ITS_OWN = frozenset({"subprotocols", "extensions"})
_CONTAINERS = (dict, list, set)


class Asking:
    """Asks one app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._turns = Turns(asyncio.Lock)
        self._lingering: set[asyncio.Task[None]] = set()

    async def answer(self, ask: AskApp, kept: KeptCookies, context: Context) -> AppAnswer:
        """What the app answers. ``context`` is that of the server: what the app keeps in its own, such as who is logged
        in, must not answer for this request. Raises AppUnreadable."""
        scope = _scope(ask, kept.onto_request(ask.headers))
        if not ask.turn:
            answer = await self._ask(scope, ask, context)
        else:
            answer = await self._in_turn(ask, scope, lambda: self._ask(scope, ask, context))
        kept.take(answer.headers, ask.keep_cookies)
        return answer

    async def _in_turn(self, ask: AskApp, scope: Scope, told: Callable[[], Awaitable[AppAnswer]]) -> AppAnswer:
        seen = _seen(scope)  # the app writes into its own
        with self._turns.place((asyncio.get_running_loop(), ask.turn)) as place:
            try:
                # One question may be under way, and one more, which is ours or the same, begins after it.
                async with asyncio.timeout(2 * ask.limit_seconds):
                    await place.lock.acquire()
            except TimeoutError:
                raise AppUnreadable("other questions with the same credential take too long") from None
            try:
                if (shared := place.shared(seen)) is not None:
                    return shared
                place.begin(lambda other: _is_same(seen, other))
                try:
                    answer = await told()
                except AppUnreadable as error:
                    place.end(error)
                    raise
                place.end(answer)
                return answer
            finally:
                place.lock.release()

    async def _ask(self, scope: Scope, ask: AskApp, context: Context) -> AppAnswer:
        heard, began = _Heard(ask.limit_bytes), monotonic()

        async def run() -> None:
            await self._app(scope, heard.receive, heard.send)

        task = asyncio.get_running_loop().create_task(run(), context=context.copy())
        self._lingering.add(task)
        task.add_done_callback(self._ended)
        try:
            # Also for what comes after the answer, such as its tear-down: the next question finds it done.
            await asyncio.wait({task}, timeout=ask.limit_seconds)
        finally:
            if not task.done() and not heard.is_whole:
                task.cancel()
        if not task.done():
            if heard.is_whole and not heard.fault:
                return heard.answer()  # the app still has something to do, as after any answer
            raise AppUnreadable(f"the app took longer than {ask.limit_seconds:g} s")
        if monotonic() - began > ask.limit_seconds:  # by holding up the event loop
            raise AppUnreadable(f"the app took longer than {ask.limit_seconds:g} s")
        error = asyncio.CancelledError() if task.cancelled() else task.exception()
        if heard.fault or error is not None or not heard.is_whole:
            said = heard.fault or (
                f"the app failed: {type(error).__name__}" if error else "the app gave no whole answer"
            )
            raise AppUnreadable(said) from error
        return heard.answer()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._lingering.discard(task)
        if not task.cancelled() and task.exception() is not None:
            LOGGER.debug("the app failed when it was asked", exc_info=without_locals(task.exception()))


def _scope(ask: AskApp, headers: Headers) -> Scope:
    """The scope of the question: that of the request, without what is its own."""
    request, outer = ask.request, ask.request.server
    path, _, query = ask.path.partition("?")
    scheme = outer.get("scheme", "http")
    hosts = [(b"host", value) for value in request.values(b"host")]
    length = [(b"content-length", b"0")] if ask.method == "POST" else []
    kept = {key: value for key, value in outer.items() if key not in _ITS_OWN}
    return {
        **{key: copy.copy(value) if isinstance(value, _CONTAINERS) else value for key, value in kept.items()},
        "type": "http",
        "method": ask.method,
        "scheme": {"ws": "http", "wss": "https"}.get(scheme, scheme),
        "path": request.root + unquote(path),
        "raw_path": (request.quoted_root + path).encode("ascii"),
        "query_string": query.encode("ascii"),
        "headers": [*hosts, *length, *headers],
        "extensions": {},
    }


def _seen(scope: Scope) -> dict[str, Any]:
    """What the app is told, as far as one question can differ from another by it."""
    state = {f"state {key}": value for key, value in scope.get("state", {}).items()}
    left = {key: value for key, value in scope.items() if key not in ("state", "asgi", "extensions", "client")}
    client = scope.get("client")
    return left | state | {"headers": tuple(scope["headers"]), "client": client[0] if client else None}


def _is_same(one: Mapping[str, Any], other: object) -> bool:
    """Whether the app would be asked just the same; what cannot be compared has to be the same object."""
    if not isinstance(other, dict) or one.keys() != other.keys():
        return False
    return all(
        value is other[key] or (isinstance(value, str | bytes | int | tuple) and value == other[key])
        for key, value in one.items()
    )


class _Heard:
    """What the app says: one head and a body of limited size. A ``fault`` stays, also if the app goes on after it."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._head: Message | None = None
        self._body = bytearray()
        self._asked = False
        self._over = asyncio.Event()
        self.fault = ""

    @property
    def is_whole(self) -> bool:
        return self._over.is_set()

    async def receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            if self._head is not None:
                self._fail("the app sent a second head")
            self._head = message
            return
        if kind != "http.response.body":
            self._fail(f"the app sent {kind}")
        if self._head is None or self.is_whole:
            self._fail("the app sent a body before its head or after its end")
        self._body += message.get("body", b"")
        if len(self._body) > self._limit_bytes:
            self._fail(f"the app answered more than {self._limit_bytes} bytes")
        if not message.get("more_body", False):
            self._over.set()

    def answer(self) -> AppAnswer:
        head = self._head or {}
        headers = tuple((name.lower(), value) for name, value in headers_of(head))
        return AppAnswer(int(head["status"]), headers, bytes(self._body))

    def _fail(self, fault: str) -> None:
        self.fault = self.fault or fault
        raise AppUnreadable(fault)
