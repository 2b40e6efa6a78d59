"""A shop with Litestar, whose sessions lie in its memory."""

import json
from hmac import compare_digest
from pathlib import Path

from litestar import Litestar, Request, get, post, route
from litestar.exceptions import HTTPException
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.response import Redirect, Response

people = json.loads(Path(__file__).with_name("people.json").read_text())


@get("/", media_type="text/html")
async def home() -> str:
    return "<h1>The shop</h1>"


@post("/login")
async def login(request: Request) -> Response:
    form = await request.form()
    if not compare_digest(people.get(form.get("name"), "\0"), form.get("password", "")):
        return Response("wrong", status_code=401, media_type="text/plain")
    request.set_session({"user": form["name"]})
    return Redirect("/me", status_code=303)


@post("/logout")
async def logout(request: Request) -> Response:
    request.clear_session()
    return Redirect("/", status_code=303)


@route("/me", http_method=["GET", "POST"], media_type="text/html", status_code=200)
async def me(request: Request) -> str:
    if "user" not in request.session:
        raise HTTPException(status_code=401)
    return f"<p>{request.session['user']}</p>"


@get("/api/me")
async def api(request: Request) -> dict[str, str | None]:
    return {"user": request.session.get("user")}


app = Litestar([home, login, logout, me, api], middleware=[ServerSideSessionConfig().middleware])
