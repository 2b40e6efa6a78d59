"""What each answer of our own carries, whatever it answers. Attacks 2, 94, 96, 97, 101, 107."""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from proof.contract.answers import CHECKBOX, ELSEWHERE, PARTS, PARTS_ELSEWHERE, ROUTES, SETTINGS, House, Noted
from proof.contract.sites import IN_A_RACE, not_come_by, places, watching
from support import portal
from support.asgi_wire import DENIAL, run, websocket_of
from support.doors import ADAPTERS, door, wrapping
from support.ending import end
from support.exchange import Reply
from support.own_answers import OWN_HEADERS, POLICY
from support.realm import SIGNED_COOKIE, make_realm, session_cookie
from support.spy import Spy
from support.stage import Stage
from twofa_middleware.pages.admin.routes import SHOWS, SUBMITS
from twofa_middleware.pages.render import static_files
from twofa_middleware.pages.routes import PAGES

ORIGINS = {
    "http": {"shop": ["http://localhost:8000"], "office": ["http://localhost:8001"]},
    "https": {"shop": ["https://shop.example"], "office": ["https://office.example"]},
}
RUNS = [*zip(ADAPTERS, ORIGINS, strict=True)]
IDS = [" ".join(run) for run in RUNS]
TYPES = {
    "text/html; charset=utf-8",
    "text/plain; charset=utf-8",
    "text/css; charset=utf-8",
    "text/javascript; charset=utf-8",
    "application/problem+json",
    "application/json",
}
"""JSON is UTF-8 and has no charset (RFC 8259 §11)."""
TELLS_OF_US = re.compile(rb"Traceback|\.py\b|site-packages|sqlite|OperationalError|StoreError|twofa_middleware[._]")


@cache
def visited(adapter: str, scheme: str) -> tuple[list[Noted], set[tuple[str, int]]]:
    """All that was answered, and the lines by which."""
    with watching() as lines, tempfile.TemporaryDirectory() as folder:
        noted = _visit(adapter, scheme, Path(folder, "one"), SETTINGS, {"identity": [SIGNED_COOKIE]}, PARTS)
        sessions = {"identity": [SIGNED_COOKIE, portal.SESSIONS], "inserts": [CHECKBOX]}
        noted += _visit(adapter, scheme, Path(folder, "other"), ELSEWHERE, sessions, PARTS_ELSEWHERE)
    return noted, lines


def _visit(
    adapter: str, scheme: str, folder: Path, settings: dict[str, Any], shop: dict[str, Any], parts: Any
) -> list[Noted]:
    portal.reset()
    apps = {"shop": shop | {"admin": True, "origins": ORIGINS[scheme]["shop"]}}
    apps["office"] = {"origins": ORIGINS[scheme]["office"], "admin": False, "identity": [OFFICE]}
    if scheme == "https" and "after_reset" in settings["admin"]:
        settings = settings | {"admin": settings["admin"] | {"after_reset": "open"}}
    with pytest.MonkeyPatch.context() as monkeypatch, wrapping(adapter) as wrap:
        stage = Stage(make_realm(folder, **settings, **apps), {"shop": Spy(ROUTES), "office": Spy()}, wrap)
        noted = House(stage, monkeypatch).visit(parts)
    portal.reset()
    return noted


OFFICE = SIGNED_COOKIE | {"cookie": "office_session"}


@pytest.mark.parametrize(("adapter", "scheme"), RUNS, ids=IDS)
def test_a094_a096_a107_every_answer_of_ours_keeps_the_contract(adapter: str, scheme: str) -> None:
    noted, _ = visited(adapter, scheme)
    assert len(noted) > 300
    for one in noted:
        try:
            keeps_contract(one, scheme)
        except AssertionError as error:
            raise AssertionError(f"{one.what} was answered {one.reply.status}: {error}") from None


def keeps_contract(one: Noted, scheme: str) -> None:
    reply = one.reply
    is_static = "/2fa/static/" in one.what and reply.status == 200
    for name, value in OWN_HEADERS.items():
        expected = "public, max-age=31536000, immutable" if is_static and name == "cache-control" else value
        assert reply.all(name) == [expected], f"{name}: {reply.all(name)}"
    (policy,) = reply.all("content-security-policy")
    parts = {part.strip() for part in policy.split(";")}
    assert parts >= POLICY, policy
    assert "unsafe" not in policy
    assert "*" not in policy
    (kind,) = reply.all("content-type")
    assert kind in TYPES, kind
    names = {name.lower() for name, _ in reply.headers}
    strange = {"server", "x-powered-by", "etag", "last-modified", "expires", "www-authenticate", "via", "x-secret"}
    assert not names & strange
    assert not [name for name in names if name.startswith("access-control-")]
    assert is_static or not TELLS_OF_US.search(reply.body), TELLS_OF_US.search(reply.body)
    is_stopped = b"Codes are switched off for this account" in reply.body  # no time will come at which to try again
    if reply.status in (429, 503) and not is_stopped:
        (seconds,) = reply.all("retry-after")
        assert 1 <= int(seconds) <= 31 * 86400
    if reply.status == 405:
        assert reply.header("allow")
    has_location(one)
    for line in reply.all("set-cookie"):
        if not (one.app_was_called and line.startswith("session=")):  # the app's own, which knows its log-in by it
            is_safe_cookie(line, scheme)
    if one.method != "HEAD":
        assert reply.all("content-length") == [str(len(reply.body))]
    else:
        assert reply.body == b""


