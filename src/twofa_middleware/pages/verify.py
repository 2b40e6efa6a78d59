"""The prompt (S6, S7): a code of the app, or a recovery code, and whether to remember the browser."""

from __future__ import annotations

from typing import Any

from ..accounts.attempts import Accepted
from ..accounts.verify import verify
from ..http import Answer, redirect
from ..protocol import Flow
from . import prompt
from .visit import Form, Visit


def show(visit: Visit) -> Flow[Answer]:
    after = visit.after(visit.query("next"))
    if not visit.access.account.is_enrolled or visit.access.is_proven:
        return redirect(after)
    return (yield from prompt.draw(visit, "verify.html", visit.mode(), **_rest(visit, after)))


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
    return (yield from prompt.again(visit, "verify.html", proof, verdict, **_rest(visit, after)))


def _rest(visit: Visit, after: str) -> dict[str, Any]:
    return {"remember_days": visit.site.settings.remembered_days, "token": visit.token("verify"), "next": after}
