"""Put a set-up off that a role demands, as long as its grace lasts; asked again at the next log-in."""

from __future__ import annotations

from ..accounts.access import required_by
from ..accounts.passes import Method
from ..accounts.unprompted import Opening, open_unprompted
from ..http import Answer, redirect
from ..protocol import Flow
from .visit import Form, Visit


def submit(visit: Visit, form: Form) -> Flow[Answer]:
    site, request, access = visit.site, visit.request, visit.access
    after = visit.after(form.get("next"))
    demand = yield from required_by(site, visit.login, request)
    if access.account.is_enrolled or demand is None:
        return redirect(after)
    if not demand.may_wait(request.now):
        return redirect(visit.urls.setup)
    opening = Opening(visit.login, Method.PUT_OFF, access.account.generation, None, access.pass_digest)
    cookie = yield from open_unprompted(site, opening, request.now)
    return redirect(after).adding(cookie) if cookie else redirect(visit.urls.setup)