def has_location(one: Noted) -> None:
    """A redirect stays below the mount, on this host, and is the only answer that has a Location."""
    found = one.reply.all("location")
    assert bool(found) == (one.reply.status == 303), found
    for location in found:
        assert re.fullmatch(r"/(?![/\\])[!-~]*", location), location
        assert location.startswith(one.root + "/"), location


def is_safe_cookie(line: str, scheme: str) -> None:
    pair, *attributes = [part.strip() for part in line.split(";")]
    name, _, value = pair.partition("=")
    given = {key.lower(): rest for key, _, rest in (attribute.partition("=") for attribute in attributes)}
    assert "domain" not in given, line
    assert "httponly" in given, line
    assert given["path"] == "/", line
    assert ("secure" in given) == (scheme == "https"), line
    if "2fa-" not in name:
        assert (value, given["max-age"]) == ("", "0"), f"of the app's cookies we only end some: {line}"
        return
    assert name.startswith("__Host-2fa-" if scheme == "https" else "2fa-"), line
    assert given["samesite"] == "Lax", line
    assert given.keys() <= {"httponly", "path", "secure", "samesite", "max-age"}, line


def test_no_place_where_an_answer_is_made_was_left_out() -> None:
    """Who adds an answer asks for it in ``answers.py``."""
    lines = set().union(*(visited(*run)[1] for run in RUNS))
    assert not_come_by(lines) == []


def test_each_place_that_is_left_out_is_there() -> None:
    for file, function, said in IN_A_RACE:
        assert [one for one in places() if one.startswith(file) and function in one and said in one], said


@pytest.mark.parametrize(("adapter", "scheme"), RUNS, ids=IDS)
def test_every_page_of_ours_was_asked_for_by_each_method_that_it_takes(adapter: str, scheme: str) -> None:
    asked = {(one.method, one.what.split()[1].partition("?")[0]) for one in visited(adapter, scheme)[0]}
    for name, page in PAGES.items():
        assert not page.show or ("GET", f"/2fa/{name}") in asked, name
        assert not page.submit or ("POST", f"/2fa/{name}") in asked, name
    for name in SHOWS:
        assert ("GET", f"/2fa/admin{name}") in asked, name
    for name in SUBMITS:
        assert ("POST", f"/2fa/admin{name}") in asked, name
    for name in static_files():
        assert ("GET", f"/2fa/static/{name}") in asked, name


@pytest.mark.parametrize(("adapter", "scheme"), RUNS, ids=IDS)
def test_every_status_that_we_answer_was_seen(adapter: str, scheme: str) -> None:
    seen = {one.reply.status for one in visited(adapter, scheme)[0]}
    slow_ones = {408} if adapter == "wsgi" else set()  # under ASGI: tests/asgi/test_own_forms.py
    assert seen >= {200, 303, 400, 403, 404, 405, 413, 415, 422, 429, 503} | slow_ones


@pytest.mark.parametrize("scheme", ORIGINS)
def test_a013_a094_the_denial_of_a_websocket_keeps_the_contract(scheme: str, tmp_path: Path) -> None:
    settings = SETTINGS | {
        "shop": {"origins": ORIGINS[scheme]["shop"]},
        "office": {"origins": ORIGINS[scheme]["office"]},
    }
    portal.reset()
    portal.roles["carl"] = ["Chef"]
    realm, spy = make_realm(tmp_path, **settings), Spy()
    gate = door("asgi")(spy.asgi, realm.settings, name="shop", clock=realm.clock)
    try:
        for origin in (ORIGINS[scheme]["shop"][0], "https://evil.example"):
            headers = [("Cookie", f"session={session_cookie('carl')}"), ("Origin", origin)]
            wire = run(gate, websocket_of("/live", headers, extensions={DENIAL: {}}))
            sent = [(name.decode(), value.decode()) for name, value in wire.start["headers"]]
            keeps_contract(Noted(f"GET /live from {origin}", "GET", Reply(wire.status, sent, wire.body)), scheme)
            assert (wire.status, spy.calls) == (403, [])
    finally:
        end(gate)
