"""Recovery codes: shown once, in the answer to the POST that made them. Download and "saved" post them back."""

from __future__ import annotations

import hashlib

from ..accounts import change
from ..http import Answer, redirect
from ..protocol import Flow
from . import confirm
from .texts import Message
from .visit import Form, StaleForm, Visit


def show(visit: Visit) -> Flow[Answer]:
    if not visit.access.account.is_enrolled:
        return redirect(visit.urls.account)
    return (yield from confirm.show(visit, "codes"))


def submit(visit: Visit, form: Form) -> Flow[Answer]:
    if not visit.access.account.is_enrolled:
        return redirect(visit.urls.account)
    if "action" in form.fields:
        return _kept(visit, form)

    def answer(codes: tuple[str, ...]) -> Answer:
        return once(visit, codes, visit.urls.account)

    return (yield from confirm.submit(visit, form, "codes", change.renew_codes, answer))


def once(visit: Visit, codes: tuple[str, ...], after: str, message: Message | None = None) -> Answer:
    """The page with the codes."""
    shown = visit.token(_shown(" ".join(codes)))
    return visit.page("codes.html", message, codes=codes, token=visit.token("codes"), shown=shown, next=after)


def _kept(visit: Visit, form: Form) -> Answer:
    codes = form.required("codes").split(" ")
    if not visit.is_token(form.required("shown"), _shown(form.required("codes"))):
        raise StaleForm  # what no page of ours has shown is not looked for in the store: that would be a guess
    if not change.are_codes(visit.site.sealer, visit.access.account, codes):
        return redirect(visit.urls.account)
    after = visit.after(form.get("next"))
    if form.get("action") == "download":
        return _file(visit, codes)
    if form.get("saved") != "1":
        message = Message("unsaved", "Tick the box when you have saved the codes. We can’t show them again.")
        return once(visit, tuple(codes), form.get("next"), message)
    return redirect(after)


def _shown(codes: str) -> str:
    """The purpose of the token that says that a page has shown just these codes."""
    return f"codes shown {hashlib.sha256(codes.encode()).hexdigest()}"


def _file(visit: Visit, codes: list[str]) -> Answer:
    lines = [f"Recovery codes: {visit.site.settings.name}, {visit.login.shown}", "Each works once.", "", *codes, ""]
    headers = (
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-disposition", b'attachment; filename="recovery-codes.txt"'),
    )
    return Answer(200, headers, "\r\n".join(lines).encode())
