"""One visit: the request, which administrator is there, and the ways to answer.

Views are plain functions that may read the database; `served` runs them in a thread,
so the event loop never waits for SQLite.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

import jinja2
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.templating import Jinja2Templates

import portal_people
from portal_people import ENTER_MANAGE, PERMISSIONS, Person

from . import work

TEMPLATES = Jinja2Templates(
    env=jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
)
TEMPLATES.env.filters["moment"] = lambda at: f"{at.day} {at:%b %Y, %H:%M}"

PAGE_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

NOTICES = {
    "user-saved": "The user is saved.",
    "group-saved": "The group is saved.",
    "role-saved": "The role is saved.",
    "role-deleted": "The role is deleted.",
    "security-saved": "The settings are saved.",
    "password-changed": "Your password is changed.",
    "logged-out": "You are logged out.",
}

SESSION_HOURS = 12
FORM_LIMIT_BYTES = 64 * 1024
NAME_LENGTH = 50  # of groups and roles


def is_administrator(user_id: int) -> bool:
    return ENTER_MANAGE in portal_people.permissions_of(user_id)


def administrator_of(session: dict[str, Any]) -> Person | None:
    """Who is logged in, as long as they are neither disabled nor without the right to be here."""
    person = portal_people.person(session["user_id"]) if "user_id" in session else None
    return person if person and is_administrator(person.user_id) else None


class Visit:
    def __init__(self, request: Request, form: dict[str, list[str]] | None = None) -> None:
        self.request = request
        self.form = form or {}
        self.person = administrator_of(request.session)
        self.may = portal_people.permissions_of(self.person.user_id) if self.person else frozenset()

    @property
    def me(self) -> Person:
        """The administrator; only for views that are not `public`."""
        if self.person is None:
            raise HTTPException(403)
        return self.person

    @property
    def is_sent(self) -> bool:
        """A form has come: anything else is answered with the page, HEAD too."""
        return self.request.method == "POST"

    def need(self, permission: str) -> None:
        if permission not in self.may:
            raise HTTPException(403, f"Your roles do not give you this permission: {PERMISSIONS[permission]}.")

    def asked(self, name: str) -> str:
        return self.request.query_params.get(name, "").strip()

    def sent(self, name: str) -> str:
        return self.form.get(name, [""])[0].strip()

    def url(self, name: str, **values: Any) -> str:
        return f"{self.request.scope.get('root_path', '')}{self.request.app.url_path_for(name, **values)}"

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        shown = {
            "url": self.url,
            "person": self.person,
            "may": self.may,
            "csrf": self.request.session.get("csrf", ""),
            "notice": NOTICES.get(self.request.query_params.get("notice", "")),
            "tasks": work.count_tasks() if self.person else None,
        }
        return TEMPLATES.TemplateResponse(self.request, template, shown | context, status, PAGE_HEADERS)

    def go(self, name: str, **query: str) -> Response:
        address = self.url(name)
        return RedirectResponse(f"{address}?{urlencode(query)}" if query else address, 303)

    def check_csrf(self) -> None:
        expected = self.request.session.get("csrf", "")
        if not expected or not hmac.compare_digest(self.sent("csrf").encode(), expected.encode()):
            raise HTTPException(403, "This form is out of date. Go back, reload the page and send it again.")


def one_line(name: str) -> str:
    return " ".join(name.split())


def name_fault(name: str) -> str | None:
    """What is wrong with the name of a group or role, in words for the page."""
    if not name:
        return "Please give a name."
    if len(name) > NAME_LENGTH:
        return f"Please give a name of {NAME_LENGTH} characters at most."
    return None if name.isprintable() else "Please leave out the characters that cannot be seen."


def is_local(path: str) -> bool:
    """Whether a `next` stays on this site: a path, no scheme or host, nothing invisible."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


async def read_form(request: Request) -> dict[str, list[str]]:
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        return {}
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_LIMIT_BYTES:
            raise HTTPException(413)
    try:
        return parse_qs(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError:
        raise HTTPException(400) from None


def served(view: Callable[[Visit], Response], *, public: bool = False) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint: reads the form, then answers in a thread. Strangers are sent to the log-in page,
    and forms that are not from our own pages are refused, unless the view is public."""

    def answer(request: Request, form: dict[str, list[str]]) -> Response:
        visit = Visit(request, form)
        if not public and visit.person is None:
            if request.method == "POST":
                return visit.go("login")
            return visit.go("login", next=quote(request.url.path) + (f"?{q}" if (q := request.url.query) else ""))
        if not public and request.method == "POST":
            visit.check_csrf()
        return view(visit)

    async def endpoint(request: Request) -> Response:
        form = await read_form(request) if request.method == "POST" else {}
        return await run_in_threadpool(answer, request, form)

    return endpoint
