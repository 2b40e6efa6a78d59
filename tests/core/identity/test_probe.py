"""``probe`` step by step: when the app is asked, with what, and what each of its answers means."""

from __future__ import annotations

from typing import Any

import pytest

from core.identity.asking import context, options, request
from twofa_middleware.app_page.facts import fact_at
from twofa_middleware.errors import AppUnreadable, ConfigError
from twofa_middleware.identity.probe import Probe
from twofa_middleware.program import AppAnswer, AskApp
from twofa_middleware.protocol import Anonymous, Identity, Login, Reads, Unknown

GIVEN: dict[str, Any] = {
    "page": "/api/me",
    "cookies": ["sid", "remember"],
    "user": "user.id",
    "anonymous": {"status": 401},
}
TEXT: dict[str, Any] = {
    "page": "/",
    "cookies": ["sid"],
    "format": "text",
    "user": r'data-user="([^"]*)"',
    "anonymous": {"status": 302, "location": "/login"},
}
HOST = (b"host", b"shop.example")
HTML = ((b"content-type", b"text/html; charset=utf-8"),)


def probe(**given: Any) -> Probe:
    return Probe(options(Probe, **GIVEN | given), context())


def on_text(**given: Any) -> Probe:
    return Probe(options(Probe, **TEXT | given), context())


def asked(resolver: Probe, *headers: tuple[bytes, bytes]) -> AskApp:
    """The question for a request."""
    ask = next(resolver.resolve(request(*headers)))
    assert isinstance(ask, AskApp)
    return ask


def who(
    resolver: Probe, body: bytes = b"", status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = HTML
) -> Identity:
    """What an answer of the page is taken for."""
    flow = resolver.resolve(request((b"cookie", b"sid=s1"), HOST))
    next(flow)
    with pytest.raises(StopIteration) as end:
        flow.send(AppAnswer(status, headers, body))
    found: Identity = end.value.value
    return found


def is_unknown(found: Identity, why: str = "") -> bool:
    return isinstance(found, Unknown) and why in found.reason


# ---- asking ---------------------------------------------------------------------------------------------------------


def test_it_reads_the_cookies_that_are_named_and_depends_on_the_app() -> None:
    assert (probe().reads, probe().pure) == (Reads(cookies=frozenset({b"sid", b"remember"})), False)


@pytest.mark.parametrize("headers", [(), ((b"cookie", b"theme=dark"),), ((b"authorization", b"Basic x"),)])
def test_without_one_of_the_cookies_nobody_is_asked(headers: Any) -> None:
    with pytest.raises(StopIteration) as end:
        next(probe().resolve(request(*headers)))
    assert end.value.value == Anonymous()


def test_the_app_is_asked_by_all_cookies_and_nothing_else_that_could_name_somebody() -> None:
    sent = [
        (b"cookie", b"remember=r; theme=dark"),
        (b"authorization", b"Basic x"),
        (b"user-agent", b"tests"),
        (b"x-forwarded-proto", b"https"),
        (b"range", b"bytes=0-1"),
        (b"accept", b"image/png"),
        (b"x-api-key", b"k"),
    ]
    ask = asked(probe(keep_cookies=["sid"], timeout_seconds=0.5), *sent)
    assert (ask.path, ask.method, ask.limit_bytes, ask.limit_seconds) == ("/api/me", "GET", 64 * 1024, 0.5)
    assert ask.keep_cookies == frozenset({b"sid"})
    assert ask.headers == (
        (b"user-agent", b"tests"),
        (b"x-forwarded-proto", b"https"),
        (b"accept", b"application/json"),
        (b"accept-language", b"en"),
        (b"cookie", b"remember=r; theme=dark"),
    )


def test_the_settings_may_name_method_accept_and_further_headers() -> None:
    ask = asked(
        probe(method="POST", accept="application/vnd.api+json", sends=["X-Tenant"]),
        (b"cookie", b"sid=s1"),
        (b"x-tenant", b"a"),
    )
    assert (ask.method, ask.headers[:2]) == ("POST", ((b"x-tenant", b"a"), (b"accept", b"application/vnd.api+json")))


def test_one_credential_has_one_turn_whatever_other_cookies_there_are() -> None:
    def turn(line: bytes) -> bytes:
        return asked(probe(), (b"cookie", line)).turn

    assert turn(b"sid=s1; theme=dark") == turn(b"theme=light; sid=s1") != b""
    assert len({turn(line) for line in (b"sid=s1", b"sid=s2", b"remember=s1", b"sid=s1; remember=s1")}) == 4
    assert b"s1" not in turn(b"sid=s1")


def test_that_the_app_cannot_be_read_goes_on_to_the_gate() -> None:
    flow = probe().resolve(request((b"cookie", b"sid=s1")))
    next(flow)
    with pytest.raises(AppUnreadable):
        flow.throw(AppUnreadable("the app failed"))


