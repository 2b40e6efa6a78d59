"""Log-in and log-out rules, and all that may be read as a request that they mean. Attacks 6, 26, 79."""

from __future__ import annotations

import pytest

from twofa_middleware.errors import ConfigError
from twofa_middleware.form_body import MOST_PARTS
from twofa_middleware.http import Request
from twofa_middleware.policy.login_rules import LoginRule, may_mean

FORM = b"application/x-www-form-urlencoded"


def asked(target: str, method: str = "GET", *headers: tuple[bytes, bytes]) -> Request:
    path, _, query = target.partition("?")
    return Request("http", method, "", path, None, query.encode("latin-1"), headers, {}, 0)


def holds(rule: str, target: str, method: str = "GET", *headers: tuple[bytes, bytes]) -> bool:
    return LoginRule.parse(rule).holds(asked(target, method, *headers))


def in_form(rule: str, body: bytes, kind: bytes = FORM) -> bool:
    return LoginRule.parse(rule).holds_for_form(kind, None, body)


@pytest.mark.parametrize(
    "text",
    [
        "/login",
        "POST login",
        "post /login",
        "POST  /login",
        "POST /login ",
        "POST /login?action=logout",
        "ANY /** ?",
        "ANY /** ?=logout",
        "ANY /** ? action=logout",
        "ANY /** ?action=log out",
        "ANY /** ?action=a&b=c",
        "ANY /** ?action=%61",
        "ANY /** ?action=a+b",
        "ANY /** query action=logout",
        "POST /account form",
        "POST /account form =x",
        "POST /account  form action=x",
        "POST /**/x ?action",
        "GET /account form action=x",
        "GET,HEAD /account form action=x",
    ],
)
def test_what_is_no_rule_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match=r'^"') as refused:
        LoginRule.parse(text)
    assert text in str(refused.value)


@pytest.mark.parametrize(
    ("rule", "target", "method"),
    [
        ("POST /login", "/login", "POST"),
        ("ANY /login", "/login", "PROPFIND"),
        ("GET /bye", "/bye", "HEAD"),
        ("ANY /** ?action=logout", "/any/page?action=logout", "GET"),
        ("ANY /** ?action=logout", "/?page=3&action=logout", "POST"),
        ("ANY /** ?logout", "/?logout", "GET"),
        ("ANY /** ?logout", "/?logout=1", "GET"),
        ("ANY /** ?logout=", "/?logout=", "GET"),
        ("GET,POST /index ?do=login", "/index?do=login", "POST"),
    ],
)
def test_a_rule_holds_for_what_it_names(rule: str, target: str, method: str) -> None:
    assert holds(rule, target, method)
    assert LoginRule.parse(rule).text == rule


def test_a_rule_without_a_field_has_no_place_and_no_name_for_one() -> None:
    rule = LoginRule.parse("POST /login")
    assert (rule.place, rule.name, rule.value) == ("", "", None)


@pytest.mark.parametrize(
    ("rule", "target", "method"),
    [
        ("POST /login", "/login", "GET"),
        ("POST /login", "/logins", "POST"),
        ("POST /login", "/login/more", "POST"),
        ("POST /login", "/a/login", "POST"),
        ("ANY /** ?action=logout", "/?action=log", "GET"),
        ("ANY /** ?action=logout", "/?actions=logout", "GET"),
        ("ANY /** ?action=logout", "/?x=action=logout", "GET"),
        ("ANY /** ?logout=", "/?logout=1", "GET"),
        ("ANY /a/** ?action=logout", "/b/c?action=logout", "GET"),
    ],
)
def test_a_rule_holds_for_nothing_else(rule: str, target: str, method: str) -> None:
    assert not holds(rule, target, method)


@pytest.mark.parametrize(
    "path",
    [
        "//login", "/login/", "/./login", "/a/../login", "/login;x=1", "/;/login", "/LOGIN", "/Login/", "/%6cogin", "/%256cogin",
        "/login%20", "/login\x00", "/login%0a", "/\\login", "/login.", "/login/.", "/login%2f", "/%2e/login", "/login/x/..",
    ],
)  # fmt: skip
def test_a006_an_odd_path_that_may_be_read_as_the_path_is_one(path: str) -> None:
    assert holds("POST /login", path, "POST")


