"""Log-in, log-out, the overview, and the page for what went wrong."""

from __future__ import annotations

import secrets

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

import portal_people

from . import work
from .audit import Change
from .web import Visit, is_administrator, is_local


def front(visit: Visit) -> Response:
    return visit.go("overview")


def login(visit: Visit) -> Response:
    announced = portal_people.security_settings().login_notice
    target = visit.sent("next") or visit.request.query_params.get("next", "")
    target = target if is_local(target) else ""
    if not visit.is_sent:
        return visit.page("login.html", next=target, announced=announced)

    user_name, password = visit.sent("username"), visit.form.get("password", [""])[0]
    person = portal_people.check_password(user_name, password)
    if person is None:
        fault = "The user name or the password is not right."
        return visit.page("login.html", 401, next=target, announced=announced, user_name=user_name, fault=fault)
    if not is_administrator(person.user_id):
        return visit.page("login.html", 403, next=target, not_for_you=person)
    visit.request.session.clear()
    visit.request.session.update(
        user_id=person.user_id,
        login_id=secrets.token_urlsafe(16),  # new at each log-in
        user_name=person.user_name,
        csrf=secrets.token_urlsafe(32),
    )
    with portal_people.database(write=True) as db:
        Change(db, person).note("Logged in")
    return RedirectResponse(target or visit.url("overview"), 303)


def logout(visit: Visit) -> Response:
    with portal_people.database(write=True) as db:
        Change(db, visit.me).note("Logged out")
    visit.request.session.clear()
    return visit.go("login", notice="logged-out")


def overview(visit: Visit) -> Response:
    people = portal_people.everybody()
    return visit.page(
        "overview.html",
        here="overview",
        people=people,
        disabled=[person for person in people if person.disabled],
        submissions=work.latest_submissions(),
    )


def trouble(request: Request, error: Exception) -> Response:
    """The page for a 403, 404, 405 and the like."""
    if not isinstance(error, HTTPException):
        raise error
    response = Visit(request).page("error.html", error.status_code, error=error)
    response.headers.update(error.headers or {})
    return response
