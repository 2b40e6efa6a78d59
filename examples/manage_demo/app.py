"""Manage, the portal for administrators: people, and a view of the work. A plain ASGI app.

    PORTAL_DB=portal.db MANAGE_SECRET=... \
        uvicorn --app-dir examples --port 8002 manage_demo.app:app

It is served at http://localhost:8002/manage/ and has its own log-in and sessions; the people
are those of Produce.
"""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

import portal_people

from . import live, pages
from .web import served

MAX_AGE_SECONDS = 12 * 3600
STATIC = Path(__file__).parent / "static"


def routes() -> list[BaseRoute]:
    # Manage's own files first, then the look that it shares with Produce.
    static = StaticFiles(directory=STATIC, packages=[("produce_demo", "static")])
    return [
        Route("/", served(pages.front, public=True), name="front"),
        Route("/manage/", served(pages.overview), name="overview"),
        Route("/manage/login", served(pages.login, public=True), name="login", methods=["GET", "POST"]),
        Route("/manage/logout", served(pages.logout), name="logout", methods=["POST"]),
        Route("/manage/users", served(pages.users), name="users"),
        Route("/manage/users/{user_id:int}/edit", served(pages.edit_user), name="edit_user", methods=["GET", "POST"]),
        WebSocketRoute("/manage/ws/tasks", live.task_counter, name="task_counter"),
        Mount("/manage/static", static, name="static"),
    ]


def make_app(secret: str) -> Starlette:
    portal_people.prepare()
    session = Middleware(
        SessionMiddleware,
        secret_key=secret,
        session_cookie="manage_session",
        max_age=MAX_AGE_SECONDS,
        same_site="lax",
        https_only=False,
    )
    return Starlette(
        routes=routes(),
        middleware=[session],
        exception_handlers={HTTPException: pages.trouble},
    )


app = make_app(os.environ["MANAGE_SECRET"])
