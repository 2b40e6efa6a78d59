"""Own forms: whose they are, where they come from, and what their bodies may be. Attacks 61, 68, 71, 95, 102 to 106, 116."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from support.exchange import Body, Pairs, Reply, encoded
from support.stage import Stage
from support.visitor import FORM_TYPE, Visitor, forms_of

SITE: Pairs = [("Sec-Fetch-Mode", "navigate")]


@pytest.fixture
def erin(stage: Stage) -> Visitor:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    return erin


def fields(visitor: Visitor, path: str = "verify") -> dict[str, str]:
    """The form of a page, filled with a right code."""
    page = visitor.go(f"/2fa/{path}")
    form = next(form for form in forms_of(page.text) if form.action.endswith(f"/{path}"))
    return form.hidden | {"code": visitor.code()}


def send(visitor: Visitor, form: dict[str, str], headers: Pairs, body: Body | None = None, **more: Any) -> Reply:
    """The form with just these headers beside cookies and type."""
    cookie = ("Cookie", "; ".join(f"{name}={value}" for name, value in visitor.cookies.items()))
    return visitor.exchange.request(
        "POST", "/2fa/verify", [FORM_TYPE, cookie, *headers], encoded(form) if body is None else body, **more
    )


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 303),
        ([("Origin", "http://localhost:8000")], 303),
        ([("Origin", "http://localhost:8000"), ("Sec-Fetch-Site", "same-origin")], 303),
        ([("Sec-Fetch-Site", "same-origin")], 303),
        ([("Origin", "null")], 403),
        ([("Origin", "")], 403),
        ([("Origin", "http://localhost:8001")], 403),
        ([("Origin", "https://localhost:8000")], 403),
        ([("Origin", "http://localhost:8000.evil.example")], 403),
        ([("Origin", "http://evil.example/http://localhost:8000")], 403),
        ([("Origin", "http://localhost:8000"), ("Origin", "http://evil.example")], 403),
        ([("Origin", "http://evil.example"), ("Host", "evil.example"), ("X-Forwarded-Host", "evil.example")], 403),
        ([("Sec-Fetch-Site", "cross-site")], 403),
        ([("Sec-Fetch-Site", "same-site")], 403),
        ([("Sec-Fetch-Site", "none")], 403),
        ([("Sec-Fetch-Site", "cross-site"), ("Origin", "http://localhost:8000")], 403),
        ([("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")], 403),
    ],
)
def test_a102_a_form_comes_from_our_own_origin(erin: Visitor, headers: Pairs, status: int) -> None:
    assert send(erin, fields(erin), headers).status == status


Change = Callable[[Visitor, dict[str, str]], object]


def _of_another_flow(erin: Visitor, form: dict[str, str]) -> None:
    erin.cookies.pop("2fa-flow-test-shop")
    erin.go("/2fa/verify")


def _of_another_user(erin: Visitor, form: dict[str, str]) -> None:
    flow = erin.cookie("flow")
    session = erin.cookies["session"]
    erin.log_in("wendy", "login-2")
    form["token"] = next(f for f in forms_of(erin.go("/2fa/setup").text)).hidden["token"]
    erin.cookies["session"] = session
    assert erin.cookie("flow") == flow


def _of_another_purpose(erin: Visitor, form: dict[str, str]) -> None:
    form["token"] = forms_of(erin.go("/2fa/verify").text)[-1].hidden["token"]


def _other_expiry(erin: Visitor, form: dict[str, str]) -> None:
    stamp, _, signature = form["token"].partition(".")
    form["token"] = f"{int(stamp, 16) + 60:x}.{signature}"


STALE: dict[str, Change] = {
    "no token": lambda erin, form: form.pop("token"),
    "an empty token": lambda erin, form: form.update(token=""),
    "another token": lambda erin, form: form.update(token="x" * 50),
    "a changed token": lambda erin, form: form.update(token=form["token"][:-1] + "*"),
    "a token of no signature": lambda erin, form: form.update(token=form["token"].partition(".")[0] + "."),
    "a token of another time": _other_expiry,
    "a token of another purpose": _of_another_purpose,
    "a token of another user": _of_another_user,
    "a token of another flow": _of_another_flow,
    "no flow cookie": lambda erin, form: erin.cookies.pop("2fa-flow-test-shop"),
    "an odd flow cookie": lambda erin, form: erin.cookies.update({"2fa-flow-test-shop": "x"}),
    "two flow cookies": lambda erin, form: erin.cookies.update({"a": f"1; 2fa-flow-test-shop={'A' * 43}"}),
    "an hour later": lambda erin, form: erin.clock.on(3600),
    "no digits": lambda erin, form: form.update(token="\u00b2." + form["token"]),
    "a long token": lambda erin, form: form.update(token="f" * 4000 + "." + form["token"]),
}


@pytest.mark.parametrize("what", STALE)
def test_a068_a071_a095_a116_a_form_is_for_its_browser_user_purpose_and_hour(erin: Visitor, what: str) -> None:
    form = fields(erin)
    STALE[what](erin, form)
    form["code"] = erin.code()
    reply = send(erin, form, SITE)
    assert (reply.status, "This form is out of date." in reply.text) == (403, True)
    assert erin.go("/home").status == 303


def test_a_form_is_good_for_an_hour(erin: Visitor) -> None:
    form = fields(erin)
    erin.clock.on(3599)
    assert send(erin, form | {"code": erin.code()}, SITE).status == 303


@pytest.mark.parametrize("path", ["disable", "codes", "browsers", "logout", "setup", "verify"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a068_a071_nothing_changes_by_a_link_or_by_a_form_without_its_token(
    stage: Stage, path: str, method: str
) -> None:
    erin = stage.enrolled()
    with stage.database() as db:
        before = list(db.iterdump())
    for token in ({}, {"token": ""}, {"token": "x"}):
        form = token | {"code": erin.code(), "browser": "all"}
        if method == "GET":
            assert erin.go(f"/2fa/{path}?{encoded(form).decode()}").status in (200, 303, 405)
        else:
            assert erin.post(f"/2fa/{path}", form).status == 403
    with stage.database() as db:
        assert list(db.iterdump()) == before


def test_a116_a_token_of_one_app_is_none_in_the_other(erin: Visitor, stage: Stage) -> None:
    there = stage.meets(erin, "office")
    there.log_in("erin", "login-3")
    form = fields(erin)
    there.cookies["2fa-flow-test-office"] = erin.cookie("flow")
    assert there.post("/2fa/verify", form).status == 403


def _gzip(form: bytes) -> bytes:
    import gzip

    return gzip.compress(form)


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "multipart/form-data; boundary=x",
        "text/plain",
        "",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded; charset=utf-7",
        "application/x-www-form-urlencoded, application/json",
        "application/x-www-form-urlencodedx",
    ],
)
def test_a104_only_a_plain_form_is_read(erin: Visitor, kind: str) -> None:
    form = fields(erin)
    headers = [("Content-Type", kind)] if kind else []
    cookie = ("Cookie", "; ".join(f"{name}={value}" for name, value in erin.cookies.items()))
    reply = erin.exchange.request("POST", "/2fa/verify", [*SITE, cookie, *headers], encoded(form))
    assert reply.status == 415


@pytest.mark.parametrize("coding", ["gzip", "identity", "deflate, gzip", ""])
def test_a104_no_coded_body_is_read(erin: Visitor, coding: str) -> None:
    form = fields(erin)
    reply = send(erin, form, [("Content-Encoding", coding)], _gzip(encoded(form)))
    assert (reply.status, erin.go("/home").status) == (415, 303)


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded; charset=UTF-8", "APPLICATION/X-WWW-FORM-URLENCODED"]
)
def test_a_plain_form_may_be_named_in_other_ways(erin: Visitor, kind: str) -> None:
    form = fields(erin)
    cookie = ("Cookie", "; ".join(f"{name}={value}" for name, value in erin.cookies.items()))
    reply = erin.exchange.request("POST", "/2fa/verify", [("Content-Type", kind), cookie], encoded(form))
    assert reply.status == 303


@pytest.mark.parametrize(
    "extra",
    ["&code=1", "&token=x", "&next=/&next=/", "&a=1" * 40, "&x=%ff", "&\xff=1", "&x=%C3%28", "&" * 5000, "&a" * 33],
)
def test_a043_a104_a_form_that_can_be_read_in_two_ways_is_refused(erin: Visitor, extra: str) -> None:
    body = encoded(fields(erin)) + extra.encode("latin-1")
    reply = send(erin, {}, SITE, body)
    assert (reply.status, erin.go("/home").status) == (400, 303)


@pytest.mark.parametrize("body", ["{}", "[" * 8000, '{"code":{"a":1}}', "code[a]=1&code[b]=2", "%", "=", "\0", "a;b=c"])
def test_a104_what_is_no_form_of_ours_passes_nobody(erin: Visitor, body: str) -> None:
    fields(erin)
    reply = send(erin, {}, SITE, body.encode())
    assert reply.status in (400, 403)


@pytest.mark.parametrize("size", [8193, 100_000])
def test_a103_a_form_of_more_than_8_kb_is_not_read(erin: Visitor, size: int, adapter: str) -> None:
    form = encoded(fields(erin))
    whole = form + b"&x=" + b"x" * (size - len(form) - 3)
    for body in (whole, [whole[:4000], whole[4000:]], [whole[n : n + 1000] for n in range(0, size, 1000)]):
        reply = send(erin, {}, SITE, body)  # type: ignore[arg-type]
        assert reply.status == 413
        # Under WSGI connections are the server's business; under ASGI what is left unread must not become a request.
        assert reply.header("connection") == {"wsgi": None, "asgi": "close"}[adapter]
    assert erin.go("/home").status == 303


def test_a_form_of_8_kb_is_read(erin: Visitor) -> None:
    form = encoded(fields(erin))
    assert send(erin, {}, SITE, form + b"&x=" + b"x" * (8192 - len(form) - 3)).status == 303


@pytest.mark.parametrize("length", ["9" * 10, "9" * 5000, "x", "-1", "1e3", "0x10", "+5", "8193"])
def test_a103_the_length_alone_is_reason_to_refuse(erin: Visitor, length: str, adapter: str) -> None:
    form = fields(erin)
    if adapter == "wsgi" and not length.isdigit():
        length = "8193"  # no server hands an environ on whose length is no number, and wsgiref's validator stops it
    if adapter == "wsgi" and len(length) > 4000:
        length = "9" * 4000
    reply = send(erin, form, [*SITE, ("Content-Length", length)])
    assert reply.status == (413 if length.isdigit() else 400)


def test_a_form_in_chunks_is_read_and_one_without_an_end_is_not(erin: Visitor, adapter: str) -> None:
    form = encoded(fields(erin))
    assert send(erin, {}, SITE, [form[:50], None]).status == {"wsgi": 400, "asgi": 0}[adapter]
    if adapter == "wsgi":
        assert send(erin, {}, SITE, [form], server={"wsgi.input_terminated": False}).status == 411
    assert send(erin, {}, SITE, [form[:50], form[50:]]).status == 303


def test_a_body_that_is_shorter_than_its_length_is_refused(erin: Visitor, adapter: str) -> None:
    form = encoded(fields(erin))
    body: Body = form if adapter == "wsgi" else [form, None]
    length = [("Content-Length", str(len(form) + 1))]
    assert send(erin, {}, [*SITE, *length], body).status == {"wsgi": 400, "asgi": 0}[adapter]
    assert erin.go("/home").status == 303


@pytest.mark.parametrize("name", ["code", "recovery", "next", "remember"])
def test_a107_line_breaks_in_a_field_go_nowhere(erin: Visitor, name: str, caplog: pytest.LogCaptureFixture) -> None:
    form = fields(erin) | {name: "x\r\nSet-Cookie: a=1\r\n\r\nforged"}
    reply = send(erin, form, SITE)
    assert all("\r" not in value and "\n" not in value for _, value in reply.headers)
    assert all(len(record.getMessage().splitlines()) == 1 for record in caplog.records)


def test_a005_a_form_as_json_or_basic_credentials_prove_nothing(erin: Visitor) -> None:
    basic = base64.b64encode(f"erin:{erin.code()}".encode()).decode()
    reply = erin.go("/2fa/verify", "POST", [("Authorization", f"Basic {basic}")])
    assert (reply.status, erin.go("/home").status) == (403, 303)
