"""The decision about one login, read from the top: has it passed, is the browser remembered, who must do what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ..asks import TOUCH_SECONDS, Look, Seen, TouchPass
from ..browser.cookies import PassCookie, digest, hide_ours, read_pass, read_token
from ..http import KnownPass, Request
from ..policy.enforcement import Demand
from ..policy.paths import asks_more
from ..protocol import Flow, Login, UserKey
from ..site import Site
from . import passes, remembered
from .account import Account, open_account
from .passes import Method, Pass
from .remembered import Browser
from .rules import meet, read_rules


@dataclass(frozen=True, slots=True)
class Access:
    """What the store and the browser say of one login."""

    user: UserKey
    account: Account
    valid_pass: Pass | None
    pass_digest: bytes | None
    browser: Browser | None
    seen: Seen | None = None

    @property
    def is_proven(self) -> bool:
        return self.valid_pass is not None and self.valid_pass.method.is_proven

    def stands(self, site: Site) -> bool:
        """Whether the pass alone lets the login through, whatever is enforced by now."""
        return self.valid_pass is not None and not (self.valid_pass.method.needed_nothing and site.starts_now)

    def known(self, site: Site, login: Login) -> KnownPass | None:
        """What may be remembered of that."""
        found = self.valid_pass
        if found is None or not self.stands(site):
            return None
        ends = [found.expires_at]
        if login.expires is not None:
            ends.append(login.expires)
        if site.settings.idle_seconds:
            ends.append(found.used_at + TOUCH_SECONDS)  # then it has to be noted that it is in use
        return KnownPass(self.user, login.session, min(ends), self.seen)


@dataclass(frozen=True, slots=True)
class Passes:
    """The login may go on; with ``opens`` a pass of this kind is to be opened. ``roles``: if they were asked for."""

    opens: Method | None = None
    roles: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class MustVerify:
    """It has a second factor, and has not shown it."""


@dataclass(frozen=True, slots=True)
class MustSetUp:
    """It has no second factor, and this role demands one; ``until``: it may be put off until then, 0 for not at all."""

    role: str
    until: int = 0


Decision: TypeAlias = Passes | MustVerify | MustSetUp


def look(
    site: Site, login: Login, request: Request, *, log_in_begins: bool = False, counts_as_use: bool = True
) -> Flow[Access]:
    """Read what a decision needs. When a log-in begins, a pass that the browser still has is none for it."""
    user = site.user_key(login)
    cookie = None if log_in_begins else _pass_cookie(site, user, request)
    browser = read_token(request, site.cookies.browser(user))
    seen = yield from Look(
        user,
        cookie.digest if cookie else None,
        digest(browser) if browser is not None else None,
        request.now,
        is_strict=asks_more(site.strict, request),
    )
    account = open_account(site.sealer, user, seen.account)
    valid = passes.read_pass(site, login, user, account.generation, seen.pass_row, request.now)
    measures_use = counts_as_use and site.settings.idle_seconds
    if valid and measures_use and seen.pass_row and request.now >= seen.pass_row.used_at + TOUCH_SECONDS:
        yield from TouchPass(user, seen.pass_row.digest, request.now)
    return Access(
        user,
        account,
        valid,
        cookie.digest if cookie else None,
        remembered.read_browser(site, user, account.generation, seen.browser, request.now),
        seen,
    )


def _pass_cookie(site: Site, user: UserKey, request: Request) -> PassCookie | None:
    cookie = read_pass(request, site.cookies.passes)
    return cookie if cookie is not None and cookie.user == user else None


def decide(site: Site, login: Login, request: Request, access: Access) -> Flow[Decision]:
    """Design §3 as code. Roles are asked for only where they matter; if they cannot be read, that raises."""
    valid = access.valid_pass
    if access.stands(site):
        return Passes()
    if access.account.is_enrolled:
        access.account.authenticator(site.sealer, site.factor.kind)  # what does not open is 503 now, not after the code
        return Passes(opens=Method.REMEMBERED) if access.browser else MustVerify()
    demand, roles = yield from required_of(site, login, request)
    if demand is None:
        return Passes(opens=None if valid else Method.NONE, roles=roles)
    has_put_off = valid is not None and valid.method is Method.PUT_OFF
    if demand.may_wait(request.now) and (has_put_off or not request.is_navigation):
        return Passes()  # only a person can put it off, so nothing else is stopped while there is time
    return MustSetUp(demand.role, demand.until)


def required_by(site: Site, login: Login, request: Request) -> Flow[Demand | None]:
    """What a role of this login demands, if any does."""
    demand, _ = yield from required_of(site, login, request)
    return demand


def required_of(site: Site, login: Login, request: Request) -> Flow[tuple[Demand | None, frozenset[str] | None]]:
    """The same, and the roles, None where nothing is enforced, so that nobody has asked for them."""
    rules = yield from read_rules(site.desk, None if asks_more(site.strict, request) else request.now)
    if not rules:
        return None, None
    roles = yield from roles_of(site, login, request)
    return (yield from meet(site.desk, site.user_key(login), roles, rules, request.now)), roles


def roles_of(site: Site, login: Login, request: Request) -> Flow[frozenset[str]]:
    """The roles of a login, by the resolver, which like all resolvers sees no cookie of ours."""
    hidden = hide_ours(request)
    return (yield from site.roles.roles_of(login, request.with_headers(hidden) if hidden else request))
