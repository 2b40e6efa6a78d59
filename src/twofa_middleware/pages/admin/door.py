"""Who comes to the administrators' pages: one of the roles, and a factor that was shown not long ago."""

from __future__ import annotations

from ...accounts.access import Access, roles_of
from ...accounts.administer import Actor
from ...http import Answer, Request, problem
from ...protocol import Flow, Login
from ...site import Site
from ..notices import demand, notice, own_address
from ..render import Urls
from ..visit import Visit


def is_administrator(site: Site, login: Login, request: Request) -> Flow[bool]:
    """Whether the login has a role that administers, in an app that has the pages. What cannot be read raises."""
    if not site.app.admin or not site.settings.admin.roles:
        return False
    roles = yield from roles_of(site, login, request)
    return not roles.isdisjoint(site.settings.admin.roles)


def is_fresh(site: Site, access: Access, now: int) -> bool:
    """Whether this log-in has shown a factor so lately that its user may act as an administrator."""
    proven = access.valid_pass if access.is_proven else None
    return proven is not None and now - proven.opened_at <= site.settings.admin.fresh_minutes * 60


def refusal(visit: Visit) -> Flow[Answer | None]:
    """What is answered to somebody who may not go on, be it to look or to act; None for who may."""
    site, request = visit.site, visit.request
    if not (yield from is_administrator(site, visit.login, request)):
        return _no_administrator(site, request)
    if is_fresh(site, visit.access, request.now):
        return None
    # What was posted is gone; the page is drawn anew, so that nobody acts on what it showed an hour ago.
    after = own_address(request) or visit.urls.admin
    return demand(site, request, "verify" if visit.access.account.is_enrolled else "setup", after)


def actor_of(visit: Visit) -> Actor:
    """The visitor as who acts, in events."""
    return Actor(visit.login.user, visit.login.label)


def _no_administrator(site: Site, request: Request) -> Answer:
    title, detail = "For administrators only", "This page is for administrators, and your roles are none of theirs."
    if not request.is_navigation:
        return problem(403, "not-administrator", title, detail)
    urls = Urls.of(site, request)
    links = (("Your two-factor authentication", urls.account), (f"Go to {site.label}", urls.home))
    return notice(site, request, 403, title, detail, links=links)