# ---- reading JSON ---------------------------------------------------------------------------------------------------


def test_a_page_names_the_login() -> None:
    facts = b'{"user": {"id": 17, "name": "Erin", "mail": "e@example.org"}, "sessions": [{"id": "x"}, {"id": "y"}]}'
    more = {"session": "sessions.1.id", "label": "user.name", "email": "user.mail"}
    assert who(probe(**more), facts) == Login("17", "y", "Erin", "e@example.org")


@pytest.mark.parametrize(
    "user",
    [b"null", b"true", b"false", b"1.0", b"1e3", b'""', b'" erin"', b'"er\\nin"', b'"e\\u0301"', b"[]", b"{}", b"NaN"],
)
def test_a027_a028_what_is_no_user_id_is_unknown(user: bytes) -> None:
    assert is_unknown(who(probe(), b'{"user": {"id": %s}}' % user))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b'{"user": "erin"}',
        b'{"user": ["erin"]}',
        b'{"user": {"id": "a"}, "user": {"id": "b"}}',
        b'{"user": {"id": "a", "id": "a"}}',
        b'{"user": {"id": "a"}} trailing',
        b'\xef\xbb\xbf{"user": {"id": "a"}}',
        b'{"user": {"id": "\xe9"}}',
        b'{"user": {"id": "\\ud800"}}',
        b"[" * 60000,
        b'{"user": {"id": %s}}' % (b"9" * 5000),
    ],
    ids=range(12),
)
def test_a025_a_page_that_cannot_be_read_in_one_way_is_unknown(body: bytes) -> None:
    assert is_unknown(who(probe(), body))


@pytest.mark.parametrize("session", [b"null", b"true", b'""', b"[]", b"1.5"])
def test_a079_a_login_without_the_session_that_is_asked_for_is_unknown(session: bytes) -> None:
    assert is_unknown(who(probe(session="session"), b'{"user": {"id": "a"}, "session": %s}' % session))


def test_an_odd_label_is_left_out() -> None:
    for label in (b"1", b"null", b'"a\\nb"', b'"%s"' % (b"x" * 256)):
        assert who(probe(label="label"), b'{"user": {"id": "a"}, "label": %s}' % label) == Login("a")


@pytest.mark.parametrize("status", [201, 204, 206, 302, 304, 400, 403, 404, 429, 500, 503])
def test_a020_a_login_comes_with_200_alone_and_nobody_with_the_sign_alone(status: int) -> None:
    assert is_unknown(who(probe(), b'{"user": {"id": "a"}}', status))


def test_nobody_is_who_the_sign_says_and_the_app_keeps_the_cookie() -> None:
    assert who(probe(), b"", 401) == Anonymous()


def test_json_that_says_null_or_false_is_a_sign() -> None:
    by_null = probe(anonymous={"status": 200, "null": "user"})
    assert who(by_null, b'{"user": null}') == Anonymous()
    assert who(by_null, b'{"user": {"id": "a"}}') == Login("a")
    for body in (b"{}", b'{"user": false}', b'{"user": 0}', b'{"user": {}}', b"[]", b"null"):
        assert is_unknown(who(by_null, body)) or body == b"null"
    by_false = probe(anonymous={"status": 200, "false": "is_authenticated"})
    assert who(by_false, b'{"is_authenticated": false}') == Anonymous()
    for body in (b'{"is_authenticated": 0}', b'{"is_authenticated": null}', b"{}"):
        assert is_unknown(who(by_false, body))


def test_a_page_that_names_a_user_and_shows_the_sign_is_unknown() -> None:
    by_false = probe(anonymous=[{"status": 401}, {"status": 200, "false": "is_authenticated"}])
    assert is_unknown(who(by_false, b'{"user": {"id": "a"}, "is_authenticated": false}'), "too")
    assert who(by_false, b"", 401) == Anonymous()


def test_paths_lead_through_objects_and_lists() -> None:
    facts = {"a": [{"b": 1}], "0": "x"}
    assert [fact_at(facts, path) for path in ("a.0.b", "0")] == [1, "x"]
    assert fact_at({"a": None}, "a.b") is None
    for path in ("b", "a.1", "a.-1", "a.x", "a.0.b.c", "a.\u0661"):
        assert fact_at(facts, path) not in (1, None, "x")


# ---- reading text ---------------------------------------------------------------------------------------------------


def test_a_page_of_text_names_the_login() -> None:
    resolver = on_text(label="<b>(.*?)</b>", session="data-session='(.*?)'")
    page = "<p data-user=\"17\" data-session='x'><b>Ann &amp; Bob</b>"
    assert who(resolver, page.encode()) == Login("17", "x", "Ann & Bob")


