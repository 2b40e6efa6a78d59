"""One visit: the request, who is there, and the ways to answer."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from urllib.parse import quote

import jinja2
from werkzeug.exceptions import Forbidden
from werkzeug.routing import MapAdapter
from werkzeug.wrappers import Request as BaseRequest
from werkzeug.wrappers import Response

import portal_people

from .session import Sessions

TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters["day"] = lambda day: f"{day.day} {day:%b %Y}"

PAGE_HEADERS = {
    "Cache-Control": "private, no-cache",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

NOTICES = {
    "saved": "Your draft is saved.",
    "submitted": "Thank you. Your form has been submitted.",
    "profile": "Your profile is saved.",
    "password": "Your password is changed.",
    "logged-out": "You are logged out.",
}


class Request(BaseRequest):
    max_content_length = 256 * 1024


class Visit:
    def __init__(self, request: Request, urls: MapAdapter, sessions: Sessions) -> None:
        self.request = request
        self.urls = urls
        self.sessions = sessions
        self.session = sessions.of(request)
        someone = portal_people.person(self.session.user_id) if self.session else None
        self.person = None if someone is None or someone.disabled else someone

    @property
    def me(self) -> portal_people.Person:
        """The person who is logged in; only for views behind `members_only`."""
        if self.person is None:
            raise Forbidden
        return self.person

    def url(self, endpoint: str, **values: object) -> str:
        return self.urls.build(endpoint, values)

    def page(self, template: str, status: int = 200, **context: object) -> Response:
        html = TEMPLATES.get_template(template).render(
            url=self.url,
            person=self.person,
            csrf=self.session.csrf if self.session else "",
            notice=NOTICES.get(self.request.args.get("notice", "")),
            **context,
        )
        return Response(html, status, PAGE_HEADERS, content_type="text/html; charset=utf-8")

    def go(self, endpoint: str, **values: object) -> Response:
        return Response(status=303, headers={"Location": self.url(endpoint, **values)})

    def check_csrf(self) -> None:
        expected = self.session.csrf if self.session else ""
        sent = self.request.form.get("csrf", "")
        if not expected or not hmac.compare_digest(sent.encode(), expected.encode()):
            raise Forbidden("This form is out of date. Go back, reload the page and send it again.")


def is_local(path: str) -> bool:
    """Whether a `next` stays on this site: a path, no scheme or host, nothing invisible."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()


def members_only(view: Callable[..., Response]) -> Callable[..., Response]:
    """Sends strangers to the log-in page, and refuses forms that are not from our own pages."""

    @wraps(view)
    def guarded(visit: Visit, **values: object) -> Response:
        request = visit.request
        if visit.person is None:
            if request.method == "POST":
                return visit.go("login")
            wanted, query = quote(request.root_path + request.path), request.query_string.decode("latin-1")
            return visit.go("login", next=f"{wanted}?{query}" if query else wanted)
        if request.method == "POST":
            visit.check_csrf()
        return view(visit, **values)

    return guarded
