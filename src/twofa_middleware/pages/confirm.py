"""What Disable and new recovery codes have in common: a page that asks for a fresh code in the same form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from ..accounts.access import required_by
from ..accounts.attempts import Accepted, Proof, TotpCode, Verdict
from ..asks import ReadAttempts
from ..http import Answer, Request
from ..protocol import Flow, Login
from ..site import Site
from .texts import Message, before_trying, refused_recovery, refused_totp
from .visit import Form, Visit

Purpose: TypeAlias = Literal["disable", "codes"]
Change: TypeAlias = Callable[[Site, Login, Proof, Request, bytes | None], Flow[Verdict]]


def show(visit: Visit, purpose: Purpose) -> Flow[Answer]:
    return (yield from _draw(visit, purpose, visit.mode(), None))


def submit(
    visit: Visit, form: Form, purpose: Purpose, change: Change, answer: Callable[[tuple[str, ...]], Answer]
) -> Flow[Answer]:
    """``answer`` makes the answer to a right code out of the recovery codes that were made, if any were."""
    proof = form.proof()
    verdict = yield from change(visit.site, visit.login, proof, visit.request, visit.access.pass_digest)
    if isinstance(verdict, Accepted):
        return visit.with_cookies(answer(verdict.prepared.codes), verdict.prepared)
    settings, now = visit.site.settings, visit.request.now
    if isinstance(proof, TotpCode):
        return (yield from _draw(visit, purpose, "code", refused_totp(verdict, settings, now)))
    return (yield from _draw(visit, purpose, "recovery", refused_recovery(verdict, settings, now)))


def _draw(visit: Visit, purpose: Purpose, mode: str, message: Message | None) -> Flow[Answer]:
    state = yield from ReadAttempts(visit.access.user, visit.request.now)
    stop = before_trying(state, visit.site.settings, visit.request.now)
    if mode == "code" and message is None:
        message = stop
    answer = visit.page(
        "confirm.html",
        message.status if message else 200,
        purpose=purpose,
        mode=mode,
        message=message,
        can_try=stop is None,
        required_by=(yield from required_by(visit.site, visit.login, visit.request)) or "",
        token=visit.token(purpose),
    )
    return answer.adding(*message.headers) if message else answer
