"""What a plugin has to be, each kind in a class: resolvers, directories and sinks. ``docs/plugins.md`` shows how to make one."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from .words import Event, Flow, Identity, Login, Reads

if TYPE_CHECKING:
    from pathlib import Path

    from ..http import Headers, Request


class Seals(Protocol):
    """What ``sealing.py`` does for a plugin: a store learns neither whose a record is, nor what is in it.

    A record opens at the place (``purpose`` and ``context``) that it was sealed for; elsewhere it is UnreadableRecord.
    """

    def name(self, kind: str, text: str) -> str: ...

    def seal(self, purpose: str, context: tuple[str | int, ...], plaintext: bytes, nonce: bytes) -> bytes: ...

    def open(self, purpose: str, context: tuple[str | int, ...], sealed: bytes) -> bytes: ...

    def opens(self, sealed: bytes) -> bool:
        """Whether the key is still there that the record says it was sealed with."""


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
    seals: Seals | None = field(default=None, repr=False)
    prefix: str = "/2fa"


class IdentityResolver(Protocol):
    """Says who is logged in: ``Plugin(options, context)`` at the start, ``resolve(request)`` for each request.

    ``Options`` is a msgspec Struct with ``reads``, a property that needs no secret, since other apps of the realm ask
    for it too; it may have ``credential_cookies``, by which the app's framework logs people in besides what is read.
    ``pure``: the answer depends on ``reads`` and the clock alone. What cannot be used raises ConfigError.

    It may have ``log_out(request) -> Flow[None]``, which ends the app's own session on the server when somebody logs out
    by our button, and raises where it could not; ``cache_seconds``, for how long the answer may be remembered although the
    resolver is not pure, by the word of the operator that the app changes its cookie at each log-in, with ``remembered_by``,
    a Reads of what else the answer depends on; and ``shows_session``, whether its Login has a ``session``, where that
    depends on more than the option of that name.
    """

    Options: ClassVar[type]
    reads: Reads
    pure: bool

    def resolve(self, request: Request) -> Flow[Identity]: ...


@runtime_checkable
class LoginWatcher(IdentityResolver, Protocol):
    """A resolver that learns who is logged in from the log-ins themselves, such as ``watch``.

    ``before_app`` is asked when the app is about to be called with a request that may log in or out by the rules of the
    app (``logs_in``: that it may log in); what it answers comes back, whatever the app does, to ``after_app``. What it
    raises refuses the request.

    ``after_app`` is asked of every answer that is looked at, before the first byte of it goes on and before it is
    resolved who is logged in now. ``login`` is who was when the request came; ``held`` is None unless ``before_app`` was
    asked; ``place`` is where the answer leads, as a path of the app's own without its query, None if elsewhere or nowhere.
    It answers why nothing of the answer may go on, None if it may. An app may begin its answer anew, so it may be asked
    again for the same request.

    ``withholds``: cookies that the app does not get with a log-in. Its ``Options`` may have ``login_rules``, which then are
    log-in rules of the app.
    """

    withholds: frozenset[bytes]

    def before_app(self, request: Request, logs_in: bool) -> Flow[Any]: ...

    def after_app(
        self, request: Request, login: Login | None, held: Any, status: int, headers: Headers, place: str | None
    ) -> Flow[str | None]: ...


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


class Factor(Protocol):
    """How the codes of an authenticator app are made: ``Plugin(options, context)`` at the start, then pure computing.

    ``codes(secret)`` answers a function from the step (RFC 6238: seconds since 1970 // 30) to its code: ``digits`` ASCII
    digits, 6 to 10. It asks nobody, keeps nothing and needs microseconds, since each try compares more than twenty
    codes. ``uri`` is what the phone scans, an ``otpauth://`` URI. ``secret_bytes`` (16 to 64) is how long a new secret
    is. ``variant`` names what of the options changes the codes ("" for nothing): the record of an authenticator says
    by which factor and variant it was made, and no other ever checks it. What a factor raises is 503.
    """

    Options: ClassVar[type]

    @property
    def digits(self) -> int: ...

    @property
    def secret_bytes(self) -> int: ...

    @property
    def variant(self) -> str: ...

    def codes(self, secret: bytes) -> Callable[[int], str]: ...

    def uri(self, secret: bytes, label: str, issuer: str) -> str: ...


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What a theme brings to our own pages; ``pages/themes.py`` says what is refused.

    ``files``: name → bytes of stylesheets and pictures, served to everybody. ``sheets`` names those that every page
    links, after ours; ``logo`` and ``icon`` name pictures. ``header`` and ``footer`` are HTML for the line above the
    card and below it, in which ``{{ product }}``, ``{{ app }}``, ``{{ support }}``, ``{{ home }}`` and ``{{ logo }}`` stand for
    what they name. Empty: as it is without a theme.
    """

    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    sheets: tuple[str, ...] = ()
    logo: str = ""
    icon: str = ""
    header: str = ""
    footer: str = ""


class Theme(Protocol):
    """Dresses our own pages: ``Plugin(options, context)`` and ``look()``, once, at the start.

    Forms, words and headers stay ours: the strict Content-Security-Policy, by which no script or style of a theme runs
    but its files, is the same under every theme.
    """

    Options: ClassVar[type]

    def look(self) -> Look: ...


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
