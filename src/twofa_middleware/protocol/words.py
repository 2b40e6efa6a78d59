"""The words that every part uses: questions, logins, who is logged in, events."""

from __future__ import annotations

import unicodedata
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, NewType, TypeAlias, TypeVar

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
    session: str | None = field(default=None, repr=False)
    label: str = ""
    email: str = ""
    expires: int | None = None

    @property
    def shown(self) -> str:
        """The name for people: the label, or else the id."""
        return self.label or self.user


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody is logged in. ``unread`` names the cookies and headers that this resolver could make nothing of, ``refused``
    the headers that the app itself has refused when it was asked: it has to refuse the request with them, too."""

    unread: frozenset[bytes] = frozenset()
    refused: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Unknown:
    """It cannot be told who is logged in; the request is refused with 503. ``reason`` goes to the event, not to users."""

    reason: str


Identity: TypeAlias = Login | Anonymous | Unknown


@dataclass(frozen=True, slots=True)
class Reads:
    """What a resolver looks at: cookie names, header names (lower case), keys of the environ or scope.

    ``peer``: also at who holds the connection, which the app goes on seeing whatever becomes of a request.
    """

    cookies: frozenset[bytes] = frozenset()
    headers: frozenset[bytes] = frozenset()
    server: frozenset[str] = frozenset()
    peer: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that an administrator may want to know. It never carries a secret, a code, a cookie or a token.

    ``user`` is the id of whom it is about, ``label`` what people call them, ``app`` where it was (empty: at no app).
    ``error`` is told with its traceback, whose frames have no locals any more (``tracebacks.py``).
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


def user_id(value: object) -> str:
    """The user id that a resolver found, checked. An int becomes its decimal; nothing is folded or trimmed.

    Raises ValueError for anything else than a non-empty NFC string of at most 255 UTF-8 bytes without control
    characters and without space at its edges: two spellings of one person would be two accounts.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise ValueError(f"a user id is a string or an int, not {type(value).__name__}")
    if value.isascii() and value.isprintable() and 0 < len(value) <= MAX_USER_ID_BYTES and value == value.strip():
        return value  # the most of them, and without a look at each character
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
