"""Settings → Security, and the form by which administrators change their own password."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

import portal_people
from portal_people import EDIT_SETTINGS, ENTER_MANAGE, TOKEN_HOURS, Security

from .audit import changing, differences
from .web import SESSION_HOURS, Visit

LENGTHS = (8, 64)
DAYS = (30, 3650)
NOTICE_LENGTH = 300


def settings(visit: Visit) -> Response:
    if not visit.is_sent:
        return _page(visit, 200, vars(portal_people.security_settings()), {})
    visit.need(EDIT_SETTINGS)
    sent = {name: visit.sent(name) for name in ("password_length", "audit_days", "login_notice")}
    faults = {}
    for name, (least, most) in {"password_length": LENGTHS, "audit_days": DAYS}.items():
        if not _is_within(sent[name], least, most):
            faults[name] = f"Please give a number from {least} to {most}."
    if len(sent["login_notice"]) > NOTICE_LENGTH:
        faults["login_notice"] = f"Please say it in {NOTICE_LENGTH} characters at most."
    if faults:
        return _page(visit, 422, sent, faults)
    chosen = Security(
        password_length=int(sent["password_length"]),
        login_notice=sent["login_notice"],
        audit_days=int(sent["audit_days"]),
    )
    _save(visit, chosen)
    return visit.go("security", notice="security-saved")


def _is_within(text: str, least: int, most: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most


def _save(visit: Visit, chosen: Security) -> None:
    with changing(visit.me, EDIT_SETTINGS) as change:
        told = differences(_facts(portal_people.security_settings()), _facts(chosen))
        portal_people.save_security(change.db, chosen)
        if told:
            change.note("Changed security settings", told)


def _facts(of: Security) -> dict[str, object]:
    return {
        "minimum password length": of.password_length,
        "days in the audit": of.audit_days,
        "notice on the log-in page": of.login_notice,
    }


def _page(visit: Visit, status: int, shown: Mapping[str, object], faults: dict[str, str]) -> Response:
    return visit.page(
        "security.html",
        status,
        here="security",
        shown=shown,
        faults=faults,
        lengths=LENGTHS,
        days=DAYS,
        notice_length=NOTICE_LENGTH,
        session_hours=SESSION_HOURS,
        token_hours=TOKEN_HOURS,
    )


def own_password(visit: Visit) -> Response:
    length = portal_people.security_settings().password_length
    if not visit.is_sent:
        return visit.page("password.html", length=length)
    present, new, again = (visit.form.get(name, [""])[0] for name in ("current", "new", "again"))
    faults = {}
    if portal_people.check_password(visit.me.user_name, present) is None:
        faults["current"] = "This is not your present password."
    if len(new) < length:
        faults["new"] = f"Please choose at least {length} characters."
    elif new != again:
        faults["again"] = "The two new passwords differ."
    if faults:
        return visit.page("password.html", 422, length=length, faults=faults)
    with changing(visit.me, ENTER_MANAGE) as change:
        portal_people.set_password(change.db, visit.me.user_id, new)
        change.note("Changed their own password")
    return visit.go("overview", notice="password-changed")
