"""The path language of the settings."""

from __future__ import annotations

import pytest

from twofa_middleware.errors import ConfigError
from twofa_middleware.http import Request
from twofa_middleware.policy.paths import PathRule, asks_more, is_plain, may_override


@pytest.mark.parametrize(
    ("rule", "method", "path"),
    [
        ("POST /login", "POST", "/login"),
        ("GET /", "GET", "/"),
        ("GET /a/", "GET", "/a/"),
        ("GET,POST /a", "POST", "/a"),
        ("ANY /a", "DELETE", "/a"),
        ("ANY /a", "ODD", "/a"),
        ("VERSION-CONTROL,ODD /a", "VERSION-CONTROL", "/a"),
        ("GET /a", "HEAD", "/a"),
        ("GET /shop/{name}/edit", "GET", "/shop/x.y/edit"),
        ("ANY /a/**", "GET", "/a/"),
        ("ANY /a/**", "GET", "/a/b/c/"),
        ("ANY /a/**", "GET", "/a/b\nc"),
        ("ANY /**", "GET", "/"),
        ("ANY /**", "GET", "/any/thing"),
        ("GET /a.b", "GET", "/a.b"),
        ("GET /a+(b)", "GET", "/a+(b)"),
    ],
)
def test_a_rule_matches(rule: str, method: str, path: str) -> None:
    assert PathRule.parse(rule).matches(method, path)
    assert PathRule.parse(rule).text == rule


@pytest.mark.parametrize(
    ("rule", "unknown"),
    [
        ("PSOT,GET /login", ("PSOT",)),
        ("GETT,ODD /login", ("GETT", "ODD")),
        ("ANY /login", ()),
        ("GET,HEAD,POST,PUT,DELETE,CONNECT,OPTIONS,TRACE,PATCH /login", ()),
        ("PROPFIND,PROPPATCH,MKCOL,COPY,MOVE,LOCK,UNLOCK,REPORT,VERSION-CONTROL,SEARCH,ACL /dav/**", ()),
    ],
)
def test_a_method_that_no_rfc_knows_is_named(rule: str, unknown: tuple[str, ...]) -> None:
    assert PathRule.parse(rule).unregistered == unknown


@pytest.mark.parametrize(
    ("rule", "method", "path"),
    [
        ("POST /login", "GET", "/login"),
        ("POST /login", "HEAD", "/login"),
        ("HEAD /a", "GET", "/a"),
        ("GET /a", "get", "/a"),
        ("GET /a", "GET", "/a/"),
        ("GET /a/", "GET", "/a"),
        ("GET /a", "GET", "/ab"),
        ("GET /a", "GET", "/a\n"),
        ("GET /a", "GET", "/A"),
        ("GET /a", "GET", "/x/a"),
        ("GET /a.b", "GET", "/aXb"),
        ("GET /shop/{name}", "GET", "/shop/"),
        ("GET /shop/{name}", "GET", "/shop/a/b"),
        ("ANY /a/**", "GET", "/a"),
        ("ANY /a/**", "GET", "/ab/c"),
    ],
)
def test_a_rule_does_not_match(rule: str, method: str, path: str) -> None:
    assert not PathRule.parse(rule).matches(method, path)


@pytest.mark.parametrize(
    "rule",
    [
        "", "/login", "GET", "GET login", "get /login", "GET  /login", " GET /login", "GET /login ", "GET, POST /a", "GET /a b", "* /a",
        "GET https://a/b", "GET:/a", "ANY,GET /a\n",
    ],
)  # fmt: skip
def test_what_is_no_rule_is_told_how_one_looks(rule: str) -> None:
    with pytest.raises(ConfigError, match=r'is no path rule; write such as "GET /static/\*\*"'):
        PathRule.parse(rule)


