"""``basic``: user name and password in the Authorization header of each request (RFC 7617), at the doors named.

    { use = "basic", paths = ["ANY /dav/**"], page = "/dav/", names = "exact" }
    { use = "basic", paths = ["ANY /api/**"], page = "/api/me", user = "id" }
    { use = "basic", paths = ["ANY /api/**"], callable = "portal_directory:user_of_password" }

Elsewhere the header stays unread, and so is refused. Who a name is, is for the app to say: where it takes ``Ann`` and
``ann`` for one person, they must not be two here.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from ..app_page import FactOptions, Facts, Question
from ..app_page.facts import ACCEPTS
from ..asks import AppAnswer, Call
from ..errors import ConfigError
from ..http import Request
from ..protocol import Anonymous, Flow, Identity, Login, PluginContext, Reads, Unknown, user_id
from ..references import load_callable
from .answers import what_was_told
from .doors import AUTHORIZATION, REFUSED, UNREAD, Door, Paths


class BasicOptions(FactOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``paths``: where the app takes the header. ``callable``: ``module:function``, which gets name and password, and
    answers a user id, a Login, or None.

    Or ``page``: a page of that door, and one of these: ``user``, where the page names the id; ``names``: the name is the
    id, "exact" as it is typed, for apps that tell capital letters apart, or "lower" in small letters, for apps that do
    not; ``user_of``: ``module:function``, which gets the name and answers the id.
    """

    paths: Annotated[list[str], Meta(min_length=1)]
    callable: str | None = None
    page: str | None = None
    user: str | None = None
    names: Literal["exact", "lower"] | None = None
    user_of: str | None = None

    @property
    def reads(self) -> Reads:
        return Reads(headers=frozenset({AUTHORIZATION}))


class Basic:
    """Reads the header, and asks the app or the operator's function whether it is right."""

    Options: ClassVar[type] = BasicOptions
    pure = False

    def __init__(self, options: BasicOptions, context: PluginContext) -> None:
        where = f"[apps.{context.app}] identity (basic)"
        self.reads = options.reads
        self._paths = Paths(options.paths, context, where)
        self._names = options.names
        ways = [key for key in ("user", "names", "user_of") if getattr(options, key) is not None]
        if (options.callable is None) == (options.page is None):
            raise ConfigError(
                f"{where}: needs either callable, which checks the password, or page, by which the app does"
            )
        if len(ways) != (options.page is not None):
            raise ConfigError(
                f"{where}: {'page goes with exactly one' if options.page else 'callable goes with none'} of user (where "
                'the page names the id), names = "exact" or "lower" (how the app compares names), and user_of'
            )
        self._function, self._user_of = (
            None if reference is None else load_callable(reference, where, asynchronous=context.asynchronous)
            for reference in (options.callable, options.user_of)
        )
        self._facts = None if options.user is None else Facts(options.user, options, where)
        self._door = None
        if options.page is not None:
            accept = ACCEPTS[options.format] if options.user is not None else "*/*"
            self._door = Door(Question(options.page, options, accept, context, where))

    def resolve(self, request: Request) -> Flow[Identity]:
        sent = request.values(AUTHORIZATION)
        if not sent:
            return Anonymous()
        typed = read_basic(sent[0]) if len(sent) == 1 and self._paths.lead_here(request) else None
        if typed is None:
            return UNREAD
        name, password = typed
        if self._door is None:
            told = what_was_told((yield from Call(self._function, (name, password)))) if self._function else UNREAD
            return REFUSED if told == Anonymous() else told
        answer = yield from self._door.ask(request, sent[0])
        return REFUSED if answer is None else (yield from self._who(name, answer))

    def _who(self, name: str, answer: AppAnswer) -> Flow[Identity]:
        """Whose name the app has just taken."""
        if self._user_of is not None:
            told = what_was_told((yield from Call(self._user_of, (name,))))
            return told if isinstance(told, Login) else Unknown("user_of does not know a name that the app has taken")
        try:
            if self._facts is not None:
                return self._facts.login(answer)
            if self._names == "lower" and not name.isascii():
                return Unknown("a name beyond ASCII has no one spelling in small letters: use user or user_of")
            return Login(user_id(name.lower() if self._names == "lower" else name), label=name)
        except ValueError as error:
            return Unknown(f"the app has taken a name that is no user id: {error}")


def read_basic(value: bytes) -> tuple[str, str] | None:
    """User name and password (RFC 7617 §2); None for whatever two parsers might read differently.

    ``Basic``, one space, base64 in its one spelling, UTF-8, no control characters; the name ends at the first colon.
    """
    scheme, space, coded = value.partition(b" ")
    if scheme.lower() != b"basic" or not space:
        return None
    try:
        raw = base64.b64decode(coded, validate=True)
        text = raw.decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    if base64.b64encode(raw) != coded or any(unicodedata.category(char) == "Cc" for char in text):
        return None
    name, colon, password = text.partition(":")
    return (name, password) if colon and name else None
