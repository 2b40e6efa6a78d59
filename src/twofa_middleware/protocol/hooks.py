"""What a plugin has to be, each kind in a class: resolvers, directories and sinks. ``docs/plugins.md`` shows how to make one."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from .words import Event, Flow, Identity, Login, Reads

if TYPE_CHECKING:
    from ..http import Request


@dataclass(frozen=True, slots=True)
class PluginContext:
    """Where a plugin is made: for which realm and app, and the folder that relative paths in its options start from.

    ``asynchronous``: the app is served by ASGI, so a function of the operator's may be a coroutine function. ``clock``
    tells the time in seconds since 1970. ``prefix``: where our own pages are, below the app's mount.
    """

    realm: str
    app: str
    folder: Path
    asynchronous: bool
    clock: Callable[[], float] = time.time
    prefix: str = "/2fa"


class IdentityResolver(Protocol):
    """Says who is logged in: ``Plugin(options, context)`` at the start, ``resolve(request)`` for each request.

    ``Options`` is a msgspec Struct with ``reads``, a property that needs no secret, since other apps of the realm ask
    for it too; it may have ``credential_cookies``, by which the app's framework logs people in besides what is read.
    ``pure``: the answer depends on ``reads`` and the clock alone. What cannot be used raises ConfigError.

    It may have ``log_out(request) -> Flow[None]``, which ends the app's own session on the server when somebody logs out
    by our button, and raises where it could not; and ``shows_session``, whether its Login has a ``session``, where that
    depends on more than the option of that name.
    """

    Options: ClassVar[type]
    reads: Reads
    pure: bool

    def resolve(self, request: Request) -> Flow[Identity]: ...


class RolesResolver(Protocol):
    """Says which roles a login has, directly or through groups. What it raises is 503, never "no role".

    It may have ``all_roles``, a frozenset, if it knows beforehand which roles anybody can have; and ``guard``, asked as
    an identity resolver that finds nobody, which names the headers that the app must not get.
    """

    Options: ClassVar[type]

    def roles_of(self, login: Login, request: Request) -> Flow[frozenset[str]]: ...


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the directory: the immutable id, what they log in as, their full name, their e-mail."""

    user: str
    label: str = ""
    name: str = ""
    email: str = ""

    @property
    def shown(self) -> str:
        return self.label or self.user


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who has a role; ``through``: the groups by which, none for one to whom it was given directly."""

    person: Person
    through: tuple[str, ...] = ()


class Directory(Protocol):
    """Lists people and roles for administrators. What it raises is 503 on their pages and nothing elsewhere.

    ``find``: the people whose names fit the pattern, in which ``%`` stands for any run of characters, in an order that
    stays the same; those from ``offset`` on, at most ``limit``.
    """

    Options: ClassVar[type]

    def find(self, pattern: str, offset: int, limit: int) -> Flow[tuple[Person, ...]]: ...

    def person(self, user: str) -> Flow[Person | None]: ...

    def roles(self) -> Flow[tuple[str, ...]]: ...

    def members(self, role: str) -> Flow[tuple[Member, ...]]: ...


class Sink(Protocol):
    """Takes audit events somewhere: ``Plugin(options, context)`` at the start; never in the way of a request.

    ``is_immediate``: gets each event of its process as it happens, by ``take``, which has to return at once. Else it
    gets those of the whole realm, in order, in batches by ``deliver``, in a thread of its own; what that raises is
    tried again later, so an event may come twice, with the same id. How far it has got is kept under ``place``, such as
    a URL; nobody reads it in the store.

    ``Options`` may have ``names``: those of the events that it wants. A name that no event has stops the start.
    """

    Options: ClassVar[type]
    is_immediate: ClassVar[bool]
    place: str

    def take(self, event: Event) -> None: ...

    def deliver(self, events: Sequence[tuple[str, Event]]) -> None: ...
