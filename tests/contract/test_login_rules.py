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


@pytest.mark.parametrize("last", [b"", b"&action=save"])
def test_a_form_without_length_that_is_too_long_reaches_the_app_and_counts_as_a_log_out(
    stage: Stage, last: bytes
) -> None:
    erin = stage.enrolled()
    chunks = [b"text=", *([b"x" * 900] * 4), last]
    chunked = ("Transfer-Encoding", "chunked")
    assert erin.go("/account", "POST", [FORM, chunked], [*chunks]).body == b"account"
    assert stage.spy.calls[-1].body == b"".join(chunks)
    assert erin.go("/home").status == 303


@pytest.mark.parametrize("headers", [[FORM], [FORM, ("Transfer-Encoding", "chunked")]], ids=["HTTP/2", "chunked"])
@pytest.mark.parametrize(("field", "ends"), [(b"logout", True), (b"save", False)])
def test_a079_a_form_without_length_is_read_where_it_ends_by_itself(
    stage: Stage, headers: list[tuple[str, str]], field: bytes, ends: bool
) -> None:
    erin = stage.enrolled()
    assert erin.go("/account", "POST", headers, [b"x=1&act", b"ion=" + field]).body == b"account"
    assert stage.spy.calls[-1].body == b"x=1&action=" + field
    assert erin.go("/home").status == (303 if ends else 200)


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


REST = ["DELETE /session", "GET /bye"]


@pytest.mark.parametrize(
    "target",
    ["/session?_method=DELETE", "/session?%5fmethod=DELETE", "/session?x&_method=%44elete", "/session?_METHOD"],
)
def test_a079_a_log_out_whose_method_stands_in_the_query_ends_the_pass(open_stage: Open, target: str) -> None:
    erin = (stage := open_stage(shop={"logout": REST})).enrolled()
    erin.go(target, "POST", [FORM], b"")
    assert len(stage.spy.calls) == 1
    assert erin.go("/home").status == 303


MULTIPART = ("Content-Type", "multipart/form-data; boundary=b")
PARTS = b'--b\r\nContent-Disposition: form-data; name="_method"\r\n\r\nDELETE\r\n--b--\r\n'


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (FORM, b"_method=DELETE"),
        (FORM, b"x=1&_method=delete&y"),
        (FORM, b"_method=PUT&%5Fmethod=%44ELETE"),
        (FORM, b"x=1;_method=DELETE"),
        (MULTIPART, PARTS),
        (("Content-Type", "multipart/form-data"), PARTS),
    ],
)
def test_a079_a_log_out_whose_method_stands_in_the_form_ends_the_pass_and_the_app_gets_the_form(
    open_stage: Open, kind: tuple[str, str], body: bytes
) -> None:
    erin = (stage := open_stage(shop={"logout": REST})).enrolled()
    assert erin.go("/session", "POST", [kind], body).body == b"secret page"
    assert stage.spy.calls[-1].body == body
    assert erin.go("/home").status == 303


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/session", b"_method=PATCH"),
        ("/session", b"method=DELETE&x=_method%3DDELETE"),
        ("/session?method=DELETE", b""),
        ("/sessions", b"_method=DELETE"),
    ],
)
def test_a_form_that_names_no_method_of_a_rule_ends_nothing(open_stage: Open, target: str, body: bytes) -> None:
    erin = (stage := open_stage(shop={"logout": REST})).enrolled()
    erin.go(target, "POST", [FORM], body)
    assert stage.spy.calls[-1].body == body
    assert erin.go("/home").body == b"secret page"


def test_a079_method_and_field_of_a_rule_may_both_stand_in_the_form(open_stage: Open) -> None:
    erin = open_stage(shop={"logout": ["DELETE /account form action=logout"]}).enrolled()
    erin.go("/account", "POST", [FORM], b"_method=DELETE&action=save")
    assert erin.go("/home").body == b"secret page"
    erin.go("/account", "POST", [FORM], b"_method=DELETE&action=logout")
    assert erin.go("/home").status == 303


def test_a_log_in_whose_method_stands_in_the_form_is_asked_for_its_code(open_stage: Open) -> None:
    """The cookie that the resolver reads stays the same, so nothing but the rule shows that it is another log-in."""
    erin = (stage := open_stage(shop={"login": ["PUT /session"]})).enrolled()
    assert erin.go("/session", "POST", [FORM], b"_method=PUT&password=x").status == 303
    assert stage.spy.calls[-1].body == b"_method=PUT&password=x"


def test_a_log_out_asks_for_the_code_first_where_that_is_due(stage: Stage) -> None:
    """A rule exempts nothing."""
    erin = stage.enrolled()
    other = erin.elsewhere()
    other.log_in("erin", "login-2")
    calls = len(stage.spy.calls)
    assert other.go("/home?action=logout").status == 303
    assert len(stage.spy.calls) == calls
