"""Our own log-out: it ends the pass, expires the app's cookies, and works for those who have not confirmed yet."""

from __future__ import annotations

from ..accounts.passes import end_pass
from ..browser.cookies import expire_of_app, read_pass
from ..http import Answer, redirect
from ..protocol import Flow
from .visit import Form, Visit


def submit(visit: Visit, form: Form) -> Flow[Answer]:
    site, now = visit.site, visit.request.now
    cookie = read_pass(visit.request, site.cookies.passes)
    if cookie is not None:
        yield from end_pass(site, cookie, now, "log-out", visit.login)
    yield from site.emit("logged out", visit.login, now)
    ends = [expire_of_app(name, site.app.cookie_path, site.cookies.secure) for name in site.logout_cookies]
    ours = [site.cookies.expire(site.cookies.passes), site.cookies.expire(site.cookies.flow)]
    return redirect(visit.urls.login_page, *ends, *ours)
