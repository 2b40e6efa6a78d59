"""Log-ins and log-outs that a field tells: of the query, or of the form in the body, which the app gets as it came."""

from __future__ import annotations

import pytest

from support.realm import ORIGINS
from support.spy import HTML, Told
from support.stage import Open, Stage

FORM = ("Content-Type", "application/x-www-form-urlencoded")
RULES = ["ANY /** ?action=logout", "POST /account form action=logout"]
ROUTES = {
    "/account": lambda call: Told(200, [HTML], b"account"),
    "/static/a.css": lambda call: Told(200, [HTML], b"css"),
}


@pytest.fixture
def stage(open_stage: Open) -> Stage:
    return open_stage(routes=ROUTES, shop={"logout": RULES, "form_limit_bytes": 2000})


@pytest.mark.parametrize("target", ["/home?action=logout", "/home?x=1&Action=log%6fut", "/static/a.css?action=logout"])
def test_a079_a_log_out_by_a_field_of_the_query_ends_the_pass_on_any_path(stage: Stage, target: str) -> None:
    erin = stage.enrolled()
    erin.go(target)
    assert "session=" in stage.spy.calls[-1].headers["cookie"]
    assert erin.go("/home").status == 303


def test_a079_a_log_out_by_a_field_of_the_form_ends_the_pass_and_the_app_gets_the_form(stage: Stage) -> None:
    erin = stage.enrolled()
    body = b"x=%FF;y&&action=logout"
    assert erin.go("/account", "POST", [FORM], body).body == b"account"
    assert stage.spy.calls[-1].body == body
    assert erin.go("/home").status == 303


def test_a_form_without_the_field_goes_on_whole_and_ends_nothing(stage: Stage) -> None:
    erin = stage.enrolled()
    body = b"x=%FF;y&&action=save"
    assert erin.go("/account", "POST", [FORM], body).body == b"account"
    assert stage.spy.calls[-1].body == body
    assert erin.go("/home").body == b"secret page"
    assert erin.go("/account", "POST", [("Content-Type", "application/json")], b'{"action":"logout"}').status == 200
    assert erin.go("/home").body == b"secret page"


def test_a_form_too_long_to_be_read_reaches_the_app_and_counts_as_a_log_out(stage: Stage) -> None:
    erin = stage.enrolled()
    body = b"action=save&text=" + b"x" * 3000
    assert erin.go("/account", "POST", [FORM], body).body == b"account"
    assert stage.spy.calls[-1].body == body
    assert erin.go("/home").status == 303


def test_a_coded_form_reaches_the_app_and_counts_as_a_log_out(stage: Stage) -> None:
    erin = stage.enrolled()
    assert erin.go("/account", "POST", [FORM, ("Content-Encoding", "gzip")], b"action=save").body == b"account"
    assert erin.go("/home").status == 303


@pytest.mark.parametrize("headers", [[FORM, ("Upgrade", "websocket"), ("Origin", ORIGINS["shop"])], []])
def test_a079_a_form_that_says_it_is_none_counts_as_a_log_out(stage: Stage, headers: list[tuple[str, str]]) -> None:
    erin = stage.enrolled()
    assert erin.go("/account", "POST", headers, b"action=logout").body == b"account"
    assert stage.spy.calls[-1].body == b"action=logout"
    assert erin.go("/home").status == 303


def test_a_request_without_type_and_body_ends_nothing(stage: Stage) -> None:
    erin = stage.enrolled()
    assert erin.go("/account", "POST", [], b"").body == b"account"
    assert erin.go("/home").body == b"secret page"


def test_somebody_who_is_nobody_sends_the_form_whole(stage: Stage) -> None:
    body = b"action=logout&x=1"
    assert stage.visitor().go("/account", "POST", [FORM], body).body == b"account"
    assert stage.spy.calls[-1].body == body


def test_a_log_out_asks_for_the_code_first_where_that_is_due(stage: Stage) -> None:
    """A rule exempts nothing."""
    erin = stage.enrolled()
    other = erin.elsewhere()
    other.log_in("erin", "login-2")
    calls = len(stage.spy.calls)
    assert other.go("/home?action=logout").status == 303
    assert len(stage.spy.calls) == calls
