"""Disable (S4): with a fresh code in the same form."""

from __future__ import annotations

from ..accounts import change
from ..http import Answer, redirect
from ..protocol import Flow
from . import confirm
from .visit import Form, Visit


def show(visit: Visit) -> Flow[Answer]:
    if not visit.access.account.is_enrolled:
        return redirect(visit.urls.account)
    return (yield from confirm.show(visit, "disable"))


def submit(visit: Visit, form: Form) -> Flow[Answer]:
    if not visit.access.account.is_enrolled:
        return redirect(visit.urls.account)

    def answer(codes: tuple[str, ...]) -> Answer:
        # Where a role demands a second factor, the account page sends on to the set-up.
        return redirect(f"{visit.urls.account}?done=disabled")

    return (yield from confirm.submit(visit, form, "disable", change.disable, answer))
