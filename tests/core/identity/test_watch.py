"""``watch``, stepped: what it asks in which order, and what it refuses to start with. Attacks 26, 80."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.identity.asking import context, options
from twofa_middleware import asks
from twofa_middleware.asks import BeginLogin, Bind, Done, Moved, Random, ReadBinding, ReadBody, Unbind
from twofa_middleware.errors import BadRequest, ConfigError
from twofa_middleware.http import Request
from twofa_middleware.identity.watch import LOGIN_SECONDS, Watch
from twofa_middleware.keyring import KeyRing
from twofa_middleware.protocol import Anonymous, Ask, Flow, Login, LoginWatcher, UserKey
from twofa_middleware.sealing import Sealer

NOW = 1_800_000_000
GIVEN: dict[str, Any] = {
    "cookie": "sid",
    "login": "POST /login",
    "field": "name",
    "case": "ignored",
    "success": {"status": 302, "location": "/home"},
    "login_gets_cookie": True,
}
SEALER = Sealer("demo", KeyRing.new())
FORM = (b"content-type", b"application/x-www-form-urlencoded")


def watch(**given: Any) -> Watch:
    found = {key: value for key, value in (GIVEN | given).items() if value is not None}
    return Watch(options(Watch, **found), replace(context(), seals=SEALER))


def asked(method: str = "POST", path: str = "/login", sid: bytes = b"one", *more: tuple[bytes, bytes]) -> Request:
    cookie = ((b"cookie", b"sid=" + sid),) if sid else ()
    return Request("http", method, "", path, path.encode(), b"", (*cookie, FORM, *more), {}, NOW)


class Store:
    """Answers, and writes down what it was asked: bindings by their key, and nothing of two log-ins at once."""

    def __init__(self, body: bytes = b"name=Bob") -> None:
        self.asked: list[str] = []
        self.bound: dict[UserKey, bytes] = {}
        self.body = body
        self.moves = False

    def answer(self, ask: Ask[Any]) -> Any:
        self.asked.append(type(ask).__name__)
        match ask:
            case ReadBody():
                return self.body
            case Random(size):
                return b"r" * size
            case ReadBinding(key):
                return self.bound.get(key)
            case Bind(key, _, record) if not self.moves:
                self.bound[key] = record
                return Done()
            case Bind():
                return Moved()
            case BeginLogin(key) | Unbind(key):
                self.bound.pop(key, None)
                return Done()
        raise AssertionError(ask)

    def run(self, flow: Flow[Any]) -> Any:
        self.asked.clear()
        try:
            ask = next(flow)
            while True:
                ask = flow.send(self.answer(ask))
        except StopIteration as end:
            return end.value


def test_a_cookie_that_is_withheld_ends_before_the_app_and_is_never_bound_by_it() -> None:
    resolver, store = watch(login_gets_cookie=None), Store()
    assert resolver.withholds == {b"sid"}
    assert not watch().withholds
    assert log_in(resolver, store, asked()) is not None
    assert store.bound == {}
    store.run(resolver.before_app(asked(), logs_in=True))
    assert store.asked == ["ReadBody", "Unbind"]


def log_in(resolver: Watch, store: Store, request: Request, *headers: tuple[bytes, bytes]) -> str | None:
    held = store.run(resolver.before_app(request, True))
    reason: str | None = store.run(resolver.after_app(request, None, held, 302, headers, "/home"))
    return reason


def test_it_is_one_that_learns_from_log_ins() -> None:
    assert isinstance(watch(), LoginWatcher)
    assert watch(login=["POST /login", "POST /in"])._options.login_rules == ("POST /login", "POST /in")
    assert watch()._options.login_rules == ("POST /login",)


def test_a080_what_is_bound_ends_before_the_app_is_called() -> None:
    store, resolver = Store(), watch()
    held = store.run(resolver.before_app(asked(), True))
    assert store.asked == ["ReadBody", "BeginLogin"]
    assert held.login == Login("bob", label="bob")


def test_a_log_in_counts_as_on_its_way_for_two_minutes() -> None:
    flow = watch().before_app(asked(), True)
    assert isinstance(next(flow), ReadBody)
    begun = flow.send(b"name=bob")
    assert isinstance(begun, BeginLogin)
    assert begun.until == NOW + LOGIN_SECONDS


def test_a_log_in_with_no_cookie_asks_nothing_of_the_store_before_the_app() -> None:
    store = Store()
    store.run(watch().before_app(asked(sid=b""), True))
    assert store.asked == ["ReadBody"]


def test_a_log_in_by_a_rule_of_the_app_alone_is_believed_by_nobody() -> None:
    store, resolver = Store(), watch()
    held = store.run(resolver.before_app(asked(path="/other"), True))
    assert store.asked == ["Unbind"]
    assert store.run(resolver.after_app(asked(path="/other"), None, held, 302, (), "/home")) is None
    assert store.asked == []


def test_a_log_in_is_bound_to_the_cookie_of_the_request_and_seen() -> None:
    store, resolver = Store(), watch()
    assert log_in(resolver, store, asked()) is None
    assert store.asked == ["Random", "Random", "Bind"]
    found = store.run(resolver.resolve(asked("GET", "/home")))
    assert (found.user, found.label, bool(found.session)) == ("bob", "bob", True)
    assert store.run(resolver.resolve(asked("GET", "/home", b"other"))) == Anonymous(unread=frozenset({b"sid"}))


def test_a_log_in_is_bound_to_the_cookie_of_the_answer_and_the_old_one_is_nobodys() -> None:
    store, resolver = Store(), watch()
    log_in(resolver, store, asked())
    assert log_in(resolver, store, asked(), (b"Set-Cookie", b"sid=two; Path=/")) is None
    assert store.asked == ["Unbind", "Random", "Random", "Bind"]
    assert isinstance(store.run(resolver.resolve(asked("GET", "/home", b"two"))), Login)
    assert isinstance(store.run(resolver.resolve(asked("GET", "/home"))), Anonymous)


def test_a_log_in_that_was_not_alone_lets_nothing_of_the_answer_go_on() -> None:
    store, resolver = Store(), watch()
    store.moves = True
    assert log_in(resolver, store, asked()) == "two log-ins with one cookie were on their way at once"


def test_a_success_without_any_cookie_lets_nothing_of_the_answer_go_on() -> None:
    assert (
        log_in(watch(), Store(), asked(sid=b""))
        == "a log-in succeeded and set no cookie; see login_gets_cookie in docs/resolvers.md"
    )


@pytest.mark.parametrize("body", [b"", b"other=bob", b"name=", b"name=b+b", b"name=b%C3%B6b", b"name=b%00b"])
def test_a_success_by_a_name_that_is_none_lets_nothing_of_the_answer_go_on(body: bytes) -> None:
    store = Store(body)
    reason = log_in(watch(), store, asked())
    assert reason is not None
    assert store.bound == {}


def test_a_binding_of_a_key_that_is_gone_is_nobodys() -> None:
    store, resolver = Store(), watch()
    log_in(resolver, store, asked())
    store.bound = {key: record[:1] + b"gone" + record[5:] for key, record in store.bound.items()}
    assert store.run(resolver.resolve(asked("GET", "/home"))) == Anonymous(unread=frozenset({b"sid"}))


def test_a_cookie_that_is_nobodys_reaches_the_app_with_the_very_log_in_alone() -> None:
    store, resolver = Store(), watch(anonymous=["GET /form"])
    unread = Anonymous(unread=frozenset({b"sid"}))
    reaches = [("POST", "/login"), ("GET", "/form")]
    for method, path in (*reaches, ("GET", "/login"), ("POST", "//login"), ("POST", "/login/"), ("POST", "/form")):
        found = store.run(resolver.resolve(asked(method, path)))
        assert found == (Anonymous() if (method, path) in reaches else unread)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"case": None}, "either case"),
        ({"resolve": "core.identity.portal_functions:user_of_token"}, "either case"),
        ({"login": []}, "login is empty"),
        ({"login": "ANY /**"}, "not one path"),
        ({"login": "POST /account form action=login"}, "not one path"),
        ({"login": "/login"}, "no rule for a log-in"),
        ({"refresh": ["/x"]}, "refresh: "),
        ({"anonymous": ["/x"]}, "anonymous: "),
        ({"success": {"status": 302, "location": "home"}}, "location: "),
    ],
)
def test_settings_that_cannot_be_right_stop_the_start(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=rf"\[apps\.produce\] identity \(watch\).*{said}"):
        watch(**given)


def test_a_function_makes_an_id_of_what_was_typed() -> None:
    store, resolver = Store(b"name=ada"), watch(case=None, resolve="core.identity.portal_functions:user_of_token")
    flow = resolver.before_app(asked(), True)
    next(flow)
    call = flow.send(b"name=ada")
    assert isinstance(call, asks.Call)
    begun = flow.send(call.function(*call.arguments))
    assert isinstance(begun, BeginLogin)
    assert store.bound == {}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (b"text/plain", b"name=bob"),
        (b"application/x-www-form-urlencoded; charset=utf-16", b"name=bob"),
        (b"application/json", b'{"name":"bob"}'),
        (b"multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="name"; filename="f"\r\n\r\nx\r\n--b--'),
    ],
)  # fmt: skip
def test_a026_a_body_of_another_kind_is_refused_before_the_app_is_called(kind: bytes, body: bytes) -> None:
    request = Request("http", "POST", "", "/login", b"/login", b"", ((b"content-type", kind),), {}, NOW)
    with pytest.raises(BadRequest):
        Store(body).run(watch().before_app(request, True))


@pytest.mark.parametrize("rule", ["POST /in ?do=login", "POST /in form do=login", "POST /in/**"])
def test_a080_a_log_in_has_a_path_of_its_own(rule: str) -> None:
    """At it the app gets cookies that are nobody's, so nothing else may answer there."""
    with pytest.raises(ConfigError, match="is not one path"):
        watch(login=rule)


def test_a_log_in_with_more_fields_than_are_looked_at_is_refused() -> None:
    for body, query in ((b"&" * 1001 + b"name=Bob", b""), (b"name=Bob", b"&" * 1001)):
        flow = watch().before_app(replace(asked(), query=query), True)
        with pytest.raises(BadRequest):
            Store(body).run(flow)
