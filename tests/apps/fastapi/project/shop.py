"""A shop with FastAPI and SessionMiddleware. It knows nothing of a second factor."""

import json
import os
import secrets
from hmac import compare_digest
from html import escape
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Form, HTTPException, Request, WebSocket
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=os.environ["SECRET_KEY"])
people = json.loads(Path(__file__).with_name("people.json").read_text())

FORM = '<form method="post"><input name="name"><input name="password" type="password"><button>Log in</button></form>'


def page(body: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(f"<!doctype html><title>Shop</title>{body}", status)


def user_of(request: Request) -> str:
    if "user_id" not in request.session:
        wants_page = "text/html" in request.headers.get("accept", "")
        raise HTTPException(303 if wants_page else 401, headers={"Location": "/login"})
    return request.session["user_id"]


User = Annotated[str, Depends(user_of)]


@app.get("/")
async def home(request: Request):
    return page(f"<h1>The shop</h1><p>{escape(request.session.get('user_id', 'Welcome'))}</p>")


@app.get("/login")
async def login_form():
    return page(FORM)


@app.post("/login")
async def login(request: Request, name: Annotated[str, Form()], password: Annotated[str, Form()]):
    if not compare_digest(people.get(name, ""), password):
        return page("<p>Wrong name or password.</p>" + FORM, 401)
    request.session.clear()
    request.session.update(user_id=name, login_id=secrets.token_hex(8))
    return RedirectResponse("/account", 303)


@app.post("/logout")
async def logout(request: Request):
    request.session.clear()
    return RedirectResponse("/", 303)


@app.api_route("/account", methods=["GET", "POST"])
async def account(user: User):
    return page(f"<h1>Your account</h1><p>{escape(user)}</p>")


@app.get("/api/orders")
async def orders(user: User):
    return {"user": user, "orders": []}


@app.websocket("/ws")
async def greet(socket: WebSocket):
    if "user_id" not in socket.session:
        await socket.close(1008)
        return
    await socket.accept()
    async for word in socket.iter_text():
        await socket.send_text(f"{socket.session['user_id']} says {word}")
