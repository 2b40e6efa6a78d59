"""Manage, the portal for administrators: people, groups, roles, and a view of the work. A plain ASGI app.

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

from . import groups, live, pages, record, roles, security, users
from .web import SESSION_HOURS, served

FORM = ["GET", "POST"]
STATIC = Path(__file__).parent / "static"


def routes() -> list[BaseRoute]:
    # Manage's own files first, then the look that it shares with Produce.
    static = StaticFiles(directory=STATIC, packages=[("produce_demo", "static")])
    return [
        Route("/", served(pages.front, public=True), name="front"),
        Route("/manage/", served(pages.overview), name="overview"),
        Route("/manage/login", served(pages.login, public=True), name="login", methods=FORM),
        Route("/manage/logout", served(pages.logout), name="logout", methods=["POST"]),
        Route("/manage/password", served(security.own_password), name="password", methods=FORM),
        Route("/manage/users", served(users.users), name="users"),
        Route("/manage/users/new", served(users.new_user), name="new_user", methods=FORM),
        Route("/manage/users/{user_id:int}/edit", served(users.edit_user), name="edit_user", methods=FORM),
        Route("/manage/groups", served(groups.groups), name="groups"),
        Route("/manage/groups/new", served(groups.new_group), name="new_group", methods=FORM),
        Route("/manage/groups/{group_id:int}/edit", served(groups.edit_group), name="edit_group", methods=FORM),
        Route("/manage/roles", served(roles.roles), name="roles"),
        Route("/manage/roles/new", served(roles.new_role), name="new_role", methods=FORM),
        Route("/manage/roles/{role_id:int}/edit", served(roles.edit_role), name="edit_role", methods=FORM),
        Route("/manage/roles/{role_id:int}/delete", served(roles.delete_role), name="delete_role", methods=["POST"]),
        Route("/manage/settings/security", served(security.settings), name="security", methods=FORM),
        Route("/manage/audit", served(record.audit), name="audit"),
        WebSocketRoute("/manage/ws/tasks", live.task_counter, name="task_counter"),
        Mount("/manage/static", static, name="static"),
    ]


def make_app(secret: str) -> Starlette:
    portal_people.prepare()
    session = Middleware(
        SessionMiddleware,
        secret_key=secret,
        session_cookie="manage_session",
        max_age=SESSION_HOURS * 3600,
        same_site="lax",
        https_only=False,
    )
    return Starlette(
        routes=routes(),
        middleware=[session],
        exception_handlers={HTTPException: pages.trouble},
    )


app = make_app(os.environ["MANAGE_SECRET"])
