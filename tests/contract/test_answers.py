"""In what form a refusal comes: a page, a redirect or a problem, and what every answer of our own carries.

Attacks 2, 94, 96, 97, 100, 101.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from support import portal
from support.exchange import Pairs, Reply
from support.own_answers import has_own_headers
from support.stage import Open, Stage
from support.visitor import FORM_TYPE, Visitor


@pytest.fixture
def thief(stage: Stage) -> Visitor:
    """Erin has a second factor; this one has her password alone."""
    stage.enrolled()
    return stage.visitor("erin", "login-2")


def test_a_navigation_is_sent_to_the_prompt_and_back(thief: Visitor) -> None:
    reply = thief.go("/tasks/7?page=2&sort=a%20b")
    assert (reply.status, reply.body) == (303, b"")
    assert reply.header("location") == "/2fa/verify?next=/tasks/7%3Fpage%3D2%26sort%3Da%2520b"


def test_a_head_request_gets_the_same_head_and_no_body(thief: Visitor) -> None:
    reply, page = thief.go("/home", "HEAD"), thief.go("/2fa/verify?next=/home", "HEAD")
    assert (reply.status, reply.header("location")) == (303, "/2fa/verify?next=/home")
    assert (page.status, page.body) == (200, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a100_a_form_that_comes_too_early_is_not_kept_and_its_sender_is_told(
    thief: Visitor, stage: Stage, method: str
) -> None:
    reply = thief.go("/tasks", method, [FORM_TYPE], b"title=canary-in-a-form")
    assert (reply.status, reply.header("content-type")) == (403, "text/html; charset=utf-8")
    assert "Your form has <strong>not</strong> been sent." in reply.text
    assert 'href="/2fa/verify?next=/"' in reply.text
    assert stage.spy.calls == []
    with stage.database() as db:
        assert all("canary-in-a-form" not in line for line in db.iterdump())


def test_a100_nothing_of_it_reaches_the_app_after_the_code_either(stage: Stage) -> None:
    erin = stage.enrolled().elsewhere()
    erin.log_in(login="login-2")
    erin.go("/tasks?title=in-a-query", "POST", [FORM_TYPE], b"title=canary-in-a-form")
    reply = erin.verify(next="/")
    assert (reply.status, reply.header("location")) == (303, "/")
    assert erin.go("/").status == 200
    assert [(call.method, call.path, call.body) for call in stage.spy.calls] == [("GET", "/", b"")]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_a_script_gets_a_problem_that_names_the_page(thief: Visitor, stage: Stage, method: str) -> None:
    reply = thief.fetch("/api/tasks", method)
    assert (reply.status, reply.header("content-type")) == (403, "application/problem+json")
    if method != "HEAD":
        problem = json.loads(reply.body)
        assert problem["type"] == "urn:twofa-middleware:problem:verify-required"
        assert (problem["status"], problem["page"]) == (403, "/2fa/verify")
    assert stage.spy.calls == []


def test_the_problem_of_a_set_up_names_the_set_up(open_stage: Open) -> None:
    stage = open_stage(enforcement={"pinned": ["Chef"]}, roles={"use": "static", "users": {"erin": ["Chef"]}})
    problem = json.loads(stage.visitor("erin").fetch("/api").body)
    assert (problem["type"], problem["page"]) == ("urn:twofa-middleware:problem:setup-required", "/2fa/setup")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([("Accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")], 303),
        ([("Accept", "TEXT/HTML; charset=utf-8")], 303),
        ([("Accept", "*/*")], 403),
        ([("Accept", "application/json, text/htmlx")], 403),
        ([], 403),
        ([("Sec-Fetch-Mode", "navigate")], 303),
        ([("Sec-Fetch-Mode", "cors"), ("Accept", "text/html")], 403),
        ([("Sec-Fetch-Mode", "no-cors"), ("Accept", "text/html")], 403),
    ],
)
def test_fetch_metadata_says_what_a_navigation_is_and_without_it_accept(
    stage: Stage, headers: Pairs, status: int
) -> None:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    cookies = [("Cookie", f"session={erin.cookies['session']}")]
    reply = stage.exchange().request("GET", "/home", headers + cookies)
    assert reply.status == status
    assert stage.spy.calls == []


def _below_root(thief: Visitor) -> Reply:
    thief.root = "/app/shop"
    return thief.go("/home?x=1")


def test_a009_below_a_mount_every_address_is_below_it(thief: Visitor) -> None:
    assert _below_root(thief).header("location") == "/app/shop/2fa/verify?next=/app/shop/home%3Fx%3D1"
    page = thief.go("/2fa/verify?next=/app/shop/home")
    assert 'action="/app/shop/2fa/verify"' in page.text
    assert 'href="/app/shop/2fa/static/' in page.text
    reply = thief.fill(page, "/verify", code="12")
    assert 'name="next" value="/app/shop/home"' in reply.text


@pytest.mark.parametrize(
    "headers",
    [
        [("Host", "evil.example")],
        [("Host", "a/health?")],
        [("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Prefix", "/evil")],
        [("Forwarded", "host=evil.example")],
    ],
)
def test_a008_a101_no_header_has_a_say_in_where_a_redirect_leads(thief: Visitor, headers: Pairs) -> None:
    assert thief.go("/home", headers=headers).header("location") == "/2fa/verify?next=/home"
    assert b"evil" not in thief.go("/2fa/verify?next=/home", headers=headers).body


def _unreachable(thief: Visitor) -> Reply:
    thief.cookies["session"] = f"{thief.cookies['session']}; session=x"
    return thief.go("/home")


OWN_ANSWERS: dict[str, Callable[[Visitor], Reply]] = {
    "redirect to the prompt": lambda thief: thief.go("/home"),
    "a form that came too early": lambda thief: thief.go("/home", "POST"),
    "problem": lambda thief: thief.fetch("/home"),
    "prompt": lambda thief: thief.go("/2fa/verify?next=/home"),
    "prompt for a recovery code": lambda thief: thief.go("/2fa/verify?with=recovery"),
    "wrong code": lambda thief: thief.verify("000000"),
    "right code": lambda thief: thief.verify(thief_code(thief)),
    "set-up of the enrolled": lambda thief: thief.go("/2fa/setup"),
    "account before the code": lambda thief: thief.go("/2fa/account"),
    "no such page": lambda thief: thief.go("/2fa/nothing"),
    "wrong method": lambda thief: thief.go("/2fa/logout"),
    "stale form": lambda thief: thief.post("/2fa/verify", {"code": "123456"}),
    "wrong content type": lambda thief: thief.go("/2fa/verify", "POST", [("Content-Type", "text/plain")], b"x"),
    "too large": lambda thief: thief.go("/2fa/verify", "POST", [FORM_TYPE], b"x" * 9000),
    "log-out": lambda thief: thief.fill(thief.go("/2fa/verify"), "/logout"),
    "two identities": _unreachable,
    "unread credential": lambda thief: thief.go("/home", headers=[("Authorization", "Basic eDp5")]),
    "nobody": lambda thief: thief.exchange.request("GET", "/2fa/account", [("Sec-Fetch-Mode", "navigate")]),
    "nobody's script": lambda thief: thief.exchange.request("GET", "/2fa/account"),
}


def thief_code(thief: Visitor) -> str:
    """The thief has looked over Erin's shoulder."""
    return thief.code()


