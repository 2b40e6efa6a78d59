"""Modes off and report let everybody by and alter nothing but our own cookies; a gate that enforces does neither."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.flows.enforcing import NO_FLAGS
from core.flows.gating import gate
from core.flows.people import ERIN, NOW, PASS_NAME, account_row, pass_of, request
from core.flows.stepping import Stepped, step
from twofa_middleware.accounts.passes import Method
from twofa_middleware.asks import CheckStore, Count, Done, Emit, Look, OpenPass, Random, Seen
from twofa_middleware.errors import StoreUnavailable
from twofa_middleware.gate import Gate
from twofa_middleware.http import Allow, Answer, Request, Send
from twofa_middleware.protocol import Anonymous, Identity, Unknown

OURS = PASS_NAME.encode() + b"=x; 2fa-flow-test-shop=y"
SENT = request(
    (b"cookie", b"remember=1; " + OURS + b"; session=abc"),
    (b"authorization", b"Bearer unread"),
    (b"x-user", b"somebody"),
    (b"sec-fetch-mode", b"navigate"),
    path="/tasks",
)
HEADERS = ((b"set-cookie", b"session=new"), (b"content-type", b"text/html"))
NEEDS_CODE = (Look, Seen(account_row(), None, None))
LET_BY: list[tuple[str, Identity | Exception, tuple[Any, ...]]] = [
    ("verify", ERIN, (NEEDS_CODE,)),
    ("store down", ERIN, ((Look, StoreUnavailable("no answer")),)),
    ("unknown", Unknown("odd"), ()),
    ("a resolver's error", ValueError("odd"), ()),
]


def admitted(mode: str, said: Identity | Exception, *script: Any, sent: Request = SENT) -> Stepped[Allow | Answer]:
    return step(gate(said, mode=mode).admit(sent), *script)


def cookies(allow: Allow | Answer) -> bytes | None:
    """The Cookie header that the app gets."""
    assert isinstance(allow, Allow)
    assert allow.changes.keys() <= {b"cookie"}
    assert (allow.forgets, allow.watches_body) == (frozenset(), False)
    return allow.changes.get(b"cookie", b"unchanged")


# ---- off ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", [ERIN, Anonymous(), Unknown("odd"), ValueError("odd")], ids=lambda said: type(said))
def test_off_asks_nobody_and_takes_out_our_own_cookies_alone(said: Identity | Exception) -> None:
    done = admitted("off", said)
    assert [type(ask) for ask in done.asked] == [Emit]
    assert cookies(done.result) == b"remember=1; session=abc"


def test_off_looks_at_no_answer() -> None:
    allow = admitted("off", ERIN).result
    assert isinstance(allow, Allow)
    assert (allow.must_release(HEADERS), allow.login, allow.state) == (False, None, None)


def test_a_request_without_our_cookies_is_not_altered_at_all() -> None:
    plain = request((b"cookie", b"session=abc"))
    assert cookies(admitted("off", ERIN, sent=plain).result) == b"unchanged"


@pytest.mark.parametrize("page", ["", "/", "/verify", "/setup", "/account", "/admin", "/static/style.css", "/healthy"])
def test_off_has_no_page_of_ours(page: str) -> None:
    assert isinstance(admitted("off", ERIN, sent=replace(SENT, path="/2fa" + page)).result, Allow)


@pytest.mark.parametrize("mode", ["off", "report", "enforce"])
@pytest.mark.parametrize(
    ("page", "script", "status", "word"),
    [
        ("live", (), 200, b"live"),
        ("ready", ((CheckStore, None),), 200, b"ready"),
        ("ready", ((CheckStore, StoreUnavailable("the address")),), 503, b"not ready"),
        ("other", (), 404, b"not found"),
    ],
)
def test_health_answers_in_every_mode_and_says_no_more_than_a_word(
    mode: str, page: str, script: Any, status: int, word: bytes
) -> None:
    done = admitted(mode, Unknown("odd"), *script, sent=replace(SENT, path=f"/2fa/health/{page}"))
    assert isinstance(done.result, Answer)
    assert (done.result.status, done.result.body) == (status, b'{"status": "' + word + b'"}')
    assert done.kinds == [kind for kind, _ in script]
    assert dict(done.result.headers)[b"cache-control"] == b"no-store"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_health_is_only_to_be_read(method: str) -> None:
    sent = replace(SENT, path="/2fa/health/ready", method=method)
    done = admitted("enforce", ERIN, sent=sent)
    assert isinstance(done.result, Answer)
    assert (done.result.status, done.asked) == (405, [])


# ---- report ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "said", "script"), LET_BY, ids=[name for name, _, _ in LET_BY])
def test_report_lets_by_what_would_be_refused_as_it_came(name: str, said: Any, script: Any) -> None:
    sent = replace(SENT, headers=tuple(pair for pair in SENT.headers if pair[0] != b"authorization"))
    done = admitted("report", said, *script, sent=sent)
    assert cookies(done.result) == b"remember=1; session=abc"
    assert done.events == ["mode is not enforce", "let by in report"]
    assert all(count.startswith("would ") for count in done.counts)
    enforced = admitted("enforce", said, *script, sent=sent)
    assert isinstance(enforced.result, Answer)
    assert "let by in report" not in enforced.events


def test_report_leaves_a_credential_that_nobody_reads_where_it_is() -> None:
    done = admitted("report", Anonymous())
    assert cookies(done.result) == b"remember=1; session=abc"
    assert done.events[1:] == ["let by in report"]
    assert isinstance(admitted("enforce", Anonymous()).result, Answer)


def test_report_leaves_an_exempt_request_its_cookies_and_authorization() -> None:
    sent = replace(SENT, path="/static/logo.svg", raw_path=b"/static/logo.svg")
    assert cookies(admitted("report", ERIN, sent=sent).result) == b"remember=1; session=abc"
    enforced = admitted("enforce", ERIN, sent=sent).result
    assert isinstance(enforced, Allow)
    assert enforced.changes == {b"cookie": None, b"authorization": None, b"x-user": None}
    assert enforced.forgets == {"REMOTE_USER"}


def test_report_leaves_a_session_cookie_that_cannot_be_read() -> None:
    said = Anonymous(unread=frozenset({b"session"}))
    sent = replace(SENT, headers=(SENT.headers[0],))
    assert cookies(admitted("report", said, sent=sent).result) == b"remember=1; session=abc"
    enforced = admitted("enforce", said, sent=sent).result
    assert isinstance(enforced, Allow)
    assert enforced.changes[b"cookie"] == b"remember=1"


def test_report_aborts_nobody_who_was_logged_in_while_a_body_was_read() -> None:
    sent = request((b"cookie", b"session=abc"), method="POST")
    reported, enforced = (
        step(gate(Anonymous(), pure=False, mode=mode).admit(sent)).result for mode in ("report", "enforce")
    )
    assert cookies(reported) == b"unchanged"
    assert isinstance(enforced, Allow)
    assert enforced.watches_body


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_who_may_pass_is_counted_as_such(mode: str) -> None:
    row, cookie = pass_of(Method.TOTP)
    sent = request((b"cookie", PASS_NAME.encode() + b"=" + cookie.dump()))
    done = admitted(mode, ERIN, (Look, Seen(account_row(), row, None)), sent=sent)
    assert (done.counts, cookies(done.result)) == (["passed"], None)
    assert admitted(mode, Anonymous(), sent=request()).counts == ["anonymous"]


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_pages_of_ours_answer_as_ever(mode: str) -> None:
    sent = replace(SENT, path="/2fa/account", headers=())
    done = admitted(mode, Unknown("odd"), sent=sent)
    assert isinstance(done.result, Answer)
    assert done.result.status == 503


# ---- the app's answer -----------------------------------------------------------------------------------------------


def released(mode: str, *script: Any) -> Stepped[Send | Answer]:
    """Erin passes; the answer of the app names somebody who cannot be told, or rests on what the script says."""
    made = gate(ERIN, mode=mode)
    allow = step(made.admit(request((b"sec-fetch-mode", b"navigate"))), (Look, Seen(None, None, None)), NO_FLAGS).result
    assert isinstance(allow, Allow)
    assert allow.must_release(HEADERS)
    return step(made.release(allow, 200, HEADERS), *script)


def test_report_sends_an_answer_that_would_be_held_back_as_it_is() -> None:
    down = (OpenPass, StoreUnavailable("no answer"))
    done = released("report", down)
    assert (done.result, done.events, done.counts) == (Send(HEADERS), ["let by in report"], ["would error"])
    assert isinstance(released("enforce", down).result, Answer)


def test_report_opens_passes_so_that_nobody_is_asked_twice_when_it_enforces() -> None:
    sent = released("report", (OpenPass, Done())).result
    assert isinstance(sent, Send)
    assert sent.headers[:2] == HEADERS
    assert sent.headers[2][1].startswith(PASS_NAME.encode() + b"=")


# ---- said -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["off", "report"])
def test_another_mode_than_enforce_is_told_once_a_day_as_a_warning(mode: str) -> None:
    told = admitted(mode, Anonymous(), sent=request()).one(Emit)
    assert (told.event.name, told.event.severity, told.event.facts) == (
        "mode is not enforce",
        "warning",
        {"mode": mode},
    )
    assert told.once_a_day is not None


def test_a_gate_that_enforces_says_nothing_of_its_mode() -> None:
    assert admitted("enforce", Anonymous(), sent=request()).events == []


@pytest.mark.parametrize(("realm", "app"), [("report", "enforce"), ("enforce", "report"), ("off", "report")])
def test_the_mode_of_an_app_goes_over_that_of_its_realm(realm: str, app: str) -> None:
    made = gate(mode=realm, shop={"mode": app})
    assert isinstance(made, Gate)
    assert made.site.mode == app
    assert gate(mode=realm).site.mode == realm


def test_nothing_is_counted_where_nothing_is_decided() -> None:
    done = admitted("off", ERIN)
    assert not any(isinstance(ask, Count | Random) for ask in done.asked)
    assert done.one(Emit).event.at == NOW
