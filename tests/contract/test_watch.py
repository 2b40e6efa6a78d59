"""``watch`` in front of apps with odd habits: nobody but the log-in says who is there. Attacks 26, 78, 79, 80, 81, 87."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest

from support import watched_app
from support.exchange import Reply
from support.spy import Call, Told
from support.stage import Open, Stage
from support.visitor import Visitor
from support.watched_app import PASSWORD, WATCH, WatchedApp, beside

Opened = Callable[..., tuple[Stage, WatchedApp]]


def opener(open_stage: Open, **always: Any) -> Opened:
    def open_app(app: WatchedApp | None = None, **watch: Any) -> tuple[Stage, WatchedApp]:
        app = app or WatchedApp()
        shop = {
            "identity": [WATCH | always | watch],
            "login": [],
            "logout": ["POST /logout"],
            "logout_cookies": ["sid"],
        }
        return open_stage(routes=app.routes, shop=shop), app

    return open_app


@pytest.fixture(params=[False, True], ids=["cookie withheld", "cookie with log-ins"])
def opened(open_stage: Open, request: pytest.FixtureRequest) -> Opened:
    return opener(open_stage, login_gets_cookie=request.param)


@pytest.fixture
def opened_withholding(open_stage: Open) -> Opened:
    """As the settings are unless somebody says more."""
    return opener(open_stage)


@pytest.fixture
def opened_with_log_ins(open_stage: Open) -> Opened:
    """The app gets its cookie with a log-in, and so may keep its session over it."""
    return opener(open_stage, login_gets_cookie=True)


def as_frameworks_read_it(call: Call) -> str:
    """The session's id as Django and Werkzeug read it: a quoted value without its quotes and escapes."""
    cookies: SimpleCookie = SimpleCookie(call.headers.get("cookie", ""))
    return cookies["sid"].value if "sid" in cookies else ""


def log_in(visitor: Visitor, name: str, password: str = PASSWORD, path: str = "/login", **fields: str) -> Reply:
    return visitor.post(path, {"username": name, "password": password} | fields)


def enrolled(stage: Stage, name: str = "erin") -> Visitor:
    """Somebody who has logged in and turned two-factor authentication on."""
    visitor = stage.visitor()
    assert log_in(visitor, name).status == 302
    visitor.set_up()
    stage.clock.on(30)
    assert visitor.go("/home").body == f"secret page of {name}".encode()
    return visitor


def at_another_worker(stage: Stage, visitor: Visitor) -> Visitor:
    """The same browser, whose requests go to another process of the server: one with a gate of its own."""
    worker = Stage(stage.realm, stage.spies, stage.wrap, stage.everybody)
    return dataclasses.replace(visitor, exchange=worker.exchange(), cookies=dict(visitor.cookies))


def asks_for_code(reply: Reply) -> bool:
    return reply.status == 303 and (reply.header("location") or "").startswith("/2fa/verify")


@pytest.fixture(params=[False, True], ids=["same cookie", "new cookie"])
def habit(request: pytest.FixtureRequest) -> WatchedApp:
    return WatchedApp(rotates=request.param)


def test_a_first_log_in_goes_through_and_is_seen(opened: Opened, habit: WatchedApp) -> None:
    stage, _ = opened(habit)
    erin = stage.visitor()
    assert erin.go("/home").body == b"front page"
    assert log_in(erin, "erin").header("location") == "/home"
    assert erin.go("/home").body == b"secret page of erin"
    assert erin.go("/2fa/account").status == 200


def test_a079_each_log_in_is_asked_for_a_code(opened: Opened, habit: WatchedApp) -> None:
    stage, _ = opened(habit)
    erin = enrolled(stage)
    erin.go("/logout", "POST")
    assert b"secret" not in erin.go("/home").body
    assert asks_for_code(log_in(erin, "erin"))
    assert asks_for_code(erin.go("/home"))
    assert erin.verify().status == 303
    assert erin.go("/home").body == b"secret page of erin"


