"""Each refusal is counted, is one event, and is found by a reference that its answer shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from core.flows.people import ERIN, NOW, SITE, request, site
from core.flows.stepping import Stepped, failing_at_each, step
from twofa_middleware.accounts.access import MustSetUp, MustVerify
from twofa_middleware.asks import Count, Emit, Random
from twofa_middleware.errors import BadRequest, StoreUnavailable
from twofa_middleware.http import Answer, Request
from twofa_middleware.identify import CannotTell, Conflicting, Unclaimed
from twofa_middleware.protocol import Event, Flow
from twofa_middleware.refusals import closed_on_error, demand, foreign_websocket, not_told, our_fault
from twofa_middleware.site import Site

REPORT = site(mode="report")
FETCH = request((b"sec-fetch-mode", b"cors"), path="/tasks")
NAVIGATION = request((b"sec-fetch-mode", b"navigate"), path="/tasks")
SENT = replace(NAVIGATION, method="POST")


def failing(error: Exception) -> Flow[Any]:
    yield from ()
    raise error


@dataclass(frozen=True)
class Case:
    """A refusal, what it is counted as, its event, the status of its answer, and whether it is known who it was."""

    refuse: Callable[[Site, Request], Flow[Any]]
    decision: str
    event: str
    status: int
    knows: bool = False


CASES = {
    "verify": Case(lambda at, sent: demand(at, sent, ERIN, MustVerify()), "verify", "verify demanded", 403, True),
    "set up": Case(lambda at, sent: demand(at, sent, ERIN, MustSetUp("Cook")), "setup", "setup demanded", 403, True),
    "websocket": Case(
        lambda at, sent: foreign_websocket(at, sent, ERIN),
        "refused",
        "websocket of a foreign page refused",
        403,
        True,
    ),
    "two people": Case(
        lambda at, sent: not_told(at, sent, Conflicting("two users")), "refused", "identities ambiguous", 400
    ),
    "unread": Case(lambda at, sent: not_told(at, sent, Unclaimed()), "refused", "unread credential refused", 403),
    "cannot tell": Case(
        lambda at, sent: not_told(at, sent, CannotTell("odd", ValueError())), "error", "refused, our fault", 503
    ),
    "bad request": Case(
        lambda at, sent: closed_on_error(at, sent, failing(BadRequest(413, "Too large."))),
        "refused",
        "own form refused",
        413,
    ),
    "error": Case(
        lambda at, sent: closed_on_error(at, sent, failing(StoreUnavailable("x"))), "error", "refused, our fault", 503
    ),
}
every_refusal = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def refused(case: Case, at: Site = SITE, sent: Request = FETCH) -> tuple[Stepped[Answer], Emit]:
    done = step(case.refuse(at, sent))
    return done, done.one(Emit)


@every_refusal
def test_a_refusal_is_counted_and_is_one_event_that_the_store_does_not_have_yet(case: Case) -> None:
    done, told = refused(case)
    assert [type(ask) for ask in done.asked] == [Random, Count, Emit]
    assert done.one(Count) == Count("shop", case.decision)
    assert (told.event.name, told.event.at, told.event.app) == (case.event, NOW, "shop")
    assert (told.is_kept, told.once_a_day) == (False, None)


@every_refusal
@pytest.mark.parametrize("sent", [FETCH, SENT], ids=["fetch", "form"])
def test_the_reference_of_the_event_stands_in_the_answer(case: Case, sent: Request) -> None:
    done, told = refused(case, sent=sent)
    reference = told.event.facts["reference"]
    assert isinstance(reference, str)
    assert len(reference) == 6
    assert done.result.status == case.status
    if sent is FETCH:
        assert json.loads(done.result.body)["reference"] == reference
    else:
        assert reference in done.result.body.decode()


@every_refusal
def test_the_event_says_of_whom_and_of_which_request(case: Case) -> None:
    _, told = refused(case)
    assert (told.event.user, told.event.label) == (("5", "erin") if case.knows else ("", ""))
    assert (told.event.facts["method"], told.event.facts["path"]) == ("GET", "/tasks")


def test_two_refusals_have_two_references() -> None:
    flows = [CASES["verify"].refuse(SITE, FETCH) for _ in range(2)]
    asks: list[Any] = [next(flow) for flow in flows]
    assert all(ask.size * 8 >= 30 for ask in asks)
    for flow, random in zip(flows, (b"abcde", b"bbcde"), strict=True):
        flow.send(random)
    told: list[Any] = [flow.send(None) for flow in flows]
    assert len({ask.event.facts["reference"] for ask in told}) == 2


def test_only_the_beginning_of_a_long_path_and_nothing_of_a_query_is_written_down() -> None:
    sent = replace(FETCH, path="/" + "x" * 900, query=b"token=canary")
    _, told = refused(CASES["verify"], sent=sent)
    assert told.event.facts["path"] == "/" + "x" * 199
    assert "canary" not in repr(told)


def test_the_role_that_demands_it_is_in_the_event_and_not_in_the_answer() -> None:
    done, told = refused(CASES["set up"])
    assert told.event.facts["role"] == "Cook"
    assert b"Cook" not in done.result.body


# ---- our fault ------------------------------------------------------------------------------------------------------


def test_a020_what_is_raised_refuses_and_its_traceback_is_in_the_event_alone() -> None:
    error = RuntimeError("canary")
    done = step(closed_on_error(SITE, FETCH, failing(error)))
    told = done.one(Emit)
    assert isinstance(done.result, Answer)
    assert (told.event.error, told.event.severity) == (error, "error")
    assert told.event.facts["reason"] == "RuntimeError"
    assert "canary" not in repr(done.result) + done.result.body.decode() + repr(told.event.facts)
    assert (b"retry-after", b"10") in done.result.headers


def test_what_goes_well_is_left_as_it_is() -> None:
    def well() -> Flow[str]:
        yield from ()
        return "well"

    done = step(closed_on_error(SITE, FETCH, well()))
    assert (done.result, done.asked) == ("well", [])


def test_an_unread_body_closes_the_connection() -> None:
    done, told = refused(CASES["bad request"])
    assert (done.result.closes, told.event.facts["status"]) == (True, 413)


def test_a_cancelled_request_is_no_refusal() -> None:
    def cancelled() -> Flow[Any]:
        yield from ()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(closed_on_error(SITE, FETCH, cancelled()))


def test_an_error_while_a_refusal_is_told_comes_out_and_never_lets_anybody_in() -> None:
    reached = failing_at_each(lambda: our_fault(SITE, FETCH, "odd", None))
    assert [kinds[-1] for kinds in reached] == [Random, Count, Emit]


# ---- mode report ----------------------------------------------------------------------------------------------------


@every_refusal
def test_in_report_the_event_says_what_would_have_been_refused(case: Case) -> None:
    enforced, reported = refused(case)[1].event, refused(case, at=REPORT)[1].event
    assert isinstance(reported, Event)
    assert (reported.name, reported.facts["would"]) == ("let by in report", case.event)
    assert {**enforced.facts, "would": case.event} == reported.facts
    assert (reported.user, reported.severity) == (enforced.user, enforced.severity)


@every_refusal
def test_in_report_it_is_counted_as_what_would_have_been(case: Case) -> None:
    assert refused(case, at=REPORT)[0].counts == [f"would {case.decision}"]


def test_in_report_it_is_told_once_a_day_of_each_user_or_path() -> None:
    def key(name: str, **more: Any) -> Any:
        return refused(CASES[name], at=REPORT, sent=replace(FETCH, **more))[1].once_a_day

    assert key("verify") == key("verify", path="/other") != key("set up")
    assert key("unread") != key("unread", path="/other")
    assert None not in (key("verify"), key("unread"))