@pytest.mark.parametrize("what", OWN_ANSWERS)
def test_a094_a096_every_answer_of_ours_is_kept_by_nobody_and_framed_by_nobody(stage: Stage, what: str) -> None:
    erin = stage.enrolled()
    thief = stage.visitor("erin", "login-2", key=erin.key)
    has_own_headers(OWN_ANSWERS[what](thief))
    assert stage.spy.calls == []


def test_a094_a096_so_are_the_pages_after_the_prompt_and_those_that_say_503(open_stage: Open) -> None:
    stage = open_stage(enforcement={"pinned": ["Chef"]}, roles=portal.ROLES)
    erin = stage.visitor("erin")
    has_own_headers(erin.go("/2fa/setup"))
    has_own_headers(erin.set_up())
    for page in ("account", "disable", "codes", "codes?with=recovery"):
        has_own_headers(erin.go(f"/2fa/{page}"))
    portal.broken.add("roles")
    has_own_headers(stage.visitor("wendy").go("/home"))
    has_own_headers(stage.visitor("wendy").fetch("/home"))


def test_a097_neither_code_nor_key_stands_in_an_address(stage: Stage) -> None:
    erin = stage.visitor("erin")
    replies = [erin.go("/2fa/setup"), erin.set_up(), erin.go("/home")]
    erin.log_in(login="login-2")
    stage.clock.on(30)
    replies += [erin.go("/home"), erin.verify(code := erin.code())]
    addresses = " ".join(reply.header("location") or "" for reply in replies)
    assert "next=/home" in addresses
    assert not [secret for secret in (code, erin.key, erin.key.replace(" ", ""), *erin.codes) if secret in addresses]


def test_the_static_files_are_for_everybody_and_for_long(stage: Stage) -> None:
    reply = stage.visitor().go("/2fa/static/pages.css")
    assert (reply.status, reply.header("content-type")) == (200, "text/css; charset=utf-8")
    assert reply.all("cache-control") == ["public, max-age=31536000, immutable"]
    assert stage.spy.calls == []


@pytest.mark.parametrize("name", ["nothing.css", "../render.py", "..%2frender.py", "", "pages.css/"])
def test_nothing_else_is_served_as_a_static_file(stage: Stage, name: str) -> None:
    reply = stage.visitor("erin").go(f"/2fa/static/{name}")
    assert (reply.status, b"import" in reply.body) == (404, False)
    assert stage.spy.calls == []
