"""One way to come for each resolver that is installed: its settings, and somebody whom it knows.

A resolver that has none here fails ``test_every_resolver_has_a_way``. ``django`` needs a project of Django's, and Django,
which is not installed here: ``tests/apps/django`` walks in front of one.
"""

from __future__ import annotations

import dataclasses
import hmac
from typing import Any

from core.identity.asking import flask_cookie
from proof.matrix.scene import Presenting, Scene, Way
from support import portal
from support.exchange import encoded
from support.house import BASIC, PROBE, TOKENS, House, basic
from support.realm import APP_SECRET, COOKIES, SIGNED_COOKIE, session_cookie
from support.visitor import FORM_TYPE, Visitor
from support.watched_app import PASSWORD, WATCH, WatchedApp

SECRET = "env:TWOFA_TEST_SECRET"


def _presents(visitor: Visitor) -> Presenting:
    assert isinstance(visitor.exchange, Presenting)
    return visitor.exchange


def _by_signed_cookie(scene: Scene, visitor: Visitor, user: str, login: str) -> None:
    visitor.cookies[COOKIES[visitor.app]] = session_cookie(user, login, at=scene.stage.clock.now)


def _by_flask_session(scene: Scene, visitor: Visitor, user: str, login: str) -> None:
    facts = {"_user_id": user, "_fresh": True, "_id": login}
    visitor.cookies[COOKIES[visitor.app]] = flask_cookie(facts, scene.stage.clock.now, APP_SECRET).decode()


def _by_remember_me(scene: Scene, visitor: Visitor, user: str, login: str) -> None:
    digest = hmac.digest(APP_SECRET.encode("latin-1"), user.encode(), "sha512").hex()
    visitor.cookies["remember_token" if visitor.app == "shop" else "office_token"] = f"{user}|{digest}"


def _by_server(scene: Scene, visitor: Visitor, user: str, login: str) -> None:
    _presents(visitor).server["REMOTE_USER"] = user


def _by_header(scene: Scene, visitor: Visitor, user: str, login: str) -> None:
    _presents(visitor).headers[:] = [("X-Remote-User", user), ("X-Remote-Session", login)]
    if scene.adapter == "wsgi":
        _presents(visitor).server["REMOTE_ADDR"] = "127.0.0.1"


def _by_password(scene: Scene, visitor: Visitor, user: str, login: str) -> None:
    _presents(visitor).headers[:] = [basic(user, "right")]


def _by_token(scene: Scene, visitor: Visitor, user: str, login: str) -> None:
    portal.tokens[f"token-of-{user}"] = user
    _presents(visitor).headers[:] = [("Authorization", f"Bearer token-of-{user}")]


def _by_server_session(scene: Scene, visitor: Visitor, user: str, login: str) -> None:
    visitor.cookies["sid"] = f"{user}-{login}"
    portal.sessions[visitor.cookies["sid"]] = (user, login)


def user_of_password(name: str, password: str) -> str | None:
    """For ``basic``: everybody has the same one."""
    return name if password == "right" else None


def _by_page(name: str, identity: dict[str, Any], enter_with: str) -> Way:
    """Basic or bearer, where the app itself is asked."""
    house = House()

    def enter(scene: Scene, visitor: Visitor, user: str, login: str) -> None:
        house.passwords[user], house.tokens[f"token-of-{user}"] = "right", user
        by_token = ("Authorization", f"Bearer token-of-{user}")
        _presents(visitor).headers[:] = [basic(user, "right") if enter_with == "basic" else by_token]

    page = identity["page"]
    settings = {"identity": [identity]} | NO_COOKIES
    routes = {page: house.routes[page]}
    way = Way(name, settings, enter, routes=routes, asks=frozenset({page}), shows_session=False)
    return dataclasses.replace(way, enter_office=_by_signed_cookie)


def _probe() -> Way:
    house = House()

    def enter(scene: Scene, visitor: Visitor, user: str, login: str) -> None:
        visitor.cookies["sid"] = f"{user}-{login}"
        house.sessions[visitor.cookies["sid"]] = (user, login)

    return Way(
        "probe",
        {"identity": [PROBE], "logout_cookies": ["sid"]},
        enter,
        routes={"/api/me": house.routes["/api/me"]},
        asks=frozenset({"/api/me"}),
        enter_office=_by_signed_cookie,
    )


def _watch() -> Way:
    app = WatchedApp()

    def enter(scene: Scene, visitor: Visitor, user: str, login: str) -> None:
        fields = {"username": user, "password": PASSWORD}
        visitor.go("/login", "POST", [FORM_TYPE, ("Origin", visitor.origin)], encoded(fields))
        assert "sid" in visitor.cookies

    settings: dict[str, Any] = {"identity": [WATCH], "login": [], "logout_cookies": ["sid"]}
    routes = {path: app.routes[path] for path in ("/login", "/logout")}
    return Way("watch", settings, enter, routes=routes, enter_office=_by_signed_cookie)


FLASK = {"use": "flask_login", "secret": SECRET}
HEADER = {
    "use": "header",
    "header": "X-Remote-User",
    "session": "X-Remote-Session",
    "peers": ["127.0.0.1"],
    "server_drops_underscores": True,
}
NO_COOKIES: dict[str, Any] = {"logout_cookies": []}


def ways() -> dict[str, Way]:
    """Name → a way of its own; its first word is the resolver's."""
    shared = {"identity": [{"use": "remote_user"}]} | NO_COOKIES
    by_header = {"identity": [HEADER]} | NO_COOKIES
    password = {"identity": [{"use": "basic", "paths": ["ANY /**"], "callable": "proof.matrix.ways:user_of_password"}]}
    token = {"identity": [portal.BEARER]} | NO_COOKIES
    sid = {"identity": [portal.SESSIONS], "logout_cookies": ["sid"]}
    flask_office = {"identity": [FLASK | {"cookie": COOKIES["office"], "remember_cookie": "office_token"}]}
    header = frozenset({"x-remote-user", "x-remote-session"})
    made = (
        Way("signed_cookie", {"identity": [SIGNED_COOKIE]}, _by_signed_cookie),
        Way("flask_login", {"identity": [FLASK]}, _by_flask_session, flask_office),
        Way("flask_login by token", {"identity": [FLASK]}, _by_remember_me, flask_office, shows_session=False),
        Way("remote_user", shared, _by_server, shared, shows_session=False),
        Way("header", by_header, _by_header, by_header, reads_headers=header),
        Way("basic", password | NO_COOKIES, _by_password, password | NO_COOKIES, shows_session=False),
        Way("bearer", token, _by_token, token, shows_session=False),
        _by_page("basic by page", BASIC | {"paths": ["ANY /**"]}, "basic"),
        _by_page("bearer by page", TOKENS | {"paths": ["ANY /**"]}, "bearer"),
        _probe(),
        _watch(),
        Way("callable", sid, _by_server_session, enter_office=_by_signed_cookie),
    )
    return {way.name: way for way in made}
