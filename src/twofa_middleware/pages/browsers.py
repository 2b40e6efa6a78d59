"""Forget a remembered browser, or all of them."""

from __future__ import annotations

from ..accounts.audit import noted
from ..asks import ForgetBrowsers
from ..browser.cookies import DIGEST_BYTES
from ..errors import BadRequest
from ..http import Answer, redirect
from ..protocol import Flow
from .visit import Form, Visit

_DIGEST_LETTERS = 2 * DIGEST_BYTES


def submit(visit: Visit, form: Form) -> Flow[Answer]:
    which = form.required("browser")
    digest = None if which == "all" else _digest(which)
    user = visit.access.user
    desk, now = visit.site.desk, visit.request.now
    event = desk.event("browser forgotten" if digest else "all browsers forgotten", visit.login, now)
    yield from noted(desk, {"done": [event]}, lambda notes: ForgetBrowsers(user, digest, now, notes), login=visit.login)
    done = "forgotten" if digest else "all-forgotten"
    here = visit.access.browser
    if here is None or digest not in (None, here.digest):
        return redirect(f"{visit.urls.account}?done={done}")
    # Who came in by this browser alone has to show a code now, and is told there.
    after = visit.urls.account if visit.access.is_proven else visit.urls.verify
    cookies = visit.site.cookies
    return redirect(f"{after}?done={done}").adding(cookies.expire(cookies.browser(user)))


def _digest(text: str) -> bytes:
    try:
        if len(text) == _DIGEST_LETTERS:
            return bytes.fromhex(text)
    except ValueError:
        pass
    raise BadRequest(400, "The form names no browser.")
