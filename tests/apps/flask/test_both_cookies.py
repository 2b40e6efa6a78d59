"""What the resolver and Flask-Login itself make of the same cookies: the app may know nobody where we know somebody,
and never anybody else."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest
from flask import Flask
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_login.utils import encode_cookie

from core.identity.asking import SECRET, context, flask_cookie, identified, options, with_cookie
from twofa_middleware.http import without_cookies
from twofa_middleware.identify import CannotTell, Identified, Known, Nobody
from twofa_middleware.identity.flask_login import FlaskLogin

USERS = {"ada", "bea"}
NOW = int(time.time())
OLD = NOW - 32 * 86400
BROWSER = {"User-Agent": "a browser"}


class User(UserMixin):  # type: ignore[misc]
    def __init__(self, name: str) -> None:
        self.id = name


def shop(protection: str | None) -> Flask:
    app = Flask(__name__)
    app.secret_key = SECRET
    manager = LoginManager(app)
    manager.session_protection = protection
    manager.user_loader(lambda name: User(name) if name in USERS else None)

    @app.get("/log-in/<name>")
    def log_in(name: str) -> str:
        login_user(User(name), remember=True)
        return "in"

    @app.get("/who")
    def who() -> str:
        return str(current_user.get_id())

    return app


SESSIONS: dict[str, bytes | None] = {
    "none": None,
    "of nobody": flask_cookie({"_flashes": []}, NOW),
    "of ada": flask_cookie({"_user_id": "ada", "_fresh": True, "_id": "x"}, NOW),
    "of ada, remembered": flask_cookie({"_user_id": "ada", "_fresh": False}, NOW),
    "of bea": flask_cookie({"_user_id": "bea", "_fresh": True, "_id": "x"}, NOW),
    "of a user who is gone": flask_cookie({"_user_id": "gone", "_fresh": True, "_id": "x"}, NOW),
    "old, of ada": flask_cookie({"_user_id": "ada"}, OLD),
    "old, of bea": flask_cookie({"_user_id": "bea"}, OLD),
    "logged out": flask_cookie({"_remember": "clear"}, NOW),
    "of another secret": flask_cookie({"_user_id": "bea"}, NOW, "another secret"),
    "nonsense": b"nonsense",
}
TOKENS: dict[str, bytes | None] = {
    "none": None,
    **{f"of {name}": encode_cookie(name, SECRET).encode() for name in ("ada", "bea", "gone", "a|b@example.org")},
    "of another secret": encode_cookie("bea", "another secret").encode(),
    "nonsense": b"bea|nonsense",
    "quoted": b'"' + encode_cookie("bea", SECRET).encode() + b'"',
}


@pytest.fixture
def resolver(tmp_path: Path) -> FlaskLogin:
    file = tmp_path / "secret"
    file.touch(mode=0o600)
    file.write_text(SECRET)
    return FlaskLogin(options(FlaskLogin, secret="file:secret"), context(tmp_path))


def line_of(session: bytes | None, token: bytes | None) -> bytes:
    pairs = ((b"session", session), (b"remember_token", token))
    return b"; ".join(name + b"=" + value for name, value in pairs if value is not None)


def app_sees(app: Flask, line: bytes, found: Identified) -> str:
    """Whom the app knows by the cookies that are left to it."""
    assert isinstance(found, Known | Nobody)
    kept = without_cookies(line, found.takes_out).decode("latin-1")
    with app.test_client(use_cookies=False) as client:
        return client.get("/who", headers=BROWSER | ({"Cookie": kept} if kept else {})).text


@pytest.mark.parametrize("protection", [None, "basic", "strong"])
@pytest.mark.parametrize(("session", "token"), [*itertools.product(SESSIONS, TOKENS)])
def test_a026_the_app_knows_the_user_that_we_know_or_nobody(
    resolver: FlaskLogin, session: str, token: str, protection: str | None
) -> None:
    line = line_of(SESSIONS[session], TOKENS[token])
    found = identified(with_cookie(line, now=NOW), resolver)
    if isinstance(found, Known | Nobody):
        ours = {found.login.user} if isinstance(found, Known) else set()
        assert {app_sees(shop(protection), line, found)} - {"None"} <= ours
    else:
        assert isinstance(found, CannotTell)


@pytest.mark.parametrize("session", ["none", "of nobody", "of ada", "of ada, remembered", "old, of ada"])
def test_whom_flask_login_remembers_is_known(resolver: FlaskLogin, session: str) -> None:
    line = line_of(SESSIONS[session], TOKENS["of ada"])
    found = identified(with_cookie(line, now=NOW), resolver)
    assert isinstance(found, Known)
    assert found.login.user == app_sees(shop("basic"), line, found) == "ada"


def test_a_user_who_is_gone_would_give_way_to_the_token_of_another_and_so_cannot_be_told(resolver: FlaskLogin) -> None:
    line = line_of(SESSIONS["of a user who is gone"], TOKENS["of bea"])
    with shop("basic").test_client(use_cookies=False) as client:
        assert client.get("/who", headers=BROWSER | {"Cookie": line.decode()}).text == "bea"
    assert isinstance(identified(with_cookie(line, now=NOW), resolver), CannotTell)


def test_what_flask_login_sets_is_read_and_stays_one_login(resolver: FlaskLogin) -> None:
    app = shop("basic")
    with app.test_client() as client:
        client.get("/log-in/ada", headers=BROWSER)
        session, token = (client.get_cookie(name) for name in ("session", "remember_token"))
        assert session is not None
        assert token is not None
        by_password = identified(with_cookie(line_of(session.value.encode(), token.value.encode()), now=NOW), resolver)
        client.delete_cookie("session")
        alone = identified(with_cookie(line_of(None, token.value.encode())), resolver)
        client.get("/who", headers=BROWSER)
        renewed = client.get_cookie("session")
        assert renewed is not None
        remembered = identified(with_cookie(line_of(renewed.value.encode(), token.value.encode()), now=NOW), resolver)
    assert isinstance(alone, Known)
    assert isinstance(remembered, Known)
    assert (alone.login.user, alone.login.session) == (remembered.login.user, remembered.login.session) == ("ada", None)
    assert isinstance(by_password, Known)
    assert by_password.login.session not in (None, "")