@pytest.mark.parametrize(
    "query",
    [
        "action=logout&action=view", "action=view&action=logout", "action=view;action=logout", "a;action=logout",
        "%61ction=logout", "action=%6Cogout", "action=%6cogout", "action=%256cogout", "action=logout%00", "action=+logout",
        "Action=LOGOUT", "action=logout%20", "+action=logout", "?action=logout", "action=logout#x", "action=logou%EF%BD%94",
        "action=%fflogout", "&&action=logout&&", "x=1&action=logout",
    ],
)  # fmt: skip
def test_a026_a_query_in_which_any_parser_may_find_the_field_has_it(query: str) -> None:
    assert holds("ANY /** ?action=logout", "/page?" + query)


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ([(b"x-http-method-override", b"POST")], ""),
        ([(b"x-method-override", b"POST")], ""),
        ([], "?_method=POST"),
        ([], "?%5fmethod=POST"),
        ([], "?x=1&_metho%64=%50OST"),
        ([], "?" + "&" * 1001),
    ],
)
def test_a011_a_method_that_is_named_elsewhere_may_be_any(headers: list[tuple[bytes, bytes]], query: str) -> None:
    assert holds("POST /login", "/login" + query, "GET", *headers)


@pytest.mark.parametrize(
    "body",
    [
        b"action=logout",
        b"x=1&action=logout&y",
        b"action=view&action=logout",
        b"x=1;action=logout",
        b"%61ction=%6Cogout",
        b"Action=Logout%0A",
    ],
)
def test_a_form_in_which_any_parser_may_find_the_field_has_it(body: bytes) -> None:
    assert in_form("POST /account form action=logout", body)
    assert in_form("POST /account form action", body)


@pytest.mark.parametrize("body", [b"", b"action=view", b"x=action%3Dlogout", b"actions=logout", b"x=1&logout=action"])
def test_a_form_without_the_field_has_it_not(body: bytes) -> None:
    assert not in_form("POST /account form action=logout", body)


def multipart(*parts: bytes) -> bytes:
    return b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


def test_a_multipart_form_is_read_too() -> None:
    kind = b"multipart/form-data; boundary=b"
    named = multipart(
        b'Content-Disposition: form-data; name="x"\r\n\r\n1',
        b'Content-Disposition: form-data; name="action"\r\n\r\nlogout',
    )
    assert in_form("POST /account form action=logout", named, kind)
    assert not in_form("POST /account form action=login", named, kind)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"application/x-www-form-urlencoded; charset=utf-16", b"x=1"),
        (b"application/x-www-form-urlencoded; charset=utf-8; charset=utf-16", b"x=1"),
        (b"multipart/form-data; boundary=b", b"preamble\r\n--b--\r\n"),
        (b"multipart/form-data", multipart()),
        (
            b"multipart/form-data; boundary=b",
            multipart(b"Content-Disposition: form-data; name*=utf-8''action\r\n\r\nx"),
        ),
    ],
)
def test_a_form_that_can_be_read_in_two_ways_may_have_any_field(kind: bytes, body: bytes) -> None:
    assert in_form("POST /account form action=logout", body, kind)


def test_a_long_run_of_combining_marks_is_told_from_a_short_name_without_being_put_in_order() -> None:
    """Normalizing 2 MB of them would take an hour (UAX #15 sorts each run)."""
    marks = ("a" + "\u0315\u0300" * 500_000).encode()
    assert not in_form("POST /account form action=logout", b"action=" + marks)
    assert not in_form("POST /account form action=logout", marks)
    assert in_form("POST /account form action=logout", b"action=" + "logou\uff54".encode() + b"&x=1")


def test_of_more_fields_than_are_looked_at_one_may_be_any() -> None:
    assert not in_form("POST /account form action=logout", b"&" * 900)
    assert in_form("POST /account form action=logout", b"&" * 1001)
    assert holds("ANY /** ?action=logout", "/a?" + "&" * 1001)
    assert not holds("ANY /** ?action=logout", "/a?" + "&" * 900)


