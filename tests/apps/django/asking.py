"""Asking the plugins, and a browser that Django's own test client is."""

from __future__ import annotations

from typing import Any

from support.projects import PASSWORD
from twofa_middleware.asks import Call
from twofa_middleware.drive import drive
from twofa_middleware.http import Request
from twofa_middleware.protocol import Ask, Flow, Result


def answer(ask: Ask[Any]) -> Any:
    assert isinstance(ask, Call), f"a plugin asked {ask}"
    return ask.function(*ask.arguments)


def told(flow: Flow[Result]) -> Result:
    return drive(flow, answer)


def request(*values: str | bytes, name: str = "sessionid") -> Request:
    """A request with a session cookie of each value."""
    cookies = [f"{name}=".encode() + (value if isinstance(value, bytes) else value.encode()) for value in values]
    headers = ((b"cookie", b"; ".join(cookies)),) if cookies else ()
    return Request("http", "GET", "", "/", None, b"", headers, {}, 1_800_000_000)


def logged_in(name: str) -> Any:
    """A browser in which somebody has logged in at the admin."""
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    log_in(client, name)
    return client


def log_in(client: Any, name: str, password: str = PASSWORD) -> None:
    answered = client.post("/admin/login/", {"username": name, "password": password, "next": "/admin/"})
    assert answered.status_code == 302, answered.content


def key(client: Any) -> str:
    """The session's key, as it lies in the cookie."""
    found: str = client.cookies["sessionid"].value
    return found