@pytest.mark.parametrize(
    "page",
    [
        b"<p>",
        b'<p data-user="17"><p data-user="18">',
        b'<p data-user="17"><p data-user="17">',
        b'<p data-user="">',
        b'<p data-user="a&amp;b">',
        b'<p data-user="\xe9">',
    ],
)
def test_a025_a_page_that_names_nobody_or_two_is_unknown(page: bytes) -> None:
    assert is_unknown(who(on_text(), page))


def test_the_charset_of_the_page_is_that_which_it_names() -> None:
    def page(charset: bytes) -> Identity:
        return who(on_text(), b'data-user="\xe9rin"', headers=((b"content-type", b"text/plain; charset=" + charset),))

    assert page(b"iso-8859-1") == Login("\xe9rin")
    for charset in (b"utf-8", b"us-ascii", b"unheard-of", b"hex", b"rot13"):
        assert is_unknown(page(charset))


def test_a_page_that_is_compressed_is_unknown() -> None:
    assert is_unknown(who(on_text(), b'data-user="17"', headers=((b"content-encoding", b"br"),)), "compressed")
    assert who(on_text(), b'data-user="17"', headers=((b"content-encoding", b"identity"),)) == Login("17")


@pytest.mark.parametrize(
    "place",
    [
        "/login",
        "/login?next=/",
        "http://shop.example/login",
        "//shop.example/login#a",
        "login",
        "./login",
        "/a/../login",
    ],
)
def test_a_redirect_to_the_log_in_page_is_a_sign(place: str) -> None:
    assert who(on_text(), status=302, headers=((b"location", place.encode()),)) == Anonymous()


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"location", b"/login/expired"),),
        ((b"location", b"/logins"),),
        ((b"location", b"/?x=/login"),),
        ((b"location", b"http://other.example/login"),),
        ((b"location", b"http://[/login"),),
        ((b"location", b"/login"), (b"location", b"/login")),
    ],
)
def test_a_redirect_to_elsewhere_is_none(headers: Any) -> None:
    assert is_unknown(who(on_text(), status=302, headers=headers))


def test_another_site_may_be_where_people_log_in() -> None:
    resolver = on_text(anonymous={"status": 303, "location": "https://sso.example/start"})
    assert who(resolver, status=303, headers=((b"location", b"https://sso.example/start?a=1"),)) == Anonymous()
    for place in (b"http://sso.example/start", b"https://sso.example/", b"/start"):
        assert is_unknown(who(resolver, status=303, headers=((b"location", place),)))


def test_text_that_shows_a_log_in_form_is_a_sign() -> None:
    resolver = on_text(anonymous={"status": 200, "pattern": 'action="/login"'})
    assert who(resolver, b'<form action="/login">') == Anonymous()
    assert is_unknown(who(resolver, b"<p>"))
    assert is_unknown(who(resolver, b'<form action="/login"><p data-user="17">'))


# ---- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"page": "api/me"}, "no path"),
        ({"page": "//other.example/me"}, "no path"),
        ({"page": "http://localhost/me"}, "no path"),
        ({"page": "/me#a"}, "no path"),
        ({"page": "/m\xe9"}, "no path"),
        ({"page": "/me%"}, "no path"),
        ({"page": "/me\r\n"}, "no path"),
        ({"page": "/2fa/account"}, "page of ours"),
        ({"method": "PROPFIND"}, "GET or POST"),
        ({"sends": ["Cookie"]}, "sends cannot hold"),
        ({"sends": ["Range"]}, "sends cannot hold"),
        ({"sends": ["If-None-Match"]}, "sends cannot hold"),
        ({"accept": "text/html\r\nX: y"}, "no value of a header"),
        ({"keep_cookies": ["__Host-2fa-pass-a-b"]}, "cookie of ours"),
        ({"user": "user..id"}, "no path into JSON"),
        ({"session": ""}, "no path into JSON"),
        ({"anonymous": []}, "no sign"),
        ({"anonymous": {"status": 302}}, "with its location"),
        ({"anonymous": {"status": 401, "location": "/login"}}, "belongs to a redirect"),
        ({"anonymous": {"status": 200}}, "of a login, too"),
        ({"anonymous": {"status": 429}}, "no time"),
        ({"anonymous": {"status": 200, "pattern": "x"}}, "go with format"),
        ({"anonymous": {"status": 200, "null": "a..b"}}, "no path into JSON"),
    ],
)
def test_what_cannot_be_asked_or_read_stops_the_start(given: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        probe(**given)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"user": "("}, "no regular expression"),
        ({"user": "data-user"}, "exactly one group"),
        ({"user": "(a)(b)"}, "exactly one group"),
        ({"label": "a"}, "exactly one group"),
        ({"anonymous": {"status": 200, "null": "user"}}, "go with format"),
        ({"anonymous": {"status": 200, "pattern": "(a)"}}, "no group"),
    ],
)
def test_what_cannot_be_found_in_text_stops_the_start(given: Any, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        on_text(**given)