@pytest.mark.parametrize(
    ("body", "may"),
    [
        (b"_method=POST", True),
        (b"x=1&_METHOD=post", True),
        (b"_metho%64=%50OST", True),
        (b"_method=GET", False),
        (b"method=POST", False),
        (b"x=POST&y=_method", False),
        (b"POST=_method", False),
        (b"", False),
        (b"&" * 1001, True),
    ],
)
def test_a011_a_form_that_names_a_method_of_the_rule_may_mean_it(body: bytes, may: bool) -> None:
    rule = LoginRule.parse("POST /login")
    assert rule.holds_for_form(FORM, None, body, names_method=True) is may
    assert rule.holds_for_form(FORM, None, body)


def test_a011_the_method_and_the_field_both_have_to_be_in_the_form() -> None:
    rule = LoginRule.parse("DELETE,PUT /account form action=logout")
    assert rule.holds_for_form(FORM, None, b"_method=put&action=logout", names_method=True)
    assert not rule.holds_for_form(FORM, None, b"_method=post&action=logout", names_method=True)
    assert not rule.holds_for_form(FORM, None, b"_method=put&action=view", names_method=True)


def test_a_form_in_an_encoding_of_its_content_may_have_any_field() -> None:
    rule = LoginRule.parse("POST /account form action=logout")
    assert rule.holds_for_form(FORM, b"gzip", b"x=1")
    assert not rule.holds_for_form(FORM, b"identity", b"x=1")


def test_a_value_begins_after_the_first_equals_sign() -> None:
    assert in_form("POST /account form action", b"action=a=b")
    assert not in_form("POST /account form action=b", b"action=a=b")
    assert holds("POST /login", "/login?_method=a=b", "GET")


def test_exactly_as_many_fields_as_are_looked_at_are_still_read() -> None:
    at_most = MOST_PARTS - 1
    assert not in_form("POST /account form action=logout", b"&" * at_most)
    assert in_form("POST /account form action=logout", b"&" * (at_most + 1))
    assert not holds("ANY /** ?action=logout", "/a?" + "&" * at_most)
    assert holds("ANY /** ?action=logout", "/a?" + "&" * (at_most + 1))
    assert not holds("POST /login", "/login?" + "&" * at_most)
    assert holds("POST /login", "/login?" + "&" * (at_most + 1))


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("POST /a/login", "/a//login"),
        ("POST /a/login", "/a/./login"),
        ("POST /a/login", "/b/../a/login/"),
        ("POST /login/", "/login"),
        ("POST /login/", "//login"),
        ("POST /", "//"),
        ("POST /", "/."),
        ("POST /", "/..."),
        ("POST /a/login", "/a/login%2f"),
        ("POST /a/login", "/a/%2e%2e/a/login"),
        ("POST /login", "/lo\x01gin"),
        ("POST /login", "/lo\u200bgin"),
        ("POST /x/{name}/login", "/x/%80/login"),
    ],
)
def test_a006_an_odd_path_that_may_be_read_as_a_longer_one_is_one(rule: str, path: str) -> None:
    assert holds(rule, path, "POST")


@pytest.mark.parametrize("path", ["/login/x", "/x/login", "/loginx", "/logi", "/loginXX", "/l/ogin", "/C/login"])
def test_a_path_that_nobody_reads_as_the_path_is_none(path: str) -> None:
    assert not holds("POST /login", path, "POST")


@pytest.mark.parametrize(
    ("raw", "text", "may"),
    [
        (b"x" * 7, "logout", False),
        (b"%25252525256cogout", "logout", False),  # more escapes than anybody takes off
        (b"logout" + "\u0301".encode() * 3, "logout", False),
        ("log\u200bout".encode(), "logout", True),
        ("lo\u00a0gout".encode(), "logout", True),
        ("\uff23\uff3a".encode(), "cz", True),
        ("\u0421\u0417".encode(), "cz", False),
        ("a\u0308".encode(), "\u00e4", True),
        ("\u1e9b\u0323".encode(), "\u1e69", True),
        (("\u200b" * 100 + "logout").encode(), "logout", True),
        (b"caf\xc3\xa9", "CAF\u00c9", True),
        (b"\xfflogout", "logout", True),
        ("\u00a8a".encode(), "\u0308a", True),  # under NFKC a space comes with the first
        ("\u200b".encode(), "", True),
        (b"\x00", "", True),
    ],
)
def test_what_any_parser_may_read_as_a_name(raw: bytes, text: str, may: bool) -> None:
    assert may_mean(raw, text) is may
