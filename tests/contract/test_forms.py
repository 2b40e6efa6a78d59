"""Own forms: whose they are and where they come from. Attacks 61, 68, 71, 95, 102, 107, 116."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from support.exchange import Pairs, encoded
from support.stage import Stage
from support.visitor import Visitor, forms_of

SITE: Pairs = [("Sec-Fetch-Mode", "navigate")]


@pytest.fixture
def erin(stage: Stage) -> Visitor:
    erin = stage.enrolled()
    erin.log_in(login="login-2")
    return erin


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
    assert erin.send(erin.filled(), headers).status == status


Change = Callable[[Visitor, dict[str, str]], object]


def _of_another_flow(erin: Visitor, form: dict[str, str]) -> None:
    erin.cookies.pop("2fa-flow-test-shop")
    erin.go("/2fa/verify")


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
    form = erin.filled()
    STALE[what](erin, form)
    form["code"] = erin.code()
    reply = erin.send(form, SITE)
    assert (reply.status, "This form is out of date." in reply.text) == (403, True)
    assert erin.go("/home").status == 303


def test_a068_a095_a_token_of_another_user_is_none_even_in_the_same_browser(erin: Visitor, stage: Stage) -> None:
    stage.enrolled("wendy")
    erin.log_in("wendy", "login-2")
    hers = erin.filled()
    erin.log_in("erin", "login-2")
    assert erin.send(hers | {"code": erin.code()}, SITE).status == 403
    assert erin.send(erin.filled(), SITE).status == 303


def test_a_token_from_the_future_is_none(erin: Visitor) -> None:
    erin.clock.on(7200)
    form = erin.filled()
    erin.clock.on(-7200)
    assert erin.send(form | {"code": erin.code()}, SITE).status == 403


def test_a_form_is_good_for_an_hour(erin: Visitor) -> None:
    form = erin.filled()
    erin.clock.on(3599)
    assert erin.send(form | {"code": erin.code()}, SITE).status == 303


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
    form = erin.filled()
    there.cookies["2fa-flow-test-office"] = erin.cookie("flow")
    assert there.post("/2fa/verify", form).status == 403


@pytest.mark.parametrize("name", ["code", "recovery", "next", "remember"])
def test_a107_line_breaks_in_a_field_go_nowhere(erin: Visitor, name: str, caplog: pytest.LogCaptureFixture) -> None:
    form = erin.filled() | {name: "x\r\nSet-Cookie: a=1\r\n\r\nforged"}
    reply = erin.send(form, SITE)
    assert all("\r" not in value and "\n" not in value for _, value in reply.headers)
    assert all(len(record.getMessage().splitlines()) == 1 for record in caplog.records)


def test_a005_a_form_as_json_or_basic_credentials_prove_nothing(erin: Visitor) -> None:
    basic = base64.b64encode(f"erin:{erin.code()}".encode()).decode()
    reply = erin.go("/2fa/verify", "POST", [("Authorization", f"Basic {basic}")])
    assert (reply.status, erin.go("/home").status) == (403, 303)
