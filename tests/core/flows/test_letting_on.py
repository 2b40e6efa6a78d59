"""What the app gets of an exempt request, and whose request it still is once its body was read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.flows.gating import Says, gate
from core.flows.people import ERIN, PASS_NAME, request, site
from core.flows.stepping import Stepped, step
from twofa_middleware.asks import Count, Emit
from twofa_middleware.gate import Gate
from twofa_middleware.http import Allow
from twofa_middleware.letting_on import let_on
from twofa_middleware.protocol import Anonymous, Identity, Login, Reads, Unknown
from twofa_middleware.release import Admitted

BEA = Login("6", "session-6", "bea")
CARRYING = replace(
    request(
        (b"cookie", b"remember=1; " + PASS_NAME.encode() + b"=x"),
        (b"authorization", b"Basic x"),
        (b"x-user", b"ada"),
        (b"x_user", b"ada"),
        (b"x-kept", b"1"),
        path="/static/site.css",
    ),
    server={"SERVER_NAME": "shop", "REMOTE_USER": "ada"},
)


def test_a007_a024_the_app_gets_an_exempt_request_without_whatever_it_could_know_somebody_by() -> None:
    done = step(gate().admit(CARRYING))
    allow = done.result
    assert isinstance(allow, Allow)
    assert [type(ask) for ask in done.asked] == [Count]
    assert allow.login is None
    assert allow.changes == dict.fromkeys([b"cookie", b"authorization", b"x-user", b"x_user"])
    assert allow.request.headers == ((b"x-kept", b"1"),)
    assert allow.request.server == {"SERVER_NAME": "shop"}
    assert allow.forgets == {"REMOTE_USER"}
    assert not allow.watches_body


def test_what_was_not_sent_is_not_taken_out() -> None:
    bare = request((b"x-kept", b"1"), path="/static/site.css")
    allow = step(gate().admit(bare)).result
    assert isinstance(allow, Allow)
    assert (allow.changes, allow.request.headers) == ({}, ((b"x-kept", b"1"),))


class ReadsUnderscore(Says):
    """A resolver whose header is written with "_", as a server's setting may have it."""

    reads = Reads(headers=frozenset({b"x_user"}))


def test_a024_a_header_that_is_read_has_a_twin_whichever_of_both_it_is() -> None:
    there = Gate(site(), [("says", ReadsUnderscore(ERIN, True))], frozenset())
    allow = step(there.admit(CARRYING)).result
    assert isinstance(allow, Allow)
    assert {b"x-user", b"x_user"} <= allow.changes.keys()


# ---- once its body was read -----------------------------------------------------------------------------------------


def read_in(said: Identity, login: Login | None = ERIN) -> Stepped[bool]:
    """A request that was admitted for this login, and what the resolver says of it when its body was read."""
    there = gate(said, pure=False)
    asked = request((b"cookie", b"session=abc"), method="POST")
    return step(there.still_same(let_on(there, asked, Admitted(login, None), {}, watches_body=True)))


@pytest.mark.parametrize("said", [ERIN, replace(ERIN, session="session-2")])
def test_the_same_user_may_go_on(said: Login) -> None:
    assert (read_in(said).result, read_in(said).events) == (True, [])


def test_nobody_who_was_nobody_before_may_go_on() -> None:
    assert (read_in(Anonymous(), None).result, read_in(Anonymous(), None).events) == (True, [])


@pytest.mark.parametrize(("said", "before"), [(BEA, ERIN), (BEA, None)])
def test_a004_somebody_else_may_not_and_is_named(said: Login, before: Login | None) -> None:
    done = read_in(said, before)
    event = done.one(Emit).event
    assert done.result is False
    assert (event.name, event.user, event.label) == ("log-in appeared while a body was read", "6", "bea")
    assert event.at == CARRYING.now


@pytest.mark.parametrize("before", [ERIN, None])
def test_a004_nor_may_who_cannot_be_told_from_somebody_else(before: Login | None) -> None:
    done = read_in(Unknown("odd"), before)
    assert (done.result, done.one(Emit).event.user) == (False, "")
