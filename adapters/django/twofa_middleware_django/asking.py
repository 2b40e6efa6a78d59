"""Questions to the project itself: a request of our own to what stands behind the entry, so it never comes through the gate.

Nothing of it is sent, so no signal says that a request has begun or ended: what ends with a request, such as the
connections to the database, goes on for the one that is being decided.
"""

from __future__ import annotations

import asyncio
import threading  # names of it are looked up late: gevent replaces them after this is imported
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from contextvars import Context
from functools import partial
from io import BytesIO
from time import monotonic
from typing import Any

from django.db import connections

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.errors import AppUnreadable
from twofa_middleware.program import AppAnswer, AskApp
from twofa_middleware.turns import Place, Turns

from .question import environ_of, is_same, scope_of
from .translate import headers_of


class Asking:
    """Asks one project. ``context``, each time, is the one in which the request came: what the project keeps in its own,
    such as a language, must not answer for it. Raises AppUnreadable."""

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        self._get_response = get_response
        self._turns = Turns(threading.Lock)
        self._async_turns = Turns(asyncio.Lock)
        self._lingering: set[asyncio.Task[Any]] = set()

    def answer(
        self,
        ask: AskApp,
        kind: Callable[..., Any],
        kept: KeptCookies,
        context: Context,
        *,
        view_is_at_work: bool = False,
    ) -> AppAnswer:
        """Under WSGI. ``kind`` of request; where a view is at work in this thread, it is asked in another: the view may
        hold a transaction open, or a lock."""
        environ = environ_of(ask, kept.onto_request(ask.headers))

        def told() -> AppAnswer:
            return context.copy().run(self._told, kind(dict(environ)), ask)

        asked = partial(_elsewhere, told, ask) if view_is_at_work else told
        answer = self._in_turn(ask, environ, asked) if ask.turn else asked()
        kept.take(answer.headers, ask.keep_cookies)
        return answer

    async def answer_async(
        self, ask: AskApp, kind: Callable[..., Any], kept: KeptCookies, context: Context
    ) -> AppAnswer:
        """Under ASGI."""
        scope = scope_of(ask, kept.onto_request(ask.headers))

        async def told() -> AppAnswer:
            began = monotonic()
            asked = self._get_response(kind(dict(scope), BytesIO()))
            task = asyncio.get_running_loop().create_task(asked, context=context.copy())
            self._lingering.add(task)
            task.add_done_callback(self._ended)
            try:
                await asyncio.wait({task}, timeout=ask.limit_seconds)
            finally:
                task.cancel()  # nobody waits for what is left of it
            if not task.done():
                raise _too_long(ask)
            try:
                response = task.result()
            except Exception as error:
                raise _failed(error) from error
            return _heard(response, ask, began)

        answer = await self._in_turn_async(ask, scope, told) if ask.turn else await told()
        kept.take(answer.headers, ask.keep_cookies)
        return answer

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._lingering.discard(task)
        if not task.cancelled():
            task.exception()  # told by AppUnreadable, or by nobody who still waits

    def _told(self, request: Any, ask: AskApp) -> AppAnswer:
        began = monotonic()
        try:
            response = self._get_response(request)
        except Exception as error:
            raise _failed(error) from error
        return _heard(response, ask, began)

    def _in_turn(self, ask: AskApp, seen: Mapping[str, Any], told: Callable[[], AppAnswer]) -> AppAnswer:
        with self._turns.place(ask.turn) as place:
            # One question may be under way, and one more, which is ours or the same, begins after it.
            if not place.lock.acquire(timeout=2 * ask.limit_seconds):
                raise _busy()
            try:
                shared = _shared_or_begun(place, seen)
                if shared is None:
                    with _Ends(place) as ends:
                        shared = ends.answer = told()
                return shared
            finally:
                place.lock.release()

    async def _in_turn_async(self, ask: AskApp, seen: Mapping[str, Any], told: Callable[[], Any]) -> AppAnswer:
        with self._async_turns.place((asyncio.get_running_loop(), ask.turn)) as place:
            try:
                async with asyncio.timeout(2 * ask.limit_seconds):
                    await place.lock.acquire()
            except TimeoutError:
                raise _busy() from None
            try:
                shared = _shared_or_begun(place, seen)
                if shared is None:
                    with _Ends(place) as ends:
                        shared = ends.answer = await told()
                return shared
            finally:
                place.lock.release()


class _Ends:
    """Tells those who wait for the same question how it has ended."""

    def __init__(self, place: Place[Any]) -> None:
        self._place = place
        self.answer: AppAnswer | None = None

    def __enter__(self) -> _Ends:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        outcome = self.answer if error is None else error
        if isinstance(outcome, AppAnswer | AppUnreadable):
            self._place.end(outcome)


def _shared_or_begun(place: Place[Any], seen: Mapping[str, Any]) -> AppAnswer | None:
    shared = place.shared(seen)
    if shared is None:
        place.begin(lambda other: is_same(seen, other))
    return shared


def _elsewhere(told: Callable[[], AppAnswer], ask: AskApp) -> AppAnswer:
    """What the project answers in a thread of its own. One that waits for what this thread holds is left behind in time."""
    heard: Future[AppAnswer] = Future()

    def tell() -> None:
        try:
            heard.set_result(told())
        except BaseException as error:
            heard.set_exception(error)
        finally:
            connections.close_all()  # each thread has its own

    threading.Thread(target=tell, name="twofa question", daemon=True).start()
    try:
        return heard.result(ask.limit_seconds)
    except TimeoutError:
        raise _too_long(ask) from None


def _heard(response: Any, ask: AskApp, began: float) -> AppAnswer:
    if response.streaming:
        for close in response._resource_closers:
            with suppress(Exception):
                close()
        raise AppUnreadable("the app answered by a stream")
    # Nobody can stop a view; what comes too late is not believed.
    if monotonic() - began > ask.limit_seconds:
        raise _too_long(ask)
    if len(response.content) > ask.limit_bytes:
        raise AppUnreadable(f"the app answered more than {ask.limit_bytes} bytes")
    headers = tuple((name.lower(), value) for name, value in headers_of(response))
    return AppAnswer(response.status_code, headers, response.content)


def _too_long(ask: AskApp) -> AppUnreadable:
    return AppUnreadable(f"the app took longer than {ask.limit_seconds:g} s")


def _busy() -> AppUnreadable:
    return AppUnreadable("other questions with the same credential take too long")


def _failed(error: Exception) -> AppUnreadable:
    return AppUnreadable(f"the app failed: {type(error).__name__}")
