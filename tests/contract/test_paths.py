"""Which paths the gate covers, and the few that an exemption lets by. Attacks 6 to 12, 17, 19."""

from __future__ import annotations

import pytest

from support.exchange import Reply, plain
from support.stage import Open, Stage
from support.visitor import Visitor

ODD_PATHS = [
    "//admin", "/./admin", "/%2e/admin", "/a/../admin", "/admin;x=1", "/ADMIN", "/admin/", "/admin.", "/%2fadmin",
    "/admin%00", "/admin%23", "/admin%3f", "/%61dmin", "/admin%20", "/admin%0d%0a", "/%ff", "/%", "/admin%c0%af",
    "/a" * 4000, "/\\admin", "/*",
]  # fmt: skip
NOT_EXEMPT = [
    "/static", "/staticx", "/static%2f", "/static/../admin", "/static/%2e%2e/admin", "/static/..;/admin",
    "/static//x", "/static/./x", "//static/x", "/x/static/x", "/STATIC/x", "/static%2fx", "/static/x%2f..%2fadmin",
    "/static;/x", "/static\\x", "/static/x\\..\\admin", "/static/x%00", "/static/%61", "/admin?x=/static/x",
    "/admin#/static/x", "/static/x;y", "/static/a%20b", "/static/\xe9", "/static/x/..",
]  # fmt: skip
EXEMPT = ["/static/", "/static/site.css", "/static/a/b/c.js", "/static/x?next=/admin", "/static/~x/@1.2,3"]


@pytest.fixture
def thief(stage: Stage) -> Visitor:
    stage.enrolled()
    return stage.visitor("erin", "login-2")


@pytest.mark.parametrize("path", ODD_PATHS)
def test_a006_a017_no_spelling_of_a_path_gets_by(thief: Visitor, stage: Stage, path: str) -> None:
    assert (thief.go(path).status, thief.fetch(path).status) == (303, 403)
    assert stage.spy.calls == []


@pytest.mark.parametrize("path", NOT_EXEMPT)
def test_a006_a007_an_exemption_holds_for_plain_paths_alone(thief: Visitor, stage: Stage, path: str) -> None:
    assert (thief.go(path).status, thief.fetch(path).status) == (303, 403)
    assert stage.spy.calls == []


def test_a007_an_exempt_path_is_answered_without_any_login(thief: Visitor, stage: Stage) -> None:
    for path in EXEMPT:
        reply = thief.go(path, headers=[("Authorization", "Bearer x"), ("X-Kept", "1")])
        assert (reply.status, reply.body, reply.all("set-cookie")) == (200, b"secret page", [])
    for call in stage.spy.calls:
        assert ("cookie" in call.headers, "authorization" in call.headers) == (False, False)
        assert call.headers["x-kept"] == "1"
    assert len(stage.spy.calls) == len(EXEMPT)


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize("method", ["POST", "PUT", "OPTIONS", "get", "PROPFIND"])
def test_a011_an_exemption_is_for_reading_alone(thief: Visitor, stage: Stage, method: str) -> None:
    assert thief.fetch("/static/site.css", method).status == 403
    assert stage.spy.calls == []


def test_a019_nothing_is_exempt_unless_the_settings_say_so(open_stage: Open) -> None:
    stage = open_stage(shop={"exempt": []})
    stage.enrolled()
    thief = stage.visitor("erin", "login-2")
    for path in ("/static/site.css", "/favicon.ico", "/health", "/robots.txt", "/media/x", "/.well-known/x"):
        assert thief.go(path).status == 303, path
    assert stage.spy.calls == []


def test_an_exempt_path_with_one_segment_left_open(open_stage: Open) -> None:
    stage = open_stage(shop={"exempt": ["GET /avatars/{user}/small.png", "GET /health"]})
    stage.enrolled()
    thief = stage.visitor("erin", "login-2")
    open_paths = ["/avatars/7/small.png", "/health"]
    shut = [
        "/avatars/7/8/small.png",
        "/avatars//small.png",
        "/avatars/7/small.png/",
        "/health/",
        "/healthX",
        "/health/x",
    ]
    assert [thief.go(path).status for path in open_paths] == [200, 200]
    assert {thief.go(path).status for path in shut} == {303}


