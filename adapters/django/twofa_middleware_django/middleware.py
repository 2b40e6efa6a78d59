"""``MIDDLEWARE = ["twofa_middleware.django.TwoFactorMiddleware", …]``, with ``TWOFA_SETTINGS`` and ``TWOFA_APP``.

A response of Django's is whole, head and body apart, before anything of it is sent, so there is no head to hold back:
the gate looks at it between the view and the server. It runs neither the WSGI nor the ASGI adapter inside: a response
that went through one would come out as bare bytes, and the server could send no file of it by itself any more.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import replace
from functools import cache, partial
from typing import Any, TypeVar

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings

from twofa_middleware.browser.kept import KeptCookies
from twofa_middleware.drive import adrive, drive
from twofa_middleware.errors import ConfigError
from twofa_middleware.http import Allow, Answer, Headers, Send, Splicing
from twofa_middleware.program import AskApp, PeekBody, ReadBody
from twofa_middleware.protocol import Ask, Flow
from twofa_middleware.runtime import Runtime
from twofa_middleware.settings import Settings
from twofa_middleware.vouching import Pace, Voucher, may_end_anywhere
from twofa_middleware.wiring import build

from .asking import Asking
from .passing import Passing, apass_on, pass_on
from .place import refuse_unless_first
from .translate import (
    WatchedStream,
    body_length,
    change_request,
    headers_of,
    peek_body,
    read_body,
    read_request,
    response_of,
    set_headers,
)

AnySend = TypeVar("AnySend", bound=Send | Answer)


class TwoFactorMiddleware:
    """Puts the gate in front of a project's views, in both of Django's colours. ConfigError says what stops the start."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[Any], Any]) -> None:
        refuse_unless_first()
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        self._asking = Asking(get_response)
        self._runtime = _runtime(_setting("TWOFA_SETTINGS"), _setting("TWOFA_APP"), self._is_async)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: Any) -> Any:
        return self._answer_async(request) if self._is_async else self._answer(request)

    def _answer(self, request: Any) -> Any:
        gate = self._runtime.gate

        kept, context = KeptCookies(), copy_context()

        def answer(ask: Ask[Any], *, view_is_at_work: bool = False) -> Any:
            match ask:
                case ReadBody():
                    return read_body(request, ask)
                case PeekBody():
                    return peek_body(request, ask)
                case AskApp():
                    return self._asking.answer(ask, type(request), kept, context, view_is_at_work=view_is_at_work)
                case _:
                    return self._runtime.answer(ask)

        admitted_at, read = time.monotonic(), read_request(request, int(time.time()))
        allow = drive(gate.admit(read), answer)
        if isinstance(allow, Answer):
            return response_of(_with(allow, kept), read)
        change_request(request, allow, kept)
        if allow.watches_body:

            def still_same() -> bool:
                return drive(gate.still_same(allow), partial(answer, view_is_at_work=True))

            request._stream = WatchedStream(request._stream, body_length(request), still_same)
        response = self._get_response(request)
        headers = headers_of(response)
        sent = Send(headers) if kept.lines else None
        if allow.must_release(headers):
            outcome = drive(gate.release(allow, response.status_code, headers), answer)
            if isinstance(outcome, Answer):
                response.close()
                return response_of(_with(outcome, kept), read)
            sent = outcome
        if sent is not None:
            set_headers(response, _with(sent, kept).headers)
        passing = self._passing(allow, headers, sent, admitted_at)
        if passing is not None:

            def run(flow: Flow[bytes]) -> bytes:
                return drive(flow, answer)

            pass_on(response, passing, run)
        return response

    async def _answer_async(self, request: Any) -> Any:
        gate = self._runtime.gate

        kept, context = KeptCookies(), copy_context()

        async def answer(ask: Ask[Any]) -> Any:
            match ask:
                case ReadBody():
                    return read_body(request, ask)
                case PeekBody():
                    return peek_body(request, ask)
                case AskApp():
                    return await self._asking.answer_async(ask, type(request), kept, context)
                case _:
                    return await self._runtime.answer_async(ask)

        admitted_at, read = time.monotonic(), read_request(request, int(time.time()))
        allow = await adrive(gate.admit(read), answer)
        if isinstance(allow, Answer):
            return response_of(_with(allow, kept), read)
        change_request(request, allow, kept)
        # The body is not watched: Django has taken it in as a whole before the gate was asked.
        response = await self._get_response(request)
        headers = headers_of(response)
        sent = Send(headers) if kept.lines else None
        if allow.must_release(headers):
            outcome = await adrive(gate.release(allow, response.status_code, headers), answer)
            if isinstance(outcome, Answer):
                await sync_to_async(response.close)()
                return response_of(_with(outcome, kept), read)
            sent = outcome
        if sent is not None:
            set_headers(response, _with(sent, kept).headers)
        passing = self._passing(allow, headers, sent, admitted_at)
        if passing is not None:

            async def run(flow: Flow[bytes]) -> bytes:
                return await adrive(flow, answer)

            await apass_on(response, passing, run)
        return response

    def _passing(self, allow: Allow, headers: Headers, sent: Send | None, admitted_at: float) -> Passing | None:
        """What becomes of the body, if it does not go on as it is."""
        splicing: Splicing | None = sent.splicing if sent else None
        allow = (sent.goes_on if sent else None) or allow
        is_watched = allow.is_watched(headers)
        if splicing is None and not is_watched:
            return None
        voucher = Voucher(Pace(), admitted_at) if is_watched else None
        return Passing(self._runtime.gate, allow, time.time, splicing, voucher, may_end_anywhere(headers))


def _with(outcome: AnySend, kept: KeptCookies) -> AnySend:
    """What goes to the browser, with the cookies that were kept for it."""
    return replace(outcome, headers=kept.onto_answer(outcome.headers))


def _setting(name: str) -> str:
    value = getattr(settings, name, None)
    if not isinstance(value, str | os.PathLike) or not str(value):
        raise ConfigError(
            f"{name} is missing in the settings of the project: TWOFA_SETTINGS is the path of the settings file, and "
            "TWOFA_APP says which of its apps this is"
        )
    return str(value)


@cache
def _runtime(path: str, name: str, asynchronous: bool) -> Runtime:
    """One for a process: Django makes its middleware anew for each handler, such as each client of a test."""
    return build(Settings.load(path), name, asynchronous=asynchronous)
