"""Which own page a request asks for, and who may see it."""

from __future__ import annotations

from ..accounts.access import MustSetUp, MustVerify, Passes, decide, look
from ..asks import Random
from ..browser.cookies import TOKEN_BYTES, read_token, token
from ..http import Answer, Request, problem, redirect
from ..protocol import Flow, Login
from ..site import Site
from . import account, browsers, codes, disable, later, logout, setup, verify
from .admin import routes as admin
from .notices import demand, said
from .page import OwnPage, wrong_method
from .render import Urls, static_files
from .themes import file_of
from .visit import Visit, read_form

PAGES = {
    "verify": OwnPage(verify.show, verify.submit, before_passing=True),
    "setup": OwnPage(setup.show, setup.submit, before_passing=True),
    "later": OwnPage(None, later.submit, before_passing=True),
    "logout": OwnPage(None, logout.submit, before_passing=True),
    "account": OwnPage(account.show, None),
    "disable": OwnPage(disable.show, disable.submit),
    "codes": OwnPage(codes.show, codes.submit),
    "browsers": OwnPage(None, browsers.submit),
}


def is_own(site: Site, request: Request) -> bool:
    """Whether the request is for a page of ours and none of the app's."""
    prefix = site.settings.prefix
    return request.path == prefix or request.path.startswith(prefix + "/")


def serve_static(site: Site, request: Request) -> Answer | None:
    """The static files; they are the same for everybody and need no log-in."""
    name = request.path.removeprefix(site.settings.prefix + "/static/")
    found = static_files().get(name) or file_of(site.look, name)
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
    if admin.is_asked(site, request):
        return (yield from admin.serve((yield from _visit(site, request, login))))
    found = PAGES.get(name)
    if found is None or request.kind != "http":
        return said(site, request, 404, "not-found", "There is no such page here.")
    refusal = wrong_method(site, request, found.show, found.submit)
    if refusal is not None:
        return refusal
    posts = request.method == "POST"
    visit = yield from _visit(site, request, login)
    if not found.before_passing:
        match (yield from decide(site, login, request, visit.access)):
            case MustVerify():
                return demand(site, request, "verify", visit.urls.account if posts else None)
            case MustSetUp():
                return demand(site, request, "setup", visit.urls.home)
            case Passes():
                pass
    if posts and found.submit:
        return (yield from found.submit(visit, (yield from read_form(visit, name))))
    show = found.show or account.show
    return (yield from show(visit))


def _visit(site: Site, request: Request, login: Login) -> Flow[Visit]:
    access = yield from look(site, login, request)
    flow = read_token(request, site.cookies.flow)
    return Visit(site, request, login, access, flow or token((yield from Random(TOKEN_BYTES))), flow is None)
