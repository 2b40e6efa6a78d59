"""Questions to the adapter and the program around it.

They stand apart from those to the store, since an adapter knows no others: it is imported by whoever imports the app.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from .http import Headers, Request
from .protocol import Ask, Event


@dataclass(frozen=True, slots=True)
class ReadBody(Ask[bytes]):
    """The body of a request to an own page; BadRequest 413, 408, 411 or 400 where it is too large, slow or unclear."""

    limit_bytes: int
    limit_seconds: int


@dataclass(frozen=True, slots=True)
class PeekBody(Ask[bytes | None]):
    """The body of a request that goes on to the app; None for one that is larger or comes more slowly, of which the app
    then gets all, as it came. BadRequest 400 where it does not arrive whole."""

    limit_bytes: int
    limit_seconds: int


@dataclass(frozen=True, slots=True)
class Random(Ask[bytes]):
    """Bytes from the system's generator for secrets."""

    size: int


@dataclass(frozen=True, slots=True)
class Call(Ask[Any]):
    """Call the operator's function: inline under WSGI, awaited or in a thread under ASGI."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Emit(Ask[None]):
    """Hand an event to the audit log; it never fails. ``once_a_day`` names events that repeat with each request.

    ``is_kept``: the store has it already, written with the change that it tells of.
    """

    event: Event
    once_a_day: str | None = None
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Count(Ask[None]):
    """Count a decision, such as ``verify``, for the app that it was taken for; it never fails."""

    app: str
    decision: str


@dataclass(frozen=True, slots=True)
class CheckStore(Ask[None]):
    """Ask the store whether it is there and the right one; StoreError where it is not."""


@dataclass(frozen=True, slots=True)
class AppAnswer:
    """What the app answered to ``AskApp``."""

    status: int
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AskApp(Ask[AppAnswer]):
    """Ask the app itself, in process, by a request that never comes through the gate; AppUnreadable where it fails.

    ``request`` is the one that is being decided: mount, host, scheme, client and server are taken from it, and whatever
    the server and the layers outside have said of it (REMOTE_USER, a session of theirs), since the app goes by that with
    the request itself, too. ``path`` is the app's own, below its mount, as it stands in a URL, with a query if there is
    one. ``headers`` are all that the app gets, but Host. There is no body.

    Questions with the same ``turn`` go to the app one after the other; of those that wait, one is asked for all that are
    the same. Cookies named in ``keep_cookies`` that the answer sets go to the app with this request, and to the browser.
    """

    request: Request
    path: str
    headers: Headers = field(repr=False)
    limit_bytes: int = 64 * 1024
    limit_seconds: float = 1.0
    method: Literal["GET", "POST", "PROPFIND"] = "GET"
    turn: bytes = field(default=b"", repr=False)
    keep_cookies: frozenset[bytes] = frozenset()
