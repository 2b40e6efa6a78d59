"""Set-up (S2, S3, S11, S12): a key to type, a picture to scan, and a code that has to be right."""

from __future__ import annotations

from dataclasses import replace

from ..accounts import enrol
from ..accounts.access import required_by
from ..accounts.attempts import Accepted
from ..accounts.reset import waits_for_code
from ..asks import Call, Moved, Random, ReadAttempts
from ..browser.cookies import TOKEN_BYTES, token
from ..errors import UnreadableRecord
from ..factors import totp
from ..http import Answer, redirect
from ..protocol import Flow
from . import codes
from .render import picture
from .texts import Message, before_trying, day, needs_code, refused_reset, refused_totp
from .visit import Form, Visit


def show(visit: Visit) -> Flow[Answer]:
    if visit.access.account.is_enrolled:
        return redirect(visit.urls.account)
    return (yield from _draw(visit, visit.after(visit.query("next")), None))


def submit(visit: Visit, form: Form) -> Flow[Answer]:
    after = visit.after(form.get("next"))
    if visit.access.account.is_enrolled:
        return redirect(visit.urls.account)
    site, now = visit.site, visit.request.now
    if waits_for_code(site.settings, visit.access.account):
        return (yield from _draw(visit, after, None))
    code, reset = form.required("code"), form.get("reset")
    outcome = yield from enrol.confirm(site, visit.login, visit.flow_digest, code, reset, now)
    if isinstance(outcome, Accepted):
        return visit.with_cookies(codes.once(visit, outcome.prepared.codes, after), outcome.prepared)
    if isinstance(outcome, Moved):
        return redirect(visit.urls.account)
    if isinstance(outcome, enrol.Expired):
        message = Message("expired", "That took longer than ten minutes, so here is a new key. Please scan it again.")
    elif isinstance(outcome, enrol.WrongReset):
        message = refused_reset(outcome, site.settings, now)
    else:
        message = refused_totp(outcome, site.settings, now)
    return (yield from _draw(visit, after, message))


def _draw(visit: Visit, after: str, message: Message | None) -> Flow[Answer]:
    site, login, now = visit.site, visit.login, visit.request.now
    state = yield from ReadAttempts(visit.access.user, now)
    stop = before_trying(state, site.settings, now)
    if waits_for_code(site.settings, visit.access.account):
        stop = needs_code(site.settings)  # before a secret is shown, or a try is spent
        yield from enrol.note_no_code(site, login, now)
    message = message or stop
    demand = yield from required_by(site, login, visit.request)
    key_groups = uri = qr = ""
    if stop is None:
        setup = yield from enrol.begin(site, login, visit.access.account, visit.flow_digest, now)
        if isinstance(setup, enrol.Expired):
            visit = replace(visit, flow=token((yield from Random(TOKEN_BYTES))), flow_is_new=True)
            setup = yield from enrol.begin(site, login, visit.access.account, visit.flow_digest, now)
        if isinstance(setup, enrol.Expired):
            raise UnreadableRecord("a set-up that has just begun was sealed with a retired key")
        key_groups = totp.in_groups(setup.secret)
        uri = site.factor.uri(setup.secret, login.shown, site.settings.name)
        qr = yield from Call(totp.qr_svg, (uri,))
    return visit.page(
        "setup.html",
        message,
        can_try=stop is None,
        required_by=demand.role if demand else "",
        days_left=demand.days_left(now) if demand else 0,
        last_day=day(demand.until) if demand and demand.may_wait(now) else "",
        needs_reset=bool(visit.access.account.reset),
        is_first=site.settings.first_setup_needs_code,
        key_groups=key_groups,
        otpauth_uri=uri,
        qr_svg=picture(qr),
        token=visit.token("setup"),
        later_token=visit.token("later"),
        next=after,
    )
