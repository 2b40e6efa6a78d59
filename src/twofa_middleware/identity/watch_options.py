"""The options of ``watch``: which requests log in, by what the app says that they did, and where a cookie may be unread."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from ..errors import ConfigError
from ..http import Request
from ..policy.login_rules import LoginRule
from ..policy.paths import PathRule, is_plain
from ..protocol import Reads
from .answers import CookieName
from .login_bodies import Format


class Success(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the app answers when a log-in has succeeded, and never else: the status; where the answer leads (paths of the
    app's own, ``{part}`` and a closing ``/**`` as in rules); whether it sets the cookie to a value."""

    status: Annotated[int, Meta(ge=200, le=399)]
    location: str | list[str] | None = None
    sets_cookie: bool = False


class WatchOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """``field``: the name's, in JSON with dots between keys. ``case``: whether the app tells ``Bob`` from ``bob``; or else
    ``resolve``, ``module:function``, makes a user id of what was typed (a Login, an id, or None).

    ``refresh``: requests in whose answers the app may set another cookie for the same log-in. ``anonymous``: requests with
    which the app gets a cookie that is not bound, such as the page with the log-in form. ``login_gets_cookie``: the app gets
    it with a log-in too, and it is bound if the answer sets none; for apps that know each session by one value alone.
    ``hours``: a log-in that is older is nobody's.
    """

    cookie: CookieName
    login: str | list[str]
    field: Annotated[str, Meta(min_length=1)]
    success: Success
    format: Format = "form"
    case: Literal["matters", "ignored"] | None = None
    resolve: str | None = None
    refresh: list[str] = []
    anonymous: list[str] = []
    login_gets_cookie: bool = False
    hours: Annotated[int, Meta(gt=0, le=24 * 31)] = 24

    @property
    def login_rules(self) -> tuple[str, ...]:
        return (self.login,) if isinstance(self.login, str) else tuple(self.login)

    @property
    def reads(self) -> Reads:
        return Reads(cookies=frozenset({self.cookie.encode()}))


@dataclass(frozen=True, slots=True)
class WatchRules:
    """What the options say of requests and answers, read once. ``places``: where a log-in leads; None: anywhere."""

    logins: tuple[LoginRule, ...]
    refresh: tuple[PathRule, ...]
    anonymous: tuple[PathRule, ...]
    places: tuple[PathRule, ...] | None
    success: Success

    @classmethod
    def of(cls, options: WatchOptions, where: str) -> WatchRules:
        """ConfigError if they do not say how to watch a log-in. ``where`` they stand in the settings."""
        if (options.case is None) == (options.resolve is None):
            raise ConfigError(
                f'{where}: say either case = "matters" or "ignored", as the app tells names apart, or resolve = '
                '"module:function", which makes a user id of what was typed'
            )
        logins = tuple(_login_rule(text, where) for text in options.login_rules)
        if not logins:
            raise ConfigError(f"{where}: login is empty; name the request that logs in, such as POST /login")
        places = options.success.location
        listed = [] if places is None else [places] if isinstance(places, str) else places
        return cls(
            logins,
            _path_rules(options.refresh, f"{where}: refresh"),
            _path_rules(options.anonymous, f"{where}: anonymous"),
            None if places is None else _path_rules([f"GET {path}" for path in listed], f"{where}: location"),
            options.success,
        )

    def logs_in(self, request: Request) -> bool:
        """Whether it is one of the requests that log in."""
        return any(rule.holds(request) for rule in self.logins)

    def may_be_unbound(self, request: Request) -> bool:
        """Whether the app gets a cookie that is nobody's. That asks for less, so only the very path and method count."""
        if not is_plain(request):
            return False
        rules = (*self.anonymous, *(rule.path for rule in self.logins))
        return any(rule.matches(request.method, request.path) for rule in rules)

    def may_refresh(self, request: Request) -> bool:
        """Whether the answer may set another cookie for the same log-in; only the very path and method count."""
        return is_plain(request) and any(rule.matches(request.method, request.path) for rule in self.refresh)

    def succeeded(self, status: int, place: str | None, new: bytes | None) -> bool:
        """Whether the answer shows the sign of success. ``place``: where it leads; ``new``: the cookie that it sets."""
        success = self.success
        if status != success.status or (success.sets_cookie and new is None):
            return False
        if self.places is None:
            return True
        return place is not None and any(rule.matches("GET", place) for rule in self.places)


def _login_rule(text: str, where: str) -> LoginRule:
    try:
        rule = LoginRule.parse(text)
    except ConfigError as error:
        raise ConfigError(f"{where}: login: {error}") from None
    if rule.place or "/**" in text:
        raise ConfigError(
            f'{where}: login: "{text}" is not one path; the app gets cookies there of which nobody knows whose they are, so '
            "name the very path of the log-in, without /** and without a field"
        )
    return rule


def _path_rules(texts: Iterable[str], where: str) -> tuple[PathRule, ...]:
    try:
        return tuple(PathRule.parse(text) for text in texts)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
