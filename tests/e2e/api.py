"""Produce's API, as a program uses it."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from e2e.portals import Demo, Person


def ask(
    origin: str, method: str, target: str, headers: dict[str, str] | None = None, body: Any = None
) -> tuple[int, str, Any]:
    """Status, content type and JSON of an answer to a program."""
    connection = http.client.HTTPConnection(urlsplit(origin).netloc, timeout=10)
    sent = {"Content-Type": "application/json"} if body is not None else {}
    try:
        connection.request(method, target, json.dumps(body) if body is not None else None, sent | (headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.headers.get_content_type(), json.loads(answer.read())
    finally:
        connection.close()


def token_of(demo: Demo, person: Person) -> str:
    """An API token, got with the password alone."""
    credentials = {"username": person.name, "password": person.password}
    status, _, told = ask(demo.produce, "POST", "/produce/api/v1/client/login/", body=credentials)
    assert status == 200
    token: str = told["token"]
    return token


def tasks(demo: Demo, token: str, query: str = "") -> tuple[int, str, Any]:
    return ask(demo.produce, "GET", f"/produce/api/v1/tasks{query}", {"Authorization": f"Bearer {token}"})
