"""Which own page a request asks for, and who may see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ..accounts.access import MustSetUp, MustVerify, Passes, decide, look
from ..asks import Random
from ..browser.cookies import TOKEN_BYTES, read_token, token
from ..http import Answer, Request, problem, redirect
from ..protocol import Flow, Login
from ..site import Site
from . import account, browsers, codes, disable, later, logout, setup, verify
from .notices import demand, said
from .render import Urls, static_files
from .visit import Form, Visit, read_form

Show: TypeAlias = Callable[[Visit], Flow[Answer]]
Submit: TypeAlias = Callable[[Visit, Form], Flow[Answer]]


@dataclass(frozen=True, slots=True)
class _Page:
    """``before_passing``: those may see it who have not shown their second factor yet, or have still to set it up."""

    show: Show | None
    submit: Submit | None
    before_passing: bool = False


PAGES = {
    "verify": _Page(verify.show, verify.submit, before_passing=True),
    "setup": _Page(setup.show, setup.submit, before_passing=True),
    "later": _Page(None, later.submit, before_passing=True),
    "logout": _Page(None, logout.submit, before_passing=True),
    "account": _Page(account.show, None),
    "disable": _Page(disable.show, disable.submit),
    "codes": _Page(codes.show, codes.submit),
    "browsers": _Page(None, browsers.submit),
}


def is_own(site: Site, request: Request) -> bool:
    """Whether the request is for a page of ours and none of the app's."""
    prefix = site.settings.prefix
    return request.path == prefix or request.path.startswith(prefix + "/")


def serve_static(site: Site, request: Request) -> Answer | None:
    """The static files; they are the same for everybody and need no log-in."""
    name = request.path.removeprefix(site.settings.prefix + "/static/")
    found = static_files().get(name)
    if found is None or request.method not in ("GET", "HEAD") or request.kind != "http":
        return None
    kind, body = found
    return Answer(200, ((b"content-type", kind), (b"cache-control", b"public, max-age=31536000, immutable")), body)


def serve_nobody(site: Site, request: Request) -> Answer:
    """An own page asked for by nobody who is logged in."""
    if request.is_navigation:
        return redirect(Urls.of(site, request).login_page)
    return problem(403, "not-logged-in", "Nobody is logged in", "Log in to the app first.")


def serve(site: Site, request: Request, login: Login) -> Flow[Answer]:
    """The own page that a login asks for."""
    name = request.path.removeprefix(site.settings.prefix).strip("/") or "account"
    found = PAGES.get(name)
    if found is None or request.kind != "http":
        return said(site, request, 404, "not-found", "There is no such page here.")
    posts = request.method == "POST"
    if (found.submit if posts else found.show) is None or request.method not in ("GET", "HEAD", "POST"):
        takes = (b"GET, HEAD",) * bool(found.show) + (b"POST",) * bool(found.submit)
        refusal = said(site, request, 405, "method", "This address does not take that.")
        return refusal.adding((b"allow", b", ".join(takes)))
    access = yield from look(site, login, request)
    if not found.before_passing:
        match (yield from decide(site, login, request, access)):
            case MustVerify():
                return demand(site, request, "verify", Urls.of(site, request).account if posts else None)
            case MustSetUp():
                return demand(site, request, "setup", Urls.of(site, request).home)
            case Passes():
                pass
    flow = read_token(request, site.cookies.flow)
    visit = Visit(site, request, login, access, flow or token((yield from Random(TOKEN_BYTES))), flow is None)
    if posts and found.submit:
        return (yield from found.submit(visit, (yield from read_form(visit, name))))
    show = found.show or account.show
    return (yield from show(visit))