@pytest.mark.parametrize(
    ("rule", "segment"),
    [
        ("GET /a/**/b", "**"),
        ("GET /a*b", "a*b"),
        ("GET /a//b", ""),
        ("GET //a", ""),
        ("GET /a/../b", ".."),
        ("GET /./a", "."),
        ("GET /a;x", "a;x"),
        ("GET /a%2fb", "a%2fb"),
        ("GET /a?x=1", "a?x=1"),
        ("GET /a#b", "a#b"),
        ("GET /a\\b", "a\\b"),
        ("GET /{}", "{}"),
        ("GET /{a}b", "{a}b"),
        ("GET /{A}", "{A}"),
        ("GET /ä", "ä"),
        ("POST /a/*/out", "*"),
        ("GET /a/**.css", "**.css"),
        ("GET /a//**", ""),
    ],
)
def test_a_segment_that_could_be_read_in_two_ways_is_named(rule: str, segment: str) -> None:
    with pytest.raises(ConfigError) as refused:
        PathRule.parse(rule)
    assert str(refused.value).startswith(f'"{rule}": ')
    assert f'the segment "{segment}" is neither plain text nor {{part}}' in str(refused.value)


def test_a_rule_names_segments_of_a_path() -> None:
    rule = PathRule.parse("GET /users/{row}/edit/{what}")
    assert rule.parts("/users/7/edit/name") == {"row": "7", "what": "name"}
    assert rule.parts("/users/7/edit") == {}


def test_a_rule_names_no_two_segments_alike() -> None:
    with pytest.raises(ConfigError, match="same name"):
        PathRule.parse("GET /users/{row}/edit/{row}")


@pytest.mark.parametrize(
    ("headers", "query", "holds"),
    [
        (((b"x-http-method-override", b"POST"),), b"", True),
        ((), b"_method=POST", True),
        ((), b"%5fmethod=POST", True),
        ((), b"a=b", False),
    ],
)
def test_a_rule_that_asks_more_holds_where_the_method_may_be_another(
    headers: tuple[tuple[bytes, bytes], ...], query: bytes, holds: bool
) -> None:
    request = Request("http", "GET", "", "/pay", b"/pay", query, headers, {}, 0)
    assert asks_more([PathRule.parse("POST /pay")], request) is holds


@pytest.mark.parametrize(
    ("rule", "method", "path"),
    [
        ("POST /pay", "post", "/pay"),
        ("POST /pay", "POST", "/PAY"),
        ("POST /pay", "POST", "/pay/"),
        ("POST /pay", "POST", "/pay//"),
        ("POST /pay/", "POST", "/pay"),
        ("POST /a/{name}/pay", "POST", "/a/x/pay/"),
        ("POST /pay", None, "/pay"),
        ("ANY /pay", "ODD", "/Pay/"),
    ],
)
def test_a006_a_rule_may_match_what_an_app_may_fold_or_trim_to_it(rule: str, method: str | None, path: str) -> None:
    assert PathRule.parse(rule).may_match(method, path)


@pytest.mark.parametrize(
    ("rule", "method", "path"),
    [
        ("POST /pay", "GET", "/pay"),
        ("POST /pay", "POST", "/pays"),
        ("POST /pay", "POST", "pay"),
        ("POST /pay", "POST", "/pay "),
        ("POST /pay", None, "/payXX"),
        ("POST /pay/", "POST", "/payX"),
    ],
)
def test_it_may_match_nothing_else(rule: str, method: str | None, path: str) -> None:
    assert not PathRule.parse(rule).may_match(method, path)


@pytest.mark.parametrize(
    ("query", "may"),
    [(b"%", True), (b"a=%41", True), (b"METHOD", True), (b"x=method", True), (b"metho", False), (b"", False)],
)
def test_a011_an_escape_in_a_query_may_hide_another_method(query: bytes, may: bool) -> None:
    assert may_override(Request("http", "GET", "", "/", b"/", query, (), {}, 0)) is may


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("odd", ["", ".", "..", "a;b", "a%2f", "a b"])
def test_a006_an_odd_segment_makes_a_path_odd_wherever_it_stands(place: int, odd: str) -> None:
    segments = ["a", "b", "c", "d"]
    segments[place] = odd
    request = Request("http", "GET", "", "/" + "/".join(segments), None, b"", (), {}, 0)
    assert is_plain(request) is (odd == "" and place == 3)
    assert asks_more([PathRule.parse("GET /other")], request) is not is_plain(request)


def test_where_no_rule_asks_more_nothing_does() -> None:
    assert not asks_more([], Request("http", "GET", "", "//pay", None, b"_method=x", (), {}, 0))
