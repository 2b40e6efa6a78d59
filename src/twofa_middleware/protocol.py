"""The words that every part uses: logins, events, questions, and what a plugin has to be."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, NewType, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from .http import Request

UserKey = NewType("UserKey", str)
"""The keyed hash of a user id: all that a store ever learns of who somebody is."""

MAX_USER_ID_BYTES = 255

Reply = TypeVar("Reply", covariant=True)
Result = TypeVar("Result")


class Ask(Generic[Reply]):
    """A question that a flow yields and a driver answers; ``reply = yield from ask`` keeps the reply's type."""

    __slots__ = ()

    def __iter__(self) -> Generator[Ask[Any], Any, Reply]:
        reply: Reply = yield self
        return reply


Flow: TypeAlias = Generator[Ask[Any], Any, Result]
"""Logic that asks its questions by yielding them and returns its result; ``drive.py`` runs it."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who is logged in to the app.

    ``user`` is the immutable id; ``session`` stays the same during one log-in of the app (None where the app shows
    none); ``label`` is what people see; ``email`` is where notices go; ``expires`` is when a pure resolver would stop
    saying so (seconds since 1970, None: not by itself).
    """

    user: str
    session: str | None = None
    label: str = ""
    email: str = ""
    expires: int | None = None

    @property
    def shown(self) -> str:
        """The name for people: the label, or else the id."""
        return self.label or self.user


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody is logged in. ``unread`` names the cookies and headers that this resolver could make nothing of."""

    unread: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Unknown:
    """It cannot be told who is logged in; the request is refused with 503. ``reason`` goes to the event, not to users."""

    reason: str


Identity: TypeAlias = Login | Anonymous | Unknown


@dataclass(frozen=True, slots=True)
class Reads:
    """What a resolver looks at: cookie names, header names (lower case), keys of the environ or scope."""

    cookies: frozenset[bytes] = frozenset()
    headers: frozenset[bytes] = frozenset()
    server: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that an administrator may want to know. It never carries a secret, a code, a cookie or a token.

    ``user`` is the id of whom it is about, ``label`` what people call them, ``app`` where it was (empty: at no app).
    "warning": somebody has to look at the configuration; "error": it is our fault, and something was refused for it.
    """

    name: str
    at: int
    app: str
    user: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    error: BaseException | None = None
    severity: Literal["info", "warning", "error"] = "info"
    label: str = ""


@dataclass(frozen=True, slots=True)
class PluginContext:
    """Where a plugin is made: for which realm and app, and the folder that relative paths in its options start from.

    ``asynchronous``: the app is served by ASGI, so a function of the operator's may be a coroutine function. ``clock``
    tells the time in seconds since 1970.
    """

    realm: str
    app: str
    folder: Path
    asynchronous: bool
    clock: Callable[[], float] = time.time


class IdentityResolver(Protocol):
    """Says who is logged in: ``Plugin(options, context)`` at the start, ``resolve(request)`` for each request.

    ``Options`` is a msgspec Struct with ``reads``, a property that needs no secret, since other apps of the realm ask
    for it too; it may have ``credential_cookies``, by which the app's framework logs people in besides what is read.
    ``pure``: the answer depends on ``reads`` and the clock alone. What cannot be used raises ConfigError.
    """

    Options: ClassVar[type]
    reads: Reads
    pure: bool

    def resolve(self, request: Request) -> Flow[Identity]: ...


class RolesResolver(Protocol):
    """Says which roles a login has, directly or through groups. What it raises is 503, never "no role".

    It may have ``all_roles``, a frozenset, if it knows beforehand which roles anybody can have.
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


@dataclass(frozen=True, slots=True)
class StoreOptions:
    """What a store gets besides its URL. ``replicas``, ``fsync``, ``wait_seconds``: what has to be true of a change that
    matters before it counts as made; a store that cannot tell refuses them with ConfigError."""

    password: str = field(default="", repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    replicas: int = 0
    fsync: bool = False
    wait_seconds: float = 0.2


@dataclass(frozen=True, slots=True)
class Layout:
    """How a store is laid out: the layout that is there, the oldest that a program must know to work on it, and the one
    that this program knows."""

    found: int
    needs: int
    known: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that ``twofa doctor`` reports: a row of ``docs/doctor.md`` by its ``name``, where and with which value it
    was found, what it costs, and what to do. "problem": somebody is let in, shut out or lost by it; "warning": it weakens
    something; "note": good to know."""

    name: str
    severity: Literal["problem", "warning", "note"]
    found: str
    costs: str
    remedy: str


class Store(Protocol):
    """Answers the questions of ``asks.py``; one question is one transaction, on that user's records alone.

    A plugin is a class: ``Kind(url, store_id, realm, options)`` at the start, and ``Kind.create(url, realm, options)``,
    which makes the store or finds it, and returns its id. Realms that share a server must not see each other's records.

    It may have ``layout() -> Layout``, ``migrate() -> Path | None`` (brings the layout up to the program's, answers the
    backup of before) and ``commit()`` (from now on the store needs its layout), for ``twofa upgrade``; and
    ``inspect() -> Iterable[Finding]``, for ``twofa doctor``: all that is not as it should be where the store lies. A
    question that it may not ask there is a note.
    """

    def check(self) -> None:
        """Connect now; raises StoreMismatch (StoreMissing, where none was made) or StoreUnavailable where the questions
        would."""

    def answer(self, ask: Ask[Result]) -> Result: ...

    async def answer_async(self, ask: Ask[Result]) -> Result: ...


def user_id(value: object) -> str:
    """The user id that a resolver found, checked. An int becomes its decimal; nothing is folded or trimmed.

    Raises ValueError for anything else than a non-empty NFC string of at most 255 UTF-8 bytes without control
    characters and without space at its edges: two spellings of one person would be two accounts.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError(f"a user id is a string or an int, not {type(value).__name__}")
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        raise ValueError("a user id is valid Unicode") from None
    if not value or size > MAX_USER_ID_BYTES:
        raise ValueError(f"a user id has 1 to {MAX_USER_ID_BYTES} bytes")
    if value != value.strip() or any(unicodedata.category(char) in {"Cc", "Cf", "Zl", "Zp"} for char in value):
        raise ValueError("a user id has no space at its edges and no control characters")
    if not unicodedata.is_normalized("NFC", value):
        raise ValueError("a user id is in Unicode's NFC form")
    return value
