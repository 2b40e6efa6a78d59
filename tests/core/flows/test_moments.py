"""Which requests have their form read for the sake of a log-in or log-out rule, and what is read once. Attacks 79 and 105."""

from __future__ import annotations

from typing import Any

import pytest

from core.flows.people import site
from twofa_middleware.errors import BadRequest
from twofa_middleware.http import Headers, Request
from twofa_middleware.moments import Moment, moment_of
from twofa_middleware.one_body import OneBody
from twofa_middleware.program import PeekBody, ReadBody
from twofa_middleware.protocol import Flow

RULES = ["DELETE /session", "POST /account form action=logout", "GET /** ?logout"]
SITE = site(shop={"login": [], "logout": RULES})
FORM: Headers = ((b"content-type", b"application/x-www-form-urlencoded"), (b"content-length", b"9"))
WSGI = {"wsgi.version": (1, 0)}


def asked(method: str, target: str, headers: Headers = FORM, server: dict[str, Any] | None = None) -> Flow[Moment]:
    path, _, query = target.partition("?")
    return moment_of(SITE, Request("http", method, "", path, None, query.encode(), headers, server or {}, 0))


def told_at_once(flow: Flow[Moment]) -> Moment:
    with pytest.raises(StopIteration) as end:
        next(flow)
    moment: Moment = end.value.value
    return moment


@pytest.mark.parametrize("target", ["/upload", "/sessions", "/upload?x=logout", "/session/1"])
def test_nobody_reads_a_form_on_a_path_that_no_rule_names(target: str) -> None:
    assert told_at_once(asked("POST", target)) == Moment()


def test_nobody_reads_a_form_where_the_head_has_told_already() -> None:
    assert told_at_once(asked("DELETE", "/session")) == Moment(logs_out=True)
    assert told_at_once(asked("POST", "/session?_method=DELETE")) == Moment(logs_out=True)
    assert told_at_once(asked("POST", "/session", ((b"content-type", b"application/json"), *FORM[1:]))) == Moment()


@pytest.mark.parametrize("target", ["/session", "/account", "/x?logout"])
def test_a_form_that_may_say_so_is_read(target: str) -> None:
    assert isinstance(next(asked("POST", target)), PeekBody)


def test_a_form_whose_end_nobody_can_tell_may_have_any_field() -> None:
    chunked = (*FORM[:1], (b"transfer-encoding", b"chunked"))
    assert told_at_once(asked("POST", "/session", chunked, WSGI)) == Moment(logs_out=True)
    assert told_at_once(asked("POST", "/session", FORM[:1], WSGI)) == Moment()
    assert isinstance(next(asked("POST", "/session", FORM[:1], WSGI | {"wsgi.input_terminated": True})), PeekBody)


def test_what_was_peeked_at_is_read_once() -> None:
    body = OneBody()

    def flow() -> Flow[tuple[bytes | None, bytes | None, bytes]]:
        return (yield from PeekBody(9, 1)), (yield from PeekBody(2, 1)), (yield from ReadBody(9, 1))

    run = body.read_in(flow())
    assert next(run) == PeekBody(9, 1)
    with pytest.raises(StopIteration) as end:
        run.send(b"form")
    assert end.value.value == (b"form", None, b"form")
    assert not body.is_lost


def test_a_body_that_was_longer_than_anybody_peeked_at_may_still_be_read() -> None:
    def flow() -> Flow[bytes]:
        assert (yield from PeekBody(2, 1)) is None
        return (yield from ReadBody(9, 1))

    run = OneBody().read_in(flow())
    next(run)
    assert run.send(None) == ReadBody(9, 1)
    with pytest.raises(BadRequest):
        run.throw(BadRequest(413, "too long"))
