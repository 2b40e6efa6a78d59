"""What scripts and the forms' own JavaScript talk to: JSON in, JSON out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from werkzeug.datastructures import WWWAuthenticate
from werkzeug.wrappers import Response

import portal_people

from . import work
from .web import Visit

BEARER = WWWAuthenticate("bearer", {"realm": "Produce"})


def answer(value: dict[str, Any], status: int = 200) -> Response:
    response = Response(json.dumps(value), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def refuse(status: int, reason: str) -> Response:
    response = answer({"error": reason}, status)
    if status == 401:
        response.www_authenticate = BEARER
    return response


def client_login(visit: Visit) -> Response:
    """User name and password as JSON; answers with a bearer token."""
    sent = visit.request.get_json(silent=True)
    if not isinstance(sent, dict):
        return refuse(400, "Send a JSON object with username and password.")
    user_name, password = sent.get("username"), sent.get("password")
    if not isinstance(user_name, str) or not isinstance(password, str):
        return refuse(400, "Send a JSON object with username and password.")
    person = portal_people.check_password(user_name, password)
    if person is None:
        return refuse(401, "The user name or the password is not right.")
    token, expires = portal_people.issue_token(person.user_id)
    return answer({"token": token, "expires": datetime.fromtimestamp(expires, UTC).isoformat()})


def tasks(visit: Visit) -> Response:
    """The open tasks of the token's owner, or of ?user=<id> for whoever may impersonate users."""
    credentials = visit.request.authorization
    if credentials is None or credentials.type != "bearer" or not credentials.token:
        return refuse(401, "Send a bearer token.")
    person = portal_people.user_of_token(credentials.token)
    if person is None:
        return refuse(401, "The token is unknown or has expired.")
    whose = visit.request.args.get("user", person.user_id, type=int)
    if whose != person.user_id and portal_people.IMPERSONATE not in portal_people.permissions_of(person.user_id):
        return refuse(403, "You may only read your own tasks.")
    listed = [
        {"id": task.task_id, "title": task.title, "form": task.form, "due": task.due.isoformat()}
        for task in work.tasks_of(whose)
    ]
    return answer({"user": whose, "tasks": listed})


def keep_alive(visit: Visit) -> Response:
    """Open form pages call this while somebody is typing."""
    return answer({"ok": True}) if visit.person else answer({"ok": False}, 401)
