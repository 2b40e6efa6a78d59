"""The prompt (S6, S7): a code of the app, or a recovery code, and whether to remember the browser.

``again``: somebody is asked who has passed, but too long ago to act as an administrator.
"""

from __future__ import annotations

from typing import Any

from ..accounts.attempts import Accepted
from ..accounts.verify import verify
from ..http import Answer, redirect
from ..protocol import Flow
from . import prompt
from .admin.door import is_fresh
from .texts import FORGOTTEN
from .visit import Form, Visit


def show(visit: Visit) -> Flow[Answer]:
    after = visit.after(visit.query("next"))
    again = visit.query("again") == "1" or visit.is_for_admins(after)
    serves = is_fresh(visit.site, visit.access, visit.request.now) if again else visit.access.is_proven
    if not visit.access.account.is_enrolled or serves:
        return redirect(after)
    return (yield from prompt.draw(visit, "verify.html", visit.mode(), **_rest(visit, after, again)))


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
    again = form.get("again") == "1"
    return (yield from prompt.again(visit, "verify.html", proof, verdict, **_rest(visit, after, again)))


def _rest(visit: Visit, after: str, again: bool) -> dict[str, Any]:
    remember_days, token = visit.site.settings.remembered_days, visit.token("verify")
    notice = FORGOTTEN.get(visit.query("done"), "")
    return {"remember_days": remember_days, "token": token, "next": after, "again": again, "notice": notice}
