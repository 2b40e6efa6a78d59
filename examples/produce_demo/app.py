"""Produce, the portal for end users: forms to fill in and tasks to do. A plain WSGI app.

    PORTAL_DB=portal.db PRODUCE_SECRET=... \
        waitress-serve --listen=127.0.0.1:8001 produce_demo.app:application

It is served at http://localhost:8001/produce/ and knows its own users, log-in and sessions.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Response

import portal_people

from . import api, pages
from .session import Sessions
from .web import Request, Visit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

READ, READ_AND_SEND, SEND = ["GET"], ["GET", "POST"], ["POST"]

URLS = Map(
    [
        Rule("/", endpoint="front", methods=READ),
        Rule("/produce/", endpoint="home", methods=READ),
        Rule("/produce/login", endpoint="login", methods=READ_AND_SEND),
        Rule("/produce/logout", endpoint="logout", methods=SEND),
        Rule("/produce/forms/<slug>", endpoint="fill", methods=READ_AND_SEND),
        Rule("/produce/profile", endpoint="profile", methods=READ_AND_SEND),
        Rule("/produce/profile/password", endpoint="password", methods=SEND),
        Rule("/produce/guest/feedback", endpoint="guest_feedback", methods=READ_AND_SEND),
        Rule("/produce/keepalive", endpoint="keep_alive", methods=SEND),
        Rule("/produce/api/v1/client/login/", endpoint="client_login", methods=SEND),
        Rule("/produce/api/v1/tasks", endpoint="tasks", methods=READ),
        Rule("/produce/static/<path:file>", endpoint="static", build_only=True),
    ]
)

VIEWS: dict[str, Callable[..., Response]] = {
    "front": pages.front,
    "home": pages.home,
    "login": pages.login,
    "logout": pages.logout,
    "fill": pages.fill,
    "profile": pages.profile,
    "password": pages.password,
    "guest_feedback": pages.guest_feedback,
    "keep_alive": api.keep_alive,
    "client_login": api.client_login,
    "tasks": api.tasks,
}


class Produce:
    def __init__(self, secret: str) -> None:
        self._sessions = Sessions(secret)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        return self.answer(request)(environ, start_response)

    def answer(self, request: Request) -> Response:
        visit = Visit(request, URLS.bind_to_environ(request.environ), self._sessions)
        try:
            endpoint, values = visit.urls.match()
            return VIEWS[endpoint](visit, **values)
        except HTTPException as error:
            if error.response is not None or error.code is None:  # a redirect to the path's right spelling
                return Response.force_type(error.get_response(request.environ), request.environ)
            if request.path.startswith("/produce/api/"):
                response = api.refuse(error.code, error.description or error.name)
            else:
                response = visit.page("error.html", error.code, error=error)
            for name, value in error.get_headers(request.environ):  # Allow, Retry-After
                response.headers.setdefault(name, value)
            return response


def make_application(secret: str) -> WSGIApplication:
    portal_people.prepare()
    static = str(Path(__file__).parent / "static")
    return SharedDataMiddleware(Produce(secret), {"/produce/static": static}, cache_timeout=300)


application = make_application(os.environ["PRODUCE_SECRET"])
