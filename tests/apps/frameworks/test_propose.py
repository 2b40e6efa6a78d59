"""What ``twofa propose`` writes for frameworks whose paths can be listed, and for an app that hides in middleware."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.proposals import propose

LITESTAR = """
from litestar import Litestar, get, post
@get("/")
async def home() -> str: return ""
@get("/auth/login")
async def page() -> str: return ""
@post("/auth/login", operation_id="in")
async def log_in() -> None: ...
@post("/auth/logout")
async def log_out() -> None: ...
app = Litestar([home, page, log_in, log_out])
"""
QUART = """
from quart import Quart, session
app = Quart(__name__)
app.secret_key = "what no variable holds"
@app.get("/")
async def home(): return ""
@app.route("/auth/login", methods=["GET", "POST"])
async def log_in():
    session["user_id"] = 7
    return ""
@app.post("/auth/logout")
async def log_out(): return ""
"""
PYRAMID = """
from pyramid.config import Configurator
def create():
    with Configurator() as made:
        made.add_route("home", "/")
        made.add_route("login", "/auth/login")
        made.add_route("logout", "auth/logout")
        return made.make_wsgi_app()
app = create()
"""
STARLETTE = """
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
def log_in(request):
    request.session["user_id"] = 7
    return PlainTextResponse("")
home = Route("/", log_in)
routes = [home, Route("/auth/login", log_in, methods=["GET", "POST"]), Route("/auth/logout", log_in, methods=["POST"])]
inner = Starlette(routes=routes, middleware=[Middleware(SessionMiddleware, secret_key="what no variable holds", max_age=None, path="/")])
app = GZipMiddleware(GZipMiddleware(inner))
"""


@pytest.mark.parametrize(
    ("source", "named", "logout"),
    [
        (LITESTAR, "Litestar 2", "POST /auth/logout"),
        (QUART, "Quart 0", "POST /auth/logout"),
        (PYRAMID, "Pyramid 2", "GET,POST /auth/logout"),
        (STARLETTE, "Starlette 1", "POST /auth/logout"),
    ],
)
def test_the_paths_of_log_in_and_log_out_are_found(tmp_path: Path, source: str, named: str, logout: str) -> None:
    made = propose("", tmp_path, "own:app", own=source)
    assert f"for {named}" in made.comments
    assert made.app.identity == ({"use": "CHOOSE"},)
    assert made.app.login == ("POST /auth/login",)
    assert made.app.logout == (logout,)
    assert (made.app.login_page, made.app.home) == ("/auth/login", "/")
    assert "what no variable holds" not in made.text + made.said
    door = "wsgi" if source == PYRAMID else "asgi"
    assert f"from twofa_middleware.{door} import" in made.said


def test_a_session_of_quart_is_read_as_flask_s(tmp_path: Path) -> None:
    made = propose("", tmp_path, "own:app", own=QUART)
    options = 'secret = "env:SECRET_KEY", cookie = "session", user = "user_id"'
    assert f'identity = [{{ use = "signed_cookie", {options} }}]' in made.comments


def test_what_a_log_in_leaves_is_no_user_but_a_session(tmp_path: Path) -> None:
    """By an id of the log-in each log-in would be another person, without a second factor."""
    both = QUART.replace(
        '    session["user_id"] = 7', '    session["login_id"] = 1; session["user_name"] = 2; session["user_id"] = 7'
    )
    made = propose("", tmp_path, "own:app", own=both)
    assert 'user = "user_id", session = "login_id" }]' in made.comments
