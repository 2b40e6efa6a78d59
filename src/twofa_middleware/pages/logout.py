"""Our own log-out: it ends the pass and the app's session, and works for those who have not confirmed yet."""

from __future__ import annotations

from ..accounts.passes import end_pass
from ..asks import Emit
from ..browser.cookies import expire_of_app, read_pass
from ..http import Answer, redirect
from ..protocol import Event, Flow
from .visit import Form, Visit


def submit(visit: Visit, form: Form) -> Flow[Answer]:
    site, now = visit.site, visit.request.now
    cookie = read_pass(visit.request, site.cookies.passes)
    if cookie is not None:
        yield from end_pass(site, cookie, now, "log-out", visit.login)
    yield from _end_session(visit)
    yield from site.emit("logged out", visit.login, now)
    ends = [expire_of_app(name, site.app.cookie_path, site.cookies.secure) for name in site.logout_cookies]
    ours = [site.cookies.expire(site.cookies.passes), site.cookies.expire(site.cookies.flow)]
    return redirect(visit.urls.login_page, *ends, *ours)


def _end_session(visit: Visit) -> Flow[None]:
    """End the app's session where a resolver can. Where that fails the browser still loses its cookies, and it is told."""
    site, login = visit.site, visit.login
    for name, log_out in site.log_outs:
        try:
            yield from log_out(visit.request)
        except Exception as error:
            facts = {"resolver": name, "reason": type(error).__name__}
            yield from Emit(
                Event(
                    "log-out of the app failed",
                    visit.request.now,
                    site.name,
                    login.user,
                    facts,
                    error,
                    severity="error",
                    label=login.label,
                )
            )
