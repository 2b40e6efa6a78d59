"""What Disable and new recovery codes have in common: a page that asks for a fresh code in the same form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from ..accounts.access import required_by
from ..accounts.attempts import Accepted, Proof, Verdict
from ..http import Answer, Request
from ..protocol import Flow, Login
from ..site import Site
from . import prompt
from .visit import Form, Visit

Purpose: TypeAlias = Literal["disable", "codes"]
Change: TypeAlias = Callable[[Site, Login, Proof, Request, bytes | None], Flow[Verdict]]


def show(visit: Visit, purpose: Purpose) -> Flow[Answer]:
    rest = yield from _rest(visit, purpose)
    return (yield from prompt.draw(visit, "confirm.html", visit.mode(), **rest))


def submit(
    visit: Visit, form: Form, purpose: Purpose, change: Change, answer: Callable[[tuple[str, ...]], Answer]
) -> Flow[Answer]:
    """``answer`` makes the answer to a right code out of the recovery codes that were made, if any were."""
    proof = form.proof()
    verdict = yield from change(visit.site, visit.login, proof, visit.request, visit.access.pass_digest)
    if isinstance(verdict, Accepted):
        return visit.with_cookies(answer(verdict.prepared.codes), verdict.prepared)
    rest = yield from _rest(visit, purpose)
    return (yield from prompt.again(visit, "confirm.html", proof, verdict, **rest))


def _rest(visit: Visit, purpose: Purpose) -> Flow[dict[str, Any]]:
    demand = yield from required_by(visit.site, visit.login, visit.request)
    return {
        "purpose": purpose,
        "required_by": demand.role if demand else "",
        "needs_code_after": visit.site.settings.first_setup_needs_code,
        "token": visit.token(purpose),
    }