def test_a080_who_logs_in_as_somebody_else_in_a_session_that_has_passed_is_asked(
    opened: Opened, habit: WatchedApp
) -> None:
    stage, app = opened(habit)
    enrolled(stage, "bob")
    erin = enrolled(stage)
    reply = log_in(erin, "bob")
    assert asks_for_code(reply)
    assert b"secret" not in reply.body
    assert "bob" in app.sessions.values()
    assert asks_for_code(erin.go("/home"))


def test_a080_a_cookie_in_another_spelling_is_the_same_cookie(
    opened_with_log_ins: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who logs in as somebody else under the quoted value must not go on as himself under the plain one."""
    monkeypatch.setattr(watched_app, "_sid", as_frameworks_read_it)
    stage, app = opened_with_log_ins()
    enrolled(stage, "bob")
    erin = enrolled(stage)
    plain = erin.cookies["sid"]
    for spelt in (f'"{plain}"', f'"\\{ord(plain[0]):03o}{plain[1:]}"'):
        thief = stage.visitor()
        thief.cookies["sid"] = spelt
        log_in(thief, "bob")
        assert app.sessions[plain] == "bob"
        assert b"secret" not in erin.go("/home").body
        log_in(erin, "erin")
        erin.verify()
        stage.clock.on(30)
        assert erin.go("/home").body == b"secret page of erin"


def test_a080_two_cookies_that_only_the_app_tells_apart_are_never_bound_at_once(opened: Opened) -> None:
    stage, app = opened()
    erin = enrolled(stage)
    plain = erin.cookies["sid"]
    app.sessions[plain.upper()] = None
    other = stage.visitor()
    other.cookies["sid"] = plain.upper()
    assert log_in(other, "bob").status == 302
    assert b"secret" not in erin.go("/home").body
    assert other.go("/home").body == b"secret page of bob"


def test_a080_with_a_log_in_the_app_gets_no_cookie_of_a_session(
    opened_withholding: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app that knows a session by an id with a number behind it, whatever the number is, and keeps it over a log-in:
    whoever holds two such cookies logs in as somebody else with one and goes on as himself with the other."""
    monkeypatch.setattr(watched_app, "_sid", lambda call: as_frameworks_read_it(call).partition(".")[0])
    stage, app = opened_withholding()
    enrolled(stage, "bob")
    erin = enrolled(stage)
    his = erin.cookies["sid"]
    thief = stage.visitor()
    thief.cookies["sid"] = f"{his}.2"
    for browser in (thief, erin):
        assert asks_for_code(log_in(browser, "bob"))
        assert "sid=" not in stage.spy.calls[-1].headers.get("cookie", "")
        assert app.sessions[his] == "erin"


def test_a080_neither_at_another_door_nor_by_an_odd_path(open_stage: Open) -> None:
    app = WatchedApp()
    stage = open_stage(routes=app.routes, shop={"identity": [WATCH], "login": ["POST /api/login"], "logout": []})
    erin = enrolled(stage)
    body = json.dumps({"who": {"name": "bob", "password": PASSWORD}}).encode()
    for path, kind in (("/api/login", "application/json"), ("//login", "application/x-www-form-urlencoded")):
        erin.cookies["other"] = "1"
        erin.fetch(path, "POST", [("Content-Type", kind)], body if "json" in kind else b"username=bob")
        assert (stage.spy.calls[-1].path, stage.spy.calls[-1].headers["cookie"]) == (path, "other=1")
        log_in(erin, "erin")
        erin.verify()
        stage.clock.on(30)


def test_a_log_in_that_succeeds_without_a_cookie_names_the_option(
    opened_withholding: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    stage, _ = opened_withholding()
    stage.spies["shop"]._routes["/login"] = lambda call: Told(302, [("Location", "/home")], b"")
    erin = stage.visitor()
    assert log_in(erin, "erin").status == 503
    assert any("login_gets_cookie" in line for line in caplog.messages)


def test_a080_a_log_in_without_the_sign_of_success_leaves_nobody_in_that_session(
    opened: Opened, habit: WatchedApp
) -> None:
    """The app takes a ``next`` from the form, so the attacker can make the sign go away."""
    stage, app = opened(habit)
    erin = enrolled(stage)
    assert log_in(erin, "bob", next="/elsewhere").header("location") == "/elsewhere"
    assert app.sessions[erin.cookies["sid"]] == "bob"
    assert erin.go("/home").body == b"front page"
    assert "sid=" not in stage.spy.calls[-1].headers.get("cookie", "")


def test_a080_a_failed_log_in_ends_what_was_bound(opened: Opened) -> None:
    stage, _ = opened()
    erin = enrolled(stage)
    before = dict(erin.cookies)
    assert log_in(erin, "bob", password="wrong").body == b"log in"
    erin.cookies.update(before)
    assert erin.go("/home").body == b"front page"


@pytest.mark.parametrize("path", ["//login", "/login/", "/Login"])
def test_a080_a_log_in_by_an_odd_path_is_a_log_in(opened: Opened, path: str) -> None:
    stage, _ = opened()
    enrolled(stage, "bob")
    erin = enrolled(stage)
    log_in(erin, "bob", path=path)
    reply = erin.go("/home")
    assert b"secret" not in reply.body


def test_a080_two_log_ins_at_once_with_one_cookie_leave_nobody_in(opened_with_log_ins: Opened) -> None:
    """The attacker's own log-in answers after the victim's: by its answer the session would be his."""
    stage, app = opened_with_log_ins()
    enrolled(stage, "bob")
    erin = enrolled(stage)
    other = at_another_worker(stage, erin)
    app.meanwhile = lambda: log_in(other, "bob")
    assert log_in(erin, "erin").status == 503
    assert app.sessions[erin.cookies["sid"]] == "bob"
    for visitor in (erin, other):
        assert visitor.go("/home").body == b"front page"


def test_who_sends_a_log_in_twice_at_once_is_in(opened: Opened) -> None:
    stage, app = opened()
    erin = stage.visitor()
    erin.cookies["sid"] = "planted"
    other = at_another_worker(stage, erin)
    app.meanwhile = lambda: log_in(other, "erin")
    assert log_in(erin, "erin").status == 302
    assert erin.go("/home").body == b"secret page of erin"


def test_a080_a_request_on_its_way_does_not_show_another_log_in(opened: Opened) -> None:
    stage, app = opened()
    erin = enrolled(stage)
    other = at_another_worker(stage, erin)

    def slow(call: Any) -> Any:
        beside(lambda: log_in(other, "bob", next="/elsewhere"))
        return app.home(call)

    stage.spies["shop"]._routes["/slow"] = slow
    reply = erin.go("/slow")
    assert (reply.status, b"secret" in reply.body) == (503, False)


def test_a079_a_log_out_that_keeps_the_cookie_ends_what_is_bound(opened: Opened) -> None:
    stage, app = opened()
    erin = enrolled(stage)
    before = dict(erin.cookies)
    erin.go("/logout", "POST")
    app.sessions[before["sid"]] = "bob"  # by whatever way that nobody sees
    erin.cookies.update(before)
    assert erin.go("/home").body == b"front page"


def test_a079_our_own_log_out_ends_what_is_bound(opened: Opened) -> None:
    stage, _ = opened()
    erin = enrolled(stage)
    before = dict(erin.cookies)
    page = erin.go("/2fa/account")
    assert erin.fill(page, "/logout").status == 303
    erin.cookies.update(before)
    assert erin.go("/home").body == b"front page"


def test_a081_a_cookie_that_the_app_has_taken_back_is_nobodys(opened: Opened) -> None:
    stage, _ = opened()
    erin = enrolled(stage)
    before = dict(erin.cookies)
    assert erin.go("/drop").body == b"dropped"
    erin.cookies.update(before)
    assert erin.go("/home").body == b"front page"


def test_a081_a_cookie_in_another_browser_is_asked_for_a_code(opened: Opened) -> None:
    stage, _ = opened()
    erin = enrolled(stage)
    thief = erin.elsewhere()
    thief.cookies["sid"] = erin.cookies["sid"]
    assert asks_for_code(thief.go("/home"))


def test_a081_the_pass_of_one_log_in_is_none_for_another(opened: Opened) -> None:
    stage, _ = opened(WatchedApp(rotates=True))
    erin = enrolled(stage)
    other = erin.elsewhere()
    log_in(other, "erin")
    other.cookies = erin.cookies | {"sid": other.cookies["sid"]}
    assert asks_for_code(other.go("/home"))


def test_a078_who_logs_in_with_a_planted_cookie_verifies_in_his_own_browser_alone(opened_with_log_ins: Opened) -> None:
    stage, _ = opened_with_log_ins()
    enrolled(stage)
    attacker, victim = stage.visitor(), stage.everybody[0].elsewhere()
    attacker.cookies["sid"] = victim.cookies["sid"] = "planted"
    assert asks_for_code(log_in(victim, "erin"))
    victim.verify()
    assert victim.go("/home").body == b"secret page of erin"
    assert asks_for_code(attacker.go("/home"))


def test_a087_a_cookie_that_no_log_in_has_brought_does_not_reach_the_app(opened: Opened) -> None:
    stage, app = opened()
    bob = stage.visitor()
    bob.go("/remember")
    assert app.sessions[bob.cookies["sid"]] == "bob"
    assert bob.go("/home").body == b"front page"


def test_a026_a_cookie_that_came_twice_or_oddly_is_refused(opened: Opened) -> None:
    stage, _ = opened()
    erin = enrolled(stage)
    sid = erin.cookies["sid"]
    calls = len(stage.spy.calls)
    for line in (f"sid={sid}; sid=other", f"\xa0sid={sid}", f"other=1, sid={sid}"):
        sent = [("Cookie", line), ("Sec-Fetch-Mode", "navigate")]
        assert stage.exchange().request("GET", "/home", sent, b"").status == 400
    assert len(stage.spy.calls) == calls


@pytest.mark.parametrize(
    "body",
    [
        b"username=erin&username=bob&password=of+everybody",
        b"username=erin&Username=bob&password=of+everybody",
        b"username=erin&%75sername=bob&password=of+everybody",
        b"username=erin;username=bob&password=of+everybody",
        b"username=erin;x=1&password=of+everybody",
        b"username=erin%FF&password=of+everybody",
        b"username=erin%2&password=of+everybody",
        b"username=erin&%2575sername=bob&password=of+everybody",
    ],
)
def test_a026_a_log_in_that_can_be_read_in_two_ways_does_not_reach_the_app(opened: Opened, body: bytes) -> None:
    stage, _ = opened()
    visitor = stage.visitor()
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    assert visitor.go("/login", "POST", form, body).status == 400
    assert visitor.go("/login?username=bob", "POST", form, b"username=erin&password=of+everybody").status == 400
    assert stage.spy.calls == []


def test_a027_another_spelling_of_a_name_is_the_same_person_or_nobody(opened: Opened) -> None:
    stage, _ = opened()
    erin = enrolled(stage)
    assert asks_for_code(log_in(erin.elsewhere(), "ERIN"))
    for name in ("erin ", "er\u0131n", " erin", "er in"):
        assert log_in(erin.elsewhere(), name).status == 503


def test_the_app_gets_the_log_in_as_it_was_sent(opened_with_log_ins: Opened) -> None:
    stage, _ = opened_with_log_ins()
    visitor = stage.visitor()
    visitor.cookies["sid"] = "of the form"
    body = b"password=of+everybody&x=%FF;y&username=erin&&z"
    assert visitor.go("/login", "POST", [("Content-Type", "application/x-www-form-urlencoded")], body).status == 302
    assert stage.spy.calls[-1].body == body
    assert "sid=of the form" in stage.spy.calls[-1].headers["cookie"]


def test_a_log_in_by_json_with_204_and_nothing_else(opened: Opened) -> None:
    stage, _ = opened(login="POST /api/login", format="json", field="who.name", success={"status": 204})
    erin = stage.visitor()

    def send(visitor: Visitor, name: str, password: str = PASSWORD) -> Reply:
        body = json.dumps({"who": {"name": name, "password": password}}).encode()
        return visitor.fetch("/api/login", "POST", [("Content-Type", "application/json")], body)

    assert send(erin, "erin", "wrong").status == 401
    assert erin.go("/home").body == b"front page"
    assert send(erin, "erin").status == 204
    assert erin.go("/home").body == b"secret page of erin"
    erin.set_up()
    other = erin.elsewhere()
    assert send(other, "erin").status == 403
    assert asks_for_code(other.go("/home"))
    for body in (b'{"who":{"name":"erin","name":"bob"}}', b'{"who":{"name":"erin"},"Who":{}}', b"\xff", b"[" * 30000):
        assert erin.fetch("/api/login", "POST", [("Content-Type", "application/json")], body).status == 400
    assert erin.fetch("/api/login", "POST", [("Content-Type", "text/plain")], b"{}").status == 415


def test_a_failed_log_in_with_the_status_of_success_is_told_by_the_cookie_that_it_does_not_set(opened: Opened) -> None:
    stage, app = opened(WatchedApp(rotates=True), success={"status": 200, "sets_cookie": True})
    succeeds = app.log_in

    def always_200(call: Any) -> Any:
        told = succeeds(call)
        told.status, told.headers = 200, [pair for pair in told.headers if pair[0] != "Location"]
        return told

    stage.spies["shop"]._routes["/login"] = always_200
    erin = stage.visitor()
    assert log_in(erin, "erin", password="wrong").body == b"log in"
    assert "sid" not in erin.cookies
    log_in(erin, "erin")
    assert erin.go("/home").body == b"secret page of erin"


def test_a_cookie_that_is_rewritten_by_a_refresh_rule_goes_on_and_elsewhere_ends_the_log_in(opened: Opened) -> None:
    stage, _ = opened()
    erin = enrolled(stage)
    old = dict(erin.cookies)
    for _ in range(3):
        assert erin.go("/renew", "POST").body == b"secret page of erin"
    assert erin.go("/home").body == b"secret page of erin"
    assert erin.cookies["sid"] != old["sid"]
    stage.clock.on(61)
    faded = erin.elsewhere()
    faded.cookies["sid"] = old["sid"]
    assert faded.go("/home").body == b"front page"
    assert erin.go("/home").body == b"secret page of erin"
    stage.spies["shop"]._routes["/other"] = stage.spies["shop"]._routes["/renew"]
    before = erin.elsewhere()
    before.cookies["sid"] = erin.cookies["sid"]
    erin.go("/other", "POST")
    assert erin.go("/home").body == b"front page"
    assert before.go("/home").body == b"front page", "the app may still know the value of before"


def test_a080_a_refresh_does_not_carry_a_log_in_over_that_has_ended_meanwhile(opened: Opened) -> None:
    stage, app = opened()
    erin = enrolled(stage)
    other = at_another_worker(stage, erin)

    def renew(call: Any) -> Any:
        beside(lambda: log_in(other, "bob", next="/elsewhere"))
        return app.renew(call)

    stage.spies["shop"]._routes["/renew"] = renew
    reply = erin.go("/renew", "POST")
    assert b"secret" not in reply.body or erin.go("/home").body == b"front page"
    assert erin.go("/home").body == b"front page"


def test_a080_a_refresh_does_not_give_one_log_in_the_session_of_another(opened: Opened) -> None:
    stage, app = opened()
    bob = enrolled(stage, "bob")
    erin = enrolled(stage)
    other = at_another_worker(stage, erin)
    other.key = bob.key

    def renew(call: Any) -> Any:
        told = app.renew(call)  # still of erin
        beside(lambda: log_in(other, "bob"))
        return told

    stage.spies["shop"]._routes["/renew"] = renew
    erin.go("/renew", "POST")
    assert app.sessions["renewed-3"] == "erin"
    other.cookies["sid"] = "renewed-3"
    assert other.go("/home").body == b"front page"


def test_a_log_in_that_failed_holds_up_nobody_who_logs_in_next_with_that_cookie(opened: Opened) -> None:
    stage, _ = opened()
    visitor = stage.visitor()
    visitor.cookies["sid"] = "of the browser"
    assert log_in(visitor, "bob", password="wrong").status == 200
    assert log_in(visitor, "erin").status == 302
    assert visitor.go("/home").body == b"secret page of erin"


def test_a_log_in_is_nobodys_after_its_hours(opened: Opened) -> None:
    stage, _ = opened(hours=1)
    erin = stage.visitor()
    log_in(erin, "erin")
    stage.clock.on(3599)
    assert erin.go("/home").body == b"secret page of erin"
    stage.clock.on(1)
    assert erin.go("/home").body == b"front page"


def test_a_foreign_writer_makes_nobody_somebody_else(opened: Opened) -> None:
    stage, _ = opened()
    enrolled(stage, "bob")
    erin = enrolled(stage)
    with stage.database() as db:
        (bob, his), (key, its) = db.execute("SELECT key, record FROM bindings ORDER BY expires_at").fetchall()
        db.execute("UPDATE bindings SET record = ? WHERE key = ?", (his, key))
    assert erin.go("/home").status == 503
    with stage.database() as db:
        db.execute("UPDATE bindings SET record = ? WHERE key = ?", (b"\x01" + his[1:5] + b"x" * 60, key))
    assert erin.go("/home").status == 503
    with stage.database() as db:
        db.execute("UPDATE bindings SET record = ? WHERE key = ?", (its, key))
        db.execute("UPDATE bindings SET expires_at = expires_at + 86400, ends_at = ends_at + 86400")
    stage.clock.on(24 * 3600)
    assert erin.go("/home").body == b"front page"
    assert b"bob" not in his
    assert "bob" not in bob


def test_an_outage_while_the_app_logs_in_closes(opened: Opened, tmp_path: Path) -> None:
    stage, app = opened()
    erin = stage.visitor()
    store = stage.realm.store_file
    app.meanwhile = lambda: store.rename(tmp_path / "away")
    reply = log_in(erin, "erin")
    assert (reply.status, reply.all("set-cookie"), b"secret" in reply.body) == (503, [], False)
    (tmp_path / "away").rename(store)
    assert erin.go("/home").body == b"front page"


def test_an_outage_before_a_log_in_does_not_call_the_app(opened: Opened, tmp_path: Path) -> None:
    stage, _ = opened()
    erin = stage.visitor()
    erin.cookies["sid"] = "planted"
    erin.go("/home")
    calls = len(stage.spy.calls)
    store = stage.realm.store_file
    store.rename(tmp_path / "away")
    assert log_in(erin, "erin").status == 503
    assert len(stage.spy.calls) == calls


def test_in_report_the_log_in_reaches_the_app_whole_whatever_it_is(open_stage: Open) -> None:
    app = WatchedApp()
    stage = open_stage(routes=app.routes, mode="report", shop={"identity": [WATCH], "login": []})
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    for body in (b"username=erin&password=of+everybody", b"username=erin&username=bob&password=of+everybody"):
        assert stage.visitor().go("/login", "POST", form, body).status == 302
        assert stage.spy.calls[-1].body == body


def test_the_form_s_page_gets_an_unbound_cookie_where_the_settings_say_so(opened: Opened) -> None:
    stage, _ = opened(anonymous=["GET /login"])
    visitor = stage.visitor()
    visitor.cookies["sid"] = "of the form"
    for path, gets in (("/login", True), ("/login/", False), ("/home", False)):
        visitor.go(path)
        assert ("sid=" in stage.spy.calls[-1].headers.get("cookie", "")) is gets
