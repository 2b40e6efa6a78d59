"""``twofa check`` tries the WebSockets that an app of Starlette lists, and sees where in it a gate of its own stands."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from twofa_middleware.cli import main

SHOP = '''
import json
import secrets
from base64 import b64decode
from urllib.parse import parse_qs

import itsdangerous
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Mount, Route, WebSocketRoute

from twofa_middleware.protocol import Login

FORM = '<form method="post" action="/login"><input name="name"><input type="password" name="word"></form>'


async def home(request):
    user = request.session.get("user")
    return HTMLResponse(f"Hello {user}") if user else RedirectResponse("/login", 303)


async def log_in(request):
    if request.method == "GET":
        return HTMLResponse(FORM)
    fields = parse_qs((await request.body()).decode())
    if fields["word"] != ["Maple-Kettle-41"]:
        return HTMLResponse("no", 401)
    request.session.update(user=fields["name"][0], login=secrets.token_urlsafe(6))
    return RedirectResponse("/", 303)


async def orders(socket):
    if socket.session.get("user"):
        await socket.accept()
        await socket.receive_text()
    await socket.close()


async def news(socket):
    await socket.accept()
    await socket.receive_text()


below = [WebSocketRoute("/orders/{number:int}", orders)]
app = Starlette(
    routes=[
        Route("/", home),
        Route("/login", log_in, methods=["GET", "POST"]),
        WebSocketRoute("/orders/{room}", orders),
        WebSocketRoute("/news", news),
        Mount("/below", routes=below),
    ],
    middleware=[Middleware(SessionMiddleware, secret_key="the shop's own secret")],
)


def blind(request):
    """Sees nobody at the WebSockets below."""
    if request.path.startswith("/below/"):
        return None
    values = request.cookies().get(b"session", [b""])
    try:
        found = json.loads(b64decode(itsdangerous.TimestampSigner("the shop's own secret").unsign(values[0])))
    except itsdangerous.BadSignature:
        return None
    return Login(found["user"], found["login"]) if "user" in found else None
'''
SIGNED = {
    "use": "signed_cookie", "cookie": "session", "secret": "env:SHOP_SECRET", "format": "starlette",
    "user": "user", "session": "login",
}  # fmt: skip
BLIND = {"use": "callable", "callable": "socket_shop:blind", "cookies": ["session"], "pure": True}
HALF = "half verified, no WebSocket opens"
NOBODY = "nobody opens a WebSocket that is not listed"
Check = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Check:
    """The steps of a check of the shop by their names."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "socket_shop", raising=False)
    monkeypatch.setenv("SHOP_SECRET", "the shop's own secret")
    monkeypatch.setenv("PASSWORD", "Maple-Kettle-41")

    def run(identity: dict[str, Any], *listed: str, more: str = "") -> dict[str, dict[str, Any]]:
        (tmp_path / "socket_shop.py").write_text(SHOP + more)
        pairs = ", ".join(f"{key} = {json.dumps(value)}" for key, value in identity.items())
        (tmp_path / "twofa.toml").write_text(f"""
realm = "test"
name = "Test"
[apps.shop]
origins = ["http://localhost:8000"]
identity = [{{ {pairs} }}]
login = ["POST /login"]
logout = ["POST /logout"]
login_page = "/login"
anonymous_websockets = {json.dumps(listed)}
""")
        arguments = ("twofa", "check", "socket_shop:app", "--user", "erin", "--secret", "env:PASSWORD", "--json")
        monkeypatch.setattr(sys, "argv", list(arguments))
        with pytest.raises(SystemExit):
            main()
        steps: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["steps"]
        return {step["name"]: step for step in steps}

    return run


def test_a013_sockets_of_whoever_may_not_pass_stay_closed(check: Check) -> None:
    steps = check(SIGNED, "GET /news")
    assert {step["verdict"] for step in steps.values()} <= {"good", "note"}
    assert steps[HALF]["seen"] == ["tried: /orders/x, /news, /below/orders/1"]
    assert steps[NOBODY]["seen"] == ["WebSocket /news opens, as listed"]


def test_a013_a_socket_that_opens_to_nobody_and_is_not_listed_is_found(check: Check) -> None:
    steps = check(SIGNED)
    assert steps[HALF]["verdict"] == "good"
    assert (steps[NOBODY]["verdict"], steps[NOBODY]["seen"]) == ("problem", ["WebSocket /news opens"])
    assert "anonymous_websockets" in steps[NOBODY]["remedy"]


def test_a013_a_socket_at_which_a_resolver_looks_away_is_found(check: Check) -> None:
    steps = check(BLIND, "GET /news")
    assert steps[HALF]["verdict"] == "problem"
    assert steps[HALF]["seen"][1:] == ["WebSocket /below/orders/1 got to the app"]


GATE = """
from twofa_middleware.asgi import TwoFactorMiddleware
app.add_middleware(TwoFactorMiddleware, settings="twofa.toml", name="shop")
"""
ZIPPED = """
from starlette.middleware.gzip import GZipMiddleware
app.add_middleware(GZipMiddleware)
"""
OUTERMOST = "the app's own gate is outermost"


@pytest.mark.parametrize(("more", "verdict"), [(ZIPPED + GATE, "good"), (GATE + ZIPPED, "problem")])
def test_a022_a_layer_that_is_added_after_the_gate_is_found(check: Check, more: str, verdict: str) -> None:
    steps = check(SIGNED, "GET /news", more=more)
    assert steps[OUTERMOST]["verdict"] == verdict
    assert steps[HALF]["verdict"] == "good"  # the app is walked without its own gate
    if verdict == "problem":
        assert steps[OUTERMOST]["seen"] == ["outside of it: GZipMiddleware"]
        assert "add the gate last" in steps[OUTERMOST]["remedy"]
