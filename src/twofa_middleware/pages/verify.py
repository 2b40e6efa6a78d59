"""The prompt (S6, S7): a code of the app, or a recovery code, and whether to remember the browser."""

from __future__ import annotations

from ..accounts.attempts import Accepted, TotpCode
from ..accounts.verify import verify
from ..asks import ReadAttempts
from ..http import Answer, redirect
from ..protocol import Flow
from .texts import Message, before_trying, refused_recovery, refused_totp
from .visit import Form, Visit


def show(visit: Visit) -> Flow[Answer]:
    after = visit.after(visit.query("next"))
    if not visit.access.account.is_enrolled or visit.access.is_proven:
        return redirect(after)
    return (yield from _draw(visit, visit.mode(), after, None))


def submit(visit: Visit, form: Form) -> Flow[Answer]:
    after = visit.after(form.get("next"))
    if not visit.access.account.is_enrolled:
        return redirect(after)
    proof = form.proof()
    verdict = yield from verify(
        visit.site,
        visit.login,
        proof,
        visit.request,
        remember=form.get("remember") == "1",
        ends=visit.access.pass_digest,
    )
    if isinstance(verdict, Accepted):
        return visit.accepted(redirect(after), verdict)
    settings, now = visit.site.settings, visit.request.now
    if isinstance(proof, TotpCode):
        return (yield from _draw(visit, "code", after, refused_totp(verdict, settings, now)))
    return (yield from _draw(visit, "recovery", after, refused_recovery(verdict, settings, now)))


def _draw(visit: Visit, mode: str, after: str, message: Message | None) -> Flow[Answer]:
    state = yield from ReadAttempts(visit.access.user, visit.request.now)
    stop = before_trying(state, visit.site.settings, visit.request.now)
    if mode == "code" and message is None:
        message = stop
    answer = visit.page(
        "verify.html",
        message.status if message else 200,
        message=message,
        mode=mode,
        can_try=stop is None,
        remember_days=visit.site.settings.remembered_days,
        token=visit.token("verify"),
        next=after,
    )
    return answer.adding(*message.headers) if message else answer
