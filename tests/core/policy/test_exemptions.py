"""No odd path is ever exempt: attacks 6 to 12, at the level of the rules."""

from __future__ import annotations

import posixpath
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.flows.people import site
from twofa_middleware.errors import ConfigError
from twofa_middleware.http import Request
from twofa_middleware.policy.paths import PathRule, asks_less, is_plain

RULES = [PathRule.parse(text) for text in ("GET /health", "GET /static/**", "GET /docs/{page}/", "HEAD /ping")]


def asked(path: str, method: str = "GET", raw: str | None = "", **more: Any) -> Request:
    """``raw``: the path as it was sent; empty: as the path is quoted; None: the server does not tell."""
    wire = None if raw is None else (raw or quote(path, safe="/:@!$&'()*+,;=~", errors="surrogateescape")).encode()
    made = {"query": b"", "headers": (), "root": "", **more}
    return Request("http", method, path=path, raw_path=wire, server={}, now=0, **made)


def exempt(path: str, method: str = "GET", raw: str | None = "", **more: Any) -> bool:
    return asks_less(RULES, asked(path, method, raw, **more))


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/health", "GET"),
        ("/health", "HEAD"),
        ("/static/a/b.css", "GET"),
        ("/static/", "GET"),
        ("/docs/x/", "GET"),
        ("/ping", "HEAD"),
    ],
)
@pytest.mark.parametrize("raw", ["", None], ids=["raw path", "none"])
def test_a_plain_path_of_a_rule_is_exempt(path: str, method: str, raw: str | None) -> None:
    assert exempt(path, method, raw)


@pytest.mark.parametrize(
    "path",
    [
        "//health", "/./health", "/../health", "/health/", "/health.", "/health/..", "/health/../admin", "/healthX", "/HEALTH",
        "/health;x=1", "/;/health", "/health\0", "/health\n", "/health#", "/health?", "/health%00", "/health%2f", "/admin?x=/health",
        "health", "", "/static/../admin", "/static/./a", "/static//a", "/static/a/..", "/static/a/../../admin", "/static/..;/admin",
        "/static/\\..\\admin", "/static/a\\b", "/static", "/static/%2e%2e/admin", "/static/a;b", "/static/\u2025/admin", "/static/a\0",
        "/static/a b", "/static/\udcff", "/static/.", "/static/..", "/docs//", "/docs/../", "/docs/a/b/", "/ping",
    ],
)  # fmt: skip
def test_a006_a007_no_odd_form_of_a_path_is_exempt(path: str) -> None:
    assert not exempt(path)
    assert not exempt(path, raw=None)


@pytest.mark.parametrize(
    "raw", ["/%68ealth", "/health%20", "/static/%2e%2e/health", "/static%2f..%2fhealth", "/x/%2e%2e/health"]
)
def test_a006_a_path_that_was_sent_with_escapes_is_not_exempt_whatever_it_means(raw: str) -> None:
    assert not exempt("/health", raw=raw)


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get", "Head", "GET ", "GETX", "", "PROPFIND"]
)
def test_a011_only_get_and_head_are_exempt(method: str) -> None:
    assert not exempt("/health", method)
    assert not asks_less([PathRule.parse("ANY /health")], asked("/health", method))


@pytest.mark.parametrize(
    "header",
    [
        b"x-original-url",
        b"x-rewrite-url",
        b"x-forwarded-uri",
        b"x-forwarded-prefix",
        b"x-http-method-override",
        b"host",
        b"user-agent",
    ],
)
def test_a008_a010_a012_no_header_and_no_query_makes_a_request_exempt(header: bytes) -> None:
    for value in (b"/health", b"GET", b"a/health?"):
        assert not exempt("/admin", headers=((header, value),), query=b"/health&x=/static/")
        assert not exempt("/health", "POST", headers=((header, value),))
        assert exempt("/health", headers=((header, value),), query=b"/admin")


@pytest.mark.parametrize("root", ["", "/", "/shop", "/health", "/static", "/health/.."])
def test_a009_the_mount_is_no_part_of_the_path(root: str) -> None:
    assert exempt("/health", root=root)
    assert not exempt("/admin", root=root)
    assert not exempt("/shop/health", root=root)


ODD = [
    "/",
    ".",
    "..",
    "//",
    ";",
    "%",
    "%2e",
    "%2f",
    "%00",
    "\\",
    "\0",
    "#",
    "?",
    " ",
    "\t",
    "a",
    "A",
    "static",
    "health",
    "docs",
    "*",
    "\u2024",
    "\udc80",
]
paths = st.lists(st.sampled_from(ODD)).map("".join) | st.text().map(lambda text: "/static/" + text)


@given(paths)
@example("/static/%2e%2e/a")
def test_a006_an_exempt_path_means_the_same_to_whoever_decodes_and_folds_it_again(path: str) -> None:
    if exempt(path, raw=None):
        assert unquote(path) == path
        assert posixpath.normpath(path) == (path.rstrip("/") or "/")
        assert path.split(";")[0].split("?")[0].split("#")[0].split("\\")[0] == path
        assert path.isascii()
        assert path == "/health" or path.startswith(("/static/", "/docs/"))


@given(st.text(), st.binary())
def test_a017_no_path_whatever_raises(path: str, raw: bytes) -> None:
    for wire in (None, raw):
        plain = is_plain(Request("http", "GET", "", path, wire, b"", (), {}, 0))
        assert not plain or path.startswith("/")


# ---- rules in the settings ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["exempt", "anonymous_websockets"])
@pytest.mark.parametrize("rule", ["POST /a", "ANY /a", "GET,POST /a", "OPTIONS /a"])
def test_a011_an_exemption_for_more_than_reading_stops_the_start(rule: str, key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        site(shop={key: [rule]})
    assert str(refused.value) == f'settings: [apps.shop] {key}: "{rule}" may name GET and HEAD only'


@pytest.mark.parametrize("key", ["exempt", "login", "logout", "anonymous_websockets", "streams"])
def test_a_rule_that_is_none_is_named_with_its_place(key: str) -> None:
    with pytest.raises(ConfigError, match=rf'^settings: \[apps\.shop\] {key}: "/login" is no (path )?rule'):
        site(shop={key: ["/login"]})


def test_a019_nothing_is_exempt_that_the_settings_do_not_name() -> None:
    assert site(shop={"exempt": []}).exempt == ()