@pytest.mark.parametrize("root", ["", "/", "/app", "/app/app", "/static", "/2fa", "/\xc3\xa9"])
def test_a009_the_mount_has_no_part_in_an_exemption(thief: Visitor, stage: Stage, root: str) -> None:
    thief.root = root
    assert thief.go("/static/x").body == b"secret page"
    for path in ("/home", "/app/static/x", "/admin", "/x"):
        assert thief.go(path).status == 303, path
    assert [call.path for call in stage.spy.calls] == ["/static/x"]


@pytest.mark.parametrize(
    ("root", "location"),
    [
        ("/", "/2fa/verify?next=/home"),
        ("/app", "/app/2fa/verify?next=/app/home"),
        ("/%C3%A9", "/%C3%A9/2fa/verify?next=/%25C3%25A9/home"),
        ("/a%20b", "/a%20b/2fa/verify?next=/a%2520b/home"),
    ],
)
def test_a009_a_mount_leads_to_pages_on_this_host(thief: Visitor, root: str, location: str) -> None:
    thief.root = root
    assert thief.go("/home").header("location") == location
    assert thief.go("/2fa/verify").status == 200


@pytest.mark.parametrize("name", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Prefix", "X-Host"])
def test_a010_no_header_names_the_path(thief: Visitor, stage: Stage, name: str) -> None:
    assert thief.go("/home", headers=[(name, "/static/x")]).status == 303
    assert stage.spy.calls == []


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "get", "post", "JEFF", "PROPFIND", "CONNECT"])
def test_a011_no_method_gets_by(thief: Visitor, stage: Stage, method: str) -> None:
    assert thief.fetch("/home", method).status == 403
    thief.go("/home", method)
    assert stage.spy.calls == []


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/home", [("X-HTTP-Method-Override", "OPTIONS")]),
        ("/home?_method=HEAD", []),
        ("/home", [("User-Agent", "kube-probe/1.30")]),
        ("/home", [("User-Agent", "GoogleHC/1.0"), ("X-Health-Check", "1")]),
        ("/home", [("Purpose", "prefetch"), ("Sec-Purpose", "prefetch")]),
        ("/home", [("X-Forwarded-For", "127.0.0.1"), ("X-Real-IP", "10.0.0.1"), ("Forwarded", "for=127.0.0.1")]),
        ("/home", [("Upgrade", "websocket"), ("Connection", "Upgrade")]),
        ("/home", [("Access-Control-Request-Method", "POST"), ("Origin", "http://localhost:8000")]),
    ],
)
def test_a012_a032_no_header_and_no_field_opens_a_way(
    thief: Visitor, stage: Stage, target: str, headers: list[tuple[str, str]], adapter: str
) -> None:
    # Under WSGI a handshake is a request like others, and gets the refusal of a handshake.
    assert thief.go(target, headers=headers).status == (403 if adapter == "wsgi" and upgrades(headers) else 303)
    assert stage.spy.calls == []


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/static/x", [("X-HTTP-Method-Override", "GET")]),
        ("/static/x", [("X-HTTP-Method", "GET"), ("X-Method-Override", "HEAD")]),
        ("/static/x?_method=GET", []),
    ],
)
def test_a011_nothing_makes_reading_of_what_is_none(
    thief: Visitor, stage: Stage, target: str, headers: list[tuple[str, str]]
) -> None:
    assert thief.fetch("/static/x").status == 200
    stage.spy.calls.clear()
    assert thief.fetch(target, "POST", headers=headers).status == 403
    assert stage.spy.calls == []


def upgrades(headers: list[tuple[str, str]]) -> bool:
    return ("Upgrade", "websocket") in headers


OWN = ["/2fa", "/2fa/", "/2fa/nothing", "/2fa/../home", "/2fa/%2e%2e/home", "/2fa//home", "/2fa/static/../../home"]


@pytest.mark.parametrize("path", OWN)
def test_what_lies_below_our_prefix_is_never_the_apps(stage: Stage, path: str) -> None:
    replies: list[Reply] = [stage.visitor("erin").go(path), plain(stage.exchange(), path)]
    assert all(b"secret" not in reply.body for reply in replies)
    assert stage.spy.calls == []
